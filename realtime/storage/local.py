"""LocalStore: files in a folder of the data folder, in 256 folders by the first two digits of their keys.

A file gets its place by a rename, so it is there whole or not at all; both are synced before `put` returns.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import BinaryIO

from data.errors import StorageError
from realtime.storage.incoming import Incoming
from realtime.storage.store import PIECE_BYTES, FileMissing
from realtime.storage.trouble import from_os_error


class LocalStore:
    """Files under `folder`; `incoming` lends its threads, and its folder must be on the same file system."""

    clock_margin_s = 0.0

    def __init__(self, folder: Path, incoming: Incoming) -> None:
        self._folder = folder
        self._run = incoming.run

    async def open(self) -> None:
        """Make the folder. Raises StorageError."""
        try:
            await self._run(lambda: self._folder.mkdir(mode=0o700, parents=True, exist_ok=True))
        except OSError as error:
            raise from_os_error(error) from error

    async def close(self) -> None:
        """Nothing is held."""

    async def put(self, key: str, path: Path) -> None:
        """Move the file at path to its place. Raises StorageError, StorageFull."""
        try:
            await self._run(_move, path, self._path(key))
        except OSError as error:
            raise from_os_error(error) from error

    async def read(self, key: str, first_byte: int, length: int) -> AsyncGenerator[bytes, None]:
        """The range, a piece a thread's visit."""
        try:
            file = await self._run(_open_at, self._path(key), first_byte)
        except FileNotFoundError as error:
            raise FileMissing(key) from error
        except OSError as error:
            raise from_os_error(error) from error
        try:
            while length > 0:
                piece = await self._run(file.read, min(PIECE_BYTES, length))
                if not piece:
                    raise StorageError("A stored file is shorter than it was.")
                length -= len(piece)
                yield piece
        finally:
            await self._run(file.close)

    async def delete(self, key: str) -> None:
        """Unlink it; who reads it at the moment reads on."""
        try:
            await self._run(lambda: self._path(key).unlink(missing_ok=True))
        except OSError as error:
            raise from_os_error(error) from error

    async def stored(self) -> AsyncIterator[list[tuple[str, float]]]:
        """A list a folder."""
        for first in range(256):
            yield await self._run(_listed, self._folder / f"{first:02x}")

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key


def _move(source: Path, target: Path) -> None:
    _sync(source)
    if not target.parent.is_dir():
        target.parent.mkdir(mode=0o700, exist_ok=True)
        _sync(target.parent.parent)
    source.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_at(path: Path, first_byte: int) -> BinaryIO:
    file = path.open("rb", buffering=0)
    file.seek(first_byte)
    return file


def _listed(folder: Path) -> list[tuple[str, float]]:
    try:
        with os.scandir(folder) as entries:
            return [(entry.name, entry.stat().st_mtime) for entry in entries]
    except FileNotFoundError:
        return []
