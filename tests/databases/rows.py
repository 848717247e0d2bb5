"""The rows of an earlier database, as the program of that time would have stored them, in SQL: our own code writes only
what is of today.

Four people, a conversation of 24 messages with an edit and a deletion, a notice, an announcement; from schema 2 on
classes, an event of the campus and notifications, from 5 on an audit, from 6 on a hole.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data import migrate, passwords, search

SCRIPT = Path(__file__).with_name("rows.sql")

PASSWORD = "correct horse 9 battery"
MESSAGES = 24
EDITED, DELETED = 7, 9
UNREAD_FROM = 20
PRUNED_THROUGH = 6
POSITION = 2 * MESSAGES + 4  # an edit, a deletion for each of two, a notification


@dataclass(frozen=True, slots=True)
class Person:
    """A user. `token` is valid for ever."""

    id: int
    username: str
    first_name: str
    last_name: str
    user_type: str

    @property
    def token(self) -> str:
        """40 hexadecimal digits."""
        return hashlib.sha1(self.username.encode()).hexdigest()


ANN = Person(1, "ann_lee", "Ann", "Lee", "college_admin")
BOB = Person(2, "bob_ray", "Bob", "Ray", "student")
ZOE = Person(3, "zoë", "Zoë", "Straße", "teacher")
ROOT = Person(4, "root_chief", "Root", "Chief", "super_admin")
PEOPLE = (ANN, BOB, ZOE, ROOT)


def stamp(number: int) -> str:
    """The time of the nth thing that happened."""
    return f"2026-01-09T10:{number // 60:02}:{number % 60:02}.000000Z"


def fill(connection: sqlite3.Connection, version: int) -> None:
    """Write the rows into a database of that schema."""
    connection.create_function("fold", 1, search.fold, deterministic=True)
    connection.create_function("tag", 1, search.tag, deterministic=True)
    for person in PEOPLE:
        _add_person(connection, person, version)
    _add_messages(connection, version)
    for since, text in re.findall(r"^-- schema (\d+)\n(.*?)(?=^-- schema|\Z)", SCRIPT.read_text("utf-8"), re.M | re.S):
        for _, statement in migrate.statements(text if int(since) <= version else ""):
            connection.execute(statement)
    assert connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event_log'").fetchone()[0] == POSITION
    connection.execute("DELETE FROM event_log WHERE id <= ?", (PRUNED_THROUGH,))
    connection.execute("DELETE FROM event_audience WHERE event_id <= ?", (PRUNED_THROUGH,))
    connection.execute("UPDATE log_state SET pruned_through = ?", (PRUNED_THROUGH,))


def _add_person(connection: sqlite3.Connection, person: Person, version: int) -> None:
    is_global = person.user_type == "super_admin"
    connection.execute(
        "INSERT INTO users (id, username, password_hash, email, first_name, last_name, user_type, college_id, "
        "last_seen, date_joined, created_at, updated_at) "
        "VALUES (?1, ?2, ?3, ?2 || '@campus.example', ?4, ?5, ?6, ?7, ?8, ?8, ?8, ?8)",
        (
            person.id, person.username, passwords.hash_password(PASSWORD, 4), person.first_name, person.last_name,
            person.user_type, None if is_global else 1, stamp(person.id),
        ),
    )  # fmt: skip
    connection.execute(
        "INSERT INTO users_search (rowid, text) SELECT id, fold(username || char(10) || email || char(10) || "
        "first_name || char(10) || last_name || char(10) || phone) FROM users WHERE id = ?",
        (person.id,),
    )
    connection.execute(
        "INSERT INTO tokens (hash, user_id, created_at, address, user_agent) "
        "VALUES (?, ?, ?, '192.0.2.7', 'a browser')",
        (hashlib.sha256(person.token.encode()).digest(), person.id, stamp(person.id)),
    )
    for key in _keys(person, version):
        connection.execute("INSERT INTO user_keys (user_id, key, since_event_id) VALUES (?, ?, 0)", (person.id, key))


def _keys(person: Person, version: int) -> Iterator[str]:
    yield from (f"user:{person.id}", "all")
    if person is not ROOT:
        yield from ("college:1", f"college:1/type:{person.user_type}")
    elif version >= 3:
        yield "global"
    if person is BOB and version >= 2:
        yield from ("class:1", "section:1")


def _add_messages(connection: sqlite3.Connection, version: int) -> None:
    """Ann and Bob in turns; what Ann has not read begins with UNREAD_FROM."""
    connection.execute(
        "INSERT INTO conversations (id, low_user_id, high_user_id, created_at, updated_at) VALUES (1, 1, 2, ?1, ?1)",
        (stamp(60),),
    )
    connection.execute("INSERT INTO members (user_id, conversation_id) VALUES (1, 1), (2, 1)")
    for number in range(1, MESSAGES + 1):
        sender, receiver = (ANN, BOB) if number % 2 else (BOB, ANN)
        text, now = f"Größe number {number}", stamp(60 + number)
        read_at = None if number >= UNREAD_FROM else stamp(300)
        connection.execute(
            "INSERT INTO messages (id, conversation_id, sender_id, text, client_msg_id, created_at, updated_at) "
            "VALUES (?1, 1, ?2, ?3, ?4, ?5, ?5)",
            (number, sender.id, text, f"client-{number}", now),
        )
        connection.execute(
            "INSERT INTO receipts (message_id, user_id, conversation_id, delivered_at, read_at) "
            "VALUES (?1, ?2, 1, ?3, ?3)",
            (number, receiver.id, read_at),
        )
        event = _message(number, sender, receiver, text, now)
        _tell(connection, "message", event, (f"user:{receiver.id}",), f"message:{number}", now)
        _tell(connection, "message_sent", event, (f"user:{sender.id}",), f"message:{number}", now)
    connection.execute("UPDATE messages SET text = 'edited' WHERE id = ?", (EDITED,))
    event = _message(EDITED, ANN, BOB, "edited", stamp(60 + EDITED))
    _tell(connection, "message_updated", event, ("user:1", "user:2"), f"message:{EDITED}", stamp(200))
    connection.execute("UPDATE messages SET text = '', is_active = 0 WHERE id = ?", (DELETED,))
    connection.execute("UPDATE receipts SET is_active = 0 WHERE message_id = ?", (DELETED,))
    gone = {"id": DELETED, "conversation_id": 1, "last_message": f"Größe number {MESSAGES}"}
    for key in ("user:1", "user:2"):
        _tell(connection, "message_deleted", gone, (key,), f"message:{DELETED}", stamp(201))
    connection.execute("UPDATE conversations SET last_message_id = ?", (MESSAGES,))
    notice = {
        "title": "Exams", "message": "They begin", "notification_type": "notice", "created_at": stamp(202), "id": 1,
        "data": {"notice_id": 1, "is_urgent": True, "publish_date": "2026-01-09"},
    }  # fmt: skip
    _tell(connection, "notification", notice, ("college:1",), "notice:1", stamp(202))


def _message(number: int, sender: Person, receiver: Person, text: str, now: str) -> dict[str, object]:
    return {
        "id": number, "sender_id": sender.id, "sender_name": f"{sender.first_name} {sender.last_name}",
        "receiver_id": receiver.id, "message": text, "attachment": None, "attachment_type": None, "timestamp": now,
        "is_read": False, "conversation_id": 1, "sender": sender.id, "receiver": receiver.id, "attachment_url": None,
        "sender_avatar": None, "client_msg_id": f"client-{number}",
    }  # fmt: skip


def _tell(
    connection: sqlite3.Connection, event: str, data: dict[str, object], keys: tuple[str, ...], subject: str, now: str
) -> None:
    event_id = connection.execute(
        "INSERT INTO event_log (event, data, audience, subject, created_at) VALUES (?, ?, ?, ?, ?)",
        (event, json.dumps(data, separators=(",", ":")), " ".join(keys), subject, now),
    ).lastrowid
    connection.executemany(
        "INSERT INTO event_audience (key, event_id) VALUES (?, ?)", [(key, event_id) for key in keys]
    )
