"""Transaction: what a function of `Database.read` and `Database.write` is handed.

It has no commit, no rollback and no executescript: the writer alone decides where a transaction ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from data.outcome import Outcome

Parameters = Sequence[Any] | Mapping[str, Any]


class TransactionEnded(Exception):
    """SQLite has ended the transaction by itself; a further statement would commit on its own."""


class Transaction:
    """One open transaction and what it will tell after its commit.

    `error` is the last error of SQLite that a statement met, also when the function caught it: if the transaction is
    gone afterwards, that is why.
    """

    __slots__ = ("_connection", "error", "outcome")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.error: sqlite3.Error | None = None
        self.outcome: list[Outcome] = []

    def execute(self, sql: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        """Run one statement. Raises TransactionEnded when SQLite has rolled everything back before it."""
        if not self._connection.in_transaction:
            raise TransactionEnded
        try:
            return self._connection.execute(sql, parameters)
        except sqlite3.Error as error:
            self.error = error
            raise

    def executemany(self, sql: str, rows: Iterable[Parameters]) -> sqlite3.Cursor:
        """Run one statement for each of rows."""
        if not self._connection.in_transaction:
            raise TransactionEnded
        try:
            return self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            self.error = error
            raise

    def row(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """The first row, or None."""
        row: sqlite3.Row | None = self.execute(sql, parameters).fetchone()
        return row

    def rows(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """All rows, fetched, so that no read stays open."""
        return self.execute(sql, parameters).fetchall()

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.row(sql, parameters)
        return None if row is None else row[0]

    def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Run an INSERT of one row; its id."""
        row_id = self.execute(sql, parameters).lastrowid
        assert row_id is not None
        return row_id
