"""Presence by itself: graces by the times that it is given, partners, the bound of a tick."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from realtime.presence import FRAMES_PER_TICK, Presence
from tests.realtime.support import Core, Peer, run

GRACE_S = 10.0


def date(wall_s: float) -> str:
    return f"day {wall_s:g}"


class Quad:
    """Presence over a core, and the streams of its users."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.presence = Presence(core.hub, grace_s=GRACE_S, date=date)

    async def listen(self, user_id: int) -> Peer:
        """A live stream of the user, whose arrival has not been told."""
        _, peer = await self.core.live(user_id, kernel_bytes=None)
        return peer

    async def arrive(self, user_id: int, *partners: int) -> Peer:
        peer = await self.listen(user_id)
        self.presence.arrive(user_id, f"User {user_id}", partners)
        return peer

    def leave(self, user_id: int) -> None:
        """The user's streams close, all of them."""
        for subscriber in self.core.hub.streams_of(user_id):
            self.core.hub.detach(subscriber)


async def told(peer: Peer) -> list[dict[str, Any]]:
    """The presence frames that have arrived since the last look."""
    peer.events.clear()
    await peer.read_all()
    assert all(one.event == "presence" and one.id is None for one in peer.events)
    return [json.loads(one.text) for one in peer.events]


def person(user_id: int, is_online: bool, last_seen: str | None = None) -> dict[str, Any]:
    return {"user_id": user_id, "full_name": f"User {user_id}", "is_online": is_online, "last_seen": last_seen}


def with_presence(test: Callable[[Quad], Awaitable[None]]) -> None:
    run(lambda core: test(Quad(core)))


def test_the_first_stream_is_told_to_partners_and_the_next_is_not() -> None:
    async def test(quad: Quad) -> None:
        partner, stranger = await quad.arrive(2, 1), await quad.arrive(3)
        own = await quad.arrive(1, 2)
        assert await told(partner) == [person(1, True)]
        await quad.arrive(1, 2)
        assert (await told(partner), await told(stranger), await told(own)) == ([], [], [])
        assert quad.presence.is_online(1)
        assert sorted(quad.presence.online()) == [1, 2, 3]

    with_presence(test)


def test_the_last_stream_is_told_after_the_grace_with_when_it_went() -> None:
    async def test(quad: Quad) -> None:
        partner = await quad.arrive(2, 1)
        await quad.arrive(1, 2)
        await told(partner)
        quad.leave(1)
        quad.presence.tick(100.0, 5000.0)
        quad.presence.tick(109.9, 5009.9)
        assert (await told(partner), quad.presence.is_online(1)) == ([], True)
        assert quad.presence.take_last_seen() == {}
        quad.presence.tick(110.0, 5010.0)
        assert await told(partner) == [person(1, False, "day 5000")]
        assert (quad.presence.is_online(1), quad.presence.online()) == (False, [2])
        assert quad.presence.take_last_seen() == {1: "day 5000"}
        assert quad.presence.take_last_seen() == {}

    with_presence(test)


def test_the_grace_of_who_left_between_two_ticks_counts_from_the_first() -> None:
    """Or a peer that vanishes would be offline after heartbeat, timeout, grace and two seconds more."""

    async def test(quad: Quad) -> None:
        partner = await quad.arrive(2, 1)
        await quad.arrive(1, 2)
        await told(partner)
        quad.presence.tick(99.0, 4999.0)
        quad.leave(1)
        quad.presence.tick(100.0, 5000.0)
        quad.presence.tick(108.0, 5008.0)
        assert await told(partner) == []
        quad.presence.tick(108.999, 5009.0)  # the clock is not exact
        assert await told(partner) == [person(1, False, "day 5000")]

    with_presence(test)


def test_a_reload_within_the_grace_shows_nothing() -> None:
    async def test(quad: Quad) -> None:
        partner = await quad.arrive(2, 1)
        await quad.arrive(1, 2)
        await told(partner)
        quad.leave(1)
        quad.presence.tick(100.0, 5000.0)
        await quad.arrive(1, 2)
        quad.presence.tick(110.0, 5010.0)
        quad.presence.tick(200.0, 5100.0)
        assert (await told(partner), quad.presence.is_online(1)) == ([], True)
        quad.leave(1)
        await quad.listen(1)  # back before the clock looked
        quad.presence.tick(300.0, 5200.0)
        quad.presence.tick(400.0, 5300.0)
        assert (await told(partner), quad.presence.is_online(1)) == ([], True)

    with_presence(test)


def test_one_of_three_streams_that_closes_shows_nothing() -> None:
    async def test(quad: Quad) -> None:
        partner = await quad.arrive(2, 1)
        for _ in range(3):
            await quad.arrive(1, 2)
        await told(partner)
        for count, subscriber in enumerate(quad.core.hub.streams_of(1), 1):
            quad.core.hub.detach(subscriber)
            quad.presence.tick(100.0 * count, 0.0)
            quad.presence.tick(100.0 * count + GRACE_S, 0.0)
            assert len(await told(partner)) == (count == 3)

    with_presence(test)


