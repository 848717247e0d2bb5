"""Opening: what happens between the first bytes of a stream and its being live.

The stream is attached already, so nothing committed from now on passes it by: either the read below sees it, or
`on_commit` tells the hub. A change of keys while the read was under way makes the read be done again (I10).
"""

from __future__ import annotations

from data import streams
from realtime.api.campus import Campus
from realtime.replay import Told
from realtime.subscriber import REPLAYING


class Opening:
    """Takes one stream from attached to live. `cursor` is what the client gave, as text, or None."""

    __slots__ = ("_campus", "_cursor")

    def __init__(self, campus: Campus, cursor: str | None) -> None:
        self._campus = campus
        self._cursor = cursor

    async def __call__(self, subscriber: Told) -> None:
        """Tell the snapshot of presence, then what was missed."""
        campus = self._campus
        after_id = subscriber.position if self._cursor is None else to_number(self._cursor)
        known, through_id = await self._read(subscriber, after_id or 0)
        changes = campus.hub.changes(subscriber.user_id)
        if subscriber.state != REPLAYING:
            return
        if known is None:
            campus.hub.end([subscriber], "revoked")
            return
        campus.hub.set_keys(subscriber.user_id, known.keys)
        if campus.hub.last_id > through_id:  # published while the hub knew only the user's own key, perhaps (I3)
            subscriber.offered_id = campus.hub.last_id
        campus.presence.arrive(subscriber.user_id, known.full_name, known.partners)
        if after_id is None or after_id > known.page.position:
            await campus.replay.resync(subscriber, "unknown")
            return
        if known.page.lost:
            await campus.replay.resync(subscriber, "lost")
            return
        subscriber.position = after_id
        if after_id >= known.page.pruned_through:
            await campus.replay.snapshot(subscriber)
        await campus.replay.tell(subscriber, known.page, through_id, changes)

    async def _read(self, subscriber: Told, after_id: int) -> tuple[streams.Opening | None, int]:
        campus = self._campus
        while True:
            changes, through_id = campus.hub.changes(subscriber.user_id), campus.hub.last_id
            known = await campus.database.read(
                streams.opening, subscriber.token_id, after_id, through_id, campus.options.replay_page_bytes
            )
            if changes == campus.hub.changes(subscriber.user_id):
                return known, through_id


def to_number(cursor: str) -> int | None:
    """A cursor as an id; None for what never was one, which is answered like one from the future."""
    return int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) <= 16 else None
