"""Receipts: what a recipient has had and read of the messages. Unread counts are derived here and stored nowhere.

"Delivered" means that the client said so; reading implies it. At most MOST_AT_ONCE messages change in one transaction,
so that a reader of fifty thousand neither holds the writer nor makes a huge event; callers repeat until it is fewer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from data import log, users
from data.transaction import Transaction

MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Which:
    """Which of one's messages are meant; exactly one is given."""

    message_ids: tuple[int, ...] | None = None
    conversation_id: int | None = None
    sender_id: int | None = None
    up_to_id: int | None = None


def unread_counts(tx: Transaction, user_id: int) -> dict[int, int]:
    """Unread messages by conversation; conversations without any are not there."""
    rows = tx.rows(
        "SELECT conversation_id, count(*) FROM receipts "
        "WHERE user_id = ? AND read_at IS NULL AND is_active = 1 GROUP BY conversation_id",
        (user_id,),
    )
    return {row[0]: row[1] for row in rows}


def mark_read(tx: Transaction, reader_id: int, which: Which, now: str) -> int:
    """Mark one's unread messages as read, and tell each sender and the reader's own streams. How many were."""
    found = _pending(tx, reader_id, which, "read_at")
    if not found:
        return 0
    name = _name(tx, reader_id)
    for row in found:
        tx.execute(
            "UPDATE receipts SET read_at = ?1, delivered_at = coalesce(delivered_at, ?1) "
            "WHERE message_id = ?2 AND user_id = ?3",
            (now, row["message_id"], reader_id),
        )
        receipt = {"message_id": row["message_id"], "reader_id": reader_id, "reader_name": name, "read_at": now}
        receipt["conversation_id"] = row["conversation_id"]
        log.append(tx, "read_receipt", receipt, (f"user:{row['sender_id']}",), now)
    counts = unread_counts(tx, reader_id)
    for conversation_id in dict.fromkeys(row["conversation_id"] for row in found):
        ids = [row["message_id"] for row in found if row["conversation_id"] == conversation_id]
        data = {
            "conversation_id": conversation_id,
            "up_to_id": max(ids),
            "message_ids": ids,
            "unread_count": counts.get(conversation_id, 0),
            "total_unread": sum(counts.values()),
        }
        log.append(tx, "conversation_read", data, (f"user:{reader_id}",), now)
    return len(found)


def mark_delivered(tx: Transaction, receiver_id: int, which: Which, now: str) -> int:
    """Note that one's client has these messages, and tell each sender. How many were not known to be there."""
    found = _pending(tx, receiver_id, which, "delivered_at")
    for row in found:
        tx.execute(
            "UPDATE receipts SET delivered_at = ? WHERE message_id = ? AND user_id = ?",
            (now, row["message_id"], receiver_id),
        )
        data = {"message_id": row["message_id"], "receiver_id": receiver_id, "delivered_at": now}
        data["conversation_id"] = row["conversation_id"]
        log.append(tx, "delivered", data, (f"user:{row['sender_id']}",), now)
    return len(found)


def _pending(tx: Transaction, user_id: int, which: Which, column: str) -> list[sqlite3.Row]:
    """The user's receipts without that time, oldest first: message_id, conversation_id, sender_id."""
    sql = (
        "SELECT r.message_id, r.conversation_id, m.sender_id FROM receipts AS r JOIN messages AS m "
        f"ON m.id = r.message_id WHERE r.user_id = ? AND r.{column} IS NULL AND r.is_active = 1"
    )
    if which.message_ids is not None:
        return _of_ids(tx, sql, user_id, which.message_ids)
    condition, value = next(
        (name, value)
        for name, value in (
            ("r.conversation_id = ?", which.conversation_id),
            ("m.sender_id = ?", which.sender_id),
            ("r.message_id <= ?", which.up_to_id),
        )
        if value is not None
    )
    return tx.rows(f"{sql} AND {condition} ORDER BY r.message_id LIMIT {MOST_AT_ONCE}", (user_id, value))


def _of_ids(tx: Transaction, sql: str, user_id: int, message_ids: Sequence[int]) -> list[sqlite3.Row]:
    rows = (tx.row(f"{sql} AND r.message_id = ?", (user_id, message_id)) for message_id in sorted(set(message_ids)))
    return [row for row in rows if row is not None]


def _name(tx: Transaction, user_id: int) -> str:
    row = tx.row("SELECT username, first_name, last_name FROM users WHERE id = ?", (user_id,))
    assert row is not None
    return users.full_name(row)
