"""Registrations as they are stored and as they are shown, and who sees which.

Reads and nothing else; data/registrations.py has the rules. Knows no HTTP and no clock.
"""

from __future__ import annotations

import sqlite3
from typing import Literal, TypedDict

from data import listing, users
from data.asker import Asker
from data.errors import NotFound
from data.listing import Asked, Condition, Listing
from data.transaction import Transaction

Status = Literal["registered", "pending", "confirmed", "cancelled", "attended", "no_show"]

_LISTING = Listing(
    select=(
        "SELECT r.*, e.title AS event_title, u.username, u.first_name, u.last_name "
        "FROM event_registrations AS r JOIN events AS e ON e.id = r.event_id JOIN users AS u ON u.id = r.user_id"
    ),
    source="event_registrations AS r",
    id="r.id",
    filters={
        "event": "r.event_id = ?",
        "user": "r.user_id = ?",
        "status": "r.status = ?",
        "is_active": "r.is_active = ?",
    },
    orderings={"registration_date": "r.registration_date"},
    default="-registration_date",
)


class Registration(TypedDict):
    """A registration as clients get it. `college` is the event's."""

    id: int
    college: int
    event: int
    event_title: str
    user: int
    user_name: str
    registration_date: str
    status: Status
    is_active: bool
    created_at: str
    updated_at: str
    created_by: int
    updated_by: int


def one(tx: Transaction, asker: Asker, registration_id: int) -> Registration:
    """One registration's object. Raises NotFound, also when the asker may not see it."""
    return to_object(seen(tx, asker, registration_id))


def page(tx: Transaction, asker: Asker, asked: Asked) -> tuple[int, list[Registration]]:
    """How many registrations the asker sees of those that were asked for, and the objects of that page."""
    is_narrow = asked.filters.get("event") is not None or asked.filters.get("user") is not None
    count, rows = listing.page(tx, _LISTING, _scope(asker, is_narrow), asked)
    return count, [to_object(row) for row in rows]


def seen(tx: Transaction, asker: Asker, registration_id: int) -> sqlite3.Row:
    """A registration that is there and that the asker sees, a row as by_id. Raises NotFound."""
    row = listing.one(tx, _LISTING, listing.both(_scope(asker, True), Condition("r.is_active = 1")), registration_id)
    if row is None:
        raise NotFound("Not found.")
    return row


def by_id(tx: Transaction, registration_id: int) -> sqlite3.Row:
    """One registration that is there, in whatever state: all columns, and those of its event and user."""
    row = listing.one(tx, _LISTING, Condition(), registration_id)
    assert row is not None
    return row


def of_user(tx: Transaction, event_id: int, user_id: int) -> sqlite3.Row | None:
    """The one registration of a user for an event, a deleted one too: id and is_active."""
    return tx.row(
        "SELECT id, is_active FROM event_registrations WHERE event_id = ? AND user_id = ?", (event_id, user_id)
    )


def to_object(row: sqlite3.Row) -> Registration:
    """A registration as clients get it."""
    return {
        "id": row["id"],
        "college": row["college_id"],
        "event": row["event_id"],
        "event_title": row["event_title"],
        "user": row["user_id"],
        "user_name": users.full_name(row),
        "registration_date": row["registration_date"],
        "status": row["status"],
        "is_active": bool(row["is_active"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "created_by": row["created_by"],
        "updated_by": row["updated_by"],
    }


def _scope(asker: Asker, is_narrow: bool) -> Condition:
    """One's own in the college, and those for one's own events; an admin's are all of the college in reach.

    `is_narrow`: something else finds few rows. The "+" then keeps SQLite from walking through a whole college for them.
    """
    if not asker.is_admin:
        mine = "r.user_id = ? OR r.event_id IN (SELECT id FROM events WHERE created_by = ?)"
        return Condition(f"({mine}) AND +r.college_id = ?", (asker.user_id, asker.user_id, asker.college_id))
    if asker.college_id is None:
        return Condition()
    return Condition(f"{'+' if is_narrow else ''}r.college_id = ?", (asker.college_id,))
