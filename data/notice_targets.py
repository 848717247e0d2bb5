"""Targets: whom the visibility rows of a notice name, and the notice's `audience`, which is written down from them.

Changes rows and tells nobody: whoever calls tells in the same transaction (I9). Knows no HTTP and no clock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from data import rows
from data.asker import Asker
from data.errors import Invalid
from data.notice_rows import Target, TargetType
from data.transaction import Transaction

MOST_ROWS = 500


def replace(tx: Transaction, asker: Asker, notice: sqlite3.Row, wanted: Sequence[Mapping[str, Any]]) -> bool:
    """Make these the rows of a notice; whether that changed any. Telling is the caller's. Raises Invalid."""
    known = tx.rows("SELECT * FROM notice_visibility WHERE notice_id = ? AND is_active = 1", (notice["id"],))
    held = [of_row(row) for row in known]
    targets = all_checked(tx, notice["college_id"], wanted, held)
    gone = [row["id"] for row in known if of_row(row) not in targets]
    new = [target for target in targets if target not in held]
    deactivate(tx, asker, gone)
    for target in new:
        insert(tx, asker, notice, target)
    if gone or new:
        refresh(tx, notice["id"])
    return bool(gone or new)


def refresh(tx: Transaction, notice_id: int) -> None:
    """Write down anew for whom a notice is, after a change of its rows."""
    named = tx.rows(
        "SELECT DISTINCT target_type, key FROM notice_visibility WHERE notice_id = ? AND is_active = 1 ORDER BY key",
        (notice_id,),
    )
    everybody = any(row["target_type"] == "all" for row in named)
    keys = "" if everybody else " ".join(row["key"] for row in named)
    tx.execute("UPDATE notices SET audience = ? WHERE id = ?", (keys, notice_id))


def forget(tx: Transaction, asker: Asker, notice_id: int) -> None:
    """Take away the rows of a notice that is deleted. For whom it was stays with it, for what is told of its end."""
    held = tx.rows("SELECT id FROM notice_visibility WHERE notice_id = ? AND is_active = 1", (notice_id,))
    deactivate(tx, asker, [row["id"] for row in held])


def all_checked(
    tx: Transaction, college_id: int, wanted: Sequence[Mapping[str, Any]], known: Sequence[Target] = ()
) -> list[Target]:
    """What these name, each once. Raises Invalid as `visibility`; those of the `known` are good."""
    if len(wanted) > MOST_ROWS:
        raise Invalid({"visibility": [f"A notice has at most {MOST_ROWS} of these."]})
    targets: list[Target] = []
    for given in wanted:
        try:
            target = checked(tx, college_id, given, known)
        except Invalid as error:
            raise Invalid({"visibility": [str(error)]}) from None
        if target not in targets:
            targets.append(target)
    return targets


def checked(tx: Transaction, college_id: int, given: Mapping[str, Any], known: Sequence[Target] = ()) -> Target:
    """What a row names, without what its target_type does not need. Raises Invalid; one of the `known` is good."""
    kind: TargetType = given["target_type"]
    class_id, section_id = given.get("class_obj"), given.get("section")
    if kind == "all":
        return {"target_type": kind, "class_obj": None, "section": None}
    target: Target = {"target_type": kind, "class_obj": class_id, "section": None if kind == "class" else section_id}
    if target in known:
        return target
    if kind == "class":
        if class_id is None:
            raise Invalid({"class_obj": ["This field is required."]})
        _check_class(tx, college_id, class_id)
        return target
    if section_id is None:
        raise Invalid({"section": ["This field is required."]})
    row = tx.row(
        "SELECT s.class_id FROM sections AS s JOIN classes AS c ON c.id = s.class_id "
        "WHERE s.id = ? AND c.college_id = ? AND s.is_active = 1 AND c.is_active = 1",
        (section_id, college_id),
    )
    if row is None:
        raise Invalid({"section": [f'Invalid pk "{section_id}" - object does not exist.']})
    if class_id not in (None, row["class_id"]):
        raise Invalid({"section": ["This section is not of that class."]})
    return {"target_type": kind, "class_obj": row["class_id"], "section": section_id}


def insert(tx: Transaction, asker: Asker, notice: sqlite3.Row, target: Target) -> int:
    """Add a row to a notice; its id."""
    columns = {
        "notice_id": notice["id"],
        "college_id": notice["college_id"],
        **to_columns(notice["college_id"], target),
        "created_at": asker.at.now,
        "updated_at": asker.at.now,
        "created_by": asker.user_id,
        "updated_by": asker.user_id,
    }
    return rows.insert(tx, "notice_visibility", columns)


def deactivate(tx: Transaction, asker: Asker, row_ids: Sequence[int]) -> None:
    """Take rows away."""
    tx.executemany(
        "UPDATE notice_visibility SET is_active = 0, updated_at = ?, updated_by = ? WHERE id = ?",
        [(asker.at.now, asker.user_id, row_id) for row_id in row_ids],
    )


def key(college_id: int, target: Target) -> str:
    """The key of those whom it names."""
    numbers = {"all": college_id, "class": target["class_obj"], "section": target["section"]}
    kind = "college" if target["target_type"] == "all" else target["target_type"]
    return f"{kind}:{numbers[target['target_type']]}"


def to_columns(college_id: int, target: Target) -> dict[str, Any]:
    """What a row has of a target."""
    return {
        "target_type": target["target_type"],
        "class_id": target["class_obj"],
        "section_id": target["section"],
        "key": key(college_id, target),
    }


def of_row(row: sqlite3.Row) -> Target:
    """What a row names."""
    return {"target_type": row["target_type"], "class_obj": row["class_id"], "section": row["section_id"]}


def _check_class(tx: Transaction, college_id: int, class_id: int) -> None:
    sql = "SELECT 1 FROM classes WHERE id = ? AND college_id = ? AND is_active = 1"
    if tx.row(sql, (class_id, college_id)) is None:
        raise Invalid({"class_obj": [f'Invalid pk "{class_id}" - object does not exist.']})
