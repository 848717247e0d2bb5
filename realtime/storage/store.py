"""Store: where the bytes of files are, by key. One promise for the local folder and for S3-compatible stores.

A store knows neither rows nor names nor HTTP. Trouble reaches callers as StorageError or StorageFull.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Protocol

PIECE_BYTES = 1 << 16


class FileMissing(Exception):
    """The store has nothing under this key."""


class Store(Protocol):
    """`clock_margin_s`: how far the times of `stored` may be off; 0 where it is this machine's own clock."""

    clock_margin_s: float

    async def open(self) -> None:
        """Make sure that it can be used. Raises DataError with a line for the operator."""

    async def close(self) -> None:
        """Let everything go. Twice is harmless."""

    async def put(self, key: str, path: Path) -> None:
        """Take in the file at path, which may be gone afterwards. Once this returns no crash can lose it."""

    def read(self, key: str, first_byte: int, length: int) -> AsyncGenerator[bytes, None]:
        """That range in pieces of at most PIECE_BYTES; length is at least 1. Raises FileMissing, before any piece."""

    async def delete(self, key: str) -> None:
        """Drop a file; one that is not there is dropped."""

    def stored(self) -> AsyncIterator[list[tuple[str, float]]]:
        """Everything that is there, in lists: the key and when it came, in seconds of the wall clock."""
