"""Colleges: the parts of a campus. Everybody but global roles belongs to one.

Everybody sees the own one, a global role all; only global roles write. One that goes is only inactive: people belong
to it, and what it has published stays theirs.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from data import audit, keys, listing, log, names, rows, search
from data.asker import Asker
from data.audit import Act
from data.errors import Invalid, NotFound
from data.listing import Asked, Condition, Listing
from data.roles import GLOBAL_ROLES
from data.transaction import Transaction

COLUMNS = "id, code, name, short_name, is_active, created_at, updated_at"
MOST_CHARACTERS = {"code": 32, "name": 200, "short_name": 64}

_LISTING = Listing(
    select=f"SELECT {COLUMNS} FROM colleges",
    source="colleges",
    id="id",
    filters={"is_active": "is_active = ?"},
    orderings={name: name for name in ("name", "code", "created_at")},
    default="name",
    search_table="colleges_search",
)


class College(TypedDict):
    """A college."""

    id: int
    code: str
    name: str
    short_name: str
    is_active: bool
    created_at: str
    updated_at: str


def by_id(tx: Transaction, college_id: int) -> sqlite3.Row | None:
    """One college, active or not."""
    return tx.row(f"SELECT {COLUMNS} FROM colleges WHERE id = ?", (college_id,))


def by_code(tx: Transaction, code: str) -> sqlite3.Row | None:
    """One college, active or not; ASCII case does not count in its code."""
    return tx.row(f"SELECT {COLUMNS} FROM colleges WHERE code = ?", (code,))


def only(tx: Transaction) -> sqlite3.Row | None:
    """The active college if there is exactly one."""
    active = tx.rows(f"SELECT {COLUMNS} FROM colleges WHERE is_active = 1 ORDER BY id LIMIT 2")
    return active[0] if len(active) == 1 else None


def accessible(tx: Transaction, user_type: str, college_id: int | None) -> list[sqlite3.Row]:
    """The active colleges that a user may look at: all for a global role, the own one for others.

    Rows have id, code, name, short_name.
    """
    columns = "SELECT id, code, name, short_name FROM colleges WHERE is_active = 1"
    if user_type in GLOBAL_ROLES:
        return tx.rows(f"{columns} ORDER BY name, id")
    return tx.rows(f"{columns} AND id = ?", (college_id,))


def choose(tx: Transaction, code: str, user_type: str) -> int | None:
    """The id of a new user's college: the one with that code, without a code the only one.

    None only for a global role, without a code, among several colleges. Raises Invalid for an unknown or inactive code,
    and for no code where one is needed.
    """
    if code:
        college = by_code(tx, code)
        if college is None or not college["is_active"]:
            raise Invalid({"college": [f'There is no active college with the code "{code}".']})
        return int(college["id"])
    college = only(tx)
    if college is not None:
        return int(college["id"])
    if user_type in GLOBAL_ROLES:
        return None
    codes = ", ".join(row["code"] for row in tx.rows("SELECT code FROM colleges WHERE is_active = 1 ORDER BY code"))
    raise Invalid({"college": [f"A college is needed; there are: {codes or 'none'}."]})


def members(tx: Transaction, college_id: int | None, user_ids: Iterable[int]) -> list[int]:
    """Those of user_ids who belong to a college, in order; all of them for None."""
    if college_id is None:
        return sorted(user_ids)
    # The plus keeps SQLite from walking through the college for some of its people.
    sql = "SELECT id FROM users WHERE +college_id = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY id"
    return [row[0] for row in tx.rows(sql, (college_id, json.dumps(list(user_ids))))]


# As a resource


def page(tx: Transaction, asker: Asker, asked: Asked) -> tuple[int, list[College]]:
    """The colleges that the asker may look at."""
    count, found = listing.page(tx, _LISTING, _scope(asker), asked)
    return count, [to_object(row) for row in found]


def one(tx: Transaction, asker: Asker, college_id: int) -> College:
    """One of them. Raises NotFound."""
    return to_object(_row(tx, asker, college_id))


def create(tx: Transaction, asker: Asker, values: Mapping[str, Any]) -> College:
    """A new college. Raises Invalid."""
    columns = names.cleaned(values, MOST_CHARACTERS)
    columns.setdefault("short_name", columns["name"][: MOST_CHARACTERS["short_name"]])
    _check_code(tx, columns["code"], None)
    college_id = rows.insert(
        tx,
        "colleges",
        {**columns, "is_active": values.get("is_active", True), "created_at": asker.at.now, "updated_at": asker.at.now},
    )
    _audit(tx, asker, "college_created", college_id, columns["code"])
    return _indexed(tx, asker, college_id)


def update(tx: Transaction, asker: Asker, college_id: int, values: Mapping[str, Any]) -> College:
    """Change one. Raises NotFound, Invalid."""
    before = _row(tx, asker, college_id)
    changes = rows.differing(dict(before), names.cleaned(values, MOST_CHARACTERS) | names.activity(values))
    if not changes:
        return to_object(before)
    if "code" in changes:
        _check_code(tx, changes["code"], college_id)
    rows.update(tx, "colleges", college_id, {**changes, "updated_at": asker.at.now})
    is_gone = changes.get("is_active") is False
    _audit(tx, asker, "college_deleted" if is_gone else "college_changed", college_id, before["code"])
    college = _indexed(tx, asker, college_id)
    # What belongs to it shows its name.
    log.append(tx, "college_updated", college, (f"college:{college_id}", keys.GLOBAL), asker.at.now)
    return college


def delete(tx: Transaction, asker: Asker, college_id: int) -> None:
    """Make one inactive. Raises NotFound."""
    update(tx, asker, college_id, {"is_active": False})


def to_object(row: sqlite3.Row) -> College:
    """A college as the interface shows it."""
    return {
        "id": row["id"],
        "code": row["code"],
        "name": row["name"],
        "short_name": row["short_name"],
        "is_active": bool(row["is_active"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def _audit(tx: Transaction, asker: Asker, action: audit.Action, college_id: int, code: str) -> None:
    audit.append(tx, Act.of(asker), action, ("college", college_id), detail=code, college_id=college_id)


def _scope(asker: Asker) -> Condition:
    return Condition() if asker.college_id is None else Condition("id = ?", (asker.college_id,))


def _row(tx: Transaction, asker: Asker, college_id: int) -> sqlite3.Row:
    row = listing.one(tx, _LISTING, _scope(asker), college_id)
    if row is None:
        raise NotFound("Not found.")
    return row


def _indexed(tx: Transaction, asker: Asker, college_id: int) -> College:
    row = by_id(tx, college_id)
    assert row is not None
    search.put(tx, "colleges_search", college_id, (row["code"], row["name"], row["short_name"]))
    return to_object(row)


def _check_code(tx: Transaction, code: str, own_id: int | None) -> None:
    if tx.row("SELECT 1 FROM colleges WHERE code = ? AND id IS NOT ?", (code, own_id)) is not None:
        raise Invalid({"code": ["A college with this code already exists."]})
