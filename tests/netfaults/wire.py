"""Sockets in a namespace, in the test's own loop: a keep-alive connection for requests, and a reader of one user's
stream that comes back by itself with its cursor, as the JavaScript client does."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.netfaults.spaces import SERVER, Space
from tests.support.campus import User
from tests.support.eventstream import Dispatched, Parser
from tests.support.sse import EVENTS_PATH

CONNECT_S = 0.6
AGAIN_S = 0.1
ANSWER_S = 30.0


class Caller:
    """Requests of one user, one after the other, on a connection that stays. `port` is the server's."""

    def __init__(self, space: Space, port: int, user: User) -> None:
        self._space, self._port, self._user = space, port, user
        self._socket: socket.socket | None = None

    async def post(self, path: str, value: object) -> Any:
        """The answer's JSON. Anything but 200 and 201 fails."""
        loop = asyncio.get_running_loop()
        if self._socket is None:
            self._socket = self._space.socket()
            await loop.sock_connect(self._socket, (SERVER, self._port))
        body = json.dumps(value).encode()
        lines = [f"POST /api/v1/{path} HTTP/1.1", f"Host: {SERVER}", f"Authorization: Token {self._user.token}"]
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]
        await loop.sock_sendall(self._socket, "\r\n".join(lines).encode() + body)
        async with asyncio.timeout(ANSWER_S):
            return await self._answer(self._socket)

    async def _answer(self, connection: socket.socket) -> Any:
        data = b""
        length: int | None = None
        while length is None or len(data) < length:
            piece = await asyncio.get_running_loop().sock_recv(connection, 65536)
            assert piece, f"the connection ended: {data!r}"
            data += piece
            head, blank, _ = data.partition(b"\r\n\r\n")
            if blank and length is None:
                found = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                length = len(head) + 4 + int(found)
        head, _, text = data.partition(b"\r\n\r\n")
        assert head[9:12] in (b"200", b"201"), data
        return json.loads(text)

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Reader:
    """One user's stream, opened again whenever it ends or is silent. `on_event` gets each event and its time.

    `silence_s` is the watchdog: how long without a byte until the reader gives its connection up, None for never.
    `reading` cleared stops it from taking anything. `opened` counts connections, `live` is set from `connected` on.
    """

    def __init__(
        self,
        space: Callable[[], Space],
        port: int,
        user: User,
        on_event: Callable[[Dispatched, float], None],
        *,
        silence_s: float | None = None,
        rcvbuf_bytes: int | None = None,
        cursor: str = "",
    ) -> None:
        self._space, self._port, self._user, self._on_event = space, port, user, on_event
        self._silence_s, self._rcvbuf_bytes = silence_s, rcvbuf_bytes
        self.cursor = cursor
        self.opened = self.ended = 0
        self.live = asyncio.Event()
        self.reading = asyncio.Event()
        self.reading.set()
        self.violations: list[str] = []
        self._socket: socket.socket | None = None
        self._task = asyncio.get_running_loop().create_task(self._run())

    def drop(self) -> None:
        """Give the connection up, as when its machine is switched off; a new one is tried at once."""
        if self._socket is not None and self._socket.fileno() >= 0:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    async def close(self) -> None:
        """End it, and raise what went wrong in it."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def check(self) -> None:
        """Raise what went wrong so far."""
        assert not self.violations, self.violations[:3]
        if self._task.done():
            self._task.result()

    async def _run(self) -> None:
        while True:
            self._socket = None
            try:
                self._socket = self._space().socket()
                await self._read(self._socket)
            except (OSError, TimeoutError):
                pass  # that is what the network does here; what was lost by it would be missed later
            finally:
                self.live.clear()
                self.ended += 1
                if self._socket is not None:
                    self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self._socket.close()
            await asyncio.sleep(AGAIN_S)

    async def _read(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        if self._rcvbuf_bytes is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._rcvbuf_bytes)
        async with asyncio.timeout(CONNECT_S):
            await loop.sock_connect(connection, (SERVER, self._port))
        lines = [f"GET {EVENTS_PATH}?token={self._user.token} HTTP/1.1", f"Host: {SERVER}"]
        lines += [f"Last-Event-ID: {self.cursor}"] if self.cursor else []
        await loop.sock_sendall(connection, "\r\n".join([*lines, "", ""]).encode())
        self.opened += 1
        parser = Parser(self.cursor)
        head: bytes | None = b""
        while True:
            await self.reading.wait()
            async with asyncio.timeout(self._silence_s):
                piece = await loop.sock_recv(connection, 65536)
            if not piece:
                return
            if head is not None:
                head += piece
                start, blank, piece = head.partition(b"\r\n\r\n")
                if not blank:
                    continue
                assert start.startswith(b"HTTP/1.1 200 "), start
                head = None
            now_s = time.monotonic()
            for event in parser.feed(piece):
                self.cursor = event.last_event_id
                if event.event == "connected":
                    self.live.set()
                self._on_event(event, now_s)
            self.violations += parser.violations
