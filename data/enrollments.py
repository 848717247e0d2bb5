"""Enrolments: who is in which class, and in which section of it. They give their users keys (data/keys.py).

User, class and section are of one college. The keys change in the transaction of the enrolment, so that a notice
after it in the same batch reaches the new member and one before it does not (I9, I10).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, TypedDict

from data import audit, enrollment_index, keys, listing, moves, names, rows, users
from data.asker import Asker
from data.errors import Invalid, NotFound
from data.listing import Asked, Condition, Listing
from data.transaction import Transaction

_NAMED = {"user": "user_id", "class_obj": "class_id", "section": "section_id"}
_NAMES = {column: name for name, column in _NAMED.items()}
_LISTING = Listing(
    select=(
        "SELECT e.*, u.username, u.first_name, u.last_name, c.name AS class_name, s.name AS section_name "
        "FROM enrollments AS e JOIN users AS u ON u.id = e.user_id JOIN classes AS c ON c.id = e.class_id "
        "LEFT JOIN sections AS s ON s.id = e.section_id"
    ),
    source="enrollments AS e",
    id="e.id",
    filters={name: f"e.{column} = ?" for name, column in (*_NAMED.items(), ("is_active", "is_active"))}
    | {"college": "e.college_id = ?"},
    orderings={"created_at": "e.created_at", "username": "u.username", "class_name": "c.name"},
    search_table="enrollments_search",
)


class Enrollment(TypedDict):
    """An enrolment."""

    id: int
    user: int
    user_name: str
    class_obj: int
    class_name: str
    section: int | None
    section_name: str | None
    is_active: bool
    created_at: str
    updated_at: str


def page(tx: Transaction, asker: Asker, asked: Asked) -> tuple[int, list[Enrollment]]:
    """The enrolments of the colleges in reach."""
    count, found = listing.page(tx, _LISTING, _scope(asker), asked)
    return count, [to_object(row) for row in found]


def one(tx: Transaction, asker: Asker, enrollment_id: int) -> Enrollment:
    """One of them. Raises NotFound."""
    return to_object(_row(tx, asker, enrollment_id))


def create(tx: Transaction, asker: Asker, values: Mapping[str, Any]) -> Enrollment:
    """A user into a class. Raises Invalid."""
    columns: dict[str, Any] = {column: values.get(name) for name, column in _NAMED.items()}
    columns |= names.activity(values)
    college_id = _check(tx, asker, columns, columns)
    with moves.told(tx, [columns["user_id"]], asker.at, _groups(columns)):
        enrollment_id = enroll(tx, college_id, columns, asker.at.now)
    return to_object(_row(tx, asker, enrollment_id))


def enroll(tx: Transaction, college_id: int, columns: Mapping[str, Any], now: str) -> int:
    """A new row for what is known to fit together; its id. Raises Invalid if there is one already.

    Tells nobody: for a user who is new as well.
    """
    rows.check_unique(tx, "enrollments", _place(columns), None, **_NAMES)
    stamps = {"created_at": now, "updated_at": now}
    enrollment_id = rows.insert(tx, "enrollments", {**columns, "college_id": college_id, **stamps})
    enrollment_index.of_enrollment(tx, enrollment_id)
    keys.settle(tx, columns["user_id"])
    return enrollment_id


def update(tx: Transaction, asker: Asker, enrollment_id: int, values: Mapping[str, Any]) -> Enrollment:
    """Change one, but for its user. Another class ends the section of the old. Raises NotFound, Invalid."""
    before = _row(tx, asker, enrollment_id)
    given = {column: values[name] for name, column in _NAMED.items() if name in values} | names.activity(values)
    changes = rows.differing(dict(before), given)
    if "user_id" in changes:
        raise Invalid({"user": ["An enrolment stays its user's."]})
    if "class_id" in changes and "section_id" not in given and before["section_id"] is not None:
        changes["section_id"] = None
    if not changes:
        return to_object(before)
    whole = {**dict(before), **changes}
    if changes != {"is_active": False}:  # who has left the college can be taken out of what fits no more
        changes["college_id"] = _check(tx, asker, whole, changes)
    rows.check_unique(tx, "enrollments", _place(whole), enrollment_id, **_NAMES)
    with moves.told(tx, [before["user_id"]], asker.at, (*_groups(before), *_groups(whole))):
        rows.update(tx, "enrollments", enrollment_id, {**changes, "updated_at": asker.at.now})
        keys.settle(tx, before["user_id"])
    if changes.get("is_active") in (False, 0):  # it ends as by a DELETE
        _note_end(tx, asker, before)
    enrollment_index.of_enrollment(tx, enrollment_id)
    return to_object(_row(tx, asker, enrollment_id))


def delete(tx: Transaction, asker: Asker, enrollment_id: int) -> None:
    """End one for good. Raises NotFound."""
    before = _row(tx, asker, enrollment_id)
    with moves.told(tx, [before["user_id"]], asker.at, _groups(before)):
        tx.execute("DELETE FROM enrollments WHERE id = ?", (enrollment_id,))
        keys.settle(tx, before["user_id"])
    enrollment_index.remove(tx, enrollment_id)
    _note_end(tx, asker, before)


def leave_other_colleges(tx: Transaction, user_id: int, college_id: int | None, now: str) -> None:
    """Make inactive what a user has outside of a college, having moved there. The keys are the caller's to settle."""
    tx.execute(
        "UPDATE enrollments SET is_active = 0, updated_at = ? "
        "WHERE user_id = ? AND college_id IS NOT ? AND is_active = 1",
        (now, user_id, college_id),
    )


