"""Sections: the parts of a class. As classes, of which each stays a part: admins write, all of the college may look.

One that goes is only inactive; the keys of those in it change in the same transaction (I9, I10).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, TypedDict

from data import audit, classes, enrollment_index, keys, listing, moves, names, rows
from data.asker import Asker
from data.errors import Invalid, NotFound
from data.listing import Asked, Listing
from data.transaction import Transaction

MOST_CHARACTERS = {"name": 100}

_NAMES = {"class_id": "class_obj"}
_JOINED = "sections AS s JOIN classes AS c ON c.id = s.class_id"
_LISTING = Listing(
    select=f"SELECT s.*, c.name AS class_name, c.college_id FROM {_JOINED}",
    source=_JOINED,
    id="s.id",
    filters={"is_active": "s.is_active = ?", "class_obj": "s.class_id = ?", "college": "c.college_id = ?"},
    orderings={"name": "s.name", "class_name": "c.name", "created_at": "s.created_at"},
    default="name",
    search_table="sections_search",
)


class Section(TypedDict):
    """A section."""

    id: int
    class_obj: int
    class_name: str
    name: str
    is_active: bool
    created_at: str
    updated_at: str


def page(tx: Transaction, asker: Asker, asked: Asked) -> tuple[int, list[Section]]:
    """The sections of the colleges in reach."""
    count, found = listing.page(tx, _LISTING, classes.scope(asker), asked)
    return count, [to_object(row) for row in found]


def one(tx: Transaction, asker: Asker, section_id: int) -> Section:
    """One of them. Raises NotFound."""
    return to_object(row_of(tx, asker, section_id))


def create(tx: Transaction, asker: Asker, values: Mapping[str, Any]) -> Section:
    """A new section of an active class in reach. Raises Invalid."""
    class_id = values["class_obj"]
    found = class_named(tx, asker, class_id)
    if not found["is_active"]:
        raise Invalid({"class_obj": ["This class is not active."]})
    return to_object(row_of(tx, asker, make(tx, class_id, values, asker.at.now)))


def make(tx: Transaction, class_id: int, values: Mapping[str, Any], now: str) -> int:
    """A new section of a class; its id. Raises Invalid."""
    columns = names.cleaned(values, MOST_CHARACTERS)
    rows.check_unique(tx, "sections", {"class_id": class_id, "name": columns["name"]}, None, **_NAMES)
    stamps = {"created_at": now, "updated_at": now}
    section_id = rows.insert(tx, "sections", {**columns, **names.activity(values), "class_id": class_id, **stamps})
    enrollment_index.of_section(tx, section_id)
    return section_id


def update(tx: Transaction, asker: Asker, section_id: int, values: Mapping[str, Any]) -> Section:
    """Change one, but for its class. Raises NotFound, Invalid."""
    before = row_of(tx, asker, section_id)
    if values.get("class_obj", before["class_id"]) != before["class_id"]:
        raise Invalid({"class_obj": ["A section stays in its class."]})
    changes = rows.differing(dict(before), names.cleaned(values, MOST_CHARACTERS) | names.activity(values))
    if not changes:
        return to_object(before)
    if "name" in changes:
        named = {"class_id": before["class_id"], "name": changes["name"]}
        rows.check_unique(tx, "sections", named, section_id, **_NAMES)
    columns = {**changes, "updated_at": asker.at.now}
    if changes.get("is_active") in (False, 0):  # a PATCH ends one as a DELETE does
        audit.append_titled(tx, asker, "section_deleted", "section", before, before["name"])
    if "is_active" in changes:
        people = classes.members(tx, before["class_id"])
        with moves.told(tx, people, asker.at, [f"section:{section_id}"]):
            rows.update(tx, "sections", section_id, columns)
            keys.settle_all(tx, people)
    else:
        rows.update(tx, "sections", section_id, columns)
    if "name" in changes:
        enrollment_index.of_section(tx, section_id)
    return to_object(row_of(tx, asker, section_id))


def delete(tx: Transaction, asker: Asker, section_id: int) -> None:
    """Make one inactive. Raises NotFound."""
    update(tx, asker, section_id, {"is_active": False})


def class_named(tx: Transaction, asker: Asker, class_id: int) -> sqlite3.Row:
    """The class that a body names as `class_obj`. Raises Invalid for one that is not in reach."""
    try:
        return classes.row_of(tx, asker, class_id)
    except NotFound:
        raise Invalid({"class_obj": [f'Invalid pk "{class_id}" - object does not exist.']}) from None


def row_of(tx: Transaction, asker: Asker, section_id: int) -> sqlite3.Row:
    """A section in reach, with class_name and college_id. Raises NotFound."""
    row = listing.one(tx, _LISTING, classes.scope(asker), section_id)
    if row is None:
        raise NotFound("Not found.")
    return row


def to_object(row: sqlite3.Row) -> Section:
    """A section as the interface shows it."""
    return {
        "id": row["id"],
        "class_obj": row["class_id"],
        "class_name": row["class_name"],
        "name": row["name"],
        "is_active": bool(row["is_active"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }
