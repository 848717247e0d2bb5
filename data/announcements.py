"""Announcements: said once to an audience, at once, and kept so that those whom they were for can read them again.

A row, its audience and its event are in one transaction (I9). Knows no HTTP and no clock.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from data import audit, listing, log, notifications
from data.asker import Asker
from data.audiences import Reach
from data.audit import Act
from data.errors import NotFound
from data.listing import Asked, Condition, Listing
from data.transaction import Transaction

_LISTING = Listing(
    select="SELECT a.* FROM announcements AS a",
    source="announcements AS a",
    id="a.id",
    filters={"is_active": "a.is_active = ?"},
    orderings={"created_at": "a.id"},  # made one after the other
)
# Whom it is for: who holds one of its keys. The plus keeps the index of what is shown, which has them in order.
_MEANT_FOR = (
    "+a.id IN (SELECT w.announcement_id FROM user_keys AS k CROSS JOIN announcement_audience AS w ON w.key = k.key "
    "WHERE k.user_id = ?)"
)


class Announcement(TypedDict):
    """An announcement as clients get it. No college is all of them; `reached` and `online` are of when it was sent."""

    id: int
    college: int | None
    title: str
    message: str
    audience: dict[str, Any]
    data: dict[str, Any]
    reached: int
    online: int
    is_active: bool
    created_at: str
    updated_at: str
    created_by: int
    updated_by: int


@dataclass(frozen=True, slots=True)
class NewAnnouncement:
    """What is to be said. `audience` and `data` are as they were given; no college is all of them. `address` is where
    its author was."""

    author_id: int
    college_id: int | None
    title: str
    message: str
    audience: Mapping[str, Any]
    data: Mapping[str, Any]
    address: str = ""


def publish(tx: Transaction, new: NewAnnouncement, reach: Reach, online: int, now: str) -> Announcement:
    """Store an announcement and tell its audience; its object. `online` is how many had a stream open."""
    announcement_id = tx.insert(
        "INSERT INTO announcements (college_id, title, message, audience, data, reached, online, "
        "created_at, updated_at, created_by, updated_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?9)",
        (
            new.college_id, new.title, new.message, log.dumps(new.audience), log.dumps(new.data),
            reach.reached, online, now, new.author_id,
        ),
    )  # fmt: skip
    tx.executemany(
        "INSERT INTO announcement_audience (key, announcement_id) VALUES (?, ?)",
        [(key, announcement_id) for key in reach.keys],
    )
    given = {name: value for name, value in new.data.items() if name != "announcement_id"}
    notifications.notify(
        tx,
        title=new.title,
        message=new.message,
        notification_type="announcement",
        data={"announcement_id": announcement_id, **given},
        keys=reach.keys,
        subject=f"announcement:{announcement_id}",
        now=now,
        college_id=new.college_id,
        author_id=new.author_id,
    )
    act = Act(new.author_id, new.address, now)
    on: audit.On = ("announcement", announcement_id)
    audit.append(tx, act, "announcement_published", on, detail=new.title, college_id=new.college_id)
    row = listing.one(tx, _LISTING, Condition(), announcement_id)
    assert row is not None
    return to_object(row)


def one(tx: Transaction, asker: Asker, announcement_id: int) -> Announcement:
    """One announcement's object. Raises NotFound, also when the asker may not see it."""
    row = listing.one(tx, _LISTING, listing.both(_scope(asker), Condition("a.is_active = 1")), announcement_id)
    if row is None:
        raise NotFound("Not found.")
    return to_object(row)


def page(tx: Transaction, asker: Asker, asked: Asked) -> tuple[int, list[Announcement]]:
    """How many announcements the asker sees of those that were asked for, and the objects of that page."""
    count, rows = listing.page(tx, _LISTING, _scope(asker), asked)
    return count, [to_object(row) for row in rows]


def to_object(row: sqlite3.Row) -> Announcement:
    """An announcement as clients get it."""
    return {
        "id": row["id"],
        "college": row["college_id"],
        "title": row["title"],
        "message": row["message"],
        "audience": json.loads(row["audience"]),
        "data": json.loads(row["data"]),
        "reached": row["reached"],
        "online": row["online"],
        "is_active": bool(row["is_active"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "created_by": row["created_by"],
        "updated_by": row["updated_by"],
    }


def _scope(asker: Asker) -> Condition:
    """Which announcements somebody sees, a condition on `a`: admins all of their college, others what is for them."""
    if asker.college_id is None:
        return Condition()
    college = Condition("a.college_id = ? OR a.college_id IS NULL", (asker.college_id,))
    return college if asker.is_admin else listing.both(college, Condition(_MEANT_FOR, (asker.user_id,)))
