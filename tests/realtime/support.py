"""What the tests of the core share: streams on real sockets, their peers, and a log in memory behind the replay."""

from __future__ import annotations

import asyncio
import json
import select
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from realtime import frame
from realtime.hub import Hub, user_key
from realtime.replay import Replay
from realtime.subscriber import Rules, Subscriber
from realtime.wire import Wire
from tests.support.eventstream import Dispatched, Parser
from tests.support.waiting import until

LIMIT_S = 30.0
KERNEL_BYTES = 4096
USER_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Stored:
    id: int
    event: str
    data: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    events: list[Stored]
    pruned_through: int
    complete: bool


class Peer:
    """The client's end of a stream. It reads when it is told to, and fails for what is not the wire format."""

    def __init__(self, end: socket.socket, subscriber: Subscriber) -> None:
        self.socket = end
        self._subscriber = subscriber
        self.events: list[Dispatched] = []
        self.ended = False
        self._parser = Parser()

    async def read(self, most_bytes: int = 65536) -> int:
        """Wait for bytes and take at most so many; how many they were, 0 at the end."""
        loop = asyncio.get_running_loop()
        try:
            data = await asyncio.wait_for(loop.sock_recv(self.socket, most_bytes), LIMIT_S)
        except ConnectionResetError:
            data = b""
        self._take(data)
        return len(data)

    def read_now(self, most_bytes: int = 65536) -> None:
        """Take what is there, at most so many bytes."""
        try:
            self._take(self.socket.recv(most_bytes))
        except BlockingIOError:
            return
        except ConnectionResetError:
            self.ended = True

    def read_still(self) -> None:
        """Wait for bytes and take them, without a turn of the loop between."""
        assert select.select([self.socket], [], [], LIMIT_S)[0], "nothing came"
        self.read_now()

    async def read_until(self, condition: Callable[[Peer], bool]) -> None:
        """Read until the condition holds of what has arrived."""
        while not condition(self):
            assert await self.read(), f"the stream ended after {[one.event for one in self.events[-5:]]}"

    async def read_count(self, count: int, event: str = "message") -> None:
        """Read until so many of these events have arrived."""
        await self.read_until(lambda peer: len(peer.named(event)) >= count)

    async def read_to_end(self) -> None:
        """Read until the server's end is closed."""
        while await self.read():
            pass
        assert not self._parser.unfinished, "the stream ended inside of a frame"

    async def read_all(self) -> None:
        """Read all that a live stream was given so far: a mark is sent behind it, which TCP may not do at once."""
        self._subscriber.push(frame.encode("mark", {}))
        await self.read_until(lambda peer: peer.events[-1:] != [] and peer.events[-1].event == "mark")
        self.events.pop()

    def named(self, event: str) -> list[Dispatched]:
        """The events of that name so far."""
        return [one for one in self.events if one.event == event]

    @property
    def ids(self) -> list[int]:
        """The ids that have arrived, in order."""
        return [int(one.id) for one in self.events if one.id is not None]

    def _take(self, data: bytes) -> None:
        self.ended = self.ended or not data
        self.events += self._parser.feed(data)
        assert not self._parser.violations, self._parser.violations[:5]


