"""Messages as rows and as the interface shows them; what the log calls a message, and what a list shows of it."""

from __future__ import annotations

import sqlite3
from typing import Any, TypedDict

from data import files, users
from data.files import Kind

SUMMARY_CHARACTERS = 100
BARE_FILE = "[Attachment]"


class Message(TypedDict):
    """A message as the interface shows it. Its file and the avatars are references of data/files.py."""

    id: int
    sender: int
    sender_name: str
    sender_username: str
    sender_avatar: str | None
    receiver: int
    receiver_name: str
    receiver_username: str
    receiver_avatar: str | None
    conversation: int
    message: str
    attachment: str | None
    attachment_url: str | None
    attachment_type: Kind | None
    is_read: bool
    read_at: str | None
    delivered_at: str | None
    timestamp: str
    created_at: str
    updated_at: str
    is_active: bool
    client_msg_id: str | None


SELECT = """
SELECT m.id, m.conversation_id, m.sender_id, m.text, m.client_msg_id, m.is_active, m.created_at, m.updated_at,
       r.user_id AS receiver_id, r.delivered_at, r.read_at,
       s.username AS s_username, s.first_name AS s_first, s.last_name AS s_last, s.avatar AS s_avatar,
       t.username AS t_username, t.first_name AS t_first, t.last_name AS t_last, t.avatar AS t_avatar,
       m.file_id, f.key AS file_key, f.name AS file_name, f.kind AS file_kind
FROM messages AS m
JOIN receipts AS r ON r.message_id = m.id
JOIN users AS s ON s.id = m.sender_id
JOIN users AS t ON t.id = r.user_id
LEFT JOIN files AS f ON f.id = m.file_id
"""


def subject(message_id: int) -> str:
    """What the log calls the rows of a message by."""
    return f"message:{message_id}"


def summary(text: str, file_id: int | None) -> str:
    """What a list of conversations shows of a message."""
    return text[:SUMMARY_CHARACTERS] if text or file_id is None else BARE_FILE


def from_row(row: sqlite3.Row) -> Message:
    """A row of SELECT as the interface's message."""
    sender = {"id": row["sender_id"], "username": row["s_username"], "first_name": row["s_first"]}
    sender |= {"last_name": row["s_last"], "avatar": row["s_avatar"]}
    receiver = {"id": row["receiver_id"], "username": row["t_username"], "first_name": row["t_first"]}
    receiver |= {"last_name": row["t_last"], "avatar": row["t_avatar"]}
    message = to_message(
        row["id"], row["conversation_id"], row["text"], row["client_msg_id"], row["created_at"], sender, receiver
    )
    message["is_read"] = row["read_at"] is not None
    message["read_at"] = row["read_at"]
    message["delivered_at"] = row["delivered_at"]
    message["updated_at"] = row["updated_at"]
    message["is_active"] = bool(row["is_active"])
    if row["file_id"] is not None:
        attach(message, row["file_key"], row["file_name"], row["file_kind"])
    return message


def attach(message: Message, key: str, name: str, kind: Kind) -> None:
    """Name a message's file in it."""
    message["attachment"] = message["attachment_url"] = files.reference(key, name)
    message["attachment_type"] = kind


def to_event(message: Message) -> dict[str, Any]:
    """The data of `message` and `message_sent`: the guide's ten fields, then ours."""
    return {
        "id": message["id"],
        "sender_id": message["sender"],
        "sender_name": message["sender_name"],
        "receiver_id": message["receiver"],
        "message": message["message"],
        "attachment": message["attachment"],
        "attachment_type": message["attachment_type"],
        "timestamp": message["timestamp"],
        "is_read": message["is_read"],
        "conversation_id": message["conversation"],
        "sender": message["sender"],
        "receiver": message["receiver"],
        "attachment_url": message["attachment_url"],
        "sender_avatar": message["sender_avatar"],
        "client_msg_id": message["client_msg_id"],
    }


def to_message(
    message_id: int, conversation_id: int, text: str, client_msg_id: str | None, now: str, sender: Any, receiver: Any
) -> Message:
    """A message that was just sent. `sender` and `receiver` have id, username, first_name, last_name and avatar."""
    return {
        "id": message_id,
        "sender": sender["id"],
        "sender_name": users.full_name(sender),
        "sender_username": sender["username"],
        "sender_avatar": files.shown(sender["avatar"]),
        "receiver": receiver["id"],
        "receiver_name": users.full_name(receiver),
        "receiver_username": receiver["username"],
        "receiver_avatar": files.shown(receiver["avatar"]),
        "conversation": conversation_id,
        "message": text,
        "attachment": None,
        "attachment_url": None,
        "attachment_type": None,
        "is_read": False,
        "read_at": None,
        "delivered_at": None,
        "timestamp": now,
        "created_at": now,
        "updated_at": now,
        "is_active": True,
        "client_msg_id": client_msg_id,
    }
