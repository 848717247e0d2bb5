"""Classes: groups of a college's people that notices can be for. Admins write those of their college, all may look.

A class stays in its college for ever, so that no enrolment can end up across two. One that goes is only inactive, and
so gives nobody its keys: those of its members change in the same transaction (I9, I10).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, TypedDict

from data import audit, enrollment_index, keys, listing, moves, names, placement, rows, search
from data.asker import Asker
from data.errors import Invalid, NotFound
from data.listing import Asked, Condition, Listing
from data.transaction import Transaction

MOST_CHARACTERS = {"name": 100, "code": 32}

_NAMES = {"college_id": "college"}
_LISTING = Listing(
    select="SELECT c.*, o.name AS college_name FROM classes AS c JOIN colleges AS o ON o.id = c.college_id",
    source="classes AS c",
    id="c.id",
    filters={"is_active": "c.is_active = ?", "college": "c.college_id = ?"},
    orderings={"name": "c.name", "code": "c.code", "created_at": "c.created_at"},
    default="name",
    search_table="classes_search",
)


class Class(TypedDict):
    """A class."""

    id: int
    college: int
    college_name: str
    name: str
    code: str
    is_active: bool
    created_at: str
    updated_at: str


def page(tx: Transaction, asker: Asker, asked: Asked) -> tuple[int, list[Class]]:
    """The classes of the colleges in reach."""
    count, found = listing.page(tx, _LISTING, scope(asker), asked)
    return count, [to_object(row) for row in found]


def one(tx: Transaction, asker: Asker, class_id: int) -> Class:
    """One of them. Raises NotFound."""
    return to_object(row_of(tx, asker, class_id))


def create(tx: Transaction, asker: Asker, values: Mapping[str, Any]) -> Class:
    """A new class. Raises Invalid."""
    college_id = placement.college_of_new(tx, asker, values.get("college"))
    return to_object(row_of(tx, asker, make(tx, college_id, values, asker.at.now)))


def make(tx: Transaction, college_id: int, values: Mapping[str, Any], now: str) -> int:
    """A new class of a college; its id. Raises Invalid."""
    columns = names.cleaned(values, MOST_CHARACTERS, frozenset({"code"}))
    rows.check_unique(tx, "classes", {"college_id": college_id, "name": columns["name"]}, None, **_NAMES)
    stamps = {"created_at": now, "updated_at": now}
    class_id = rows.insert(tx, "classes", {**columns, **names.activity(values), "college_id": college_id, **stamps})
    _index(tx, class_id)
    return class_id


def update(tx: Transaction, asker: Asker, class_id: int, values: Mapping[str, Any]) -> Class:
    """Change one, but for its college. Raises NotFound, Invalid."""
    before = row_of(tx, asker, class_id)
    if values.get("college", before["college_id"]) != before["college_id"]:
        raise Invalid({"college": ["A class stays in its college."]})
    columns = names.cleaned(values, MOST_CHARACTERS, frozenset({"code"})) | names.activity(values)
    changes = rows.differing(dict(before), columns)
    if not changes:
        return to_object(before)
    if "name" in changes:
        named = {"college_id": before["college_id"], "name": changes["name"]}
        rows.check_unique(tx, "classes", named, class_id, **_NAMES)
    columns = {**changes, "updated_at": asker.at.now}
    if changes.get("is_active") in (False, 0):  # a PATCH ends one as a DELETE does
        audit.append_titled(tx, asker, "class_deleted", "class", before, before["name"])
    if "is_active" in changes:
        people = members(tx, class_id)
        with moves.told(tx, people, asker.at, _groups(tx, class_id)):
            rows.update(tx, "classes", class_id, columns)
            keys.settle_all(tx, people)
    else:
        rows.update(tx, "classes", class_id, columns)
    _index(tx, class_id)
    if "name" in changes:
        enrollment_index.of_class(tx, class_id)
    return to_object(row_of(tx, asker, class_id))


def delete(tx: Transaction, asker: Asker, class_id: int) -> None:
    """Make one inactive. Raises NotFound."""
    update(tx, asker, class_id, {"is_active": False})


def members(tx: Transaction, class_id: int) -> list[int]:
    """All who have an enrolment in a class, active or not."""
    sql = "SELECT DISTINCT user_id FROM enrollments WHERE class_id = ? ORDER BY user_id"
    return [row[0] for row in tx.rows(sql, (class_id,))]


def scope(asker: Asker) -> Condition:
    """Which classes are in the asker's reach; `c` is the class."""
    return Condition() if asker.college_id is None else Condition("c.college_id = ?", (asker.college_id,))


def row_of(tx: Transaction, asker: Asker, class_id: int) -> sqlite3.Row:
    """A class in reach, with college_name. Raises NotFound."""
    row = listing.one(tx, _LISTING, scope(asker), class_id)
    if row is None:
        raise NotFound("Not found.")
    return row


def to_object(row: sqlite3.Row) -> Class:
    """A class as the interface shows it."""
    return {
        "id": row["id"],
        "college": row["college_id"],
        "college_name": row["college_name"],
        "name": row["name"],
        "code": row["code"],
        "is_active": bool(row["is_active"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def _groups(tx: Transaction, class_id: int) -> list[str]:
    """The keys of a class and of its sections."""
    sections = tx.rows("SELECT id FROM sections WHERE class_id = ? ORDER BY id", (class_id,))
    return [f"class:{class_id}", *(f"section:{row[0]}" for row in sections)]


def _index(tx: Transaction, class_id: int) -> None:
    row = tx.row("SELECT name, code FROM classes WHERE id = ?", (class_id,))
    assert row is not None
    search.put(tx, "classes_search", class_id, tuple(row))
