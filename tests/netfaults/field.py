"""Field: a server behind the network, people who read from the other side of it, and one beside the server who
writes to them and sees who is online. What each is told is compared with what was answered 201."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from tests.netfaults.spaces import SERVER, Network, Space
from tests.netfaults.wire import Caller, Reader
from tests.support.campus import User
from tests.support.eventstream import Dispatched
from tests.support.server import ServerProcess, as_flags
from tests.support.shared import add_people

CHATS = "communication/chats/"
LOOK_S = 0.01
WARM_BYTES = 6000
WARM_READERS = 8


@contextmanager
def serving(network: Network, folder: Path, **settings: object) -> Iterator[ServerProcess]:
    """A started server in its namespace. At the end it is stopped, and its log read for errors."""
    server = ServerProcess(folder, as_flags(settings), address=SERVER)
    with network.server.entered():
        server.start()
    try:
        yield server
        code = server.stop()
        assert code == 0, f"SIGTERM ended it with {code}"
        server.check_log()
    finally:
        if server.running:
            server.kill()


class Person:
    """One who reads on the far side, and the numbers of the messages that came. They are 1, 2, 3 and so on."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.sent = self.seen = 0
        self.lost = self.doubled = 0
        self.notified: list[int] = []
        self.offline_s: float | None = None
        self.reader: Reader

    def take(self, event: Dispatched, _at_s: float) -> None:
        """An event of the stream."""
        if event.event == "resync":
            self.lost += 1  # nothing was pruned, so every cursor is covered
        if event.event == "notification":
            self.notified.append(json.loads(event.text)["id"])
        if event.event != "message":
            return
        number = int(json.loads(event.text)["message"].split()[0])
        self.doubled += number <= self.seen
        self.lost += max(0, number - self.seen - 1)
        self.seen = max(self.seen, number)


class Field:
    """The people, open. `busy` of them are written to all the time; the others hear heartbeats alone."""

    def __init__(
        self,
        network: Network,
        server: ServerProcess,
        count: int,
        *,
        silence_s: float,
        rcvbuf_bytes: int | None = None,
    ) -> None:
        self._network, self._server = network, server
        self._silence_s, self._rcvbuf_bytes = silence_s, rcvbuf_bytes
        readers = {f"reader_{number}": ("student", "CAMPUS") for number in range(count)}
        watcher, *users = add_people(server, {"watcher": ("college_admin", "CAMPUS")} | readers)
        self.people = [Person(user) for user in users]
        self._by_id = {person.user.id: person for person in self.people}
        self.writer = Caller(network.server, server.port, watcher)
        self._watcher = watcher
        self._writing: asyncio.Task[None] | None = None
        self.latencies_s: list[float] = []

    async def __aenter__(self) -> Self:
        space, port = self._network, self._server.port
        self.watch = Reader(lambda: space.server, port, self._watcher, self._watched)
        for person in self.people:
            await self.write(person)  # who has no conversation is nobody's partner
            person.seen = person.sent  # a first stream begins with what comes after it
            person.reader = Reader(
                lambda: space.clients,
                port,
                person.user,
                person.take,
                silence_s=self._silence_s,
                rcvbuf_bytes=self._rcvbuf_bytes,
            )
        await self.until(self.is_whole, 30.0, "everybody is online")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.be_silent()
        for one in [self.watch, *(person.reader for person in self.people)]:
            await one.close()
        self.writer.close()

    async def write(self, person: Person, size: int = 0) -> None:
        """One message more to a person."""
        began_s = time.monotonic()
        text = f"{person.sent + 1} ".ljust(size, "x")
        await self.writer.post(CHATS, {"receiver_id": person.user.id, "message": text})
        person.sent += 1
        self.latencies_s.append(time.monotonic() - began_s)

    async def warm(self, messages: int) -> None:
        """Fill the database's caches, which are of 8 MB each, so that memory that grows later is something else."""
        for number in range(messages):
            await self.write(self.people[number % len(self.people)], WARM_BYTES)
        everything = [
            Reader(self._everywhere, self._server.port, self._watcher, self._ignore, silence_s=None, cursor="0")
            for _ in range(WARM_READERS)
        ]
        position = int(self.watch.cursor)
        await self.until(lambda: all(int(one.cursor) >= position for one in everything), 120.0, "all is read once more")
        for one in everything:
            await one.close()

    def write_always(self, people: Sequence[Person], interval_s: float) -> None:
        """From now on, one message after the other to these in turn."""

        async def work() -> None:
            while True:
                for person in people:
                    await self.write(person)
                    await asyncio.sleep(interval_s)

        self._writing = asyncio.get_running_loop().create_task(work())

    def be_silent(self) -> None:
        """Write no more by itself."""
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    async def until(self, condition: Callable[[], bool], limit_s: float, what: str) -> float:
        """Wait until it holds; how long that was. Fails at the limit, and when anything else failed."""
        began_s = time.monotonic()
        while not condition():
            self.check()
            assert time.monotonic() - began_s < limit_s, f"not after {limit_s} s: {what}; {self.state()}"
            await asyncio.sleep(LOOK_S)
        return time.monotonic() - began_s

    def is_whole(self) -> bool:
        """Whether everybody is connected, online, and has what was sent."""
        return all(one.reader.live.is_set() and one.offline_s is None and one.seen >= one.sent for one in self.people)

    def is_dark(self) -> bool:
        """Whether everybody is offline."""
        return all(one.offline_s is not None for one in self.people)

    def check(self) -> None:
        """Raise what went wrong."""
        assert self._server.running, self._server.log()[-4000:]
        if self._writing is not None and self._writing.done():
            self._writing.result()
        for reader in [self.watch, *(person.reader for person in self.people)]:
            reader.check()

    def state(self) -> str:
        """For whoever reads a failure."""
        return ", ".join(
            f"{one.user.username} {one.seen}/{one.sent} live={one.reader.live.is_set()} offline={one.offline_s}"
            for one in self.people
        )

    def _everywhere(self) -> Space:
        return self._network.server

    def _ignore(self, event: Dispatched, at_s: float) -> None:
        """Of those who only read."""

    def _watched(self, event: Dispatched, at_s: float) -> None:
        data = json.loads(event.text)
        if event.event == "presence":
            person = self._by_id[data["user_id"]]
            person.offline_s = None if data["is_online"] else at_s
        elif event.event == "presence_snapshot":
            for user_id, person in self._by_id.items():
                person.offline_s = None if user_id in data["online"] else at_s
