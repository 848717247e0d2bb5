"""Colleges: the parts of a campus. Everybody but global roles belongs to one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from data.errors import Invalid
from data.transaction import Transaction
from data.users import GLOBAL_ROLES

COLUMNS = "id, code, name, short_name, is_active, created_at, updated_at"


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
    sql = "SELECT id FROM users WHERE college_id = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY id"
    return [row[0] for row in tx.rows(sql, (college_id, json.dumps(list(user_ids))))]
