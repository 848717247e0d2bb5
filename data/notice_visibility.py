"""Visibility of notices: rows that name for whom a notice is. Without any it is for the whole college, with some for
the union of them; a row for `all` is the college again.

Whoever may change a notice changes its rows, and readers see the rows of the notices that they see. A change of rows
changes the notice's `audience`, and what is told of it, in the same transaction (I9). Knows no HTTP and no clock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, TypedDict

from data import audit, listing, notice_rows, notice_targets, rows
from data.asker import Asker
from data.errors import Invalid, NotFound
from data.listing import Asked, Condition, Listing
from data.notice_dues import settle
from data.notice_rows import TargetType
from data.transaction import Transaction

_LISTING = Listing(
    select=(
        "SELECT v.*, n.title AS notice_title, c.name AS class_name, s.name AS section_name "
        "FROM notice_visibility AS v JOIN notices AS n ON n.id = v.notice_id "
        "LEFT JOIN classes AS c ON c.id = v.class_id LEFT JOIN sections AS s ON s.id = v.section_id"
    ),
    source="notice_visibility AS v",
    id="v.id",
    filters={
        "notice": "v.notice_id = ?",
        "target_type": "v.target_type = ?",
        "class_obj": "v.class_id = ?",
        "section": "v.section_id = ?",
        "is_active": "v.is_active = ?",
    },
    orderings={"created_at": "v.id"},
)


class Visibility(TypedDict):
    """One row as clients get it. `college` is the notice's."""

    id: int
    college: int
    notice: int
    notice_title: str
    target_type: TargetType
    class_obj: int | None
    class_name: str | None
    section: int | None
    section_name: str | None
    is_active: bool
    created_at: str
    updated_at: str
    created_by: int
    updated_by: int


def page(tx: Transaction, asker: Asker, asked: Asked) -> tuple[int, list[Visibility]]:
    """How many rows the asker sees of those that were asked for, and the objects of that page."""
    count, found = listing.page(tx, _LISTING, _scope(asker), asked)
    return count, [_to_object(row) for row in found]


def one(tx: Transaction, asker: Asker, row_id: int) -> Visibility:
    """One row's object. Raises NotFound, also when the asker may not see it."""
    return _to_object(_seen(tx, asker, row_id))


def create(tx: Transaction, asker: Asker, values: Mapping[str, Any]) -> Visibility:
    """Name more people for a notice; the row's object. `values` has notice and what a Target has.

    Raises Invalid, also for a notice that the asker does not see, and Forbidden for somebody else's.
    """
    notice_id = values["notice"]
    try:
        notice = notice_rows.changeable(tx, asker, notice_id)
    except NotFound:
        raise Invalid({"notice": [f'Invalid pk "{notice_id}" - object does not exist.']}) from None
    if len(notice_rows.targets(tx, [notice_id]).get(notice_id, ())) >= notice_targets.MOST_ROWS:
        raise Invalid({"non_field_errors": [f"A notice has at most {notice_targets.MOST_ROWS} of these."]})
    row_id = notice_targets.insert(tx, asker, notice, notice_targets.checked(tx, notice["college_id"], values))
    _retell(tx, asker, notice)
    return _to_object(_by_id(tx, row_id))


def update(tx: Transaction, asker: Asker, row_id: int, values: Mapping[str, Any]) -> Visibility:
    """Change whom a row names, not of which notice it is; its object. Raises NotFound, Forbidden, Invalid."""
    row = _seen(tx, asker, row_id)
    notice = notice_rows.changeable(tx, asker, row["notice_id"])
    if values.get("notice", notice["id"]) != notice["id"]:
        raise Invalid({"notice": ["A row can't move to another notice."]})
    before = notice_targets.of_row(row)
    wanted = {**before, **values}
    if wanted["section"] != before["section"] and "class_obj" not in values:
        wanted["class_obj"] = None  # the new section's
    target = notice_targets.checked(tx, notice["college_id"], wanted, known=(before,))
    if target != before:
        columns = notice_targets.to_columns(notice["college_id"], target)
        rows.update(tx, "notice_visibility", row_id, {**columns, **_by(asker)})
        _retell(tx, asker, notice)
    return _to_object(_by_id(tx, row_id))


def delete(tx: Transaction, asker: Asker, row_id: int) -> None:
    """Take a row away; without its last one a notice is for the whole college, after the delay of a new one. Raises
    NotFound, Forbidden."""
    row = _seen(tx, asker, row_id)
    notice = notice_rows.changeable(tx, asker, row["notice_id"])
    notice_targets.deactivate(tx, asker, [row_id])
    # Another row may be on its way, and until it comes the whole college would see what is for a class.
    is_last = not notice_rows.targets(tx, [notice["id"]])
    _retell(tx, asker, notice, waits=is_last and row["target_type"] != "all")


def _retell(tx: Transaction, asker: Asker, before: sqlite3.Row, *, waits: bool = False) -> None:
    notice_targets.refresh(tx, before["id"])
    rows.update(tx, "notices", before["id"], _by(asker))
    if before["is_published"]:
        audit.append_titled(tx, asker, "notice_changed", "notice", before, before["title"], "visibility")
    settle(tx, before, before["id"], asker.at, waits=waits)


def _by(asker: Asker) -> dict[str, Any]:
    return {"updated_at": asker.at.now, "updated_by": asker.user_id}


def _scope(asker: Asker) -> Condition:
    """Which rows somebody sees, a condition on `v`: those of the notices that they see.

    A notice for the whole college has none or one for its key, so rows of a key of the asker lead to all of them.
    """
    college = Condition() if asker.college_id is None else Condition("v.college_id = ?", (asker.college_id,))
    if asker.is_admin:
        return college
    notices = notice_rows.scope(asker)
    own = "SELECT id FROM notices WHERE college_id = ? AND is_active = 1 AND created_by = ?"
    named = (
        "SELECT n.id FROM user_keys AS k CROSS JOIN notice_visibility AS w ON w.key = k.key AND w.is_active = 1 "
        f"CROSS JOIN notices AS n ON n.id = w.notice_id WHERE k.user_id = ? AND n.is_active = 1 AND {notices.sql}"
    )
    # The plus keeps the index of what is shown: going by notices instead would fetch every row to sort it.
    meant = f"+v.notice_id IN ({own} UNION ALL {named})"
    return listing.both(
        college, Condition(meant, (asker.college_id, asker.user_id, asker.user_id, *notices.parameters))
    )


def _seen(tx: Transaction, asker: Asker, row_id: int) -> sqlite3.Row:
    row = listing.one(tx, _LISTING, listing.both(_scope(asker), Condition("v.is_active = 1")), row_id)
    if row is None:
        raise NotFound("Not found.")
    return row


def _by_id(tx: Transaction, row_id: int) -> sqlite3.Row:
    row = listing.one(tx, _LISTING, Condition(), row_id)
    assert row is not None
    return row


def _to_object(row: sqlite3.Row) -> Visibility:
    return {
        "id": row["id"],
        "college": row["college_id"],
        "notice": row["notice_id"],
        "notice_title": row["notice_title"],
        "target_type": row["target_type"],
        "class_obj": row["class_id"],
        "class_name": row["class_name"],
        "section": row["section_id"],
        "section_name": row["section_name"],
        "is_active": bool(row["is_active"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "created_by": row["created_by"],
        "updated_by": row["updated_by"],
    }
