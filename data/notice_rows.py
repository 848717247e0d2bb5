"""Notices as they are stored and as they are shown: one row, its object, for whom it is, and when readers see it.

A notice's `audience` is the keys of those whom its visibility rows name, joined by spaces, and empty for the whole
college. Reads and nothing else; data/notices.py changes rows and data/notice_dues.py tells of them. Knows no HTTP and
no clock.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Literal, TypedDict

from data import files, keys, listing
from data.asker import Asker
from data.errors import Forbidden, NotFound
from data.listing import Asked, Condition, Listing
from data.transaction import Transaction

SEARCH_TABLE = "notices_search"
TargetType = Literal["all", "class", "section"]

_SELECT = (
    "SELECT n.*, c.name AS college_name, a.user_type AS author_type, a.college_id AS author_college_id "
    "FROM notices AS n JOIN colleges AS c ON c.id = n.college_id JOIN users AS a ON a.id = n.created_by"
)
# What readers see on a day. `is_shown` is what they were told; a day that ends goes before the clock's own doing of it.
_OUT = "n.is_shown = 1 AND (n.expiry_date IS NULL OR n.expiry_date >= ?)"
_MEANT_FOR = (
    "(n.audience = '' OR n.id IN (SELECT v.notice_id FROM user_keys AS k CROSS JOIN notice_visibility AS v "
    "ON v.key = k.key AND v.is_active = 1 WHERE k.user_id = ?))"
)
_LISTING = Listing(
    select=_SELECT,
    source="notices AS n",
    id="n.id",
    filters={name: f"n.{name} = ?" for name in ("publish_date", "is_published", "is_urgent", "is_active")},
    orderings={"publish_date": "n.publish_date", "created_at": "n.created_at"},
    default="-publish_date",
    search_table=SEARCH_TABLE,
)


class Target(TypedDict):
    """Whom one row of a notice's visibility names. No row at all, or one for all, is the whole college."""

    target_type: TargetType
    class_obj: int | None
    section: int | None


class Notice(TypedDict):
    """A notice as clients get it."""

    id: int
    college: int
    college_name: str
    title: str
    content: str
    publish_date: str
    expiry_date: str | None
    attachment: str | None
    is_urgent: bool
    is_published: bool
    is_active: bool
    visibility: list[Target]
    created_at: str
    updated_at: str
    created_by: int
    updated_by: int


def one(tx: Transaction, asker: Asker, notice_id: int) -> Notice:
    """One notice's object. Raises NotFound, also when the asker may not see it."""
    return to_object(tx, seen(tx, asker, notice_id))


def page(tx: Transaction, asker: Asker, asked: Asked) -> tuple[int, list[Notice]]:
    """How many notices the asker sees of those that were asked for, and the objects of that page."""
    count, rows = listing.page(tx, _LISTING, scope(asker), asked)
    return count, to_objects(tx, rows)


def seen(tx: Transaction, asker: Asker, notice_id: int) -> sqlite3.Row:
    """An active notice that the asker sees, a row as by_id. Raises NotFound."""
    row = listing.one(tx, _LISTING, listing.both(scope(asker), Condition("n.is_active = 1")), notice_id)
    if row is None:
        raise NotFound("Not found.")
    return row


def changeable(tx: Transaction, asker: Asker, notice_id: int) -> sqlite3.Row:
    """The same of a notice that the asker may change. Raises NotFound, Forbidden."""
    row = seen(tx, asker, notice_id)
    if not asker.is_admin and row["created_by"] != asker.user_id:
        raise Forbidden("Only its author and administrators change a notice.")
    return row


def scope(asker: Asker) -> Condition:
    """Which notices somebody sees, a condition on `n`: authors and admins all of theirs, readers what is for them and
    was announced."""
    college = Condition() if asker.college_id is None else Condition("n.college_id = ?", (asker.college_id,))
    if asker.is_admin:
        return college
    today = asker.at.today
    readers = f"n.created_by = ? OR ({_OUT} AND {_MEANT_FOR})"
    return listing.both(college, Condition(readers, (asker.user_id, today, asker.user_id)))


def by_id(tx: Transaction, notice_id: int) -> sqlite3.Row:
    """One notice that is there, in whatever state: all columns and college_name."""
    row = listing.one(tx, _LISTING, Condition(), notice_id)
    assert row is not None
    return row


def audience(row: sqlite3.Row) -> tuple[str, ...]:
    """The keys of a notice's readers, without its author's own."""
    return tuple(row["audience"].split()) or (f"college:{row['college_id']}",)


def keepers(row: sqlite3.Row) -> tuple[str, ...]:
    """The keys of those who list a notice in any state until it is deleted: its author and the admins."""
    return (*keys.of_author(row), *keys.of_admins(row["college_id"]))


def is_current(row: sqlite3.Row, today: str) -> bool:
    """Whether it is for readers on that day of the campus. They see it once it is announced."""
    return is_out(row, today) and (row["expiry_date"] is None or row["expiry_date"] >= today)


def is_out(row: sqlite3.Row, today: str) -> bool:
    """Whether it was given to readers and not taken back, expired or not."""
    return bool(row["is_published"] and row["is_active"]) and row["publish_date"] <= today


def targets(tx: Transaction, notice_ids: Iterable[int]) -> dict[int, list[Target]]:
    """What the active visibility rows of these notices name, the oldest first; nothing of those without any."""
    found: dict[int, list[Target]] = {}
    rows = tx.rows(
        "SELECT notice_id, target_type, class_id, section_id FROM notice_visibility "
        "WHERE notice_id IN (SELECT value FROM json_each(?)) AND is_active = 1 ORDER BY notice_id, id",
        (json.dumps(list(notice_ids)),),
    )
    for notice_id, target_type, class_id, section_id in rows:
        target: Target = {"target_type": target_type, "class_obj": class_id, "section": section_id}
        found.setdefault(notice_id, []).append(target)
    return found


def to_object(tx: Transaction, row: sqlite3.Row) -> Notice:
    """A notice as clients get it, from REST and in events."""
    return to_objects(tx, [row])[0]


def to_objects(tx: Transaction, rows: list[sqlite3.Row]) -> list[Notice]:
    """The same of many."""
    named = targets(tx, [row["id"] for row in rows])
    return [
        {
            "id": row["id"],
            "college": row["college_id"],
            "college_name": row["college_name"],
            "title": row["title"],
            "content": row["content"],
            "publish_date": row["publish_date"],
            "expiry_date": row["expiry_date"],
            "attachment": files.shown(row["attachment"]),
            "is_urgent": bool(row["is_urgent"]),
            "is_published": bool(row["is_published"]),
            "is_active": bool(row["is_active"]),
            "visibility": named.get(row["id"], []),
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
            "created_by": row["created_by"],
            "updated_by": row["updated_by"],
        }
        for row in rows
    ]
