"""Notices: who makes, changes and takes away which. Publishers do; authors their own, admins all of their college.

A row, its searchable fields, its visibility and everything that its readers are told of the change are in one
transaction (I9); the telling is in data/notice_dues.py, who sees what in data/notice_rows.py. Types of values were
checked by the interface; here are lengths and what needs the stored row. Knows no HTTP and no clock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date
from typing import Any

from data import addresses, audiences, audit, files, notice_targets, placement, rows, search, texts
from data.asker import Asker
from data.audiences import Reach
from data.errors import Invalid
from data.files import NewFile
from data.notice_dues import settle
from data.notice_rows import SEARCH_TABLE, Notice, by_id, changeable, to_object
from data.transaction import Transaction

FIELDS = ("title", "content", "publish_date", "expiry_date", "attachment", "is_urgent", "is_published")
MOST_CHARACTERS = {"title": 300, "content": 100_000, "attachment": 2_000}

_FIRST_DAY = "1900-01-01"
_EVERYBODY = {"target_type": "all"}
_DEFAULTS: dict[str, Any] = {"expiry_date": None, "attachment": None, "is_urgent": False, "is_published": False}


def create(tx: Transaction, asker: Asker, values: Mapping[str, Any]) -> Notice:
    """Make a notice; its object. Raises Invalid.

    `values` has title, content and publish_date, and may have the rest of FIELDS, visibility (what Targets have) and,
    of a global role, college; attachment may be a NewFile. Published with a visibility it is announced without
    the delay.
    """
    columns = _DEFAULTS | _stored(values)
    _check_dates(columns)
    columns |= {
        "attachment": files.replace_link(tx, columns["attachment"], None, asker.user_id, asker.at.now),
        "college_id": placement.college_of_new(tx, asker, values.get("college")),
        "created_at": asker.at.now,
        "created_by": asker.user_id,
        **_by(asker),
    }
    notice_id = rows.insert(tx, "notices", columns)
    search.put(tx, SEARCH_TABLE, notice_id, (columns["title"], columns["content"]))
    targets = values.get("visibility") or ()
    notice_targets.replace(tx, asker, by_id(tx, notice_id), targets)
    if columns["is_published"]:
        audit.append_titled(tx, asker, "notice_published", "notice", by_id(tx, notice_id), columns["title"])
    return settle(tx, None, notice_id, asker.at, at_once=bool(targets))


def update(tx: Transaction, asker: Asker, notice_id: int, values: Mapping[str, Any]) -> Notice:
    """Change some of FIELDS, and the visibility if given; the object after it. Raises NotFound, Forbidden, Invalid.

    What is the same as before changes nothing, `updated_at` included, and nobody is told.
    """
    before = changeable(tx, asker, notice_id)
    columns = _stored(values)
    if "attachment" in columns:
        given, stored = columns["attachment"], before["attachment"]
        columns["attachment"] = files.replace_link(tx, given, stored, asker.user_id, asker.at.now)
    changes = rows.differing(dict(before), columns)
    _check_dates({**dict(before), **changes})
    targets = values.get("visibility")
    is_for_others = targets is not None and notice_targets.replace(tx, asker, before, targets)
    if not (changes or is_for_others):
        return to_object(tx, before)
    rows.update(tx, "notices", notice_id, {**changes, **_by(asker)})
    if "title" in changes or "content" in changes:
        after = {**dict(before), **changes}
        search.put(tx, SEARCH_TABLE, notice_id, (after["title"], after["content"]))
    _audit_change(tx, asker, before, changes)
    # Once it waits, the rest of its visibility may still be on its way.
    return settle(tx, before, notice_id, asker.at, at_once=bool(targets) and not before["is_published"])


def delete(tx: Transaction, asker: Asker, notice_id: int) -> None:
    """Take a notice away for good. Its row stays, inactive, for its author and for admins to list. Raises as update."""
    before = changeable(tx, asker, notice_id)
    attachment = None if files.is_link(before["attachment"]) else before["attachment"]
    files.remove_link(tx, before["attachment"])
    rows.update(tx, "notices", notice_id, {"is_active": False, "attachment": attachment, **_by(asker)})
    notice_targets.forget(tx, asker, notice_id)
    audit.append_titled(tx, asker, "notice_deleted", "notice", before, before["title"])
    settle(tx, before, notice_id, asker.at)


def preview(tx: Transaction, asker: Asker, values: Mapping[str, Any]) -> Reach:
    """Whom a notice would reach that has this `visibility`, or this `audience` (an Audience); the college without any.

    `college` is as for `create`. Raises Invalid.
    """
    college_id = placement.college_of_new(tx, asker, values.get("college"))
    if values.get("audience") is not None:
        return audiences.resolve(tx, values["audience"], college_id, asker.user_id)
    targets = notice_targets.all_checked(tx, college_id, values.get("visibility") or [_EVERYBODY])
    return audiences.reach(tx, [notice_targets.key(college_id, target) for target in targets], asker.user_id)


def _audit_change(tx: Transaction, asker: Asker, before: sqlite3.Row, changes: Mapping[str, Any]) -> None:
    """What readers may have seen is told of, and what they may see from now on; drafts are their author's affair."""
    is_published = changes.get("is_published", before["is_published"])
    if is_published != before["is_published"]:
        audit.append_titled(
            tx, asker, "notice_published" if is_published else "notice_withdrawn", "notice", before, before["title"]
        )
    elif is_published:
        audit.append_titled(
            tx, asker, "notice_changed", "notice", before, before["title"], audit.changed(changes) or "visibility"
        )


def _by(asker: Asker) -> dict[str, Any]:
    return {"updated_at": asker.at.now, "updated_by": asker.user_id}


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of FIELDS that are given, as columns. Raises Invalid."""
    columns: dict[str, Any] = {}
    problems: dict[str, list[str]] = {}
    for name in FIELDS:
        if name not in values:
            continue
        value = values[name]
        columns[name] = value.isoformat() if isinstance(value, date) else value
        if name in ("expiry_date", "attachment"):
            columns[name] = columns[name] or None  # a form says null so
        problem = _problem(name, columns[name])
        if problem:
            problems[name] = [problem]
    if problems:
        raise Invalid(problems)
    return columns


def _problem(name: str, value: Any) -> str | None:
    """Why a field can't be this, a sentence; None if it can."""
    if value is None or isinstance(value, bool | NewFile):
        return None
    if name in ("publish_date", "expiry_date"):
        return None if value >= _FIRST_DAY else f"Ensure this date is not before {_FIRST_DAY}."
    if not value.strip():
        return "This field may not be blank."
    problem = texts.problem(value, MOST_CHARACTERS[name])
    return problem or (addresses.problem(value) if name == "attachment" else None)


def _check_dates(values: Mapping[str, Any]) -> None:
    if values["expiry_date"] is not None and values["expiry_date"] < values["publish_date"]:
        raise Invalid({"non_field_errors": ["The expiry date must not be before the publish date."]})
