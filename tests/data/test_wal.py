"""No read stays open, so that the write-ahead log can be emptied."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data.errors import NotFound
from data.transaction import Transaction
from tests.data.support import Gate, count, create, entered, note, opened, raise_in_the_middle

ROOT = Path(__file__).parents[2]


def test_the_log_file_is_emptied_past_its_limit_and_only_then(tmp_path: Path) -> None:
    path = create(tmp_path)
    wal = path.with_name(path.name + "-wal")

    async def run() -> None:
        async with opened(path) as database:
            await database.write(note("x" * 300_000))
            size_bytes = wal.stat().st_size
            assert not await database.checkpoint_if_large(size_bytes)
            assert wal.stat().st_size == size_bytes
            gate = Gate()
            writing = asyncio.create_task(database.write(gate))
            await entered(gate)
            assert not await database.checkpoint_if_large(0), "a write waits"
            gate.through.set()
            await writing
            assert await database.checkpoint_if_large(size_bytes - 1)
            assert wal.stat().st_size == 0
            assert not await database.checkpoint_if_large()
            assert await database.write(lambda tx: tx.value("PRAGMA busy_timeout")) == 5_000

    asyncio.run(run())


def test_a_read_that_stays_open_does_not_hold_the_writer_up(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(create(tmp_path)) as database:
            gate = Gate()
            await database.write(note("a"))
            reading = asyncio.create_task(database.read(lambda tx: (count(tx), gate(tx))))
            await entered(gate)
            await database.write(note("b"))
            assert not await database.checkpoint_if_large(0)
            gate.through.set()
            await reading
            assert await database.checkpoint_if_large(0)

    asyncio.run(run())


def open_cursor(tx: Transaction) -> sqlite3.Cursor:
    cursor = tx.execute("SELECT text FROM notes")
    cursor.fetchone()
    return cursor


def generator(tx: Transaction) -> Iterator[str]:
    for row in tx.execute("SELECT text FROM notes"):
        yield row["text"]


async def coroutine(tx: Transaction) -> int:
    return count(tx)


@pytest.mark.parametrize("function", [open_cursor, generator, coroutine])
def test_what_would_run_later_is_refused(tmp_path: Path, function: Any) -> None:
    async def run() -> None:
        async with opened(create(tmp_path)) as database:
            await database.write(note("a"))
            with pytest.raises(TypeError, match="must return values"):
                await database.read(function)
            with pytest.raises(TypeError, match="must return values"):
                await database.write(function)
            await database.write(note("b"))
            assert await database.checkpoint_if_large(0), "no read is open"

    asyncio.run(run())


def test_an_error_leaves_no_read_open(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(create(tmp_path)) as database:
            await database.write(note("a"))
            await database.write(note("b"))
            held = []
            for act in (database.read, database.write, database.read):
                with pytest.raises(NotFound, match="a") as caught:
                    await act(raise_in_the_middle)
                held.append(caught.value)
            await database.write(note("c"))
            assert await database.checkpoint_if_large(0)
            assert held

    asyncio.run(run())
