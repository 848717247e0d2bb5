"""Readers: a few query-only connections, and the reads that wait for whichever is free.

Each read sees one snapshot and leaves nothing open behind it: an open read keeps the write-ahead log from shrinking.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from data.batch import read_each
from data.call import Call, Function
from data.connection import connect
from data.errors import StorageError
from data.worker import Worker

HOP_READS = 16

log = logging.getLogger(__name__)


class Readers:
    """The reading connections and the functions that wait for them."""

    def __init__(self, path: Path, count: int) -> None:
        self._workers = [Worker(partial(connect, path, query_only=True)) for _ in range(count)]
        self._idle = list(self._workers)
        self._starting = 0
        self._waiting: deque[Call] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Open every connection. Raises sqlite3.Error."""
        for worker in self._workers:
            await worker.open()

    async def read(self, function: Function) -> Any:
        """Queue a function; what it returned."""
        call = Call.of(function)
        self._waiting.append(call)
        if self._idle:
            self._starting += 1
            task = asyncio.create_task(self._serve(self._idle.pop()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await call.future

    async def close(self) -> None:
        """Finish what waits, end the threads."""
        async with AsyncExitStack() as stack:
            for worker in self._workers:
                stack.push_async_callback(worker.close)
            if self._tasks:
                await asyncio.wait(self._tasks)

    async def _serve(self, worker: Worker) -> None:
        """Answer until nothing waits. Every call that it takes is resolved, or waits again for another connection."""
        self._starting -= 1
        try:
            while self._waiting:
                calls = self._take()
                try:
                    if calls:
                        await self._answer(worker, calls)
                except (sqlite3.Error, StorageError) as error:  # the connection could not be opened
                    for call in calls:
                        call.fail(error)
                except BaseException as error:
                    for call in calls:
                        call.fail(StorageError("The read was interrupted."))
                    if not isinstance(error, Exception):
                        raise
                    log.exception("%d reads failed in a way that has no name", len(calls))
        finally:
            self._idle.append(worker)

    def _take(self) -> list[Call]:
        """A fair share of what waits: the readers that start in this moment get theirs."""
        share = -(-len(self._waiting) // (1 + self._starting))
        calls = [self._waiting.popleft() for _ in range(min(share, HOP_READS))]
        return [call for call in calls if not call.future.done()]

    async def _answer(self, worker: Worker, calls: Sequence[Call]) -> None:
        results, broken = await worker.run(read_each, [call.function for call in calls])
        for call, result in zip(calls, results, strict=False):
            call.finish(result)
        if broken:
            log.warning("a reading connection is opened again after: %r", results[-1].error)
            self._waiting.extendleft(reversed(calls[len(results) :]))
            await worker.drop()
