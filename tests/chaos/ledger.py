"""The ledger: every row that the event log has had, also after it was pruned, looked at from outside."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the event log."""

    id: int
    event: str
    data: Any
    keys: frozenset[str]


class Ledger:
    """Rows by their ids. `connect` opens the database; `unseen` are ids that were pruned before a look."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self.rows: dict[int, Row] = {}
        self.position = 0
        self._connect = connect
        self._seen_through = 0

    def try_look(self) -> bool:
        """Take in what is new, if the database can be read just now."""
        try:
            self.look()
        except sqlite3.Error:
            return False  # a crash has left it to its next opener, or the disk is full
        return True

    def look(self) -> None:
        """Take in what is new. Raises sqlite3.Error."""
        with closing(self._connect()) as database:
            database.execute("BEGIN")
            found = database.execute(
                "SELECT id, event, data, audience FROM event_log WHERE id > ? ORDER BY id", (self._seen_through,)
            ).fetchall()
            newest = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event_log'").fetchone()
            database.execute("COMMIT")
        for event_id, event, data, keys in found:
            self.rows[event_id] = Row(event_id, event, json.loads(data), frozenset(keys.split(" ")))
        self.position = newest[0] if newest else 0
        self._seen_through = max(self._seen_through, self.position)

    @property
    def unseen(self) -> list[int]:
        """Ids that were given, and whose rows were gone before anybody looked."""
        return [number for number in range(1, self.position + 1) if number not in self.rows]

    def of(self, keys: dict[str, int], after_id: int, through_id: int) -> Iterator[Row]:
        """What a holder of these keys, each held since an event, has to be told between the two."""
        for row in self.rows.values():
            if after_id < row.id <= through_id and any(row.id > keys[key] for key in row.keys & keys.keys()):
                yield row


def keys_of_all(database: sqlite3.Connection) -> dict[int, dict[str, int]]:
    """What each user holds, each key with the event since which."""
    found: dict[int, dict[str, int]] = {}
    for user_id, key, since_id in database.execute("SELECT user_id, key, since_event_id FROM user_keys"):
        found.setdefault(user_id, {})[key] = since_id
    return found
