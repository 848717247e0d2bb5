"""A command's transaction: synchronous, short, beside a server that may be running.

It ignores what the functions would tell: a command never appends to the event log, and the server notices the commit
by itself (`Database.changed_outside`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data import restoring_swap
from data.connection import connect, meaning
from data.errors import StorageError
from data.lock import FolderLock, FolderLocked
from data.migrate import MigrationError, migrate, mismatch, newest, stored_version, version
from data.transaction import Transaction

BUSY_TIMEOUT_S = 10.0


@contextmanager
def command_transaction(path: Path) -> Iterator[Transaction]:
    """`with command_transaction(path) as tx:` commits at the end of the block, rolls back when it raises.

    A database that is missing or old is migrated first, if no server holds the folder. Raises MigrationError when the
    schema is not this program's, StorageError when SQLite cannot; waits up to 10 s for the server's write to end.
    """
    _prepare(path)
    try:
        connection = connect(path, busy_timeout_s=BUSY_TIMEOUT_S)
    except sqlite3.Error as error:
        raise StorageError(f"The database {path} cannot be opened: {error}.") from error
    try:
        connection.execute("BEGIN IMMEDIATE")
        found = stored_version(connection)
        if found != newest():  # a server of another version started in between
            raise MigrationError(mismatch(path, found, newest()))
        yield Transaction(connection)
        if not connection.in_transaction:
            raise StorageError("SQLite ended the transaction by itself; nothing of this was stored.")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if (said := meaning(error)) is error:
            raise
        raise said from error
    finally:
        connection.close()  # rolls back what is not committed


def _prepare(path: Path) -> None:
    found, wanted = version(path), newest()
    if found == wanted:
        return
    if found > wanted:
        raise MigrationError(mismatch(path, found, wanted))
    lock = FolderLock(path.parent)
    try:
        lock.acquire()
    except FolderLocked as error:
        raise MigrationError(f"{mismatch(path, found, wanted)} {error}") from error
    try:
        restoring_swap.finish(path.parent)  # the database may be missing because a crash ended a restore
        migrate(path)
    finally:
        lock.release()
