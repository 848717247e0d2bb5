"""Writer: group commit. Everything that waits goes through one commit, and the lone write starts at once.

It lives on the loop and is the only one that writes. Commits are told in their order, before any caller resumes
(I1, I2, I9); what a failed commit would have told is dropped with it.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from data.batch import Attempt, truncate_wal, write_all
from data.call import Call, Function
from data.connection import breaks, connect, meaning
from data.errors import StorageError
from data.outcome import Outcome
from data.worker import Worker

BATCH_FUNCTIONS = 256

T = TypeVar("T")

log = logging.getLogger(__name__)


TimeCommit = Callable[[], Callable[[], None]]


def untimed() -> Callable[[], None]:
    """Commits that nobody times."""
    return lambda: None


def _data_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


class Writer:
    """The one writing connection and the functions that wait for it."""

    def __init__(
        self,
        path: Path,
        on_commit: Callable[[list[Outcome]], None],
        time_commit: TimeCommit = untimed,
        most_bytes: int = 0,
    ) -> None:
        self._worker = Worker(partial(connect, path, most_bytes=most_bytes))
        self._wal = path.with_name(path.name + "-wal")
        self._on_commit = on_commit
        self._time_commit = time_commit
        self._waiting: deque[Call] = deque()
        self._task: asyncio.Task[None] | None = None
        self._seen: tuple[int, int] | None = None

    async def open(self) -> None:
        """Open the connection, and look at its data_version for the first time. Raises sqlite3.Error."""
        await self._worker.open()
        await self.changed_outside()

    async def write(self, function: Function) -> Any:
        """Queue a function; what it returned, once that is committed."""
        call = Call.of(function)
        self._waiting.append(call)
        if self._task is None:
            self._task = asyncio.create_task(self._drain())
        return await call.future

    async def changed_outside(self) -> bool:
        """Whether another process has committed since the last look, or may have: after a reopening it is True once."""
        version = await self._ask(_data_version)
        before, self._seen = self._seen, (self._worker.opened, version)
        return before is not None and before != self._seen

    async def answer(self) -> None:
        """Return once the thread has done all that it had to do. Raises StorageError without a connection."""
        await self._ask(lambda connection: None)

    async def checkpoint_if_large(self, limit_bytes: int) -> bool:
        """Empty the write-ahead log's file if it is past the limit and no write waits; whether that was done."""
        if self._task is not None:
            return False
        return await self._ask(partial(truncate_wal, wal=self._wal, limit_bytes=limit_bytes))

    async def close(self) -> None:
        """Finish what waits, write the log back, end the thread."""
        try:
            if self._task is not None:
                await asyncio.wait([self._task])
            if self._seen is not None:
                await self.checkpoint_if_large(0)
        except (sqlite3.Error, StorageError) as error:
            log.warning("the write-ahead log stays as it is: %s", error)
        finally:
            await self._worker.close()

    async def _ask(self, function: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self._worker.run(function)
        except sqlite3.Error as error:
            if breaks(error):
                await self._worker.drop()
            raise meaning(error) from None

    async def _drain(self) -> None:
        """Commit until nothing waits. Every call that it takes is resolved, whatever happens."""
        try:
            while self._waiting:
                calls = self._take()
                try:
                    if calls:
                        await self._commit(calls)
                except Exception:
                    log.exception("a batch of %d writes failed in a way that has no name", len(calls))
                finally:
                    for call in calls:
                        call.fail(StorageError("The write was interrupted; it may or may not be stored."))
        finally:
            self._task = None
            while self._waiting:
                self._waiting.popleft().fail(StorageError("The write was interrupted; nothing of it was stored."))

    def _take(self) -> list[Call]:
        calls = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_FUNCTIONS))]
        return [call for call in calls if not call.future.done()]

    async def _commit(self, calls: Sequence[Call]) -> None:
        attempt = await self._attempt(calls)
        if attempt.error is None:
            self._settle(calls, attempt)
        elif attempt.began or attempt.broken:
            await self._each_alone(calls)
        else:  # locked by another, or not to be opened: each would only wait as long again
            for call in calls:
                call.fail(attempt.error)

    async def _each_alone(self, calls: Sequence[Call]) -> None:
        """After a batch of which nothing counts: a transaction for each function, so that one fails alone."""
        for place, call in enumerate(calls):
            if call.future.done():
                continue
            attempt = await self._attempt([call])
            if attempt.error is None:
                self._settle([call], attempt)
                continue
            for failed in [call] if attempt.began else calls[place:]:
                failed.fail(attempt.error)
            if not attempt.began:
                return

    async def _attempt(self, calls: Sequence[Call]) -> Attempt:
        ended = self._time_commit()
        try:
            attempt = await self._worker.run(write_all, [call.function for call in calls])
        except (sqlite3.Error, StorageError) as error:
            return Attempt(error=error)  # the connection could not be opened
        finally:
            ended()
        if attempt.broken:
            log.warning("the writing connection is opened again after: %r", attempt.error)
            await self._reopen()
        return attempt

    async def _reopen(self) -> None:
        """Put a connection that is in doubt away, and empty the log's file.

        A COMMIT that failed late may have left all its frames there, and a crash would bring back what was refused.
        """
        await self._worker.drop()
        try:
            await self._ask(partial(truncate_wal, wal=self._wal, limit_bytes=0))
        except (sqlite3.Error, StorageError) as error:
            log.warning("the write-ahead log stays as it is: %s", error)

    def _settle(self, calls: Sequence[Call], attempt: Attempt) -> None:
        """Tell what is committed, then resume the callers, even if telling failed: their rows are stored."""
        try:
            self._on_commit(attempt.outcome)
        except Exception:
            log.exception("on_commit failed for a committed batch of %d writes", len(calls))
        finally:
            for call, result in zip(calls, attempt.results, strict=True):
                call.finish(result)
