"""Wire: the socket of one open stream, and no more than a stream needs of it.

Tornado's IOStream costs 2 KB a stream for buffers, regular expressions and limits of reading that no stream uses. A
Wire is the socket itself: what the kernel takes at once costs one call into C, only what it does not take waits here.
The client of a stream sends nothing after its request: whatever arrives is its end. Knows no frames and no HTTP.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable


class Wire(socket.socket):
    """A connected, plain socket that does not block. `send` is the socket's own."""

    __slots__ = ("_loop", "_on_close", "_unsent")

    def __init__(self, plain: socket.socket) -> None:
        """Take the descriptor of a socket, which is of no use any more."""
        super().__init__(plain.family, plain.type, plain.proto, plain.detach())
        self.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._on_close: Callable[[], None] | None = None
        self._unsent: deque[tuple[memoryview, asyncio.Future[None]]] | None = None

    def watch(self, on_close: Callable[[], None]) -> None:
        """From now on notice the client's end. `on_close` is called once, a turn of the loop after the close."""
        self._on_close = on_close
        self._loop.add_reader(self.fileno(), self._arrived)

    def write(self, data: bytes | memoryview) -> asyncio.Future[None]:
        """Send all of it, after what waits; done when the kernel has it. Raises OSError once the socket is closed."""
        if self.closed():
            raise ConnectionResetError("The stream is closed.")
        done: asyncio.Future[None] = self._loop.create_future()
        rest = memoryview(data)
        if self._unsent is None:
            rest = rest[self._send_some(rest) :]
            if not rest:
                done.set_result(None)
                return done
            self._unsent = deque()
            self._loop.add_writer(self.fileno(), self._drain)
        self._unsent.append((rest, done))
        return done

    def writing(self) -> bool:
        """Whether something waits for the kernel."""
        return self._unsent is not None

    def closed(self) -> bool:
        """Whether it is closed, by either side."""
        return self.fileno() < 0

    def close(self) -> None:
        """Close at once. What waits is dropped, and whoever waits for it gets an OSError."""
        if self.closed():
            return
        self._loop.remove_reader(self.fileno())
        unsent, self._unsent = self._unsent, None
        if unsent is not None:
            self._loop.remove_writer(self.fileno())
        super().close()
        for _, done in unsent or ():
            if not done.done():
                done.set_exception(ConnectionResetError("The stream is closed."))
                done.exception()  # nobody has to wait for it
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            self._loop.call_soon(on_close)

    def _send_some(self, data: memoryview) -> int:
        """What the kernel took. Raises OSError, and is closed, when the peer is gone."""
        try:
            return self.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self.close()
            raise

    def _drain(self) -> None:
        """The kernel has room."""
        while self._unsent:
            rest, done = self._unsent[0]
            try:
                rest = rest[self._send_some(rest) :]
            except OSError:
                return  # it is closed, and who waits has been told
            if rest:
                self._unsent[0] = (rest, done)
                return
            self._unsent.popleft()
            if not done.done():
                done.set_result(None)
        self._unsent = None
        self._loop.remove_writer(self.fileno())

    def _arrived(self) -> None:
        try:
            self.recv(1)
        except BlockingIOError:
            return
        except OSError:
            pass  # reset, or given up by the kernel: gone as well
        self.close()
