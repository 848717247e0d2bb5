"""Replay: telling a stream from the log what it has not had, until it is live.

Used when a stream opens and when it lagged. Pages are bounded in bytes and written with back-pressure, so a slow peer
costs one page; heartbeats go between the frames. A page never reaches past the hub's last id: what is committed and not
yet published comes live, after the changes of keys that were committed with it (I3, I9). A cursor that the log does not
cover gets one `resync`, which carries the position, or the browser would send the bad cursor again for ever (I7).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from realtime import frame, links
from realtime.attached import Attached
from realtime.hub import Hub
from realtime.subscriber import REPLAYING


class StoredEvent(Protocol):
    """An event as the log gives it."""

    @property
    def id(self) -> int: ...
    @property
    def event(self) -> str: ...
    @property
    def data(self) -> str: ...


class Page(Protocol):
    """A piece of somebody's log; see data/log.py."""

    @property
    def events(self) -> Sequence[StoredEvent]: ...
    @property
    def pruned_through(self) -> int: ...
    @property
    def complete(self) -> bool: ...


class Told(Attached, Protocol):
    """A stream as the replay has it: see Subscriber."""

    state: int
    offered_id: int
    is_stale: bool

    async def write(self, frame: bytes, event_id: int = 0) -> None: ...
    def go_live(self, through_id: int) -> bool: ...


ReadPage = Callable[[Mapping[str, int], int, int], Awaitable[Page]]


class Replay:
    """Catches streams up. `read_page(keys, after_id, through_id)` reads the log; `snapshot(user_id)` is presence's."""

    def __init__(self, hub: Hub, read_page: ReadPage, snapshot: Callable[[int], Mapping[str, Any]]) -> None:
        self._hub = hub
        self._read_page = read_page
        self._snapshot = snapshot

    async def __call__(self, subscriber: Told) -> None:
        """Tell everything after subscriber.position and leave the stream live, ending or closed."""
        while subscriber.state == REPLAYING:
            through_id, changes = self._hub.last_id, self._hub.changes(subscriber.user_id)
            page = await self._read_page(self._hub.keys(subscriber.user_id), subscriber.position, through_id)
            await self.tell(subscriber, page, through_id, changes)

    async def tell(self, subscriber: Told, page: Page, through_id: int, changes: int) -> None:
        """Write one page that was read through through_id; live if that was all.

        `changes` is the hub's number from before the page was read. Once it is another one the user holds other keys,
        and the rest of the page may be nothing for them any more (I10): it is left, to be read again.
        """
        if subscriber.position < page.pruned_through:
            await self.resync(subscriber, "pruned")
            return
        for event in page.events:
            if self._hub.changes(subscriber.user_id) != changes:
                return
            data = links.absolute(frame.encode(event.event, event.data, event.id), subscriber.base_url)
            await subscriber.write(data, event.id)
        if page.complete and subscriber.is_stale:
            subscriber.is_stale = False
            await self.snapshot(subscriber)
        elif page.complete:
            subscriber.go_live(through_id)

    async def resync(self, subscriber: Told, reason: str) -> None:
        """Tell that the log does not cover the cursor: the client must refetch, and goes on from the hub's last id."""
        position = self._hub.last_id
        data = {"reason": reason, "last_event_id": position}
        await subscriber.write(frame.encode("resync", data, position), position)
        await self.snapshot(subscriber)

    async def snapshot(self, subscriber: Told) -> None:
        """Tell who is online of those who share a conversation; the client replaces its state by it."""
        await subscriber.write(frame.encode("presence_snapshot", self._snapshot(subscriber.user_id)))
