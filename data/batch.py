"""One hop on a connection's thread: a batch of writes in one commit, or some reads with a snapshot each.

This is the synchronous half of group commit; it knows no loop and no caller. What it must never do is to run a
statement after SQLite has ended the transaction by itself: that statement would commit on its own, and a caller that
was told "failed" would find its row stored. Serves I1 and I9.
"""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from data.call import Function, Result
from data.connection import breaks
from data.outcome import Outcome
from data.transaction import Transaction, TransactionEnded


@dataclass(slots=True)
class Attempt:
    """A batch that was tried. `error` is None when it is committed; otherwise nothing of it counts.

    results: one for each function, in order, once committed. outcome: what the functions that returned will tell.
    began: whether BEGIN had the lock. broken: whether the connection must be opened again.
    """

    results: list[Result] = field(default_factory=list)
    outcome: list[Outcome] = field(default_factory=list)
    error: BaseException | None = None
    began: bool = False
    broken: bool = False


def write_all(connection: sqlite3.Connection, functions: Sequence[Function]) -> Attempt:
    """Run the functions in one transaction, each in a savepoint of its own, and commit once.

    One alone needs no savepoint: what it leaves undone is the whole transaction.
    """
    attempt = Attempt()
    undo = "ROLLBACK TO of_function" if len(functions) > 1 else "ROLLBACK"
    try:
        connection.execute("BEGIN IMMEDIATE")
        attempt.began = True
        for function in functions:
            if len(functions) > 1:
                connection.execute("SAVEPOINT of_function")
            attempt.results.append(_run(connection, function, attempt.outcome, undo))
            if len(functions) > 1:
                connection.execute("RELEASE of_function")
        if connection.in_transaction:
            connection.execute("COMMIT")
    except BaseException as error:
        attempt.error = error
        attempt.broken = breaks(error) or isinstance(error, TransactionEnded) or not _rolled_back(connection)
    return attempt


def read_each(connection: sqlite3.Connection, functions: Sequence[Function]) -> tuple[list[Result], bool]:
    """Run each function in a read transaction of its own.

    Returns the results and whether the connection is broken; then results end with the function that met it.
    """
    results: list[Result] = []
    for function in functions:
        result = _read(connection, function)
        results.append(result)
        if connection.in_transaction or breaks(result.error):
            return results, True
    return results, False


def truncate_wal(connection: sqlite3.Connection, wal: Path, limit_bytes: int) -> bool:
    """Write the log back and empty its file if that is past the limit; whether it was done.

    It waits 0.1 s for readers and no longer: writes queue behind it.
    """
    if not wal.exists() or wal.stat().st_size <= limit_bytes:
        return False
    kept_ms = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute("PRAGMA busy_timeout = 100").fetchall()
    try:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.execute(f"PRAGMA busy_timeout = {kept_ms}").fetchall()
    return not busy


def _run(connection: sqlite3.Connection, function: Function, outcome: list[Outcome], undo: str) -> Result:
    """Run one function of a batch. Raises what ends the whole batch: the transaction is gone or in doubt."""
    tx = Transaction(connection)
    result = _call(function, tx)
    met = tx.error or result.error
    if not connection.in_transaction:
        raise met or TransactionEnded
    if met is not None and breaks(met):
        raise met
    if result.error is None:
        outcome.extend(tx.outcome)
    else:
        connection.execute(undo)
    return result


def _read(connection: sqlite3.Connection, function: Function) -> Result:
    try:
        connection.execute("BEGIN")
        result = _call(function, Transaction(connection))
        if result.error is None:
            connection.execute("COMMIT")
            return result
    except sqlite3.Error as error:
        result = Result(error=error)
    _rolled_back(connection)
    return result


def _call(function: Function, tx: Transaction) -> Result:
    """Run a function, and see to it that no statement of it stays open: an open read keeps the WAL growing."""
    try:
        value = function(tx)
        if isinstance(value, (Iterator, Awaitable)):
            kind = type(value).__name__
            close = getattr(value, "close", None)
            if close is not None:
                close()
            raise TypeError(f"a function of a transaction must return values and not a {kind}")
    except BaseException as error:
        # The traceback's frames hold the function's cursors for as long as somebody holds the error.
        traceback.clear_frames(error.__traceback__)
        return Result(error=error)
    return Result(value)


def _rolled_back(connection: sqlite3.Connection) -> bool:
    """End what is still open; False when SQLite could not."""
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        return False
    return True
