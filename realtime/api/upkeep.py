"""Upkeep: what the clock does with the database. Changes by commands, notices that are due, pruning, uses of tokens.

Runs beside the requests, one round at a time: a round that takes longer than a second is not started twice.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable

from data import audit, clock, notice_dues, streams, tokens, users
from data import log as event_log
from data.errors import DataError
from realtime.api.campus import Campus
from realtime.api.tokens import USE_WRITTEN_EVERY_S
from realtime.api.tokens import newest as newest_tokens

log = logging.getLogger(__name__)

PRUNED_AT_ONCE = 500
DUES_AT_ONCE = 50
LEARN_AFTER_S = 5.0  # a script that makes a hundred tokens is not followed step by step


class Upkeep:
    """Does its rounds from `tick`. Days and counts of 0 keep everything."""

    def __init__(
        self,
        campus: Campus,
        *,
        log_keep_days: float,
        log_keep_events: int,
        log_prune_interval_s: float,
        audit_keep_days: float,
    ) -> None:
        self._campus = campus
        self._keep_days = log_keep_days
        self._audit_keep_days = audit_keep_days
        self._keep_events = log_keep_events
        self._prune_interval_s = log_prune_interval_s
        self._prune_at_s = 0.0
        self._streams_used_at_s = 0.0
        self._learn_at_s = math.inf
        self._round: asyncio.Task[None] | None = None

    def tick(self, mono_s: float, wall_s: float) -> None:
        """Begin a round unless one is under way."""
        if self._round is None or self._round.done():
            self._round = asyncio.get_running_loop().create_task(self._do_all(mono_s, wall_s))

    async def stop(self) -> None:
        """Wait for the round that is under way, and write what is only in memory."""
        if self._round is not None:
            await self._round
        wall_s = self._campus.wall_s()
        await self._attempt(self._write_uses, wall_s)
        await self._attempt(self._campus.wrong_logins.write, self._campus.database)
        seen = self._campus.presence.leave_all(wall_s)
        await self._attempt(self._campus.database.write, users.set_last_seen, list(seen.items()))

    async def learn_tokens(self) -> None:
        """Know the tokens before they are used."""
        campus = self._campus
        now = clock.stamp(campus.wall_s())
        await campus.tokens.learn(lambda before_id: campus.database.read(newest_tokens, before_id, now))

    async def _do_all(self, mono_s: float, wall_s: float) -> None:
        await self._attempt(self.notice_outside_changes)
        if mono_s >= self._learn_at_s:
            self._learn_at_s = math.inf
            await self._attempt(self.learn_tokens)
        await self._attempt(self._do_dues, wall_s)
        await self._attempt(self._write_seen)
        if mono_s >= self._streams_used_at_s:
            self._streams_used_at_s = mono_s + USE_WRITTEN_EVERY_S
            self._campus.tokens.use_streams([s.token_id for s in self._campus.hub.streams.values()], wall_s)
        await self._attempt(self._write_uses, wall_s)
        await self._attempt(self._campus.wrong_logins.write, self._campus.database)
        if mono_s >= self._prune_at_s:
            self._prune_at_s = mono_s + self._prune_interval_s
            await self._attempt(self._prune, wall_s)
            await self._attempt(self._campus.database.checkpoint_if_large)

    async def _attempt(self, work: Callable[..., Awaitable[object]], *args: object) -> None:
        """One piece failing (a full disk, say) must not keep the others from being done, this second or the next."""
        try:
            await work(*args)
        except DataError as error:
            log.error("upkeep: %s", error)
        except Exception:
            log.exception("upkeep failed; it is tried again")

    async def notice_outside_changes(self) -> None:
        """A command beside the server has written: end what it revoked, and read again what it may have changed."""
        campus = self._campus
        if not await campus.database.changed_outside():
            return
        campus.tokens.forget_all()
        self._learn_at_s = campus.mono_s() + LEARN_AFTER_S
        open_streams = list(campus.hub.streams.values())
        good = await campus.database.read(streams.good_tokens, {s.token_id for s in open_streams})
        campus.hub.end([s for s in open_streams if s.token_id not in good], "revoked")
        campus.hub.end([s for s in open_streams if good.get(s.token_id) is False], "disabled")
        waiting = {s.user_id for s in campus.hub.streams.values()}
        while waiting:
            before = {user_id: campus.hub.changes(user_id) for user_id in waiting}
            held = await campus.database.read(streams.keys_of_users, waiting)
            for user_id, keys in held.items():
                if before[user_id] == campus.hub.changes(user_id):
                    campus.hub.set_keys(user_id, keys)
                    campus.hub.touch(user_id)
                    waiting.discard(user_id)

    async def _do_dues(self, wall_s: float) -> None:
        now = clock.stamp(wall_s)
        while await self._campus.database.read(notice_dues.is_due, now):
            today = clock.day(wall_s, self._campus.options.timezone)
            await self._campus.database.write(notice_dues.do_dues, now, today, DUES_AT_ONCE)

    async def _write_seen(self) -> None:
        seen = self._campus.presence.take_last_seen()
        if seen:
            await self._campus.database.write(users.set_last_seen, list(seen.items()))

    async def _write_uses(self, wall_s: float) -> None:
        used = self._campus.tokens.take_used()
        if used:
            uses = [(token_id, clock.stamp(used_s)) for token_id, used_s in used.items()]
            await self._campus.database.write(tokens.touch, uses)

    async def _prune(self, wall_s: float) -> None:
        before = clock.stamp(wall_s - self._keep_days * 86400) if self._keep_days else ""
        now = clock.stamp(wall_s)
        database = self._campus.database
        gone = PRUNED_AT_ONCE
        while gone == PRUNED_AT_ONCE:
            gone = await database.write(event_log.prune, before, self._keep_events, PRUNED_AT_ONCE)
        gone = PRUNED_AT_ONCE
        while gone == PRUNED_AT_ONCE:
            gone = await database.write(tokens.revoke_expired, now, PRUNED_AT_ONCE)
        audit_before = clock.stamp(wall_s - self._audit_keep_days * 86400) if self._audit_keep_days else ""
        gone = PRUNED_AT_ONCE
        while gone == PRUNED_AT_ONCE:
            gone = await database.write(audit.prune, audit_before, PRUNED_AT_ONCE)
