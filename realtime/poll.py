"""Poll: one request that waits for events, for clients whose proxies break streams.

To the hub and to the replay it is a stream as any other, so that keys, revocations and order hold without a line of
their own (I2, I3, I10); but it has no socket: it collects what it is told, and the handler answers with that. Memory is
bounded as a stream's is: an answer that is full refuses everything after it, which the log has (I5).

States: REPLAYING (durable frames are left to the log) -> LIVE -> ENDING (full) -> CLOSED (ended from outside).
"""

from __future__ import annotations

import asyncio

from realtime import frame
from realtime.subscriber import CLOSED, ENDING, LIVE, REPLAYING

MOST_EVENTS = 100

_SNAPSHOT = b"event: presence_snapshot\n"


class Poll:
    """A poll of a user. `events` is what it was told, in order; `has_more` that the log has more for it.

    `known` is the snapshot of presence that this client has. It is told one only if that is another, or if something is
    told before it (`connected`, `resync`); None is for a client that has its own from elsewhere, as it has its cursor.
    `is_stale` says that ephemeral frames were dropped.
    """

    __slots__ = (
        "__weakref__",
        "_began_id",
        "_changed",
        "_known",
        "_most_bytes",
        "address",
        "base_url",
        "events",
        "expires_s",
        "has_more",
        "id",
        "is_stale",
        "lagged",
        "offered_id",
        "opened_s",
        "position",
        "queued_bytes",
        "state",
        "token_id",
        "user_id",
    )

    def __init__(
        self,
        *,
        user_id: int,
        token_id: int,
        expires_s: float | None,
        address: str,
        base_url: str,
        opened_s: float,
        began_id: int,
        known: bytes | None,
        most_bytes: int,
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
        self.queued_bytes = 0
        self.is_stale = False
        self.state = REPLAYING
        self.events: list[frame.Fields] = []
        self.has_more = False
        self._began_id = began_id
        self._known = known
        self._most_bytes = most_bytes
        self._changed = asyncio.Event()

    # What the hub calls: none of it awaits, blocks or raises (I4).

    def push(self, frame: bytes, event_id: int = 0) -> None:
        """Deliver a frame: durable with its event_id, ephemeral with 0."""
        if self.state != LIVE:
            self.offered_id = max(self.offered_id, event_id)
            self.is_stale = self.is_stale or not event_id
        elif not event_id or event_id > self.position:
            self._take(frame, event_id)

    def beat(self, frame: bytes) -> None:
        """A heartbeat: a poll needs none, its answer comes soon enough."""

    def lag(self, event_id: int = 0) -> None:
        """An event could not be pushed: read it from the log."""
        self.offered_id = max(self.offered_id, event_id)
        if self.state == LIVE:
            self.lagged += 1
            self.state = REPLAYING
            self._changed.set()

    def end(self, last: bytes = b"") -> None:
        """Answer at once: with `disconnected` alone when that is the last frame, otherwise with all there is.

        Who is told `disconnected` goes on from the cursor that it came with, if ever.
        """
        if self.state == CLOSED:
            return
        self.state = CLOSED
        if farewell := list(frame.decode(last)):
            self.events, self.has_more = farewell, False
        self._changed.set()

    def abort(self) -> None:
        """Wait no longer: nobody will have the answer."""
        self.end()

    # What the replay calls.

    async def write(self, frame: bytes, event_id: int = 0) -> None:
        """Take one frame, unless the poll is full or ended."""
        is_first_snapshot = not self.events and frame.startswith(_SNAPSHOT)
        if self.state == REPLAYING and not (is_first_snapshot and self._known in (None, frame)):
            self._take(frame, event_id)

    def go_live(self, through_id: int) -> bool:
        """All up to through_id is told: take live frames from now on, unless a newer one was offered meanwhile."""
        if self.state != REPLAYING or self.offered_id > through_id:
            return False
        self.position = max(self.position, through_id)
        self.state = LIVE
        return True

    # What the handler asks.

    @property
    def is_done(self) -> bool:
        """Whether there is something to answer, or no reason to wait."""
        return bool(self.events) or self.state >= ENDING

    async def change(self, timeout_s: float) -> None:
        """Wait until the poll is done or lags, at most so long."""
        self._changed.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return

    @property
    def last_id(self) -> int:
        """The cursor for the client's next poll."""
        return next((one.id for one in reversed(self.events) if one.id is not None), self._began_id)

    def _take(self, data: bytes, event_id: int) -> None:
        is_full = len(self.events) >= MOST_EVENTS or self.queued_bytes + len(data) > self._most_bytes
        if is_full and self.events:
            self.is_stale = self.is_stale or not event_id
            if event_id:
                self.has_more = True
                self.state = ENDING  # what comes after it must not be told before it
            return
        self.events += frame.decode(data)
        self.queued_bytes += len(data)
        self.position = event_id or self.position
        self._changed.set()
