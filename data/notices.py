"""Notices: who may see and change which, and their rows.

A row, its searchable fields and everything that its readers are told of the change are in one transaction (I9); the
telling is in data/notice_dues.py. Shapes of values were checked by the interface; here are the rules that need the
stored row. Knows no HTTP and no clock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data import colleges, search
from data.asker import Moment
from data.errors import Forbidden, Invalid, NotFound
from data.notice_dues import settle
from data.notice_rows import SELECT, VISIBLE, Notice, by_id, is_visible, to_object
from data.transaction import Transaction

FIELDS = ("title", "content", "publish_date", "expiry_date", "attachment", "is_urgent", "is_published")
ORDERINGS = ("publish_date", "created_at")
_TABLE = "notices_search"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, and in which college; None is all, for global roles only. Admins see and change what others wrote."""

    user_id: int
    is_admin: bool
    college_id: int | None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which notices a page shows; None and "" are no filter."""

    is_active: bool = True
    publish_date: str | None = None
    is_published: bool | None = None
    is_urgent: bool | None = None
    search: str = ""


def create(tx: Transaction, author_id: int, college_id: int | None, fields: Mapping[str, Any], at: Moment) -> Notice:
    """Make a notice; its object. Raises Invalid.

    `fields` has title, content and publish_date, and may have the rest of FIELDS. Without a college it is for the only
    active one.
    """
    values = {"expiry_date": None, "attachment": None, "is_urgent": False, "is_published": False, **fields}
    _check_dates(values)
    columns = [*FIELDS, "college_id", "created_at", "updated_at", "created_by", "updated_by"]
    notice_id = tx.insert(
        f"INSERT INTO notices ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
        (*(values[name] for name in FIELDS), _college(tx, college_id), at.now, at.now, author_id, author_id),
    )
    search.put(tx, _TABLE, notice_id, (values["title"], values["content"]))
    return settle(tx, None, notice_id, at)


def update(tx: Transaction, viewer: Viewer, notice_id: int, fields: Mapping[str, Any], at: Moment) -> Notice:
    """Change some of FIELDS; the object after it. Raises NotFound, Forbidden, Invalid.

    What is the same as before changes nothing, `updated_at` included, and nobody is told.
    """
    before = _changeable(tx, viewer, notice_id, at.today)
    changes = {name: fields[name] for name in FIELDS if name in fields and fields[name] != before[name]}
    _check_dates({**dict(before), **changes})
    if not changes:
        return to_object(before)
    changes |= {"updated_at": at.now, "updated_by": viewer.user_id}
    _set(tx, notice_id, changes)
    if "title" in changes or "content" in changes:
        row = by_id(tx, notice_id)
        assert row is not None
        search.put(tx, _TABLE, notice_id, (row["title"], row["content"]))
    return settle(tx, before, notice_id, at)


def delete(tx: Transaction, viewer: Viewer, notice_id: int, at: Moment) -> None:
    """Take a notice away for good. Its row stays, inactive, for its author and for admins to list. Raises as update."""
    before = _changeable(tx, viewer, notice_id, at.today)
    _set(tx, notice_id, {"is_active": False, "updated_at": at.now, "updated_by": viewer.user_id})
    settle(tx, before, notice_id, at)


def one(tx: Transaction, viewer: Viewer, notice_id: int, today: str) -> Notice:
    """One active notice's object. Raises NotFound, also when this viewer may not see it."""
    return to_object(_seen(tx, viewer, notice_id, today))


def page(
    tx: Transaction, viewer: Viewer, filters: Filters, ordering: Sequence[str], today: str, limit: int, offset: int
) -> tuple[int, list[Notice]]:
    """How many notices the viewer sees of those that the filters leave, and the objects from offset on.

    `ordering` takes ORDERINGS, each with or without "-"; unknown names are ignored; the latest day first without any.
    """
    where, parameters = search.clause(_TABLE, "n.id", filters.search)
    conditions: list[str] = ["n.is_active = ?", where]
    values: list[object] = [filters.is_active, *parameters]
    if not viewer.is_admin:
        conditions.append(f"(n.created_by = ? OR {VISIBLE})")
        values += [viewer.user_id, today, today]
    wanted = {
        "n.college_id = ?": viewer.college_id,
        "n.publish_date = ?": filters.publish_date,
        "n.is_published = ?": filters.is_published,
        "n.is_urgent = ?": filters.is_urgent,
    }
    for condition, value in wanted.items():
        if value is not None:
            conditions.append(condition)
            values.append(value)
    condition = " AND ".join(conditions)
    count = tx.value(f"SELECT count(*) FROM notices AS n WHERE {condition}", values)
    sql = f"{SELECT} WHERE {condition} ORDER BY {_order(ordering)} LIMIT ? OFFSET ?"
    return count, [to_object(row) for row in tx.rows(sql, (*values, limit, offset))]


def _seen(tx: Transaction, viewer: Viewer, notice_id: int, today: str) -> sqlite3.Row:
    row = by_id(tx, notice_id)
    if (
        row is None
        or not row["is_active"]
        or (viewer.college_id is not None and row["college_id"] != viewer.college_id)
        or not (viewer.is_admin or row["created_by"] == viewer.user_id or is_visible(row, today))
    ):
        raise NotFound("Not found.")
    return row


def _changeable(tx: Transaction, viewer: Viewer, notice_id: int, today: str) -> sqlite3.Row:
    row = _seen(tx, viewer, notice_id, today)
    if not viewer.is_admin and row["created_by"] != viewer.user_id:
        raise Forbidden("Only its author and administrators change a notice.")
    return row


def _set(tx: Transaction, notice_id: int, columns: Mapping[str, Any]) -> None:
    assignments = ", ".join(f"{name} = ?" for name in columns)
    tx.execute(f"UPDATE notices SET {assignments} WHERE id = ?", (*columns.values(), notice_id))


def _check_dates(values: Mapping[str, Any]) -> None:
    if values["expiry_date"] is not None and values["expiry_date"] < values["publish_date"]:
        raise Invalid({"non_field_errors": ["The expiry date must not be before the publish date."]})


def _college(tx: Transaction, college_id: int | None) -> int:
    if college_id is None:
        only = colleges.only(tx)
        if only is None:
            raise Invalid({"college": ["This field is required."]})
        return int(only["id"])
    college = colleges.by_id(tx, college_id)
    if college is None or not college["is_active"]:
        raise Invalid({"college": [f'Invalid pk "{college_id}" - object does not exist.']})
    return college_id


def _order(ordering: Sequence[str]) -> str:
    known = [name for name in dict.fromkeys(ordering) if name.removeprefix("-") in ORDERINGS] or ["-publish_date"]
    terms = [f"n.{name.removeprefix('-')} {'DESC' if name.startswith('-') else 'ASC'}" for name in known]
    return ", ".join((*terms, "n.id DESC" if known[0].startswith("-") else "n.id ASC"))
