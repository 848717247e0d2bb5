"""What the campus hears of its events: that there is a new one, what it is now, that it is gone.

A list and what is told after it are a fresh list again: every change of an event's object is told, also that somebody
has registered. Each is appended in the transaction of the change that it tells of (I9). Earlier rows of the log never
tell a text that was changed or withdrawn.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from data import files, keys, log, notifications
from data.campus_event_rows import CampusEvent, by_id, to_object
from data.transaction import Transaction

WITHDRAWN = "This event was withdrawn."
TEXTS = ("title", "description", "venue", "organizer", "image")


def announce(tx: Transaction, event_id: int, now: str) -> CampusEvent:
    """Tell of a new event; its object. The object goes first: ten thousand clients need not come and fetch it."""
    row = by_id(tx, event_id)
    _tell_object(tx, row, now)
    notifications.notify(
        tx,
        title="New Event",
        message=row["title"],
        notification_type="event",
        data=_news(row),
        keys=_readers(row),
        subject=_subject(row["id"]),
        now=now,
        college_id=row["college_id"],
        author_id=row["created_by"],
    )
    return to_object(row)


def tell_change(tx: Transaction, event_id: int, now: str, to: tuple[str, ...] = ()) -> CampusEvent:
    """Tell what an event is now, all who list it or the holders of these keys; its object."""
    row = by_id(tx, event_id)
    _tell_object(tx, row, now, to)
    return to_object(row)


def forget_texts(tx: Transaction, event_id: int, now: str) -> None:
    """Make what was told earlier say what the event says now; nothing, once it is inactive."""
    row = by_id(tx, event_id)
    told: dict[str, Any] = {name: files.shown(row[name]) for name in TEXTS}
    if not row["is_active"]:
        told = {"title": WITHDRAWN, "description": "", "venue": "", "organizer": "", "image": None}
    log.rewrite(tx, _object_subject(row["id"]), told)
    data = _news(row) | {"venue": told["venue"]}
    notifications.rewrite(tx, _subject(row["id"]), {"message": told["title"]}, now, data=data)


def tell_removal(tx: Transaction, event_id: int, now: str, to: tuple[str, ...] = ()) -> None:
    """Tell that an event is gone, to all who list it or to the holders of these keys."""
    row = by_id(tx, event_id)
    log.append(tx, "event_removed", {"id": row["id"]}, to or listers(row), now)


def forget(tx: Transaction, event_id: int, user_keys: tuple[str, ...]) -> None:
    """Those who see an event no more are told nothing of it by a replay, nor of what it says by then."""

    def left(keys: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(key for key in keys if key not in user_keys)

    log.narrow(tx, _object_subject(event_id), left)
    notifications.narrow(tx, _subject(event_id), left)


def listers(row: sqlite3.Row) -> tuple[str, ...]:
    """The keys of those who list an event: its readers, and the admins of all colleges."""
    return (*_readers(row), *keys.of_admins(row["college_id"]))


def _tell_object(tx: Transaction, row: sqlite3.Row, now: str, to: tuple[str, ...] = ()) -> None:
    log.append(tx, "event_updated", to_object(row), to or listers(row), now, _object_subject(row["id"]))


def _news(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "event_id": row["id"],
        "event_date": row["event_date"],
        "start_time": row["start_time"],
        "venue": row["venue"],
    }


def _readers(row: sqlite3.Row) -> tuple[str, ...]:
    """For whom an event is news: its college, and its author, who may be of none."""
    return (f"college:{row['college_id']}", *keys.of_author(row))


def _subject(event_id: int) -> str:
    return f"event:{event_id}"


def _object_subject(event_id: int) -> str:
    # Not the news' own: both have texts by the same names, and a rewriting would put one into the other.
    return f"event:{event_id}/object"