def test_the_snapshot_has_the_partners_who_are_online() -> None:
    async def test(quad: Quad) -> None:
        await quad.arrive(3)
        await quad.arrive(2)
        await quad.arrive(9)
        await quad.arrive(1, 2, 3, 4)
        assert quad.presence.snapshot(1) == {"online": [2, 3]}
        quad.leave(2)
        quad.presence.tick(100.0, 0.0)
        assert quad.presence.snapshot(1) == {"online": [2, 3]}
        quad.presence.tick(110.0, 0.0)
        assert quad.presence.snapshot(1) == {"online": [3]}
        assert quad.presence.snapshot(77) == {"online": []}

    with_presence(test)


def test_two_who_begin_a_conversation_see_each_other_from_then_on() -> None:
    async def test(quad: Quad) -> None:
        one, two = await quad.arrive(1), await quad.arrive(2)
        changes = quad.core.hub.changes(1)
        quad.presence.acquaint((1, 2))
        assert quad.core.hub.changes(1) > changes, "an opening that read its partners before must read them again"
        assert (await told(one), await told(two)) == ([person(2, True)], [person(1, True)])
        quad.presence.acquaint((2, 8))
        assert await told(two) == [], "8 is not online"
        quad.leave(1)
        quad.presence.tick(100.0, 5000.0)
        quad.presence.tick(110.0, 5010.0)
        assert await told(two) == [person(1, False, "day 5000")]
        assert quad.presence.snapshot(2) == {"online": []}

    with_presence(test)


def test_when_the_server_stops_everyone_online_was_last_seen_now() -> None:
    async def test(quad: Quad) -> None:
        for user_id in (1, 2, 3):
            await quad.arrive(user_id)
        for user_id, at_s in ((1, 100.0), (2, 105.0)):
            quad.leave(user_id)
            quad.presence.tick(at_s, 5000.0 + at_s)
        quad.presence.tick(110.0, 5110.0)
        assert quad.presence.leave_all(5111.0) == {1: "day 5100", 2: "day 5111", 3: "day 5111"}

    with_presence(test)


def test_who_comes_back_before_the_last_seen_was_taken_is_not_remembered_as_gone() -> None:
    async def test(quad: Quad) -> None:
        partner = await quad.arrive(2, 1)
        await quad.arrive(1, 2)
        quad.leave(1)
        quad.presence.tick(100.0, 5000.0)
        quad.presence.tick(110.0, 5010.0)
        await quad.arrive(1, 2)
        assert quad.presence.take_last_seen() == {}
        assert await told(partner) == [person(1, True), person(1, False, "day 5000"), person(1, True)]

    with_presence(test)


def test_a_mass_reconnect_is_told_in_ticks_of_five_thousand_frames() -> None:
    async def test(quad: Quad) -> None:
        everyone = range(1, 91)
        peers = {user_id: await quad.listen(user_id) for user_id in everyone}
        second = await quad.listen(1)
        for user_id in everyone:
            quad.presence.arrive(user_id, f"User {user_id}", set(everyone) - {user_id})
        per_person = len(everyone)  # the first has two streams
        frames: list[dict[str, Any]] = []

        async def arrived() -> int:
            found = [one for peer in (*peers.values(), second) for one in await told(peer)]
            frames.extend(found)
            return len(found)

        assert FRAMES_PER_TICK <= await arrived() < FRAMES_PER_TICK + per_person
        assert await arrived() == 0, "the rest waits for the clock"
        quad.presence.tick(100.0, 5000.0)
        assert 0 < await arrived() < FRAMES_PER_TICK
        assert len(frames) == len(everyone) * per_person - 1, "each was told of each, once"
        quad.presence.tick(101.0, 5001.0)
        assert await arrived() == 0

    with_presence(test)


def test_of_a_user_who_waits_only_the_last_state_is_told() -> None:
    async def test(quad: Quad) -> None:
        staying, leaving = set(range(1, 76)), list(range(101, 176))
        watcher, *_ = [await quad.listen(user_id) for user_id in sorted(staying)]
        for user_id in leaving:
            await quad.listen(user_id)
            quad.presence.arrive(user_id, f"User {user_id}", staying)
        quad.presence.tick(99.0, 4999.0)
        assert {one["user_id"] for one in await told(watcher)} == set(leaving)
        for user_id in leaving:
            quad.leave(user_id)
        quad.presence.tick(100.0, 5000.0)
        quad.presence.tick(110.0, 5010.0)
        gone = [one["user_id"] for one in await told(watcher)]
        waiting = [user_id for user_id in leaving if user_id not in gone]
        assert len(gone) == FRAMES_PER_TICK // len(staying) + 1
        back, away = waiting[:3], waiting[3:]
        for user_id in back:
            await quad.arrive(user_id, *staying)
        quad.presence.tick(111.0, 5011.0)
        assert await told(watcher) == [person(user_id, False, "day 5000") for user_id in away]
        assert set(quad.presence.online()) == set(back)

    with_presence(test)
