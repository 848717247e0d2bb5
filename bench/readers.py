"""Readers: many open streams in one thread, and all that came out of each, byte for byte.

For what the load tool does not look at: which events a stream had. It costs some tens of microseconds for a piece that
arrives, on a core of its own. Knows nothing of what is in the streams but how a head begins.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

from bench.report import Failed

AT_ONCE = 256  # streams that are being opened
STALL_S = 30.0
READ_BYTES = 1 << 18


@dataclass(slots=True)
class Reader:
    """One stream: its socket, what came, and when the last of it did (monotonic)."""

    socket: socket.socket
    request: bytes
    came: bytearray = field(default_factory=bytearray)
    at_s: float = 0.0
    sent: bool = False

    @property
    def is_open(self) -> bool:
        """Whether its head is there."""
        return b"\r\n\r\n" in self.came


class Readers:
    """Streams of a server on 127.0.0.1, one for each raw request. A context manager; `began_s` is of the first connect.

    Raises Failed when a stream is refused or ended, and when nothing more comes for STALL_S that was waited for.
    """

    def __init__(self, port: int, requests: Sequence[bytes]) -> None:
        self._port = port
        self._requests = requests
        self._poll = select.epoll()
        self._by_fd: dict[int, Reader] = {}
        self.all: list[Reader] = []
        self.began_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for reader in self.all:
            reader.socket.close()
        self._poll.close()

    def open(self) -> None:
        """Open all, AT_ONCE at a time, reading meanwhile whatever those that are open are told."""
        self.began_s = time.monotonic()
        opening: set[int] = set()
        heard_s = self.began_s
        while len(self.all) < len(self._requests) or opening:
            while len(self.all) < len(self._requests) and len(opening) < AT_ONCE:
                opening.add(self._dial(self._requests[len(self.all)]))
            before = len(opening)
            for fd in self._turn(1.0):
                if fd in opening and self._by_fd[fd].is_open:
                    opening.discard(fd)
            heard_s = time.monotonic() if len(opening) < before else heard_s
            if time.monotonic() - heard_s > STALL_S:
                raise Failed(f"{len(opening)} of {len(self._requests)} streams did not open")

    def wait(self, is_done: Callable[[int, Reader], bool]) -> None:
        """Read until it is done for the number and the reader of every stream. Asked only when something came."""
        left = {reader.socket.fileno(): at for at, reader in enumerate(self.all) if not is_done(at, reader)}
        heard_s = time.monotonic()
        while left:
            for fd in self._turn(1.0):
                if fd in left and is_done(left[fd], self._by_fd[fd]):
                    del left[fd]
                    heard_s = time.monotonic()
            if time.monotonic() - heard_s > STALL_S:
                at = next(iter(left.values()))
                raise Failed(
                    f"{len(left)} of {len(self.all)} streams did not have all within {STALL_S:.0f} s; "
                    f"the end of one: {bytes(self.all[at].came[-200:])!r}"
                )

    def read_for(self, seconds: float) -> None:
        """Read whatever comes in that time."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            self._turn(left_s)

    def _dial(self, request: bytes) -> int:
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.connect_ex(("127.0.0.1", self._port))
        self._poll.register(connection, select.EPOLLOUT | select.EPOLLIN)
        reader = Reader(connection, request)
        self.all.append(reader)
        self._by_fd[connection.fileno()] = reader
        return connection.fileno()

    def _turn(self, timeout_s: float) -> list[int]:
        """Read once of each stream that has something; which these were."""
        came = []
        for fd, events in self._poll.poll(timeout_s):
            reader = self._by_fd[fd]
            if not reader.sent:
                if (error := reader.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)) != 0:
                    raise Failed(f"a stream could not connect: error {error}")
                if reader.socket.send(reader.request) != len(reader.request):
                    raise Failed("a request did not go out in one piece")
                reader.sent = True
                self._poll.modify(fd, select.EPOLLIN)
                continue
            if events & select.EPOLLIN:
                self._take(reader)
                came.append(fd)
        return came

    def _take(self, reader: Reader) -> None:
        is_first = not reader.came
        data = reader.socket.recv(READ_BYTES)
        reader.came += data
        reader.at_s = time.monotonic()
        if is_first and not data.startswith(b"HTTP/1.1 200"):
            raise Failed(f"a stream was refused: {data[:200]!r}")
        if not data:
            raise Failed(f"a stream was ended: {bytes(reader.came[-200:])!r}")
