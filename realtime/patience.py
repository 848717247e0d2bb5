"""Patience: whether a slow peer still accepts anything. Asked once a second of those that block, and of nobody else.

The kernel's queue tells, not our writes: a reader at 1 KB/s takes longer for one of them than the timeout, and lives.
"""

from __future__ import annotations

import fcntl
import struct
import termios
from typing import Any


class Patience:
    """Remembers when a peer last took something."""

    __slots__ = ("_mark", "_since_s")

    def __init__(self) -> None:
        self._mark = (0, 0)
        self._since_s: float | None = None

    def forget(self) -> None:
        """The stream does not block."""
        self._since_s = None

    def stalled_s(self, fileno: Any, written: int, mono_s: float) -> float:
        """For how long the socket has had the same bytes to send. `written` is another number after each frame."""
        unsent = struct.unpack("i", fcntl.ioctl(fileno, termios.TIOCOUTQ, b"\0\0\0\0"))[0]
        mark = (written, unsent)
        if mark != self._mark or self._since_s is None:
            self._mark, self._since_s = mark, mono_s
        return mono_s - self._since_s
