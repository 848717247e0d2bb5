"""Migrations: numbered .sql files that bring a database to the schema of this program, each in one transaction.

`PRAGMA user_version` is the number of the last file that ran. A file may call `fold(text)` and `tag(number)` of
data/search.py, to index what was there before it: SQLite alone folds no letters beyond ASCII. Only who holds the
folder's lock may call `migrate`: a schema that changes under a running server breaks it. Synchronous; knows no loop.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from data import search
from data.connection import connect
from data.errors import DataError

MIGRATIONS = Path(__file__).with_name("migrations")

_NAME = re.compile(r"([0-9]{4})_[a-z0-9_]+\.sql")


class MigrationError(DataError):
    """The database cannot be brought to this program's schema, and is as it was. One line for people."""


def migrate(path: Path, folder: Path = MIGRATIONS) -> int:
    """Bring the database to the newest version, creating it if need be; that version. Raises MigrationError."""
    files = _files(folder)
    try:
        connection = connect(path, create=True)
    except sqlite3.Error as error:
        raise MigrationError(f"The database {path} cannot be opened: {error}.") from error
    try:
        # A migration may rebuild a table that others refer to; _apply checks the references before it commits.
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.create_function("fold", 1, search.fold, deterministic=True)
        connection.create_function("tag", 1, search.tag, deterministic=True)
        while _apply_next(connection, path, files):
            pass
        return len(files)
    finally:
        connection.close()


def version(path: Path) -> int:
    """The number of the last migration that ran on it, 0 without a database. Raises MigrationError."""
    if not path.exists():
        return 0
    try:
        connection = connect(path)
        try:
            return stored_version(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise MigrationError(f"The database {path} cannot be read: {error}.") from error


def newest(folder: Path = MIGRATIONS) -> int:
    """The version that this program's database has."""
    return len(_files(folder))


def stored_version(connection: sqlite3.Connection) -> int:
    """PRAGMA user_version."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def mismatch(path: Path, found: int, wanted: int) -> str:
    """The sentence about a database of another version."""
    if found > wanted:
        return f"The database {path} has schema version {found}, newer than this program, which knows {wanted}."
    return f"The database {path} has schema version {found}, older than this program's {wanted}."


def statements(text: str) -> Iterator[tuple[int, str]]:
    """The statements of a script with the line on which each begins, the comments before it included.

    Semicolons in strings, comments and triggers don't end one. What follows the last one is a statement too.
    """
    start = 0
    ends = [found.end() for found in re.finditer(";", text)]
    for end in [*ends, len(text)]:
        statement = text[start:end].strip()
        if statement and (sqlite3.complete_statement(statement) or end == len(text)):
            yield text.count("\n", 0, text.index(statement[0], start)) + 1, statement
            start = end


def _files(folder: Path) -> list[Path]:
    """The migrations in order; their numbers are 1, 2, 3 and so on."""
    files = sorted(folder.glob("*.sql"))
    for place, file in enumerate(files, start=1):
        match = _NAME.fullmatch(file.name)
        if match is None or int(match[1]) != place:
            raise MigrationError(
                f"{file.name} is not migration {place}: names are NNNN_name.sql, numbered without gaps."
            )
    return files


def _apply_next(connection: sqlite3.Connection, path: Path, files: list[Path]) -> bool:
    """Run the first migration that is missing; whether one was. Takes the write lock even when there is none."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        found = stored_version(connection)
        if found > len(files):
            raise MigrationError(mismatch(path, found, len(files)))
        if found < len(files):
            _apply(connection, files[found], found + 1)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise MigrationError(f"The database {path} cannot be migrated: {error}.") from error
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return found < len(files)


def _apply(connection: sqlite3.Connection, file: Path, number: int) -> None:
    """Run one file inside the open transaction."""
    connection.set_authorizer(_refuse_transactions)
    try:
        for line, statement in statements(file.read_text(encoding="utf-8")):
            _run(connection, statement, f"{file.name}, line {line}")
    finally:
        connection.set_authorizer(None)
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise MigrationError(
            f"{file.name}: a row of {broken['table']} refers to a row of {broken['parent']} that is gone."
        )
    connection.execute(f"PRAGMA user_version = {number}")


def _run(connection: sqlite3.Connection, statement: str, where: str) -> None:
    try:
        connection.execute(statement)
    except sqlite3.Error as error:
        raise MigrationError(f"{where}: {error}.") from error


def _refuse_transactions(action: int, *_: str | None) -> int:
    """A COMMIT in a file would keep half of it."""
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_TRANSACTION else sqlite3.SQLITE_OK
