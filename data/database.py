"""Database: the one way to the SQLite file while the server runs.

`write` joins a group commit, `read` sees one snapshot; both take a plain synchronous function of a Transaction, which
touches nothing but that and may be run again. How they run is in writer.py and readers.py; which tables there are is
not known here. Serves I1 and I9.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, cast

from data.connection import meaning
from data.errors import StorageError
from data.outcome import Outcome
from data.readers import Readers
from data.transaction import Transaction
from data.writer import TimeCommit, Writer, untimed

T = TypeVar("T")
P = ParamSpec("P")

WAL_LIMIT_BYTES = 64 * 1024 * 1024


class Database:
    """A writer and some readers of the file at `path`, which exists and is migrated.

    `on_commit` gets the outcome of every committed batch, on the loop, in the order of the commits, before any caller
    of that batch resumes. Storage trouble reaches callers as StorageError or StorageFull, what a function raises as it
    is. A cancelled caller's function may have run or not. `time_commit` is told when a batch begins, and what it
    returns when that has ended. Past `most_bytes` (0: where the disk ends) the file does not grow: StorageFull.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_commit: Callable[[list[Outcome]], None],
        readers: int = 2,
        time_commit: TimeCommit = untimed,
        most_bytes: int = 0,
    ) -> None:
        self._path = path
        self._writer = Writer(path, on_commit, time_commit, most_bytes)
        self._readers = Readers(path, readers)
        self._open = False

    async def open(self) -> None:
        """Open all connections, or none. Raises StorageError."""
        try:
            await self._writer.open()
            await self._readers.open()
        except BaseException as error:
            await self.close()
            if isinstance(error, sqlite3.Error):
                raise StorageError(str(meaning(error))) from error
            raise
        self._open = True

    async def close(self) -> None:
        """Finish the waiting writes and reads, empty the write-ahead log, end every thread. Twice is harmless."""
        self._open = False
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._writer.close)
            stack.push_async_callback(self._readers.close)

    async def read(self, function: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """function(tx, ...) in one snapshot of a query-only connection; it must return values and no open cursor."""
        self._check_open()
        return cast(T, await self._readers.read(lambda tx: function(tx, *args, **kwargs)))

    async def write(
        self, function: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """function(tx, ...) in a group commit; returns once it is on the disk and told to on_commit.

        The function must touch nothing but its transaction: when a batch fails it runs once more, alone.
        """
        self._check_open()
        return cast(T, await self._writer.write(lambda tx: function(tx, *args, **kwargs)))

    async def changed_outside(self) -> bool:
        """Whether a command beside the server has committed since the last look; True once after a reopening."""
        self._check_open()
        return await self._writer.changed_outside()

    async def writer_answers(self) -> None:
        """Return once the writer's thread has done all that it had to do: one that hangs never does. Raises
        StorageError."""
        self._check_open()
        await self._writer.answer()

    def sizes_bytes(self) -> tuple[int, int]:
        """How large the file is, and its write-ahead log."""
        files = (self._path, self._path.with_name(self._path.name + "-wal"))
        sizes = [file.stat().st_size if file.exists() else 0 for file in files]
        return sizes[0], sizes[1]

    async def checkpoint_if_large(self, limit_bytes: int = WAL_LIMIT_BYTES) -> bool:
        """Empty the write-ahead log's file if it is past the limit and no write waits. For quiet times."""
        self._check_open()
        return await self._writer.checkpoint_if_large(limit_bytes)

    def _check_open(self) -> None:
        if not self._open:
            raise StorageError("The database is closed.")
