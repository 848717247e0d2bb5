"""Depot: everything that one server has for files: its store, the folder of what comes in, the remover, the sweep."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from realtime.storage.incoming import Incoming
from realtime.storage.local import LocalStore
from realtime.storage.remover import Remover
from realtime.storage.s3 import S3Store
from realtime.storage.store import Store
from realtime.storage.sweep import sweep
from realtime.storage.trouble import from_os_error

Nameless = Callable[[Sequence[str]], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where files are in an S3-compatible store. An empty endpoint or region is AWS's own default."""

    name: str
    endpoint: str
    region: str
    prefix: str


class Depot:
    """Files in `folder`, or in a bucket if there is one; what comes in is in a folder of `folder` in any case."""

    def __init__(self, folder: Path, bucket: Bucket | None) -> None:
        self.incoming = Incoming(folder / "incoming")
        self.store: Store = LocalStore(folder, self.incoming)
        if bucket is not None:
            self.store = S3Store(
                bucket.name,
                endpoint=bucket.endpoint,
                region=bucket.region,
                prefix=bucket.prefix,
                incoming=self.incoming,
            )
        self.remove = Remover(self.store)
        self._sweep: asyncio.Task[int] | None = None

    async def open(self) -> None:
        """Make ready, and empty the incoming folder. Raises DataError."""
        try:
            await self.incoming.run(self.incoming.clear)
        except OSError as error:
            raise from_os_error(error) from error
        await self.store.open()

    async def sweep(self, nameless: Nameless, before_s: float) -> None:
        """Remove what no row names and is older than before_s, while nothing comes in yet; a far store's, beside it."""
        sweeping = sweep(self.store, nameless, before_s)
        if self.store.clock_margin_s:
            self._sweep = asyncio.get_running_loop().create_task(sweeping)
        else:
            await sweeping

    async def close(self) -> None:
        """Finish removals, end the sweep, the store and the threads."""
        if self._sweep is not None:
            self._sweep.cancel()
            await asyncio.wait([self._sweep])
        await self.remove.close()
        await self.store.close()
        self.incoming.close()
