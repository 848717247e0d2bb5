"""Incoming: the folder and the threads for files that are still on their way in.

What lies there is nobody's: it is removed by whoever began it, and at a start all of it goes.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from data.errors import StorageError

T = TypeVar("T")

THREADS = 4


class Incoming:
    """Unique paths in a folder, and `run` for what touches the disk: never on the loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._threads = ThreadPoolExecutor(THREADS, "files")
        self._numbers = itertools.count(1)
        self._is_closed = False

    def clear(self) -> None:
        """Make the folder, or empty it of what a crash left. Raises OSError."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700, parents=True)

    def new_path(self) -> Path:
        """A path that nobody else gets."""
        return self._folder / str(next(self._numbers))

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """function(*args) on one of the threads. Raises StorageError after close."""
        if self._is_closed:
            raise StorageError("The server is stopping.")
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    def later(self, function: Callable[..., None], *args: object) -> None:
        """function(*args) on one of the threads, for which nobody waits: nothing may depend on its success.

        After close nothing is done: a request may outlast the server's stop, and what it leaves goes at the next start.
        """
        if not self._is_closed:
            self._threads.submit(function, *args)

    def close(self) -> None:
        """End the threads, after what they do."""
        self._is_closed = True
        self._threads.shutdown()
