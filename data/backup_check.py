"""What is asked of a database before anybody relies on it: whether it is whole, and what is in it. Read only."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from data.errors import DataError
from data.files import KEY_DIGITS

_KEY = re.compile(f"[0-9a-f]{{{KEY_DIGITS}}}")
_TICK_STEPS = 100_000  # of SQLite's virtual machine: some milliseconds


class BrokenDatabase(DataError):
    """The database is not whole. One line for people."""


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that a row names; `etag` is the beginning of its SHA-256 in hexadecimal digits."""

    key: str
    size_bytes: int
    etag: str


@contextmanager
def untouched(path: Path) -> Iterator[sqlite3.Connection]:
    """A database that nobody writes meanwhile: nothing is made beside it, not even an index in shared memory."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def check(connection: sqlite3.Connection, quick: bool = False, tick: Callable[[], None] = lambda: None) -> None:
    """Raise BrokenDatabase with the first thing that is wrong. `quick` leaves the indexes uncompared.

    `tick` is called every few milliseconds. A gigabyte takes half a minute, quick a tenth of it.
    """
    connection.set_progress_handler(tick, _TICK_STEPS)
    try:
        found = connection.execute(f"PRAGMA {'quick' if quick else 'integrity'}_check(1)").fetchone()[0]
        if found != "ok":
            raise BrokenDatabase(f"The database is damaged: {' '.join(str(found).split())}.")
        broken = connection.execute("PRAGMA foreign_key_check").fetchone()
        if broken is not None:
            raise BrokenDatabase(f"A row of {broken[0]} refers to a row of {broken[2]} that is not there.")
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_INTERRUPT:
            raise KeyboardInterrupt from None  # raised in the handler, where SQLite took it for its own end
        raise BrokenDatabase(f"The database is damaged: {error}.") from error
    finally:
        connection.set_progress_handler(None, 0)


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How many rows each table has; those that only index others are left out."""
    names = [
        row[0]
        for row in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE "
            "'%\\_search%' ESCAPE '\\' ORDER BY name"
        )
    ]
    return {name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in names}


def named_files(connection: sqlite3.Connection) -> list[NamedFile]:
    """The files that its rows name. A database of schema 1 knows none. Raises BrokenDatabase for a key that is none:
    keys become paths, and somebody may have made a backup of his own."""
    there = connection.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'files'").fetchone()
    if there is None:
        return []
    found = [NamedFile(*row) for row in connection.execute("SELECT key, size_bytes, etag FROM files ORDER BY key")]
    for one in found:
        if _KEY.fullmatch(str(one.key)) is None:
            raise BrokenDatabase(f"The database names a file {one.key!r}, which is no file's key.")
    return found
