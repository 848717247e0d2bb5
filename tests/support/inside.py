"""A server inside the test's own loop, so that a test can hold a thread of the database and force an interleaving.

Its clock stands still: nothing happens but what the test does.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from commands.folder import DATABASE_NAME
from data import clock, log, migrate, tokens, users
from data.outcome import Event
from data.session import command_transaction
from data.transaction import Transaction
from realtime import listener
from realtime.api.campus import Campus
from server import Server
from settings import Settings
from tests.support.eventstream import Dispatched, Parser
from tests.support.sse import EVENTS_PATH
from tests.support.waiting import until

LIMIT_S = 30.0


class Inside:
    """The running server's parts, and one user with a token."""

    def __init__(self, server: Server, path: Path, port: int, user_id: int, token: str) -> None:
        self.server = server
        self.campus: Campus = server.campus
        self.path = path
        self.port = port
        self.user_id = user_id
        self.token = token
        self._clients: list[Client] = []
        self._held: list[Held] = []

    async def connect(self, *, cursor: int | None = None, body: bytes = b"", held: int = 0) -> Client:
        """Ask for the user's stream. The request has this body, whose last `held` bytes wait for Client.release()."""
        client = Client(self.port)
        self._clients.append(client)
        lines = [f"GET {EVENTS_PATH}?token={self.token} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        lines += [] if cursor is None else [f"Last-Event-ID: {cursor}"]
        request = "\r\n".join([*lines, "", ""]).encode() + body
        await client.send(request[: len(request) - held])
        client.held = request[len(request) - held :]
        return client

    async def tell(self, *keys: str, size: int = 0) -> int:
        """Store an event for these keys and push it; its id."""
        event = await self.campus.database.write(append, *keys, size=size)
        return event.id

    async def hold_readers(self) -> list[Held]:
        """Both reading connections stand still; what is read from now on waits."""
        held = [self.hold() for _ in range(2)]
        for one in held:
            await one.entered()
        return held

    def hold(self) -> Held:
        """A read that will hold the connection that it gets."""
        self._held.append(Held(self.campus))
        return self._held[-1]

    async def waiting_reads(self, count: int) -> None:
        """Let the loop run until so many reads wait for a connection."""
        await until(lambda: len(self.campus.database._readers._waiting) == count)

    def close(self) -> None:
        """Close every client, and let go what a failed test still holds."""
        for held in self._held:
            held.through.set()
        for client in self._clients:
            client.socket.close()


class Held:
    """A read that holds its connection's thread until release()."""

    def __init__(self, campus: Campus) -> None:
        self._entered = threading.Event()
        self.through = threading.Event()
        self._task = asyncio.create_task(campus.database.read(self._stand))

    async def entered(self) -> None:
        """Wait until the thread stands."""
        assert await asyncio.to_thread(self._entered.wait, LIMIT_S)

    async def release(self) -> None:
        """Let it go on."""
        self.through.set()
        await self._task

    def _stand(self, tx: Transaction) -> None:
        self._entered.set()
        assert self.through.wait(LIMIT_S)


class Client:
    """A client on the test's own loop: the answer's status, and the events that followed."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.status = 0
        self.events: list[Dispatched] = []
        self.held = b""
        self._head = b""
        self._parser = Parser()

    async def send(self, data: bytes) -> None:
        """Write."""
        await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def release(self) -> None:
        """Send what was held back of the request."""
        await self.send(self.held)

    async def read(self) -> bool:
        """Wait for bytes and take them; False at the end."""
        loop = asyncio.get_running_loop()
        data = await asyncio.wait_for(loop.sock_recv(self.socket, 65536), LIMIT_S)
        if not self.status:
            self._head, end, rest = (self._head + data).partition(b"\r\n\r\n")
            if not end:
                return bool(data)
            self.status = int(self._head.split(b" ")[1])
            self.events += self._parser.feed(rest)
            return bool(data)
        self.events += self._parser.feed(data)
        assert not self._parser.violations, self._parser.violations
        return bool(data)

    async def read_until(self, condition: Callable[[Self], bool]) -> None:
        """Read until the condition holds of what has arrived."""
        while not condition(self):
            assert await self.read(), f"{self.status}, and the end after {self.events}"

    async def read_event(self, event_id: int) -> None:
        """Read until that event is there."""
        await self.read_until(lambda client: event_id in client.ids)

    async def read_to_end(self) -> None:
        """Read until the server closes; it may not be inside of a frame."""
        while await self.read():
            pass
        assert not self._parser.unfinished

    @property
    def ids(self) -> list[int]:
        """The ids of the stored events that have arrived, in order."""
        return [int(one.id) for one in self.events if one.id is not None and one.event != "connected"]


def append(tx: Transaction, *keys: str, size: int = 0) -> Event:
    """A function of a transaction: an event for these keys."""
    return log.append(tx, "notification", {"pad": "x" * size}, keys, clock.stamp(time.time()))


@asynccontextmanager
async def served(folder: Path, **settings: Any) -> AsyncIterator[Inside]:
    """A server on that folder with these settings."""
    path, now = folder / DATABASE_NAME, clock.stamp(time.time())
    migrate.migrate(path)
    with command_transaction(path) as tx:
        user_id = users.create(tx, users.NewUser("reader", college_id=1), now)
        _, token = tokens.create(tx, user_id, now=now, expires_at=None)
    sockets = listener.bind("127.0.0.1", 0)
    server = Server(Settings(data_dir=folder, bcrypt_cost=4, **settings), path, 100)
    try:
        await server.start(sockets)
        server._heartbeat.stop()
        inside = Inside(server, path, sockets[0].getsockname()[1], user_id, token)
        try:
            yield inside
        finally:
            inside.close()
            await server.stop()
    finally:
        await server.close()
