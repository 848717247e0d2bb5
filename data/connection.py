"""Opening SQLite, and what its errors mean to people.

Every connection of the project is opened here, so that FULL, foreign keys and WAL hold for all of them (I1). It knows
no thread and no loop.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from data.errors import StorageError, StorageFull
from data.transaction import TransactionEnded

BUSY_TIMEOUT_S = 5.0
CACHE_KIB = 8_192

# After these the connection itself is in doubt (its file, its index in shared memory, its cache).
_BREAKING = {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PROTOCOL,
}
_SENTENCES = {
    sqlite3.SQLITE_IOERR: "The disk that holds the database failed",
    sqlite3.SQLITE_CORRUPT: "The database file is damaged",
    sqlite3.SQLITE_NOTADB: "The database file is not a database",
    sqlite3.SQLITE_CANTOPEN: "The database file cannot be opened",
    sqlite3.SQLITE_READONLY: "The database file cannot be written",
    sqlite3.SQLITE_PERM: "The database file may not be opened",
    sqlite3.SQLITE_PROTOCOL: "The database's lock could not be had",
    sqlite3.SQLITE_BUSY: "Another program keeps the database locked",
    sqlite3.SQLITE_LOCKED: "The database is locked",
    sqlite3.SQLITE_NOMEM: "There is not enough memory for the database",
    sqlite3.SQLITE_INTERRUPT: "The database was interrupted",
    sqlite3.SQLITE_ABORT: "The database ended the statement",
    sqlite3.SQLITE_SCHEMA: "The database's schema changed meanwhile",
}


def connect(
    path: Path,
    *,
    query_only: bool = False,
    create: bool = False,
    busy_timeout_s: float = BUSY_TIMEOUT_S,
    most_bytes: int = 0,
) -> sqlite3.Connection:
    """A connection without implicit transactions. Raises sqlite3.Error; leaves nothing open then.

    A missing file is an error unless `create`: a server whose file was moved away must not go on with an empty one.
    Through this connection the file grows to `most_bytes` (0: as far as the disk goes), as if the disk ended there.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}",
        uri=True,
        timeout=busy_timeout_s,
        isolation_level=None,
        cached_statements=256,
    )
    try:
        connection.row_factory = sqlite3.Row
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise sqlite3.OperationalError(f"this file system has no write-ahead log, its journal mode is {mode}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        if most_bytes:
            page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {max(1, most_bytes // page_bytes)}")
        if query_only:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _code(error: BaseException | None) -> int:
    """SQLite's primary result code, 0 where the error is not SQLite's."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF if isinstance(error, sqlite3.Error) else 0


def breaks(error: BaseException | None) -> bool:
    """Whether the connection must be opened again after this error."""
    return _code(error) in _BREAKING


def meaning(error: BaseException) -> BaseException:
    """The error that a caller gets: StorageFull or StorageError for what storage does, everything else as it is."""
    code = _code(error)
    said: BaseException
    if code == sqlite3.SQLITE_FULL:
        said = StorageFull("No room is left for the database; nothing of this was stored.")
    elif code in _SENTENCES:
        said = StorageError(f"{_SENTENCES[code]} ({error}).")
    elif isinstance(error, TransactionEnded):
        said = StorageError("SQLite ended the transaction by itself; nothing of this was stored.")
    elif isinstance(error, StopIteration):
        said = RuntimeError("a function of a transaction raised StopIteration")  # a future refuses StopIteration
    else:
        return error
    said.__cause__ = error
    return said
