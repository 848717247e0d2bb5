"""TlsWire: a stream's side of a connection over TLS, which stays in Tornado's IOStream: records need its buffers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tornado.iostream import SSLIOStream


class TlsWire:
    """As Wire, over a stream after its handshake."""

    __slots__ = ("_stream",)

    def __init__(self, stream: SSLIOStream) -> None:
        self._stream = stream

    def watch(self, on_close: Callable[[], None]) -> None:
        """From now on notice the client's end: whatever arrives is it."""
        stream = self._stream
        stream.set_close_callback(on_close)

        def arrived(future: Any) -> None:
            future.exception()
            stream.close()

        asyncio.ensure_future(stream.read_bytes(1, partial=True)).add_done_callback(arrived)

    def send(self, data: bytes) -> int:
        """Give TLS what it takes now. Raises BlockingIOError when that is nothing, OSError when the peer is gone."""
        if self._stream.closed():
            raise ConnectionResetError("The stream is closed.")
        return self._stream.write_to_fd(memoryview(data))

    def write(self, data: bytes | memoryview) -> Awaitable[None]:
        """Send all of it, after what waits. Raises OSError once it is closed."""
        return self._stream.write(data)

    def writing(self) -> bool:
        """Whether something waits."""
        return self._stream.writing()

    def closed(self) -> bool:
        """Whether it is closed, by either side."""
        return self._stream.closed()

    def close(self) -> None:
        """Close at once."""
        self._stream.close()

    def fileno(self) -> Any:
        """The descriptor."""
        return self._stream.fileno()

    @property
    def family(self) -> int:
        """The socket's address family."""
        return self._stream.socket.family

    def setsockopt(self, level: int, name: int, value: int, /) -> None:
        """Set something of the socket."""
        self._stream.socket.setsockopt(level, name, value)

    def getsockopt(self, level: int, name: int, most_bytes: int, /) -> bytes:
        """Ask something of the socket."""
        return self._stream.socket.getsockopt(level, name, most_bytes)
