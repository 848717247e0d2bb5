"""Fanouts: frames on their way to many streams, in slices, so that ten thousand writes never hold the loop at once.

A small audience gets its frame at once, a large one SLICE streams at a time with a turn of the loop between: messages
and requests go in between. Order holds nevertheless (I2): whoever is written to takes along what is still on its way to
them, and large ones go one after the other. Knows streams only as what can be pushed to.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from realtime import links
from realtime.attached import Attached

log = logging.getLogger(__name__)

# 400 writes take 2 to 4 ms. Without slices a chat message beside a broadcast to 10,000 waits for all of its 70 ms.
SLICE = 400
# What waits holds its audience, 0.3 MB for 10,000: so many, and the oldest is finished before another begins. Notices
# that are due come 50 in one transaction: with 8 here, 30 of them held the loop for half a second (4,000 streams).
MOST_RUNNING = 64


class Fanout:
    """One frame on its way. `waiting` are the streams that it has not reached."""

    __slots__ = ("_encoded", "_event_id", "_frame", "waiting")

    def __init__(self, frame: bytes, event_id: int, waiting: dict[Attached, None]) -> None:
        self.waiting = waiting
        self._frame = frame
        self._event_id = event_id
        # The bytes of a frame that names files differ by the address that a client came in by.
        self._encoded: dict[str, bytes] | None = {} if links.REFERENCE in frame else None

    def push_to(self, stream: Attached) -> None:
        """Push to one, who may wait no more."""
        try:
            stream.push(self._frame_of(stream), self._event_id)
        except Exception:
            self._give_up(stream)

    def push(self, most: int) -> None:
        """Push to at most so many of those that wait."""
        waiting, frame, event_id = self.waiting, self._frame, self._event_id
        if self._encoded is not None:
            for _ in range(min(most, len(waiting))):
                self.push_to(waiting.popitem()[0])
            return
        for _ in range(min(most, len(waiting))):  # the hottest loop of the server: a call less is 1 %
            stream = waiting.popitem()[0]
            try:
                stream.push(frame, event_id)
            except Exception:
                self._give_up(stream)

    def _frame_of(self, stream: Attached) -> bytes:
        if self._encoded is None:
            return self._frame
        base_url = stream.base_url
        if base_url not in self._encoded:
            self._encoded[base_url] = links.absolute(self._frame, base_url)
        return self._encoded[base_url]

    def _give_up(self, stream: Attached) -> None:
        """No push raises. One that does all the same must not keep the frame from the others, and nobody knows what its
        stream was told of it: the client comes back and is told from the log."""
        log.exception("a stream of user %d is closed: it could not be told event %d", stream.user_id, self._event_id)
        stream.abort()


class Fanouts:
    """The frames that are on their way, in the order in which they came."""

    def __init__(self) -> None:
        self._running: deque[Fanout] = deque()
        self._is_scheduled = False

    def begin(self, frame: bytes, event_id: int, audience: dict[Attached, None]) -> None:
        """Give a frame to these streams, to each after all that came before. The dict is used up."""
        fanout = Fanout(frame, event_id, audience)
        if len(audience) > SLICE:
            self._begin_large(fanout)
            return
        if self._running:
            for stream in audience:
                self._catch_up(stream)
        fanout.push(len(audience))

    def finish(self) -> None:
        """Push all that is on its way, at once."""
        while self._running:
            self._finish_oldest()

    def _begin_large(self, fanout: Fanout) -> None:
        while len(self._running) >= MOST_RUNNING:
            self._finish_oldest()
        self._running.append(fanout)
        if len(self._running) == 1:
            self._slice()

    def _catch_up(self, stream: Attached) -> None:
        """Push what is on its way to a stream, the oldest first."""
        for fanout in self._running:
            if stream in fanout.waiting:
                del fanout.waiting[stream]
                fanout.push_to(stream)

    def _finish_oldest(self) -> None:
        oldest = self._running.popleft()
        oldest.push(len(oldest.waiting))

    def _slice(self) -> None:
        """Push one slice of the oldest; the next one comes with another turn of the loop."""
        oldest = self._running[0]
        oldest.push(SLICE)
        if not oldest.waiting:
            self._running.popleft()
        if self._running and not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._next_slice)

    def _next_slice(self) -> None:
        self._is_scheduled = False
        if self._running:
            self._slice()
