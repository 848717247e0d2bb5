"""Worker: one SQLite connection and the thread that owns it.

This is the only place that reaches below aiosqlite's public surface: `_execute` runs a function on the connection's
thread, and a whole transaction is one such hop. aiosqlite is pinned for it, and a contract test says when it changes.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import aiosqlite

from data.errors import StorageError

T = TypeVar("T")
P = ParamSpec("P")

log = logging.getLogger(__name__)


class Worker:
    """Opens its connection when it is first needed, and again after `drop`. `opened` counts that."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self.opened = 0
        self._connect = connect
        self._held: tuple[aiosqlite.Connection, sqlite3.Connection] | None = None
        self._turn = asyncio.Lock()
        self._ended = False

    async def open(self) -> None:
        """Open the connection unless it is open. Raises sqlite3.Error; StorageError after close."""
        async with self._turn:
            if self._ended:
                raise StorageError("The database is closed.")
            if self._held is not None:
                return
            raw: list[sqlite3.Connection] = []
            errors: list[Exception] = []

            def connector() -> sqlite3.Connection:
                try:
                    raw.append(self._connect())
                except Exception as error:
                    # Raised from here, nobody would wait for the thread's end, and it would outlive the loop.
                    errors.append(error)
                    return sqlite3.connect(":memory:")
                return raw[0]

            connection = await aiosqlite.Connection(connector, iter_chunk_size=64)
            if errors:
                await connection.close()
                raise errors[0]
            self._held = (connection, raw[0])
            self.opened += 1

    async def run(
        self, function: Callable[Concatenate[sqlite3.Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """function(connection, ...) on the thread, in the order of the calls. Raises what open and function raise."""
        while self._held is None:
            await self.open()
        connection, raw = self._held

        def hop() -> T:  # aiosqlite logs the repr of what it runs, and arguments may hold secrets
            return function(raw, *args, **kwargs)

        result: T = await connection._execute(hop)  # type: ignore[no-untyped-call]
        return result

    async def drop(self) -> None:
        """Close a connection that is in doubt; the next run opens another."""
        held, self._held = self._held, None
        if held is not None:
            try:
                await held[0].close()
            except sqlite3.Error as error:
                log.warning("a broken connection did not close cleanly: %s", error)

    async def close(self) -> None:
        """Close for good, after what was queued. The thread is no daemon: without this the process never ends."""
        self._ended = True
        async with self._turn:
            await self.drop()