class Core:
    """A hub with its rules and its replay, on a log that is a list."""

    def __init__(
        self,
        *,
        outbox_frames: int = 1000,
        outbox_bytes: int = 262144,
        send_timeout_s: float = 20.0,
        heartbeat_s: int = 5,
        page_events: int = 10,
    ) -> None:
        self.hub = Hub(heartbeat_s=heartbeat_s, last_id=0)
        self.replay = Replay(self.hub, self._page, lambda user_id: {"online": []})
        self.rules = Rules(outbox_frames, outbox_bytes, send_timeout_s, USER_TIMEOUT_S, self.replay, self.hub.slow)
        self.log: list[Stored] = []
        self.pruned_through = 0
        self.pages = 0
        self._page_events = page_events
        self._open: list[socket.socket] = []

    def connect(
        self,
        user_id: int = 1,
        *,
        token_id: int = 1,
        expires_s: float | None = None,
        kernel_bytes: int | None = KERNEL_BYTES,
    ) -> tuple[Subscriber, Peer]:
        """A stream that is attached and not opened yet, and its peer. The kernel holds about kernel_bytes each way."""
        client = socket.socket()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            if kernel_bytes is not None:  # before connect: the window is agreed upon in the handshake
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, kernel_bytes)
            client.connect(listener.getsockname())
            served, _ = listener.accept()
        if kernel_bytes is not None:
            served.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, kernel_bytes)
        served.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setblocking(False)
        wire = Wire(served)
        self._open += [client, wire]
        subscriber = Subscriber(
            self.rules,
            wire,
            user_id=user_id,
            token_id=token_id,
            expires_s=expires_s,
            address="127.0.0.1",
            opened_s=0.0,
        )
        self.hub.attach(subscriber)

        def closed() -> None:
            self.hub.detach(subscriber)
            subscriber.closed()

        wire.watch(closed)
        return subscriber, Peer(client, subscriber)

    async def live(self, user_id: int = 1, **options: Any) -> tuple[Subscriber, Peer]:
        """A stream that is live and has no task."""
        subscriber, peer = self.connect(user_id, **options)
        subscriber.open(b"", self.go_live)
        await until(lambda: subscriber not in self.hub.slow)
        return subscriber, peer

    async def go_live(self, subscriber: Subscriber) -> None:
        """An opening that has nothing to tell."""
        subscriber.go_live(self.hub.last_id)

    async def tell_nothing(self, subscriber: Subscriber) -> None:
        """An opening that leaves everything after the stream's position to the replay."""

    async def blocked(self, user_id: int = 1, **options: Any) -> tuple[Subscriber, Peer]:
        """A live stream whose peer reads nothing: the kernel is full, a frame is started, and nothing waits yet."""
        subscriber, peer = await self.live(user_id, **options)
        while subscriber not in self.hub.slow:
            self.store(user_key(user_id), size=2000)
        return subscriber, peer

    def store(self, *keys: str, size: int = 0) -> int:
        """Store an event and publish it, as on_commit does; its id."""
        event_id = self.append(*keys, size=size)
        self.hub.publish(keys, self.encoded(event_id), event_id)
        return event_id

    def append(self, *keys: str, size: int = 0) -> int:
        """Store an event that is not published; its id."""
        event_id = len(self.log) + 1
        data = numbered(event_id, size)
        self.log.append(Stored(event_id, "message", data, keys))
        return event_id

    def encoded(self, event_id: int) -> bytes:
        """A stored event as bytes."""
        stored = self.log[event_id - 1]
        return frame.encode(stored.event, stored.data, stored.id)

    def close(self) -> None:
        """Close every socket."""
        for one in self._open:
            one.close()

    async def _page(self, keys: Mapping[str, int], after_id: int, through_id: int) -> Page:
        await asyncio.sleep(0)
        self.pages += 1
        mine = [
            one
            for one in self.log
            if after_id < one.id <= through_id and any(one.id > keys[key] for key in one.keys if key in keys)
        ]
        return Page(mine[: self._page_events], self.pruned_through, len(mine) <= self._page_events)


def run(test: Callable[[Core], Awaitable[None]], core: Core | None = None) -> None:
    """Run a test on a loop, and fail it for whatever the loop or a task complains of."""

    async def guarded() -> None:
        complaints: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        used = core or Core()
        try:
            await asyncio.wait_for(test(used), 2 * LIMIT_S)
        finally:
            used.close()
            await until(lambda: len(asyncio.all_tasks()) == 1)
        assert not complaints

    asyncio.run(guarded())


def numbered(number: int, size: int) -> str:
    """Data of about that size that tells which it is."""
    return json.dumps({"n": number, "pad": "x" * size}, separators=(",", ":"))


def ephemeral(number: int = 0, size: int = 0, event: str = "typing") -> bytes:
    """A frame that is stored nowhere."""
    return frame.encode(event, numbered(number, size))


def numbers(events: Iterable[Dispatched]) -> list[int]:
    """The `n` of each."""
    return [json.loads(one.text)["n"] for one in events]
