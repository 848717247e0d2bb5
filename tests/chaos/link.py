"""Links: the wires between clients and server, which a fault cuts, half closes, makes narrow, or lets hang.

A TCP proxy in the loop of the harness. What it breaks it breaks for a share of the connections that are open then;
connections that come later are well, but for those of a place that is narrow for as long as the run takes.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress

PIECE_BYTES = 65536
NARROW_BYTES_PER_S = 1024
NARROW_STEP_S = 0.25
RESET = struct.pack("ii", 1, 0)


class Link:
    """One connection through the proxy. `is_narrow` and `is_held` may change at any time."""

    def __init__(self, *, is_narrow: bool) -> None:
        self.is_narrow = is_narrow
        self.is_held = False
        self.client: asyncio.StreamWriter | None = None
        self.server: asyncio.StreamWriter | None = None
        self.ended: asyncio.StreamWriter | None = None

    def reset(self) -> None:
        """Both ends see a reset."""
        for writer in self._writers():
            raw = writer.get_extra_info("socket")
            if raw is not None and raw.fileno() >= 0:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()

    def finish(self) -> None:
        """Both ends see a FIN."""
        for writer in self._writers():
            writer.close()

    def half_close(self, *, towards_server: bool) -> None:
        """One end sees a FIN, and the other nothing."""
        writer = self.server if towards_server else self.client
        if writer is not None and not writer.is_closing():
            self.ended = writer
            with suppress(OSError):
                writer.write_eof()

    def _writers(self) -> Iterator[asyncio.StreamWriter]:
        for writer in (self.client, self.server):
            if writer is not None:
                yield writer


class Links:
    """A place to connect to, and what is open there. `target` is the server's port. While it `is_shut`, who connects is
    dropped."""

    def __init__(self, target: Callable[[], int], *, is_narrow: bool = False) -> None:
        self.open: list[Link] = []
        self.is_narrow = is_narrow
        self.is_shut = False
        self.port = 0
        self._target = target
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024, limit=PIECE_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more, and reset what is open."""
        self._server.close()
        self.widen()
        for link in list(self.open):
            link.reset()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def widen(self) -> None:
        """Nothing is narrow or held from now on."""
        self.is_narrow = False
        for link in self.open:
            link.is_narrow = link.is_held = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        if self.is_shut:
            writer.close()
            self._tasks.discard(task)
            return
        link = Link(is_narrow=self.is_narrow)
        link.client = writer
        self.open.append(link)
        try:
            with suppress(OSError):
                await self._join(link, reader, writer)
        finally:
            self.open.remove(link)
            self._tasks.discard(task)
            for one in (link.client, link.server):
                if one is not None:
                    one.close()

    async def _join(self, link: Link, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        raw = socket.socket()
        raw.setblocking(False)
        if link.is_narrow:  # as small as can be: what the kernel takes here is not slow for the server
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        try:
            await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", self._target()))
        except BaseException:
            raw.close()
            raise
        limit = 512 if link.is_narrow else PIECE_BYTES
        from_server, to_server = await asyncio.open_connection(sock=raw, limit=limit)
        link.server = to_server
        up = asyncio.create_task(self._carry(link, from_client, to_server, is_down=False))
        down = asyncio.create_task(self._carry(link, from_server, to_client, is_down=True))
        try:
            await asyncio.gather(up, down)
        finally:
            up.cancel()
            down.cancel()

    async def _carry(
        self, link: Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_down: bool
    ) -> None:
        while True:
            while link.is_held:  # noqa: ASYNC110 - a fault sets it on hundreds, for seconds
                await asyncio.sleep(0.05)
            step = int(NARROW_BYTES_PER_S * NARROW_STEP_S)
            piece = await source.read(step if is_down and link.is_narrow else PIECE_BYTES)
            if not piece:
                break
            if sink.is_closing() or sink is link.ended:
                break  # a fault has closed that half
            sink.write(piece)
            await sink.drain()
            if is_down and link.is_narrow:
                await asyncio.sleep(NARROW_STEP_S * len(piece) / step)
        if not sink.is_closing() and sink is not link.ended:
            sink.write_eof()
