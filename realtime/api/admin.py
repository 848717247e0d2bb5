"""`admin/`: what administrators see of the running server: its open streams, which they may end, and its figures.

A college's administrator sees the streams of the own college's users. The figures are of the whole server for all
administrators: they tell how it is and nothing of anybody.
"""

from __future__ import annotations

from typing import TypedDict

from data import clock, log, roles, sessions, streams
from data.log import Span
from realtime.api import pages, problem
from realtime.api.base import Handler
from realtime.api.body import Id, path_id
from realtime.api.meter import Spread, resident_bytes
from realtime.api.operation import operation
from realtime.api.problem import Problem
from realtime.attached import Attached
from realtime.version import VERSION


class OpenStream(TypedDict):
    """A stream. `lagged` is how often it was too slow and was told again from the log; `queued_bytes` wait for it."""

    id: int
    user: int
    username: str
    full_name: str
    address: str
    opened_at: str
    age_s: float
    lagged: int
    queued_bytes: int


class Stats(TypedDict):
    """The server's figures. Times and rates are of the last minute."""

    version: str
    uptime_s: float
    streams: int
    users_online: int
    events_per_s: float
    commit_ms: Spread
    loop_lag_ms: Spread
    memory_bytes: int
    log: Span


class StreamsQuery(pages.PageQuery):
    """Whose streams."""

    user: Id | None = None


class AdminHandler(Handler):
    """What the handlers here have in common."""

    async def named(self, open_streams: list[Attached]) -> dict[int, streams.Listener]:
        """The users of these streams who are in the caller's reach, by their ids."""
        user_ids = {subscriber.user_id for subscriber in open_streams}
        return await self.campus.database.read(streams.listeners, user_ids, self.college())


class StreamsHandler(AdminHandler):
    """`GET admin/streams/`."""

    @operation({200: pages.Page[OpenStream]}, query=StreamsQuery, roles=roles.ADMIN_ROLES)
    async def get(self) -> None:
        """A page of the open streams, the newest first."""
        wanted = self.params(StreamsQuery)
        hub = self.campus.hub
        newest = list(hub.streams.values())[::-1] if wanted.user is None else hub.streams_of(wanted.user)[::-1]
        known = await self.named(newest)
        found = [one for one in newest if one.user_id in known]
        asked = wanted.asked()
        page = found[asked.offset : asked.offset + asked.limit]
        wall_s = self.campus.wall_s()
        self.answer_page(asked, len(found), [_shown(one, known[one.user_id], wall_s) for one in page])


class OpenStreamHandler(AdminHandler):
    """`DELETE admin/streams/{id}/`."""

    @operation({204: None}, roles=roles.ADMIN_ROLES)
    async def delete(self, stream_id: str) -> None:
        """Revoke the token of a stream, which ends all that were opened with it: 204."""
        subscriber = self.campus.hub.streams.get(path_id(stream_id))
        known = await self.named([] if subscriber is None else [subscriber])
        if subscriber is None or subscriber.user_id not in known:
            raise Problem(404, "Not found.")
        if known[subscriber.user_id].is_global and not self.caller.is_global:
            raise Problem(403, problem.FORBIDDEN)
        await self.campus.database.write(sessions.end_others, self.act(), subscriber.token_id, subscriber.user_id)
        self.answer_nothing()


class StatsHandler(Handler):
    """`GET admin/stats/`."""

    @operation({200: Stats}, roles=roles.ADMIN_ROLES)
    async def get(self) -> None:
        """How the server is."""
        campus, meter = self.campus, self.campus.meter
        span = await campus.database.read(log.span)
        stats: Stats = {
            "version": VERSION,
            "uptime_s": round(campus.mono_s() - meter.began_s, 3),
            "streams": len(campus.hub.streams),
            "users_online": len(campus.presence.online()),
            "events_per_s": round(meter.events_per_s, 3),
            "commit_ms": meter.commit_ms,
            "loop_lag_ms": meter.loop_lag_ms,
            "memory_bytes": resident_bytes(),
            "log": span,
        }
        self.answer(stats)


def _shown(subscriber: Attached, listener: streams.Listener, wall_s: float) -> OpenStream:
    return {
        "id": subscriber.id,
        "user": subscriber.user_id,
        "username": listener.username,
        "full_name": listener.full_name,
        "address": subscriber.address,
        "opened_at": clock.stamp(subscriber.opened_s),
        "age_s": round(max(0.0, wall_s - subscriber.opened_s), 3),
        "lagged": subscriber.lagged,
        "queued_bytes": subscriber.queued_bytes,
    }
