"""What the tests of the database share: a migrated file, an open database, a forced batch."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from data.connection import connect
from data.database import Database
from data.errors import NotFound
from data.migrate import migrate
from data.outcome import Event, Outcome
from data.transaction import Transaction

LIMIT_S = 30.0

SCRATCH = (
    "CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL)",
    "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
    "CREATE TABLE children (parent_id INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
)

Function = Callable[[Transaction], Any]


def create(folder: Path) -> Path:
    """A migrated database with a few tables to scribble in."""
    path = folder / "realtime.sqlite3"
    migrate(path)
    connection = connect(path)
    try:
        for statement in SCRATCH:
            connection.execute(statement)
    finally:
        connection.close()
    return path


@asynccontextmanager
async def opened(
    path: Path, on_commit: Callable[[list[Outcome]], None] = lambda outcome: None, readers: int = 2
) -> AsyncIterator[Database]:
    """An open database that is closed in any case."""
    database = Database(path, on_commit=on_commit, readers=readers)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def note(text: str) -> Function:
    """A function that stores a row and tells of it."""

    def store(tx: Transaction) -> int:
        row_id = tx.insert("INSERT INTO notes (text) VALUES (?)", (text,))
        tx.outcome.append(Event(row_id, "note", text[:20], ("all",)))
        return row_id

    return store


def texts(tx: Transaction) -> list[str]:
    return [row["text"] for row in tx.rows("SELECT text FROM notes ORDER BY id")]


def count(tx: Transaction) -> int:
    return int(tx.value("SELECT count(*) FROM notes"))


def raise_in_the_middle(tx: Transaction) -> None:
    cursor = tx.execute("SELECT text FROM notes")
    raise NotFound(cursor.fetchone()["text"])


def counted(runs: Counter[str], name: str) -> Function:
    def store(tx: Transaction) -> None:
        runs[name] += 1
        note(name)(tx)

    return store


def told(batches: list[list[Outcome]]) -> list[list[str]]:
    """The texts of each batch that told anything."""
    return [[one.data for one in batch if isinstance(one, Event)] for batch in batches if batch]


def stored(path: Path) -> list[str]:
    """The notes in the file, seen by a connection of its own."""
    connection = connect(path)
    try:
        return [row["text"] for row in connection.execute("SELECT text FROM notes ORDER BY id")]
    finally:
        connection.close()


class Gate:
    """A function that holds the thread on which it runs until it is let through."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.through = threading.Event()

    def __call__(self, tx: Transaction) -> None:
        self.entered.set()
        assert self.through.wait(LIMIT_S)


async def entered(gate: Gate) -> None:
    """Wait until a thread stands in the gate."""
    assert await asyncio.to_thread(gate.entered.wait, LIMIT_S)


async def one_batch(database: Database, functions: Sequence[Function]) -> list[Any]:
    """Run the functions in the same batch, behind a write that waits; what each gave, errors included."""
    gate = Gate()
    first = asyncio.create_task(database.write(gate))
    await entered(gate)
    rest = [asyncio.create_task(database.write(function)) for function in functions]
    await asyncio.sleep(0)  # every task takes its first step, which queues the function
    gate.through.set()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


def until(condition: Callable[[], bool]) -> bool:
    """Poll a condition that a thread makes true; False when it did not within the limit."""
    give_up_s = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > give_up_s:
            return False
        time.sleep(0.001)
    return True
