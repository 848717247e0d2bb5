"""Group commit: one commit for all that wait, told once and in order (I1, I2, I9)."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from data.errors import Conflict, StorageError
from data.outcome import Event, Outcome
from data.transaction import Transaction
from tests.data.support import (
    Gate,
    counted,
    create,
    entered,
    note,
    one_batch,
    opened,
    stored,
    texts,
    told,
)

ROOT = Path(__file__).parents[2]


def refused(tx: Transaction) -> None:
    note("refused")(tx)
    raise Conflict("No.")


def test_i1_a_batch_is_one_commit_told_once_and_in_order(tmp_path: Path) -> None:
    path = create(tmp_path)
    batches: list[list[Outcome]] = []

    async def run() -> None:
        async with opened(path, batches.append) as database:
            assert await one_batch(database, [note(name) for name in "abcd"]) == [1, 2, 3, 4]
            assert await database.read(texts) == ["a", "b", "c", "d"]

    asyncio.run(run())
    assert told(batches) == [["a", "b", "c", "d"]]
    assert len(batches) == 2, "the gate's batch, and one for the four"


def test_i9_a_function_that_raises_is_undone_alone(tmp_path: Path) -> None:
    path = create(tmp_path)
    batches: list[list[Outcome]] = []
    runs: Counter[str] = Counter()

    async def run() -> list[Any]:
        async with opened(path, batches.append) as database:
            return await one_batch(database, [counted(runs, "a"), refused, counted(runs, "c"), counted(runs, "d")])

    results = asyncio.run(run())
    assert isinstance(results[1], Conflict)
    assert [results[0], *results[2:]] == [None] * 3
    assert stored(path) == ["a", "c", "d"]
    assert told(batches) == [["a", "c", "d"]]
    assert runs == {"a": 1, "c": 1, "d": 1}


def test_i1_on_commit_comes_before_any_caller_resumes(tmp_path: Path) -> None:
    order: list[str] = []

    def on_commit(outcome: list[Outcome]) -> None:
        order.extend(f"told {one.data}" for one in outcome if isinstance(one, Event))

    async def run() -> None:
        async with opened(create(tmp_path), on_commit) as database:

            async def send(text: str) -> None:
                await database.write(note(text))
                order.append(f"resumed {text}")

            gate = Gate()
            first = asyncio.create_task(database.write(gate))
            await entered(gate)
            sends = [asyncio.create_task(send(text)) for text in "abc"]
            await asyncio.sleep(0)
            gate.through.set()
            await asyncio.gather(first, *sends)

    asyncio.run(run())
    assert order == ["told a", "told b", "told c", "resumed a", "resumed b", "resumed c"]


def test_on_commit_follows_the_order_of_commits(tmp_path: Path) -> None:
    ids: list[int] = []

    def on_commit(outcome: list[Outcome]) -> None:
        ids.extend(one.id for one in outcome if isinstance(one, Event))

    async def run() -> None:
        async with opened(create(tmp_path), on_commit) as database:

            async def sender(name: str) -> None:
                for number in range(40):
                    await database.write(note(f"{name}{number}"))

            await asyncio.gather(*map(sender, "abcdefgh"))

    asyncio.run(run())
    assert ids == list(range(1, 321))


@pytest.mark.expect_errors
def test_an_on_commit_that_fails_is_logged_and_every_caller_resumes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = create(tmp_path)

    def on_commit(outcome: list[Outcome]) -> None:
        raise LookupError("a bug in the hub")

    async def run() -> None:
        async with opened(path, on_commit) as database:
            assert await one_batch(database, [note("a"), refused, note("c")]) != []
            assert await database.write(note("d")) == 3

    asyncio.run(run())
    assert stored(path) == ["a", "c", "d"]
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 3
    assert all(record.exc_info and record.exc_info[0] is LookupError for record in errors)


def test_a_caller_that_is_gone_breaks_nothing(tmp_path: Path) -> None:
    path = create(tmp_path)

    async def run() -> None:
        async with opened(path) as database:
            gate = Gate()
            first = asyncio.create_task(database.write(gate))
            await entered(gate)
            running, waiting, last = first, *[asyncio.create_task(database.write(note(one))) for one in "ab"]
            await asyncio.sleep(0)
            running.cancel()
            waiting.cancel()
            await asyncio.sleep(0)
            gate.through.set()
            assert await last in (1, 2)
            assert running.cancelled()
            assert waiting.cancelled()

    asyncio.run(run())
    assert stored(path)[-1] == "b"


def test_more_than_a_batch_waits(tmp_path: Path) -> None:
    path = create(tmp_path)
    batches: list[list[Outcome]] = []

    async def run() -> None:
        async with opened(path, batches.append) as database:
            results = await one_batch(database, [note(str(number)) for number in range(600)])
            assert results == list(range(1, 601))

    asyncio.run(run())
    assert [len(batch) for batch in batches] == [0, 256, 256, 88]


def test_a_function_that_raises_stop_iteration(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(create(tmp_path)) as database:
            with pytest.raises(RuntimeError, match="StopIteration"):
                await database.write(lambda tx: next(iter(())))
            assert await database.write(note("a")) == 1

    asyncio.run(run())


def test_close_finishes_what_waits(tmp_path: Path) -> None:
    path = create(tmp_path)

    async def run() -> None:
        async with opened(path) as database:
            gate = Gate()
            first = asyncio.create_task(database.write(gate))
            await entered(gate)
            rest = [asyncio.create_task(database.write(note(str(number)))) for number in range(300)]
            await asyncio.sleep(0)
            closing = asyncio.create_task(database.close())
            await asyncio.sleep(0)
            with pytest.raises(StorageError, match="closed"):
                await database.write(note("too late"))
            gate.through.set()
            await asyncio.gather(first, closing, *rest)

    asyncio.run(run())
    assert stored(path) == [str(number) for number in range(300)]
