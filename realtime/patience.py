"""Patience: whether a slow peer still accepts anything. Asked once a second of those that block, and of nobody else.

The kernel's queue tells, not our writes: a reader at 1 KB/s takes longer for one of them than the timeout, and lives.
For the same reason the kernel's own timer is off while a stream blocks: its TCP_USER_TIMEOUT also counts the time in
which such a reader's window is closed, and it takes a minute to open.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
from typing import Any, Protocol

LAST_ACK_AT = 56  # where tcpi_last_ack_recv (milliseconds) is in struct tcp_info; source: linux/tcp.h


class Adjustable(Protocol):
    """The side of a socket that its timer is set on."""

    @property
    def family(self) -> int: ...
    def setsockopt(self, level: int, name: int, value: int, /) -> None: ...
    def getsockopt(self, level: int, name: int, most_bytes: int, /) -> bytes: ...
    def fileno(self) -> Any: ...


def unsent_bytes(fileno: Any) -> int:
    """What the kernel has and the peer has not acknowledged."""
    return int(struct.unpack("i", fcntl.ioctl(fileno, termios.TIOCOUTQ, b"\0\0\0\0"))[0])


def silent_s(peer: Adjustable) -> float:
    """For how long the peer has acknowledged nothing, not even a question whether its window is open again."""
    if peer.family not in (socket.AF_INET, socket.AF_INET6):
        return 0.0
    info = peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, LAST_ACK_AT + 4)
    return float(struct.unpack_from("I", info, LAST_ACK_AT)[0]) / 1000


def set_user_timeout(peer: Adjustable, timeout_s: float) -> None:
    """How long the kernel keeps what the peer does not acknowledge, before it gives the connection up; 0 is long."""
    if peer.family in (socket.AF_INET, socket.AF_INET6):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(timeout_s * 1000))


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
        mark = (written, unsent_bytes(fileno))
        if mark != self._mark or self._since_s is None:
            self._mark, self._since_s = mark, mono_s
        return mono_s - self._since_s
