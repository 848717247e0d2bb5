"""Subscriber: one open stream and its bounded outbox.

Only the Subscriber writes to its socket (I8). A healthy stream has no task, no timer and no future: `push` gives the
frame to the kernel and returns. A peer that does not keep up gets a task (`_drain`) and an outbox; an outbox over
its bound is dropped, and the stream is told again from the log on the same connection (I5). A frame of which the
socket may have taken a part is *started*: it is always finished, from the same offset, or a client would see half an
event, and TLS another record's bytes.

States: REPLAYING (opening or lagged: durable frames are left to the log) -> LIVE <-> REPLAYING -> ENDING -> CLOSED.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from realtime.outbox import Outbox
from realtime.patience import Patience, set_user_timeout, silent_s, unsent_bytes

log = logging.getLogger(__name__)

REPLAYING, LIVE, ENDING, CLOSED = range(4)


class Socket(Protocol):
    """The side of a Wire that a Subscriber uses; see wire.py and tls_wire.py."""

    def send(self, data: bytes, /) -> int: ...
    def write(self, data: bytes | memoryview) -> Awaitable[None]: ...
    def writing(self) -> bool: ...
    def closed(self) -> bool: ...
    def close(self) -> None: ...
    def fileno(self) -> Any: ...
    @property
    def family(self) -> int: ...
    def setsockopt(self, level: int, name: int, value: int, /) -> None: ...
    def getsockopt(self, level: int, name: int, most_bytes: int, /) -> bytes: ...


@dataclass(slots=True)
class Rules:
    """What all streams of a server share: the bounds, how a lagged stream catches up, and who is slow just now."""

    outbox_frames: int
    outbox_bytes: int
    send_timeout_s: float
    user_timeout_s: float
    replay: Callable[[Subscriber], Awaitable[None]]
    slow: set[Subscriber] = field(default_factory=set)


class Subscriber:
    """An open stream of a user. `position` is the id of the newest event that it was told or has in its outbox.

    `base_url` is the address that its client came in by: what links to files begin with.
    `is_stale` says that ephemeral frames were dropped: the state that they told of must be told anew.
    """

    __slots__ = (
        "__weakref__",
        "_beat",
        "_drained",
        "_has_blocked",
        "_outbox",
        "_patience",
        "_rules",
        "_sent_id",
        "_socket",
        "_task",
        "address",
        "base_url",
        "expires_s",
        "id",
        "is_stale",
        "lagged",
        "offered_id",
        "opened_s",
        "position",
        "state",
        "token_id",
        "user_id",
    )

    def __init__(
        self,
        rules: Rules,
        socket: Socket,
        *,
        user_id: int,
        token_id: int,
        expires_s: float | None,
        address: str,
        opened_s: float,
        base_url: str = "",
    ) -> None:
        self.id = 0
        self.user_id = user_id
        self.token_id = token_id
        self.expires_s = expires_s
        self.address = address
        self.base_url = base_url
        self.opened_s = opened_s
        self.position = 0
        self.offered_id = 0
        self.lagged = 0
        self.is_stale = False
        self.state = REPLAYING
        self._rules = rules
        self._socket = socket
        self._outbox: Outbox | None = None
        self._patience: Patience | None = None
        self._sent_id = 0
        self._beat: bytes | None = None
        self._task: asyncio.Task[None] | None = None
        self._drained = 0
        self._has_blocked = False

    # What the hub calls: none of it awaits, blocks or raises (I4).

    def open(self, head: bytes, opening: Callable[[Subscriber], Awaitable[None]]) -> None:
        """Send the first bytes and run `opening`, then whatever catching up is needed, in the stream's task."""
        self._start(opening, self._try(head) if not self._socket.writing() else 0, head)

    def push(self, frame: bytes, event_id: int = 0) -> None:
        """Deliver a frame: durable with its event_id, ephemeral with 0. Told at most once, whatever is pushed (I3)."""
        if event_id:
            if event_id <= self.position:
                return
            if self.state != LIVE:
                self.offered_id = max(self.offered_id, event_id)  # a slice of an earlier frame may come last
                return
            self.position = event_id
        elif self.state != LIVE:
            self.is_stale = True
            return
        if self._task is not None:
            self._enqueue(frame, event_id)
            return
        try:
            sent = self._socket.send(frame)  # not by _try: of a fan-out to thousands a call less is 1 %
        except BlockingIOError:
            sent = 0
        except OSError:
            self.abort()
            return
        if sent < len(frame):
            self._start(None, sent, frame)

    def beat(self, frame: bytes) -> None:
        """Deliver a heartbeat: never dropped, and at most one waits (I6)."""
        if self.state == LIVE and self._task is None:
            if self._has_blocked:
                self._calm()
            self.push(frame)  # to nobody, once it is closed
        elif self.state == REPLAYING and not self._socket.writing():
            self._beat = None
            self._start_writing(frame)  # the replay waits for the database, perhaps for long
        elif self.state in (LIVE, REPLAYING):
            self._beat = frame

    def end(self, last: bytes = b"") -> None:
        """Close, after what is started and a last frame. Everything else that waits is dropped (I10)."""
        if self.state >= ENDING:
            return
        self.state = ENDING
        self._beat = None
        if self._task is not None:
            self._outbox = Outbox()
            if last:
                self._outbox.put(last, 0)
            return
        sent = self._try(last) if last else 0
        if 0 <= sent < len(last):
            self._start(None, sent, last)
        else:
            self._socket.close()

    def abort(self) -> None:
        """Close at once, whatever waits."""
        self.state = CLOSED
        self._socket.close()

    def lag(self, event_id: int = 0) -> None:
        """Forget what is not started and tell it again from the log, through event_id at least."""
        self.offered_id = max(self.offered_id, event_id)
        if self.state != LIVE:
            return
        self.lagged += 1
        self.offered_id = max(self.offered_id, self.position)
        self.state = REPLAYING
        if self._task is None:
            self._start(None, 0, b"")
            return
        self.position = self._sent_id
        self._outbox = None

    def closed(self) -> None:
        """The socket is closed: nothing of the stream may stay behind."""
        self.state = CLOSED
        self._rules.slow.discard(self)
        self._outbox = self._beat = None
        if self._task is not None:
            self._task.cancel()

    # What the replay calls, from the stream's task.

    async def write(self, frame: bytes, event_id: int = 0) -> None:
        """Write one frame with back-pressure, after a heartbeat that waits. Nothing is written once the stream ends."""
        beat, self._beat = self._beat, None
        if beat is not None:
            await self._put(beat)
        if self.state != REPLAYING:
            return
        if event_id:
            self.position = event_id
        await self._put(frame)

    def go_live(self, through_id: int) -> bool:
        """All up to through_id is told: take live frames from now on, unless a newer one was offered meanwhile."""
        if self.state != REPLAYING or self.offered_id > through_id:
            return False
        self.position = self._sent_id = max(self.position, through_id)
        self.state = LIVE
        return True

    # What the clock asks.

    @property
    def queued_bytes(self) -> int:
        """Bytes that wait here, without the kernel's buffer."""
        return self._outbox.bytes if self._outbox is not None else 0

    def stalled(self, mono_s: float) -> bool:
        """Whether the peer has accepted nothing for send_timeout_s. Asked once a second of slow streams."""
        if self._patience is None:
            self._patience = Patience()
        if self._socket.closed() or not self._socket.writing():
            self._patience.forget()
            return False
        stalled_s = self._patience.stalled_s(self._socket.fileno(), self._drained, mono_s)
        return stalled_s >= self._rules.send_timeout_s

    def _try(self, frame: bytes) -> int:
        """Give the kernel what it takes now: how many bytes that was, or -1 when the peer is gone."""
        try:
            return self._socket.send(frame)
        except BlockingIOError:
            return 0
        except OSError:
            self.abort()
            return -1

    def _start(self, opening: Callable[[Subscriber], Awaitable[None]] | None, sent: int, frame: bytes) -> None:
        if sent < 0:
            return
        self._sent_id = self.position
        try:
            rest = self._put(frame, sent) if sent < len(frame) else None
        except OSError:
            self.abort()
            return
        self._rules.slow.add(self)
        self._task = asyncio.get_running_loop().create_task(self._drain(rest, opening))

    def _start_writing(self, frame: bytes) -> None:
        """Hand a whole frame to the socket, which keeps what the peer does not take now."""
        try:
            self._put(frame)
        except OSError:
            self.abort()

    def _enqueue(self, frame: bytes, event_id: int) -> None:
        if self._outbox is None:
            self._outbox = Outbox()
        rules = self._rules
        # Typing and presence are the first to go: they have half of the room.
        most_bytes = rules.outbox_bytes if event_id else rules.outbox_bytes // 2
        if not self._outbox.would_pass(frame, rules.outbox_frames, most_bytes):
            self._outbox.put(frame, event_id)
        elif event_id:
            self.lag()
        else:
            self.is_stale = True

    def _put(self, frame: bytes, sent: int = 0) -> Awaitable[None]:
        """Hand the rest of a frame to the socket at once, so that nothing else can come between."""
        written = self._socket.write(memoryview(frame)[sent:])
        if not self._has_blocked and self._socket.writing():
            self._has_blocked = True
            set_user_timeout(self._socket, 0)  # patience.py has its own
        return written

    def _calm(self) -> None:
        """A stream that blocked once does not any more: the kernel's timer notices when its peer vanishes. One that
        vanished before, while the kernel had something for it, is noticed here."""
        if self._socket.closed():
            return
        if not unsent_bytes(self._socket.fileno()):
            self._has_blocked = False
            set_user_timeout(self._socket, self._rules.user_timeout_s)
        elif silent_s(self._socket) >= self._rules.send_timeout_s:
            self.abort()

    async def _drain(
        self, started: Awaitable[None] | None, opening: Callable[[Subscriber], Awaitable[None]] | None
    ) -> None:
        try:
            if started is not None:
                await started
            if opening is not None:
                await opening(self)
            while await self._step():
                self._drained += 1
        except OSError:  # the peer is gone, and the socket's close detaches
            self.abort()
        except Exception:
            log.exception("a stream of user %d is closed: it could not be told what it missed", self.user_id)
            self.abort()
        finally:
            self._task = None
            self._rules.slow.discard(self)

    async def _step(self) -> bool:
        """One thing that waits: a heartbeat, a frame, a replay, the end. False when nothing does."""
        if self._beat is not None:
            beat, self._beat = self._beat, None
            await self._put(beat)
        elif self._outbox:
            frame, event_id = self._outbox.take()
            self._sent_id = event_id or self._sent_id
            await self._put(frame)
        elif self.state == REPLAYING:
            await self._rules.replay(self)
        elif self.state == ENDING:
            self._socket.close()
            return False
        elif self.is_stale:
            self.state = REPLAYING  # nothing durable was dropped: what is told again is the presence
        else:
            self._outbox = None
            return False
        return self.state != CLOSED
