"""Conversations: who talks with whom, as their members see it in lists. Reading creates nothing."""

from __future__ import annotations

import sqlite3
from typing import TypedDict

from data import files, message_rows, receipts, users
from data.errors import NotFound
from data.message_rows import Message
from data.messages import history
from data.transaction import Transaction

_OTHER = "o.id, o.username, o.first_name, o.last_name, o.avatar, o.last_seen"


class Other(TypedDict):
    """The other user of a conversation. `is_online` is for the caller to say; here it is False."""

    id: int
    username: str
    full_name: str
    avatar: str | None
    is_online: bool
    last_seen: str | None


class Conversation(TypedDict):
    """A conversation in a list."""

    conversation_id: int
    other_user: Other
    last_message: str
    last_message_at: str
    last_message_by_me: bool
    unread_count: int
    updated_at: str


class History(TypedDict):
    """A conversation from its newest message on. conversation_id is None before the first message."""

    conversation_id: int | None
    other_user: Other
    messages: list[Message]
    has_more: bool


class Unread(TypedDict):
    """A conversation with unread messages."""

    conversation_id: int
    unread_count: int
    other_user_id: int
    other_user_name: str


def listed(tx: Transaction, user_id: int) -> list[Conversation]:
    """A user's conversations that have a message, the latest first. The other's `is_online` is the caller's to add."""
    unread = receipts.unread_counts(tx, user_id)
    rows = tx.rows(
        f"SELECT c.id AS conversation_id, c.updated_at, m.text, m.file_id, m.created_at, m.sender_id, {_OTHER} "
        "FROM members AS own JOIN conversations AS c ON c.id = own.conversation_id "
        "JOIN messages AS m ON m.id = c.last_message_id "
        "JOIN users AS o ON o.id = CASE c.low_user_id WHEN ?1 THEN c.high_user_id ELSE c.low_user_id END "
        "WHERE own.user_id = ?1 ORDER BY m.id DESC",
        (user_id,),
    )
    return [
        {
            "conversation_id": row["conversation_id"],
            "other_user": _other(row),
            "last_message": message_rows.summary(row["text"], row["file_id"]),
            "last_message_at": row["created_at"],
            "last_message_by_me": row["sender_id"] == user_id,
            "unread_count": unread.get(row["conversation_id"], 0),
            "updated_at": row["updated_at"],
        }
        for row in rows
    ]


def with_user(tx: Transaction, user_id: int, other_id: int, limit: int, offset: int, before_id: int | None) -> History:
    """The conversation of two users. Raises NotFound for a user who isn't there."""
    row = tx.row(f"SELECT {_OTHER} FROM users AS o WHERE o.id = ?", (other_id,))
    if row is None:
        raise NotFound("User not found")
    conversation_id = between(tx, user_id, other_id)
    found, has_more = ([], False) if conversation_id is None else history(tx, conversation_id, before_id, limit, offset)
    return {"conversation_id": conversation_id, "other_user": _other(row), "messages": found, "has_more": has_more}


def between(tx: Transaction, user_id: int, other_id: int) -> int | None:
    """The id of the direct conversation of two users, None before its first message."""
    found: int | None = tx.value(
        "SELECT id FROM conversations WHERE low_user_id = ? AND high_user_id = ?",
        (min(user_id, other_id), max(user_id, other_id)),
    )
    return found


def unread(tx: Transaction, user_id: int) -> list[Unread]:
    """The conversations with unread messages: conversation_id, unread_count, other_user_id, other_user_name."""
    result: list[Unread] = []
    for conversation_id, count in receipts.unread_counts(tx, user_id).items():
        other = tx.row(
            f"SELECT {_OTHER} FROM members AS m JOIN users AS o ON o.id = m.user_id "
            "WHERE m.conversation_id = ? AND m.user_id <> ?",
            (conversation_id, user_id),
        )
        if other is not None:
            name = users.full_name(other)
            result.append(
                Unread(
                    conversation_id=conversation_id, unread_count=count, other_user_id=other["id"], other_user_name=name
                )
            )
    return result


def typist(tx: Transaction, sender_id: int, receiver_id: int) -> tuple[str, int | None]:
    """The name of someone who types, and the conversation. Raises NotFound for a receiver who isn't there."""
    receiver = tx.row("SELECT is_active FROM users WHERE id = ?", (receiver_id,))
    sender = tx.row("SELECT username, first_name, last_name FROM users WHERE id = ?", (sender_id,))
    if receiver is None or not receiver["is_active"] or sender is None:
        raise NotFound("Receiver not found")
    return users.full_name(sender), between(tx, sender_id, receiver_id)


def _other(row: sqlite3.Row) -> Other:
    return {
        "id": row["id"],
        "username": row["username"],
        "full_name": users.full_name(row),
        "avatar": files.shown(row["avatar"]),
        "is_online": False,
        "last_seen": row["last_seen"],
    }


def partners(tx: Transaction, user_id: int) -> list[int]:
    """All users who share a conversation with this one."""
    rows = tx.rows(
        "SELECT DISTINCT other.user_id FROM members AS own JOIN members AS other USING (conversation_id) "
        "WHERE own.user_id = ?1 AND other.user_id <> ?1",
        (user_id,),
    )
    return [row[0] for row in rows]
