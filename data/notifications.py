"""Notifications: what users were told as news, kept so that they can read it again. One row each, never one a user.

`notify` is the one way to make one: the row, its audience and the `notification` event are in one transaction (I9).
Who holds a key of it since before it was sent may list it: who joins later does not get yesterday's as news, and who
has lost the key does not see it any more. Knows no HTTP and no clock.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict

from data import listing, log, search
from data.asker import Asker
from data.errors import NotFound
from data.listing import Asked, Condition, Listing
from data.transaction import Transaction

SEARCH_TABLE = "notifications_search"

_LISTING = Listing(
    select="SELECT n.* FROM notifications AS n",
    source="notifications AS n",
    id="n.id",
    filters={"notification_type": "n.notification_type = ?"},
    orderings={"created_at": "n.id"},  # made one after the other, and the newest of ten thousand are found at once
    search_table=SEARCH_TABLE,
)


class Notification(TypedDict):
    """A notification as its reader gets it. Nobody has made one that is from before there were any to list."""

    id: int
    college: int | None
    title: str
    message: str
    notification_type: str
    data: dict[str, Any]
    is_read: bool
    is_active: bool
    created_at: str
    updated_at: str
    created_by: int | None
    updated_by: int | None


def notify(
    tx: Transaction,
    *,
    title: str,
    message: str,
    notification_type: str,
    data: Mapping[str, Any],
    keys: Iterable[str],
    subject: str,
    now: str,
    college_id: int | None = None,
    author_id: int | None = None,
) -> int:
    """Notify the union of keys; the notification's id. `subject` (`notice:3`) is what `rewrite` finds it by."""
    audience = tuple(dict.fromkeys(keys))
    notification_id = tx.insert(
        "INSERT INTO notifications (event_id, college_id, notification_type, title, message, data, subject, "
        "created_at, updated_at, created_by, updated_by) VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?8)",
        (college_id, notification_type, title, message, log.dumps(data), subject, now, author_id),
    )
    payload = {
        "id": notification_id,
        "title": title,
        "message": message,
        "notification_type": notification_type,
        "data": data,
        "created_at": now,
    }
    event = log.append(tx, "notification", payload, audience, now, subject)
    tx.execute("UPDATE notifications SET event_id = ? WHERE id = ?", (event.id, notification_id))
    tx.executemany(
        "INSERT INTO notification_audience (key, event_id, notification_id) VALUES (?, ?, ?)",
        [(key, event.id, notification_id) for key in audience],
    )
    search.put(tx, SEARCH_TABLE, notification_id, (title, message))
    return notification_id


def rewrite(
    tx: Transaction, subject: str, changes: Mapping[str, str], now: str, *, data: Mapping[str, Any] | None = None
) -> None:
    """Change the title, the message or the data of a subject's notifications, in their earlier events too."""
    log.rewrite(tx, subject, changes if data is None else {**changes, "data": data})
    for row in tx.rows("SELECT id, title, message, data FROM notifications WHERE subject = ?", (subject,)):
        title, message = changes.get("title", row["title"]), changes.get("message", row["message"])
        tx.execute(
            "UPDATE notifications SET title = ?, message = ?, data = ?, updated_at = ? WHERE id = ?",
            (title, message, row["data"] if data is None else log.dumps(data), now, row["id"]),
        )
        search.put(tx, SEARCH_TABLE, row["id"], (title, message))


