"""The audit: who did what, when and from where. A row is written in the transaction of what it tells (I9).

Rows keep the names as they were, and outlive what they name. No password, token or link is ever in one, and no name
that somebody typed and nobody has: people type passwords there. Knows no HTTP and no clock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypedDict

from data import clock, listing, rows
from data.asker import Asker, Moment
from data.listing import Asked, Condition, Listing
from data.transaction import Transaction

COMMAND = "command"  # the address of whoever runs one
MOST_CHARACTERS = 200
_UNTOLD = {"updated_at", "college_name"}  # they follow from the rest
_FIRST_DAY, _LAST_DAY = "1970-01-01", "9990-01-01"

Action = Literal[
    "sign_in", "sign_in_failed", "sign_out", "session_ended", "stream_ended", "token_created",
    "password_changed", "password_set", "password_link_created", "password_link_used",
    "user_created", "user_registered", "user_changed", "user_role_changed", "user_disabled", "user_enabled",
    "users_imported",
    "notice_published", "notice_changed", "notice_withdrawn", "notice_deleted",
    "event_published", "event_changed", "event_deleted",
    "announcement_published",
    "college_created", "college_changed", "college_deleted", "class_deleted", "section_deleted", "enrollment_deleted",
    "campus_changed",
]  # fmt: skip
ObjectType = Literal["user", "notice", "event", "announcement", "college", "class", "section", "enrollment", "campus"]
On = tuple[ObjectType, int]  # what something was done to

_COLUMNS = "id, created_at, user_id, username, address, action, object_type, object_id, detail, count, college_id"
_LISTING = Listing(
    select=f"SELECT {_COLUMNS} FROM audit",
    source="audit",
    id="id",
    filters={
        "user": "user_id = ?",
        "action": "action = ?",
        "object_type": "object_type = ?",
        "object_id": "object_id = ?",
        "since": "created_at >= ?",
        "before": "created_at < ?",
    },
    orderings={"created_at": "created_at"},
)


class Entry(TypedDict):
    """A row as clients get it. `user` is null where nobody was signed in; only wrong logins have a `count` above 1."""

    id: int
    created_at: str
    user: int | None
    username: str
    address: str
    action: Action
    object_type: ObjectType | Literal[""]
    object_id: int | None
    detail: str
    count: int
    college: int | None


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts (None: an operator, or nobody who is signed in), from where, and when."""

    user_id: int | None
    address: str
    now: str

    @classmethod
    def of(cls, asker: Asker) -> Act:
        """Something that a caller does."""
        return cls(asker.user_id, asker.address, asker.at.now)


@dataclass(slots=True)
class Failures:
    """Wrong passwords for one account (None: none that exists) from one address within a minute.

    `count` is how many there were, `written` how many of them the row `row_id` (0: not there yet) tells.
    """

    user_id: int | None
    address: str
    began_at: str
    count: int = 0
    written: int = 0
    row_id: int = 0


def append(
    tx: Transaction,
    act: Act,
    action: Action,
    on: On | None = None,
    *,
    detail: str = "",
    college_id: int | None = None,
) -> int:
    """Tell what was done, and to what; the row's id. `college_id` says whose admins see it, besides the global roles.

    A detail that is too long is cut.
    """
    username = tx.value("SELECT username FROM users WHERE id = ?", (act.user_id,)) if act.user_id else None
    object_type, object_id = on or ("", None)
    columns = {
        "created_at": act.now,
        "user_id": act.user_id,
        "username": username or "",
        "address": act.address,
        "action": action,
        "object_type": object_type,
        "object_id": object_id,
        "detail": detail[:MOST_CHARACTERS],
        "college_id": college_id,
    }
    return rows.insert(tx, "audit", columns)


def append_of(tx: Transaction, act: Act, action: Action, user: sqlite3.Row, *, detail: str = "") -> int:
    """The same of a user, whose college sees it. Of another one the detail begins with the name of the account."""
    parts = [detail] if act.user_id == user["id"] else [user["username"], detail]
    told = ": ".join(filter(None, parts))
    return append(tx, act, action, ("user", user["id"]), detail=told, college_id=user["college_id"])


