"""Remover: drops the bytes of files whose rows are gone, beside everything else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from data.errors import DataError
from realtime.storage.store import Store

log = logging.getLogger(__name__)


class Remover:
    """Called after the commit that removed the rows. What fails or is cut off goes with the sweep of the next start."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[str] = []
        self._task: asyncio.Task[None] | None = None

    def __call__(self, keys: Iterable[str]) -> None:
        """Remove these, soon."""
        self._waiting += keys
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def close(self) -> None:
        """Finish what waits."""
        if self._task is not None:
            await self._task

    async def _work(self) -> None:
        try:
            while self._waiting:
                try:
                    await self._store.delete(self._waiting.pop())
                except DataError as error:
                    log.warning("a removed file's bytes stay until the next start: %s", error)
        finally:
            self._task = None
