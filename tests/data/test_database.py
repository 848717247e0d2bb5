"""Database: reads and writes, and what it notices of others."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from data.connection import connect
from data.errors import StorageError
from data.outcome import Outcome
from data.session import command_transaction
from data.transaction import Transaction
from tests.data.support import (
    Gate,
    count,
    create,
    entered,
    note,
    opened,
    stored,
    texts,
)

ROOT = Path(__file__).parents[2]


def test_every_connection_is_safe(tmp_path: Path) -> None:
    connection = connect(create(tmp_path))
    try:
        pragmas = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "temp_store")
        }
        assert pragmas == {
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "busy_timeout": 5_000,
            "temp_store": 2,
        }
        assert connection.isolation_level is None
    finally:
        connection.close()


def test_a_read_sees_what_a_write_has_returned(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(create(tmp_path)) as database:
            for number in range(1, 20):
                assert await database.write(note("a")) == number
                assert await database.read(count) == number

    asyncio.run(run())


def test_arguments_are_handed_on(tmp_path: Path) -> None:
    def both(tx: Transaction, one: int, *, two: str) -> tuple[int, str]:
        return one, two

    async def run() -> None:
        async with opened(create(tmp_path)) as database:
            assert await database.read(both, 1, two="b") == (1, "b")
            assert await database.write(both, 2, two="c") == (2, "c")

    asyncio.run(run())


def test_a_read_is_one_snapshot(tmp_path: Path) -> None:
    gate = Gate()

    def twice(tx: Transaction) -> tuple[int, int]:
        first = count(tx)
        gate(tx)
        return first, count(tx)

    async def run() -> None:
        async with opened(create(tmp_path)) as database:
            await database.write(note("before"))
            reading = asyncio.create_task(database.read(twice))
            await entered(gate)
            await database.write(note("meanwhile"))
            assert await database.read(count) == 2, "the other reader is free, and sees it"
            gate.through.set()
            assert await reading == (1, 1)

    asyncio.run(run())


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    path = create(tmp_path)

    async def run() -> None:
        async with opened(path) as database:
            with pytest.raises(StorageError, match="cannot be written"):
                await database.read(note("a"))
            assert await database.read(count) == 0

    asyncio.run(run())


def test_waiting_reads_are_all_answered_by_whichever_reader_is_free(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(create(tmp_path)) as database:
            gates = [Gate(), Gate()]
            held = [asyncio.create_task(database.read(gate)) for gate in gates]
            for gate in gates:
                await entered(gate)
            rest = [asyncio.create_task(database.read(lambda tx, n=n: n + count(tx))) for n in range(100)]
            await asyncio.sleep(0)
            rest[3].cancel()
            gates[1].through.set()
            results = await asyncio.gather(*rest, return_exceptions=True)
            assert isinstance(results.pop(3), asyncio.CancelledError)
            assert results == [n for n in range(100) if n != 3], "one reader answers all while the other is held"
            gates[0].through.set()
            await asyncio.gather(*held)

    asyncio.run(run())


def test_reads_and_writes_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(create(tmp_path)) as database:
            gates = [Gate(), Gate(), Gate()]
            writing = asyncio.create_task(database.write(gates[0]))
            await entered(gates[0])
            assert await database.read(count) == 0
            gates[0].through.set()
            reading = [asyncio.create_task(database.read(gate)) for gate in gates[1:]]
            for gate in gates[1:]:
                await entered(gate)
            await database.write(note("a"))
            for gate in gates[1:]:
                gate.through.set()
            await asyncio.gather(writing, *reading)

    asyncio.run(run())


def test_a_change_by_another_process_is_seen_once(tmp_path: Path) -> None:
    path = create(tmp_path)

    async def run() -> None:
        async with opened(path) as database:
            assert not await database.changed_outside()
            await database.write(note("a"))
            await database.read(count)
            assert not await database.changed_outside(), "its own writes are no news"
            with command_transaction(path) as tx:
                note("b")(tx)
            assert await database.changed_outside()
            assert not await database.changed_outside()

    asyncio.run(run())


def parents(tx: Transaction) -> int:
    return int(tx.value("SELECT count(*) FROM parents"))


def cache_size(tx: Transaction) -> int:
    return int(tx.value("PRAGMA cache_size"))


def damage(path: Path, table: str) -> tuple[int, bytes]:
    """Overwrite the root page of a table; where, and what was there."""
    connection = connect(path)
    try:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
        page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
    finally:
        connection.close()
    offset = (page - 1) * page_bytes
    with path.open("r+b") as file:
        file.seek(offset)
        kept = file.read(page_bytes)
        file.seek(offset)
        file.write(b"\xff" * page_bytes)
    return offset, kept


def repair(path: Path, kept: tuple[int, bytes]) -> None:
    with path.open("r+b") as file:
        file.seek(kept[0])
        file.write(kept[1])


def test_broken_connections_are_opened_again(tmp_path: Path) -> None:
    path = create(tmp_path)
    outcomes: list[Outcome] = []
    with command_transaction(path) as tx:
        note("a")(tx)
    kept = damage(path, "notes")

    async def run() -> None:
        async with opened(path, outcomes.extend, readers=1) as database:
            usual = await database.read(cache_size)
            assert await database.read(lambda tx: tx.value("PRAGMA cache_size = -77") or cache_size(tx)) == -77
            reads = [database.read(parents), database.read(count), database.read(cache_size)]
            results = await asyncio.gather(*reads, return_exceptions=True)
            assert type(results[1]) is StorageError
            assert [results[0], results[2]] == [0, usual], "the read after the failed one had another connection"
            writes = [database.write(note("b")), database.write(lambda tx: tx.insert("INSERT INTO parents VALUES (7)"))]
            results = await asyncio.gather(*writes, return_exceptions=True)
            assert type(results[0]) is StorageError
            assert "damaged" in str(results[0])
            assert results[1] == 7
            assert outcomes == []
            assert await database.changed_outside(), "something may have been missed"
            assert not await database.changed_outside()
            with pytest.raises(StorageError, match="damaged"):
                await database.write(count)
            assert await database.changed_outside(), "a write that only reads may meet it too"
            repair(path, kept)
            assert await database.write(note("c")) == 2
            assert await database.read(texts) == ["a", "c"]

    asyncio.run(run())
    assert stored(path) == ["a", "c"]
