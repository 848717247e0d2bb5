"""Registrations for the campus's events: who comes. One of each event and user, and never more than there are places.

There is one writer, and the count of the taken places, the check and the row are in one transaction: two who want the
last place can't both have it. A change of the count is told as a change of the event (I9). One's own are one's own;
admins and the event's author see all of theirs and alone say who is confirmed, was there or was not.
Knows no HTTP and no clock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from data import campus_event_news as news
from data import campus_event_rows as event_rows
from data import campus_event_values as event_values
from data import registration_rows, roles, rows
from data.asker import Asker
from data.errors import Forbidden, Invalid, NotFound
from data.registration_rows import Registration
from data.transaction import Transaction

TABLE = "event_registrations"
# What a user may say of the own registration, and from which it may still be changed by its user.
OWN_STATUSES = frozenset({"registered", "pending", "cancelled"})
_OPEN_STATUSES = OWN_STATUSES | {"confirmed"}
# These take no place.
FREE_STATUSES = frozenset({"cancelled", "no_show"})


def create(tx: Transaction, asker: Asker, values: Mapping[str, Any]) -> Registration:
    """Register a user, oneself unless told otherwise; the object. Raises Forbidden, Invalid.

    `values` has `event` and may have `user`, `registration_date`, `status`. One that was deleted begins anew.
    """
    event = _event(tx, asker, values["event"])
    user_id = _user(tx, asker, event, values.get("user"))
    status = values.get("status", "registered")
    if status not in OWN_STATUSES and not event_rows.is_keeper(asker, event["created_by"]):
        raise Forbidden("Only administrators and the event's author say that.")
    earlier = registration_rows.of_user(tx, event["id"], user_id)
    if earlier is not None and earlier["is_active"]:
        raise Invalid({"non_field_errors": ["The fields event, user must make a unique set."]})
    _check_room(event, status, asker)
    day = values.get("registration_date")
    columns = {
        "registration_date": asker.at.today if day is None else day.isoformat(),
        "status": status,
        "is_active": True,
        "created_at": asker.at.now,
        "created_by": asker.user_id,
    }
    if earlier is None:
        fixed = {"event_id": event["id"], "college_id": event["college_id"], "user_id": user_id}
        registration_id = rows.insert(tx, TABLE, {**fixed, **_signed(asker, columns)})
    else:
        registration_id = earlier["id"]
        rows.update(tx, TABLE, registration_id, _signed(asker, columns))
    _tell_count(tx, event, asker)
    return registration_rows.to_object(registration_rows.by_id(tx, registration_id))


def update(tx: Transaction, asker: Asker, registration_id: int, values: Mapping[str, Any]) -> Registration:
    """Change `status` and `registration_date`; the object after it. Raises NotFound, Forbidden, Invalid."""
    before = registration_rows.seen(tx, asker, registration_id)
    given = {"event_id": values.get("event"), "user_id": values.get("user")}
    fixed = [name for name, value in given.items() if value not in (None, before[name])]
    if fixed:
        raise Invalid({name.removesuffix("_id"): ["This can't be changed."] for name in fixed})
    day = values.get("registration_date")
    wanted = {"status": values.get("status"), "registration_date": None if day is None else day.isoformat()}
    changes = {name: value for name, value in wanted.items() if value not in (None, before[name])}
    if not changes:
        return registration_rows.to_object(before)
    event = event_rows.by_id(tx, before["event_id"])
    if not event_rows.is_keeper(asker, event["created_by"]):
        _check_own(before, changes)
    status = changes.get("status")
    if status is not None and before["status"] in FREE_STATUSES:
        if not event["is_active"]:
            raise Invalid({"event": ["This event was withdrawn."]})
        _check_room(event, status, asker)
    rows.update(tx, TABLE, registration_id, _signed(asker, changes))
    _tell_count(tx, event, asker)
    return registration_rows.to_object(registration_rows.by_id(tx, registration_id))


def delete(tx: Transaction, asker: Asker, registration_id: int) -> None:
    """Take a registration away; its user may register again. Raises NotFound, Forbidden."""
    before = registration_rows.seen(tx, asker, registration_id)
    event = event_rows.by_id(tx, before["event_id"])
    if not event_rows.is_keeper(asker, event["created_by"]):
        _check_own(before, {})
    rows.update(tx, TABLE, registration_id, _signed(asker, {"is_active": False}))
    _tell_count(tx, event, asker)


def _event(tx: Transaction, asker: Asker, event_id: int) -> sqlite3.Row:
    try:
        return event_rows.seen(tx, asker, event_id)
    except NotFound:
        raise _no_such("event", event_id) from None


def _user(tx: Transaction, asker: Asker, event: sqlite3.Row, given: int | None) -> int:
    """Who is to be registered: somebody who may come to the event."""
    if given is None or given == asker.user_id:
        return asker.user_id
    if not asker.is_admin:
        raise Forbidden("Only administrators register others.")
    row = tx.row("SELECT user_type, college_id, is_active FROM users WHERE id = ?", (given,))
    if row is None or not row["is_active"]:
        raise _no_such("user", given)
    if row["college_id"] != event["college_id"] and row["user_type"] not in roles.GLOBAL_ROLES:
        raise _no_such("user", given)
    return given


def _check_own(before: sqlite3.Row, changes: Mapping[str, Any]) -> None:
    """Raise Forbidden unless its user may do that: what the event's keeper has said stays said."""
    if before["status"] not in _OPEN_STATUSES or changes.get("status", "registered") not in OWN_STATUSES:
        raise Forbidden("Only administrators and the event's author say that.")
    if "registration_date" in changes:
        raise Forbidden("Only administrators and the event's author change that.")


def _check_room(event: sqlite3.Row, status: str, asker: Asker) -> None:
    """Raise Invalid unless one more may have that status. Who was there may be noted after the deadline."""
    if status in FREE_STATUSES:
        return
    late = event_values.is_over(event["registration_deadline"], asker.at.now, asker.at.today)
    if late and status in OWN_STATUSES:
        raise Invalid({"non_field_errors": ["The registration deadline of this event has passed."]})
    if event["max_participants"] is not None and event["registered_count"] >= event["max_participants"]:
        raise Invalid({"non_field_errors": ["This event is full: it has no places left."]})


def _tell_count(tx: Transaction, event: sqlite3.Row, asker: Asker) -> None:
    """Tell the event's readers, if it is there and how many come has changed since `event` was read."""
    if event["is_active"] and event_rows.by_id(tx, event["id"])["registered_count"] != event["registered_count"]:
        news.tell_change(tx, event["id"], asker.at.now)


def _signed(asker: Asker, columns: Mapping[str, Any]) -> dict[str, Any]:
    return {**columns, "updated_at": asker.at.now, "updated_by": asker.user_id}


def _no_such(name: str, row_id: int) -> Invalid:
    return Invalid({name: [f'Invalid pk "{row_id}" - object does not exist.']})
