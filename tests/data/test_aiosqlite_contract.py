"""What data/worker.py takes from aiosqlite below its public surface. A new version that changes it fails here first."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from importlib.metadata import version

import aiosqlite
import pytest

from tests.data.support import until


def test_the_version_that_was_looked_at() -> None:
    assert version("aiosqlite") == "0.22.1"


def test_functions_run_on_the_connection_s_thread_in_order() -> None:
    async def run() -> None:
        threads: list[int] = []

        def connector() -> sqlite3.Connection:
            threads.append(threading.get_ident())
            return sqlite3.connect(":memory:", isolation_level=None)

        connection = aiosqlite.Connection(connector, iter_chunk_size=64)
        await connection
        try:
            order: list[int] = []

            def hop(number: int) -> int:
                threads.append(threading.get_ident())
                order.append(number)
                return number

            assert await asyncio.gather(*(connection._execute(hop, number) for number in range(50))) == list(range(50))
            assert order == list(range(50))
            assert len(set(threads)) == 1
            assert threads[0] != threading.get_ident()
            assert await connection._execute(lambda: connection.in_transaction) is False
        finally:
            await connection.close()

    asyncio.run(run())


def test_errors_and_cancelled_callers() -> None:
    async def run() -> None:
        connection = await aiosqlite.Connection(lambda: sqlite3.connect(":memory:"), iter_chunk_size=64)
        try:

            def fail() -> None:
                raise LookupError("no")

            with pytest.raises(LookupError):
                await connection._execute(fail)
            gate = threading.Event()
            waiting = asyncio.create_task(connection._execute(gate.wait))
            await asyncio.sleep(0)
            waiting.cancel()
            gate.set()
            assert await connection._execute(lambda: 7) == 7
            assert waiting.cancelled()
        finally:
            await connection.close()

    asyncio.run(run())


def test_close_runs_after_what_was_queued_and_ends_the_thread() -> None:
    before = threading.active_count()

    async def run() -> None:
        connection = await aiosqlite.Connection(lambda: sqlite3.connect(":memory:"), iter_chunk_size=64)
        assert threading.active_count() == before + 1
        queued = [asyncio.create_task(connection._execute(lambda n=n: n)) for n in range(10)]
        await asyncio.sleep(0)
        await connection.close()
        assert [task.result() for task in queued] == list(range(10))
        with pytest.raises(ValueError, match="closed"):
            await connection._execute(lambda: 1)

    asyncio.run(run())
    assert until(lambda: threading.active_count() == before)
