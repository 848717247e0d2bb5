"""Announcements: said once to an audience, at once, and kept so that those whom they were for can read them again.

A row, its audience and its event are in one transaction (I9). Knows no HTTP and no clock.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from data import log
from data.audiences import Reach
from data.errors import NotFound
from data.notices import Viewer
from data.transaction import Transaction

# Whom it is for: who holds one of its keys.
_MEANT_FOR = (
    "a.id IN (SELECT w.announcement_id FROM user_keys AS k JOIN announcement_audience AS w ON w.key = k.key "
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
    """What is to be said. `audience` and `data` are as they were given; no college is all of them."""

    author_id: int
    college_id: int | None
    title: str
    message: str
    audience: Mapping[str, Any]
    data: Mapping[str, Any]


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
    notification = {
        "id": announcement_id,
        "title": new.title,
        "message": new.message,
        "notification_type": "announcement",
        "data": {"announcement_id": announcement_id, **given},
        "created_at": now,
    }
    log.append(tx, "notification", notification, reach.keys, now, f"announcement:{announcement_id}")
    row = tx.row("SELECT * FROM announcements WHERE id = ?", (announcement_id,))
    assert row is not None
    return to_object(row)


def one(tx: Transaction, viewer: Viewer, announcement_id: int) -> Announcement:
    """One announcement's object. Raises NotFound, also when the viewer may not see it."""
    condition, values = _in_sight(viewer)
    row = tx.row(f"SELECT a.* FROM announcements AS a WHERE a.id = ? AND {condition}", (announcement_id, *values))
    if row is None:
        raise NotFound("Not found.")
    return to_object(row)


def page(tx: Transaction, viewer: Viewer, is_active: bool, limit: int, offset: int) -> tuple[int, list[Announcement]]:
    """How many announcements the viewer sees, and the objects from offset on, the newest first."""
    condition, values = _in_sight(viewer)
    where = f"a.is_active = ? AND {condition}"
    count = tx.value(f"SELECT count(*) FROM announcements AS a WHERE {where}", (is_active, *values))
    rows = tx.rows(
        f"SELECT a.* FROM announcements AS a WHERE {where} ORDER BY a.id DESC LIMIT ? OFFSET ?",
        (is_active, *values, limit, offset),
    )
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


def _in_sight(viewer: Viewer) -> tuple[str, tuple[object, ...]]:
    """A condition on `a`, with its parameters: admins see all of their college, others what was meant for them."""
    if not viewer.is_admin:
        return _MEANT_FOR, (viewer.user_id,)
    if viewer.college_id is None:
        return "1", ()
    return f"(a.college_id = ? OR a.college_id IS NULL OR {_MEANT_FOR})", (viewer.college_id, viewer.user_id)
