"""Rows: what the writing of a crowd needs, whatever it is that is written."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from data import search
from data.transaction import Transaction

NOW = "2026-01-09T10:30:00.000000Z"
EAST = 2  # the second college: a tenth of everything is there
WORDS = (
    "lecture", "library", "canteen", "exam", "timetable", "sports", "music", "laboratory", "trip", "holiday", "meeting",
    "parents", "homework", "science", "history", "garden", "theatre", "workshop", "fair", "transport", "fees",
    "admission", "results", "hostel", "festival",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    users: int = 20_000
    messages: int = 100_000
    notices: int = 10_000

    @property
    def classes(self) -> int:
        """One to a hundred people."""
        return max(2, self.users // 100)

    @property
    def events(self) -> int:
        """Half as many as notices."""
        return self.notices // 2


class Rows:
    """Writes into an open transaction. The same numbers give the same rows."""

    def __init__(self, tx: Transaction, size: Size) -> None:
        self.tx, self.size = tx, size
        self.chance = random.Random(2026)

    def many(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        """Rows of the same columns."""
        given = iter(rows)
        first = next(given, None)
        if first is not None:
            sql = f"INSERT INTO {table} ({', '.join(first)}) VALUES ({', '.join('?' * len(first))})"
            self.tx.execute(sql, tuple(first.values()))
            self.tx.executemany(sql, (tuple(row.values()) for row in given))

    def index(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Ids and texts for a table of search."""
        folded = ((number, search.fold(text)) for number, text in rows)
        self.tx.executemany(f"INSERT INTO {table} (rowid, text) VALUES (?, ?)", folded)

    def words(self, count: int) -> str:
        """A text of so many words."""
        return " ".join(self.chance.choices(WORDS, k=count))

    def made(self, number: int, by: int) -> dict[str, Any]:
        """The columns that say who made a thing and when; one in forty is inactive."""
        at = f"2025-{1 + number % 12:02}-{1 + number % 28:02}T09:00:00.{number % 1_000_000:06}Z"
        return {"is_active": number % 40 != 39, "created_at": at, "updated_at": at, "created_by": by, "updated_by": by}


def college_of(number: int) -> int:
    """Where the thing of that number is."""
    return EAST if number % 10 == 0 else 1
