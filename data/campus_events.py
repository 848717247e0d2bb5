"""Events of the campus: who makes, changes and takes away which. Publishers do, the own college reads.

A row, its searchable fields and everything that its readers are told of the change are in one transaction (I9).
Knows no HTTP and no clock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from data import audit, files, placement, rows, search
from data import campus_event_news as news
from data import campus_event_rows as event_rows
from data import campus_event_values as event_values
from data.asker import Asker
from data.campus_event_rows import SEARCH_TABLE, CampusEvent
from data.errors import Forbidden
from data.transaction import Transaction

_DEFAULTS: dict[str, Any] = {
    "venue": "",
    "organizer": "",
    "max_participants": None,
    "registration_required": False,
    "registration_deadline": None,
    "image": None,
}
_SEARCHED = ("title", "description", "organizer")


def create(tx: Transaction, asker: Asker, values: Mapping[str, Any]) -> CampusEvent:
    """Make an event and tell its college; its object. Raises Invalid.

    `values` has the required ones of FIELDS and may have the others and, of a global role, `college`. `image` may be a
    NewFile.
    """
    columns = _DEFAULTS | event_values.stored(values, asker.at.zone)
    event_values.check_together(columns)
    columns |= {
        "image": files.replace_link(tx, columns["image"], None, asker.user_id, asker.at.now),
        "college_id": placement.college_of_new(tx, asker, values.get("college")),
        "created_at": asker.at.now,
        "updated_at": asker.at.now,
        "created_by": asker.user_id,
        "updated_by": asker.user_id,
    }
    event_id = rows.insert(tx, "events", columns)
    _index(tx, event_id, columns)
    audit.append_titled(tx, asker, "event_published", "event", event_rows.by_id(tx, event_id), columns["title"])
    return news.announce(tx, event_id, asker.at.now)


def update(tx: Transaction, asker: Asker, event_id: int, values: Mapping[str, Any]) -> CampusEvent:
    """Change some of FIELDS; the object after it. Raises NotFound, Forbidden, Invalid.

    `is_active` false takes the event away, as `delete` does, after the other changes. What is the same as before
    changes nothing, `updated_at` included, and nobody is told. Fewer places than are taken keep others out, no more.
    """
    before = _changeable(tx, asker, event_id)
    columns = event_values.stored(values, asker.at.zone)
    if "image" in columns:
        columns["image"] = files.replace_link(tx, columns["image"], before["image"], asker.user_id, asker.at.now)
    changes = {name: value for name, value in columns.items() if value != before[name]}
    event_values.check_together({**dict(before), **changes})
    is_active = values.get("is_active", True)
    if changes:
        _set(tx, asker, event_id, changes)
        audit.append_titled(tx, asker, "event_changed", "event", before, before["title"], audit.changed(changes))
        if not changes.keys().isdisjoint(_SEARCHED):
            _index(tx, event_id, {**dict(before), **changes})
        if is_active:
            news.forget_texts(tx, event_id, asker.at.now)
            return news.tell_change(tx, event_id, asker.at.now)
    if not is_active:
        _remove(tx, asker, event_rows.by_id(tx, event_id))
    return event_rows.to_object(event_rows.by_id(tx, event_id))


def delete(tx: Transaction, asker: Asker, event_id: int) -> None:
    """Take an event away for good. Its row stays, inactive, for its author and for admins to list. Raises as update."""
    before = _changeable(tx, asker, event_id)
    _remove(tx, asker, before)


def _remove(tx: Transaction, asker: Asker, row: sqlite3.Row) -> None:
    event_id = row["id"]
    audit.append_titled(tx, asker, "event_deleted", "event", row, row["title"])
    image = None if files.is_link(row["image"]) else row["image"]
    files.remove_link(tx, row["image"])
    _set(tx, asker, event_id, {"is_active": False, "image": image})
    news.forget_texts(tx, event_id, asker.at.now)
    news.tell_removal(tx, event_id, asker.at.now)


def _changeable(tx: Transaction, asker: Asker, event_id: int) -> sqlite3.Row:
    row = event_rows.seen(tx, asker, event_id)
    if not event_rows.is_keeper(asker, row["created_by"]):
        raise Forbidden("Only its author and administrators change an event.")
    return row


def _set(tx: Transaction, asker: Asker, event_id: int, columns: Mapping[str, Any]) -> None:
    rows.update(tx, "events", event_id, {**columns, "updated_at": asker.at.now, "updated_by": asker.user_id})


def _index(tx: Transaction, event_id: int, columns: Mapping[str, Any]) -> None:
    search.put(tx, SEARCH_TABLE, event_id, [columns[name] for name in _SEARCHED])
