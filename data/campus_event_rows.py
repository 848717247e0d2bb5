"""Events of the campus (an open day, an exam; not those of the log): rows, their object, and who sees which.

Reads and nothing else; data/campus_events.py changes rows and data/campus_event_news.py tells of them. How many are
registered is counted in the read itself and stored nowhere, so it can't be wrong. Knows no HTTP and no clock.
"""

from __future__ import annotations

import sqlite3
from typing import TypedDict

from data import files, listing
from data.asker import Asker
from data.errors import NotFound
from data.listing import Asked, Condition, Listing
from data.transaction import Transaction

# Which registrations take a place. As the partial index has it, or SQLite would not use that.
COUNTED = "is_active = 1 AND status NOT IN ('cancelled', 'no_show')"
SEARCH_TABLE = "events_search"

_LISTING = Listing(
    select=(
        "SELECT e.*, c.name AS college_name, a.user_type AS author_type, a.college_id AS author_college_id, "
        f"(SELECT count(*) FROM event_registrations WHERE event_id = e.id AND {COUNTED}) AS registered_count "
        "FROM events AS e JOIN colleges AS c ON c.id = e.college_id JOIN users AS a ON a.id = e.created_by"
    ),
    source="events AS e",
    id="e.id",
    filters={
        "is_active": "e.is_active = ?",
        "event_date": "e.event_date = ?",
        "registration_required": "e.registration_required = ?",
    },
    orderings={"event_date": "e.event_date", "created_at": "e.created_at"},
    default="-event_date",
    search_table=SEARCH_TABLE,
)


class CampusEvent(TypedDict):
    """An event as clients get it. `registration_deadline` is a date, through its end, or a moment."""

    id: int
    college: int
    college_name: str
    title: str
    description: str
    event_date: str
    start_time: str
    end_time: str
    venue: str
    organizer: str
    max_participants: int | None
    registration_required: bool
    registration_deadline: str | None
    image: str | None
    registered_count: int
    is_active: bool
    created_at: str
    updated_at: str
    created_by: int
    updated_by: int


def by_id(tx: Transaction, event_id: int) -> sqlite3.Row:
    """One event that is there, in whatever state: all columns, college_name and registered_count."""
    row = listing.one(tx, _LISTING, Condition(), event_id)
    assert row is not None
    return row


def seen(tx: Transaction, asker: Asker, event_id: int) -> sqlite3.Row:
    """An active event of a college in reach, a row as by_id. Raises NotFound."""
    row = listing.one(tx, _LISTING, listing.both(scope(asker), Condition("e.is_active = 1")), event_id)
    if row is None:
        raise NotFound("Not found.")
    return row


def one(tx: Transaction, asker: Asker, event_id: int) -> CampusEvent:
    """One active event's object. Raises NotFound, also for another college's."""
    return to_object(seen(tx, asker, event_id))


def page(tx: Transaction, asker: Asker, asked: Asked) -> tuple[int, list[CampusEvent]]:
    """How many events the asker sees of those that were asked for, and the objects of that page."""
    count, rows = listing.page(tx, _LISTING, scope(asker), asked)
    return count, [to_object(row) for row in rows]


def is_keeper(asker: Asker, author_id: int) -> bool:
    """Whether the asker, who sees an event, may change it and the registrations for it."""
    return asker.is_admin or asker.user_id == author_id


def to_object(row: sqlite3.Row) -> CampusEvent:
    """An event as clients get it, from REST and in the log's events."""
    return {
        "id": row["id"],
        "college": row["college_id"],
        "college_name": row["college_name"],
        "title": row["title"],
        "description": row["description"],
        "event_date": row["event_date"],
        "start_time": row["start_time"],
        "end_time": row["end_time"],
        "venue": row["venue"],
        "organizer": row["organizer"],
        "max_participants": row["max_participants"],
        "registration_required": bool(row["registration_required"]),
        "registration_deadline": row["registration_deadline"],
        "image": files.shown(row["image"]),
        "registered_count": row["registered_count"],
        "is_active": bool(row["is_active"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "created_by": row["created_by"],
        "updated_by": row["updated_by"],
    }


def scope(asker: Asker) -> Condition:
    """Which events somebody sees, a condition on `e`: those of the college in reach; what was taken away only if they
    are an admin or its author."""
    college = Condition() if asker.college_id is None else Condition("e.college_id = ?", (asker.college_id,))
    if asker.is_admin:
        return college
    return listing.both(college, Condition("e.is_active = 1 OR e.created_by = ?", (asker.user_id,)))
