"""Crowd: a database with as many people, messages and notices as one wants, written at once and not through the server.

Everything is where the server's own functions would have put it, the search tables included, but for the event log:
of that there is only its position. Nobody has a password.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.news import News
from bench.rows import EAST, NOW, Rows, Size, college_of
from data import keys, search, tokens
from data.connection import connect
from data.migrate import migrate
from data.transaction import Transaction

NAMES = (
    "Asha", "Ben", "Chen", "Dana", "Emil", "Fatima", "Goran", "Hana", "Igor", "José", "Kofi", "Lena", "Maya", "Noor",
    "Olga", "Piotr", "Ravi", "Søren", "Tao", "Uma",
)  # fmt: skip

# One person a role whose token the measuring has; they are the first users, in this order.
ASKERS = {
    "boss": ("super_admin", None),
    "dean": ("college_admin", 1),
    "tara": ("teacher", 1),
    "bob": ("student", 1),
}


class Crowd:
    """Writes the people of a campus, their classes and their chats. `tokens` are those of ASKERS."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.tokens: dict[str, str] = {}

    def write(self) -> None:
        """All of it."""
        stamps = {"created_at": NOW, "updated_at": NOW}
        self._rows.many("colleges", [{"id": EAST, "code": "EAST", "name": "East", "short_name": "E", **stamps}])
        self._rows.index("colleges_search", [(EAST, "EAST\nEast\nE")])
        self._people()
        self._classes()
        self._chats()

    def _people(self) -> None:
        rows: list[dict[str, Any]] = []
        found = []
        for number in range(1, self._rows.size.users + 1):
            username, role, college = self._person(number)
            first, last = self._rows.chance.choice(NAMES), self._rows.chance.choice(NAMES)
            joined = f"2025-{1 + number % 12:02}-{1 + number % 28:02}T08:00:00.{number % 1_000_000:06}Z"
            rows.append({
                "id": number, "username": username, "email": f"{username}@campus.example", "first_name": first,
                "last_name": last, "phone": f"555{number:07}", "user_type": role, "college_id": college,
                "is_active": number % 50 != 49, "gender": ("female", "male", "")[number % 3], "date_joined": joined,
                "created_at": joined, "updated_at": joined,
            })  # fmt: skip
            found.append((number, "\n".join((username, f"{username}@campus.example", first, last, f"555{number:07}"))))
        self._rows.many("users", rows)
        self._rows.index("users_search", found)
        held = [
            (row["id"], key) for row in rows for key in keys.of_account(row["id"], row["user_type"], row["college_id"])
        ]
        self._rows.many("user_keys", ({"user_id": user, "key": key, "since_event_id": 0} for user, key in held))
        for number, username in enumerate(ASKERS, 1):
            _, self.tokens[username] = tokens.create(self._rows.tx, number, now=NOW, expires_at=None)

    def _person(self, number: int) -> tuple[str, str, int | None]:
        if number <= len(ASKERS):
            username = list(ASKERS)[number - 1]
            return username, *ASKERS[username]
        role = "teacher" if number % 20 == 0 else "parent" if number % 7 == 0 else "student"
        return f"user{number}", role, EAST if number % 10 == 0 else 1

    def _classes(self) -> None:
        """Classes of both colleges with two sections each, and everybody but the askers in one."""
        stamps = {"created_at": NOW, "updated_at": NOW}
        numbers = range(1, self._rows.size.classes + 1)
        self._rows.many(
            "classes", ({"id": n, "college_id": college_of(n), "name": f"Class {n}", **stamps} for n in numbers)
        )
        self._rows.index("classes_search", ((n, f"Class {n}\n") for n in numbers))
        sections = [(2 * n - more, n, "AB"[more]) for n in numbers for more in (1, 0)]
        self._rows.many("sections", ({"id": i, "class_id": n, "name": name, **stamps} for i, n, name in sections))
        self._rows.index("sections_search", ((i, name) for i, _, name in sections))
        users = [number for number in range(len(ASKERS) + 1, self._rows.size.users + 1)]
        rows = []
        for user in users:
            at = 1 + user % self._rows.size.classes
            rows.append({
                "user_id": user, "college_id": college_of(at), "class_id": at, "section_id": 2 * at - user % 2,
                **stamps,
            })  # fmt: skip
        self._rows.many("enrollments", rows)
        for kind, column in (("class", "class_id"), ("section", "section_id")):
            held = ({"user_id": row["user_id"], "key": f"{kind}:{row[column]}", "since_event_id": 0} for row in rows)
            self._rows.many("user_keys", held)

    def _chats(self) -> None:
        """Every fiftieth message is of the asking student, the others of pairs of people, ten each."""
        known: dict[tuple[int, int], int] = {}
        messages: list[dict[str, Any]] = []
        receipts: list[dict[str, Any]] = []
        bob = list(ASKERS).index("bob") + 1
        for number in range(1, self._rows.size.messages + 1):
            one = bob if number % 50 == 0 else 1 + (number // 10) % self._rows.size.users
            other = 1 + (one + 17 + (number // 500 if one == bob else 0)) % self._rows.size.users
            pair = (min(one, other), max(one, other))
            conversation = known.setdefault(pair, len(known) + 1)
            sender, receiver = pair if number % 2 else pair[::-1]
            at = f"2026-01-08T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.000000Z"
            messages.append({
                "id": number, "conversation_id": conversation, "sender_id": sender, "text": self._rows.words(8),
                "created_at": at, "updated_at": at,
            })  # fmt: skip
            read = {"delivered_at": at, "read_at": at} if number % 5 else {"delivered_at": None, "read_at": None}
            receipts.append({"message_id": number, "user_id": receiver, "conversation_id": conversation, **read})
        last = {row["conversation_id"]: row["id"] for row in messages}
        self._rows.many("conversations", (
            {"id": at, "low_user_id": pair[0], "high_user_id": pair[1], "last_message_id": last[at], "created_at": NOW,
             "updated_at": NOW}
            for pair, at in known.items()
        ))  # fmt: skip
        self._rows.many(
            "members", ({"user_id": one, "conversation_id": at} for pair, at in known.items() for one in pair)
        )
        self._rows.many("messages", messages)
        self._rows.many("receipts", receipts)
        people = (
            search.tag(row["sender_id"]) + search.tag(seen["user_id"])
            for row, seen in zip(messages, receipts, strict=True)
        )
        texts = ((row["id"], tags, search.fold(row["text"])) for row, tags in zip(messages, people, strict=True))
        self._rows.tx.executemany("INSERT INTO messages_search (rowid, people, text) VALUES (?, ?, ?)", texts)


def build(path: Path, size: Size) -> dict[str, str]:
    """A new database there; the askers' tokens."""
    migrate(path)
    connection = connect(path)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN IMMEDIATE")
        rows = Rows(Transaction(connection), size)
        crowd = Crowd(rows)
        crowd.write()
        News(rows).write()
        connection.execute("COMMIT")
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        assert not broken, [tuple(row) for row in broken[:5]]
    finally:
        connection.close()
    return crowd.tokens