def narrow(tx: Transaction, subject: str, left: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
    """Leave a subject's notifications, and their earlier events, to what `left` leaves of their keys."""
    log.narrow(tx, subject, left)
    for row in tx.rows("SELECT id, event_id FROM notifications WHERE subject = ?", (subject,)):
        held = tx.rows("SELECT key FROM notification_audience WHERE notification_id = ?", (row["id"],))
        tx.execute("DELETE FROM notification_audience WHERE notification_id = ?", (row["id"],))
        tx.executemany(
            "INSERT INTO notification_audience (key, event_id, notification_id) VALUES (?, ?, ?)",
            [(key, row["event_id"], row["id"]) for key in left(tuple(one["key"] for one in held))],
        )


def audience(tx: Transaction, subject: str) -> list[str]:
    """The keys of a subject's notifications."""
    sql = (
        "SELECT DISTINCT a.key FROM notifications AS n JOIN notification_audience AS a ON a.notification_id = n.id "
        "WHERE n.subject = ?"
    )
    return [row["key"] for row in tx.rows(sql, (subject,))]


def page(tx: Transaction, asker: Asker, asked: Asked) -> tuple[int, list[Notification]]:
    """How many notifications the asker has of those that were asked for, and the objects of that page."""
    filters = dict(asked.filters)
    is_read = filters.pop("is_read", None)
    within = scope(asker)
    if is_read is not None:
        read = _read_by(tx, asker)
        within = listing.both(within, Condition(f"({read.sql}) = ?", (*read.parameters, is_read)))
    count, rows = listing.page(tx, _LISTING, within, replace(asked, filters=filters))
    return count, _to_objects(tx, asker, rows)


def one(tx: Transaction, asker: Asker, notification_id: int) -> Notification:
    """One notification's object. Raises NotFound, also when it was not for the asker."""
    row = listing.one(tx, _LISTING, scope(asker), notification_id)
    if row is None:
        raise NotFound("Not found.")
    return _to_objects(tx, asker, [row])[0]


def unread_count(tx: Transaction, asker: Asker) -> int:
    """How many of the asker's notifications are unread."""
    return int(
        tx.value(
            "SELECT count(DISTINCT a.notification_id) FROM user_keys AS k CROSS JOIN notification_audience AS a "
            "ON a.key = k.key AND a.event_id > max(k.since_event_id, ?1) WHERE k.user_id = ?2 AND NOT EXISTS "
            "(SELECT 1 FROM notification_reads AS r WHERE r.user_id = ?2 AND r.notification_id = a.notification_id)",
            (_through(tx, asker), asker.user_id),
        )
    )


def mark_read(tx: Transaction, asker: Asker, ids: Iterable[int] | None) -> int:
    """Mark these as read, None for all that there are now; how many were unread. Others' ids change nothing.

    The user's other tabs are told by `notifications_read`.
    """
    count = _mark_all(tx, asker) if ids is None else _mark(tx, asker, wanted := list(ids))
    if count:
        told = {"ids": None if ids is None else wanted, "unread_count": unread_count(tx, asker)}
        log.append(tx, "notifications_read", told, (f"user:{asker.user_id}",), asker.at.now)
    return count


def _mark_all(tx: Transaction, asker: Asker) -> int:
    count = unread_count(tx, asker)
    tx.execute(
        "INSERT INTO notification_marks (user_id, through_event_id) VALUES (?1, ?2) "
        "ON CONFLICT (user_id) DO UPDATE SET through_event_id = ?2",
        (asker.user_id, log.position(tx)),
    )
    tx.execute("DELETE FROM notification_reads WHERE user_id = ?", (asker.user_id,))
    return count


def _mark(tx: Transaction, asker: Asker, ids: Sequence[int]) -> int:
    within, read = scope(asker), _read_by(tx, asker)
    cursor = tx.execute(
        f"INSERT INTO notification_reads (user_id, notification_id) SELECT ?, n.id FROM notifications AS n "
        f"WHERE n.id IN (SELECT value FROM json_each(?)) AND ({within.sql}) AND NOT ({read.sql})",
        (asker.user_id, json.dumps(ids), *within.parameters, *read.parameters),
    )
    return cursor.rowcount


def scope(asker: Asker) -> Condition:
    """Whose notifications, a condition on `n`: those of a key that the asker holds since before they were sent, for a
    global role that is held to a college those of it and of all."""
    own = Condition(
        "n.id IN (SELECT a.notification_id FROM user_keys AS k CROSS JOIN notification_audience AS a "
        "ON a.key = k.key AND a.event_id > k.since_event_id WHERE k.user_id = ?)",
        (asker.user_id,),
    )
    if not asker.is_global or asker.college_id is None:
        return own
    return listing.both(own, Condition("n.college_id IS NULL OR n.college_id = ?", (asker.college_id,)))


def _read_by(tx: Transaction, asker: Asker) -> Condition:
    """Whether the asker has read one, a condition on `n`."""
    return Condition(
        "n.event_id <= ? OR EXISTS "
        "(SELECT 1 FROM notification_reads AS r WHERE r.user_id = ? AND r.notification_id = n.id)",
        (_through(tx, asker), asker.user_id),
    )


def _through(tx: Transaction, asker: Asker) -> int:
    """The event up to which the asker has marked all as read."""
    return tx.value("SELECT through_event_id FROM notification_marks WHERE user_id = ?", (asker.user_id,)) or 0


def _to_objects(tx: Transaction, asker: Asker, rows: list[sqlite3.Row]) -> list[Notification]:
    through = _through(tx, asker)
    read = {
        row[0]
        for row in tx.rows(
            "SELECT notification_id FROM notification_reads WHERE user_id = ? "
            "AND notification_id IN (SELECT value FROM json_each(?))",
            (asker.user_id, json.dumps([row["id"] for row in rows])),
        )
    }
    return [
        {
            "id": row["id"],
            "college": row["college_id"],
            "title": row["title"],
            "message": row["message"],
            "notification_type": row["notification_type"],
            "data": json.loads(row["data"]),
            "is_read": row["event_id"] <= through or row["id"] in read,
            "is_active": True,
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
            "created_by": row["created_by"],
            "updated_by": row["updated_by"],
        }
        for row in rows
    ]
