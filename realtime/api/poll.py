"""The long poll: the stream's events as JSON, one answer at a time, for clients behind proxies that break streams.

A poll that waits is attached to the hub as a stream is, and opens as a stream does: what it answers has the same order
and the same audience, and nothing is lost between two polls, because the next one begins at the cursor of the last.
Without a cursor the answer comes at once, and is `connected` with the position: a client that waited for its first
cursor would lose what came before it, if its wait were cut.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, TypedDict

import msgspec

from realtime import frame
from realtime.api.base import Handler
from realtime.api.opening import Opening, to_number
from realtime.api.operation import operation
from realtime.api.stream import StreamQuery, check_room, cursor_of, query_token
from realtime.poll import Poll
from realtime.subscriber import CLOSED

DEFAULT_WAIT_S = 25
MOST_WAIT_S = 60
MOST_TOLD = 10_000


class PollQuery(StreamQuery):
    """A stream's, and how long the answer may wait for something to tell, in seconds."""

    wait: Annotated[int, msgspec.Meta(ge=0, le=MOST_WAIT_S)] = DEFAULT_WAIT_S


class PolledEvent(TypedDict):
    """An event of the stream. `id` is null for what is not stored."""

    id: int | None
    event: str
    data: dict[str, Any]


class Polled(TypedDict):
    """What there was, the cursor for the next poll, and whether that one will find more without waiting."""

    events: list[PolledEvent]
    last_event_id: int
    has_more: bool


class PollHandler(Handler):
    """`GET poll/events/`. `told` remembers the snapshot of presence that the client of each token has."""

    SUPPORTED_METHODS = ("GET", "OPTIONS")  # type: ignore[assignment]  # a HEAD would wait for nothing

    _poll: Poll | None = None

    def initialize(self, told: dict[int, bytes]) -> None:  # type: ignore[override]
        """Take the server's memory of who was told what."""
        super().initialize()
        self._told = told

    def given_token(self) -> str | None:
        """The header's, or the query's."""
        return super().given_token() or query_token(self.request)

    def on_connection_close(self) -> None:
        """The client has gone: nothing waits for it any more."""
        if self._poll is not None:
            self._poll.abort()
        super().on_connection_close()

    @operation({200: Polled}, query=PollQuery, refusals=(429,))
    async def get(self) -> None:
        """Events from now or from a cursor on, as soon as there are any. Raises Problem 429 and 503 as the stream."""
        query = self.params(PollQuery)
        campus = self.campus
        check_room(campus, self.caller.user_id)
        until_s = campus.mono_s() + query.wait
        cursor = cursor_of(self.request, query)
        poll = self._poll = self._begin(cursor)
        try:
            if cursor is None:
                await poll.write(self._connected(poll.position), poll.position)
            await Opening(campus, cursor)(poll)
            await campus.replay(poll)
            while not poll.is_done and (left_s := until_s - campus.mono_s()) > 0:
                await poll.change(left_s)
                await campus.replay(poll)
        finally:
            campus.hub.detach(poll)
        self._remember(poll)
        events = [PolledEvent(id=one.id, event=one.event, data=json.loads(one.data)) for one in poll.events]
        self.answer(Polled(events=events, last_event_id=poll.last_id, has_more=poll.has_more))

    def _begin(self, cursor: str | None) -> Poll:
        campus, caller = self.campus, self.caller
        poll = Poll(
            user_id=caller.user_id,
            token_id=caller.token_id,
            expires_s=caller.expires_s,
            address=self.address,
            base_url=self.base_url,
            opened_s=campus.wall_s(),
            began_id=campus.hub.last_id if cursor is None else to_number(cursor) or 0,
            known=self._told.get(caller.token_id),
            most_bytes=campus.rules.outbox_bytes,
        )
        campus.hub.attach(poll)
        return poll

    def _connected(self, position: int) -> bytes:
        return frame.encode("connected", {"status": "connected", "user_id": self.caller.user_id}, position)

    def _remember(self, poll: Poll) -> None:
        """Between two polls presence may change unheard: the next one tells the snapshot, if it is another by then."""
        if poll.is_stale or poll.state == CLOSED:
            return
        self._told.pop(poll.token_id, None)
        self._told[poll.token_id] = frame.encode("presence_snapshot", self.campus.presence.snapshot(poll.user_id))
        if len(self._told) > MOST_TOLD:
            del self._told[next(iter(self._told))]
