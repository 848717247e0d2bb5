"""The crowd: some thousand clients of streams in one loop, each of which comes, stays for a while, and goes in its way.

A client here reads bytes and looks at no event: what is told to whom is the business of other tests. Ways to go: `fin`
closes as a browser does, `rst` resets, `vanish` is gone without a packet (the kernel's TCP_REPAIR; where that is not
permitted, a reset), `half` closes its own half and waits for the server, `early` goes before the answer. `slow` reads
2 KB every two seconds into the smallest buffer, then resets. `wrong` comes with a token that there is not.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections import Counter
from collections.abc import Sequence
from typing import cast

from tests.support.sse import EVENTS_PATH

KINDS = {"fin": 40, "rst": 20, "vanish": 12, "half": 6, "early": 6, "slow": 10, "wrong": 6}
TCP_REPAIR = 19  # linux/tcp.h; Python's socket has no name for it
SLOW_BYTES = 2048
SLOW_EVERY_S = 2.0
FAILED_WAIT_S = 0.1


class Visitor(asyncio.Protocol):
    """One connection. `status` is that of the answer, 0 before it; `gone` is set when the connection has ended."""

    def __init__(self, request: bytes, *, is_slow: bool) -> None:
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.status = 0
        self._head = b""
        self._request = request
        self._is_slow = is_slow
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Look at the status, and at nothing else."""
        if not self.status:
            self._head += data
            if len(self._head) >= 12:
                self.status = int(self._head[9:12])
        if self._is_slow:
            self._transport.pause_reading()
            self._timer = asyncio.get_running_loop().call_later(SLOW_EVERY_S, self._transport.resume_reading)

    def connection_lost(self, error: Exception | None) -> None:
        """It is over, by whoever."""
        if self._timer is not None:
            self._timer.cancel()
        if not self.gone.done():
            self.gone.set_result(None)

    def leave(self, kind: str) -> None:
        """Go in this way."""
        if self._transport.is_closing():
            return
        if kind == "half":
            self._transport.write_eof()
        elif kind == "fin":
            self._transport.close()
        else:
            _forget(self._transport.get_extra_info("socket"), is_silent=kind == "vanish")
            self._transport.abort()


class Crowd:
    """Keeps `most` clients, of which about `per_s` come in a second. `counts` is by the way of going, and by status."""

    def __init__(self, port: int, tokens: Sequence[str], *, most: int, per_s: float, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self._port = port
        self._tokens = tokens
        self._most = most
        self._per_s = per_s
        self._random = random.Random(seed)
        self._visits: set[asyncio.Task[None]] = set()
        self._all_go: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def present(self) -> int:
        """How many are there, or on their way."""
        return len(self._visits)

    async def stay(self, seconds: float) -> None:
        """Let clients come and go for so long."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + seconds
        while loop.time() < end_s:
            if len(self._visits) < self._most:
                self._come()
            await asyncio.sleep(self._random.expovariate(self._per_s))

    async def fill(self) -> None:
        """Let clients come until there are as many as there shall be, five times as fast as otherwise."""
        while len(self._visits) < self._most:
            self._come()
            await asyncio.sleep(1 / (5 * self._per_s))

    async def go(self) -> None:
        """Send everybody away, each in its way."""
        self._all_go.set_result(None)
        while self._visits:
            await asyncio.wait(self._visits)
        self._all_go = asyncio.get_running_loop().create_future()

    def _come(self) -> None:
        kind = self._random.choices(list(KINDS), list(KINDS.values()))[0]
        token = "0" * 40 if kind == "wrong" else self._random.choice(self._tokens)
        stays_s = self._random.expovariate(self._per_s / self._most)
        visit = asyncio.create_task(self._visit(kind, token, stays_s))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    async def _visit(self, kind: str, token: str, stays_s: float) -> None:
        self.counts[kind] += 1
        visitor = await self._connect(token, kind == "slow")
        if kind != "early":
            until = {visitor.gone, self._all_go}
            await asyncio.wait(until, timeout=stays_s, return_when=asyncio.FIRST_COMPLETED)
        visitor.leave(kind)
        await visitor.gone
        self.counts[f"status {visitor.status or 'none'}"] += 1

    async def _connect(self, token: str, is_slow: bool) -> Visitor:
        plain = socket.socket()
        plain.setblocking(False)
        if is_slow:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BYTES)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(plain, ("127.0.0.1", self._port))
        lines = [f"GET {EVENTS_PATH}?token={token} HTTP/1.1", "Host: 127.0.0.1", "Accept: text/event-stream", "", ""]
        request = "\r\n".join(lines).encode()
        _, visitor = await loop.create_connection(lambda: Visitor(request, is_slow=is_slow), sock=plain)
        return visitor


def _forget(connected: socket.socket, *, is_silent: bool) -> None:
    """Make the close that follows a reset, or no packet at all."""
    if is_silent:
        try:
            connected.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
            return
        except PermissionError:
            pass  # a reset then
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