def to_object(row: sqlite3.Row) -> Enrollment:
    """An enrolment as the interface shows it."""
    return {
        "id": row["id"],
        "user": row["user_id"],
        "user_name": users.full_name(row),
        "class_obj": row["class_id"],
        "class_name": row["class_name"],
        "section": row["section_id"],
        "section_name": row["section_name"],
        "is_active": bool(row["is_active"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def _note_end(tx: Transaction, asker: Asker, row: sqlite3.Row) -> None:
    title = f"{users.full_name(row)}, {row['class_name']}"
    audit.append_titled(tx, asker, "enrollment_deleted", "enrollment", row, title)


def _scope(asker: Asker) -> Condition:
    return Condition() if asker.college_id is None else Condition("e.college_id = ?", (asker.college_id,))


def _row(tx: Transaction, asker: Asker, enrollment_id: int) -> sqlite3.Row:
    row = listing.one(tx, _LISTING, _scope(asker), enrollment_id)
    if row is None:
        raise NotFound("Not found.")
    return row


def _check(tx: Transaction, asker: Asker, whole: Mapping[str, Any], changes: Mapping[str, Any]) -> int:
    """The class's college, if user, class and section fit together. Raises Invalid.

    What is inactive can't be entered, but one may go on being in it.
    """
    user = users.by_id(tx, whole["user_id"])
    found = tx.row("SELECT college_id, is_active FROM classes WHERE id = ?", (whole["class_id"],))
    section = tx.row("SELECT class_id, is_active FROM sections WHERE id = ?", (whole["section_id"],))
    reach = asker.college_id
    problems: dict[str, list[str]] = {}
    if user is None or reach not in (None, user["college_id"]):
        problems["user"] = [_no_such(whole["user_id"])]
    if found is None or reach not in (None, found["college_id"]):
        problems["class_obj"] = [_no_such(whole["class_id"])]
    elif "class_id" in changes and not found["is_active"]:
        problems["class_obj"] = ["This class is not active."]
    elif whole["section_id"] is not None and (section is None or section["class_id"] != whole["class_id"]):
        problems["section"] = ["This section is not of this class."]
    elif section is not None and "section_id" in changes and not section["is_active"]:
        problems["section"] = ["This section is not active."]
    if problems:
        raise Invalid(problems)
    assert user is not None
    assert found is not None
    if user["college_id"] != found["college_id"]:
        raise Invalid({"non_field_errors": ["The user and the class are not of one college."]})
    return int(found["college_id"])


def _place(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Who is where: there is one enrolment of each."""
    return {column: columns[column] for column in _NAMES}


def _groups(columns: Mapping[str, Any] | sqlite3.Row) -> tuple[str, ...]:
    """The keys that an enrolment is about."""
    section_id = columns["section_id"]
    return (f"class:{columns['class_id']}", *(() if section_id is None else (f"section:{section_id}",)))


def _no_such(row_id: int) -> str:
    return f'Invalid pk "{row_id}" - object does not exist.'