def append_changes(tx: Transaction, asker: Asker, before: sqlite3.Row, after: sqlite3.Row) -> None:
    """Tell what a caller changed of an account: what somebody will look for each in a row of its own."""
    act = Act.of(asker)
    differing = {name for name in after.keys() if after[name] != before[name]} - _UNTOLD  # noqa: SIM118
    if "is_active" in differing:
        append_of(tx, act, "user_enabled" if after["is_active"] else "user_disabled", before)
    if "user_type" in differing:
        append_of(tx, act, "user_role_changed", before, detail=f"{before['user_type']} -> {after['user_type']}")
    others = differing - {"is_active", "user_type"}
    if others:
        append_of(tx, act, "user_changed", before, detail=changed(others))


def append_titled(
    tx: Transaction, asker: Asker, action: Action, kind: ObjectType, row: sqlite3.Row, title: str, detail: str = ""
) -> int:
    """The same of something that a caller does to what belongs to a college, which sees it; `title` is its name."""
    told = ": ".join(filter(None, (detail, title)))
    return append(tx, Act.of(asker), action, (kind, row["id"]), detail=told, college_id=row["college_id"])


def write_failures(tx: Transaction, failures: Iterable[Failures]) -> list[int]:
    """Tell of wrong passwords, a row for each of these, or another count in the one that is there; the rows' ids."""
    return [_write(tx, one) for one in failures]


def page(tx: Transaction, asker: Asker, asked: Asked) -> tuple[int, list[Entry]]:
    """How many rows the asker sees of those that were asked for, and that page of them, the newest first."""
    held = asker.college_id
    scope = Condition() if held is None else Condition("college_id = ?", (held,))
    count, found = listing.page(tx, _LISTING, scope, asked)
    return count, [_to_entry(row) for row in found]


def prune(tx: Transaction, before: str, most: int) -> int:
    """Forget at most `most` of the rows that are older than that; how many went."""
    return tx.execute(
        "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE created_at < ? ORDER BY created_at LIMIT ?)",
        (before, most),
    ).rowcount


def days(asked: Asked, at: Moment) -> Asked:
    """`since` and `until`, days of the campus with both ends, as stamps of the filters."""
    filters = dict(asked.filters)
    since, until = filters.pop("since", None), filters.pop("until", None)
    if since is not None:
        filters["since"] = clock.day_begins(_within(since), at.zone)
    if until is not None:
        filters["before"] = clock.day_begins(clock.day_after(_within(until)), at.zone)
    return replace(asked, filters=filters)


def changed(names: Iterable[str]) -> str:
    """A detail: what was changed."""
    return ", ".join(sorted(names))


def _within(day: date) -> str:
    """The nearest day that every zone has in UTC, too: no row is of one beyond."""
    return min(max(day.isoformat(), _FIRST_DAY), _LAST_DAY)


def _write(tx: Transaction, one: Failures) -> int:
    if one.row_id:
        tx.execute("UPDATE audit SET count = ? WHERE id = ?", (one.count, one.row_id))
        return one.row_id
    user = tx.row("SELECT id, username, college_id FROM users WHERE id = ?", (one.user_id,))
    act = Act(None, one.address, one.began_at)
    row_id = append(tx, act, "sign_in_failed") if user is None else append_of(tx, act, "sign_in_failed", user)
    tx.execute("UPDATE audit SET count = ? WHERE id = ?", (one.count, row_id))
    return row_id


def _to_entry(row: sqlite3.Row) -> Entry:
    return {
        "id": row["id"],
        "created_at": row["created_at"],
        "user": row["user_id"],
        "username": row["username"],
        "address": row["address"],
        "action": row["action"],
        "object_type": row["object_type"],
        "object_id": row["object_id"],
        "detail": row["detail"],
        "count": row["count"],
        "college": row["college_id"],
    }
