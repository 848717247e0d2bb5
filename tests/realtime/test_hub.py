"""The dict of who listens: audiences, keys, the clock."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from realtime import frame
from realtime.subscriber import LIVE, REPLAYING
from tests.realtime.support import Core, Peer, ephemeral, run
from tests.support.waiting import until

COLLEGE = "college:1"


async def members(core: Core, *user_ids: int, key: str = COLLEGE) -> list[Peer]:
    """A live stream for each of these users, all of whom hold the key."""
    peers = []
    for user_id in user_ids:
        _, peer = await core.live(user_id, token_id=user_id)
        core.hub.set_keys(user_id, {f"user:{user_id}": 0, key: 0})
        peers.append(peer)
    return peers


def test_i3_publish_reaches_the_union_of_keys_and_each_stream_once() -> None:
    async def test(core: Core) -> None:
        one, two, three = await members(core, 1, 2, 3)
        (again,) = await members(core, 1)
        _, outsider = await core.live(4)
        core.store("user:1", COLLEGE, "user:3", "nobody")
        core.store("user:1")
        for peer in (one, two, three, again, outsider):
            await peer.read_all()
        assert [peer.ids for peer in (one, two, three, again, outsider)] == [[1, 2], [1], [1], [1, 2], []]

    run(test)


def test_i4_the_last_id_is_set_when_a_fan_out_begins_and_by_durable_events_alone() -> None:
    async def test(core: Core) -> None:
        core.hub.publish(("nobody",), b"", 7)
        assert core.hub.last_id == 7
        core.hub.publish(("nobody",), ephemeral())
        assert core.hub.last_id == 7
        subscriber, _ = core.connect()
        assert (subscriber.position, subscriber.state) == (7, REPLAYING)

    run(test)


def test_a_stream_is_attached_under_its_users_key_and_all_that_the_user_holds() -> None:
    async def test(core: Core) -> None:
        (first,) = await members(core, 1)
        _, second = await core.live(1)
        core.store(COLLEGE)
        for peer in (first, second):
            await peer.read_all()
            assert peer.ids == [1]
        assert core.hub.keys(1) == {"user:1": 0, COLLEGE: 0}
        assert len(core.hub.streams_of(1)) == 2
        assert core.hub.users_listening([COLLEGE, "user:9"]) == {1}

    run(test)


def test_the_last_stream_of_a_user_takes_the_keys_along() -> None:
    async def test(core: Core) -> None:
        left: list[int] = []
        core.hub.on_left = left.append
        await members(core, 1)
        await members(core, 1)
        one, two = core.hub.streams_of(1)
        core.hub.detach(one)
        core.hub.detach(one)
        assert (left, core.hub.is_listening(1)) == ([], True)
        core.hub.detach(two)
        assert (left, core.hub.is_listening(1)) == ([1], False)
        assert (core.hub.keys(1), core.hub.streams, core.hub.users_listening([COLLEGE])) == ({}, {}, set())
        core.hub.set_keys(1, {COLLEGE: 0})
        assert core.hub.keys(1) == {}, "users without streams are not remembered"

    run(test)


def test_i10_a_change_of_keys_widens_and_narrows_open_streams_at_once() -> None:
    async def test(core: Core) -> None:
        (peer,) = await members(core, 1)
        core.store("class:3")
        core.hub.change_keys(1, {"class:3": 1}, [COLLEGE, "class:9"])
        core.store("class:3")
        core.store(COLLEGE)
        core.store("user:1")
        await peer.read_all()
        assert peer.ids == [2, 4]
        assert core.hub.keys(1) == {"user:1": 0, "class:3": 1}

    run(test)


def test_i10_an_opening_sees_that_its_users_keys_changed_meanwhile() -> None:
    async def test(core: Core) -> None:
        await core.live(1)
        await core.live(2)
        seen = [core.hub.changes(1)]
        core.hub.change_keys(1, {}, [])
        seen.append(core.hub.changes(1))
        core.hub.touch(1)
        seen.append(core.hub.changes(1))
        assert all(before < after for before, after in pairwise(seen))
        assert core.hub.changes(2) == 0, "others' changes must not hold an opening up"

    run(test)


def test_i10_the_end_of_tokens_ends_their_streams_and_no_others() -> None:
    async def test(core: Core) -> None:
        peers = [(await core.live(user_id, token_id=token_id))[1] for user_id, token_id in [(1, 1), (1, 1), (1, 2)]]
        core.hub.end_tokens([1, 7], "logout")
        core.store("user:1")
        for peer in peers[:2]:
            await peer.read_to_end()
            assert [(one.event, one.text) for one in peer.events] == [
                ("disconnected", '{"status":"disconnected","reason":"logout"}')
            ]
        await peers[2].read_count(1)
        assert [one.token_id for one in core.hub.streams.values()] == [2]

    run(test)


def test_i4_an_event_that_could_not_be_pushed_comes_from_the_log_also_to_a_stream_that_opens() -> None:
    async def test(core: Core) -> None:
        live, peer = await core.live()
        opening, late = core.connect()
        core.hub.mark_lagged(("user:1",), core.append("user:1"))
        assert not opening.go_live(0), "it was told nothing through event 1 yet"
        opening.open(b"", core.tell_nothing)
        core.store("user:1")
        for one in (peer, late):
            await one.read_count(2)
            assert one.ids == [1, 2]
        assert (live.lagged, live.state) == (1, LIVE)

    run(test)


def test_heartbeats_come_each_interval_and_are_spread_over_it() -> None:
    async def test(core: Core) -> None:
        peers = [(await core.live(user_id))[1] for user_id in range(1, 11)]
        beaten: list[list[int]] = []
        for second in range(100, 115):
            core.hub.tick(second + 0.5, 1736419800.1234 + second)
            beats = []
            for index, peer in enumerate(peers):
                before = len(peer.events)
                await peer.read_all()
                beats += [index] * (len(peer.events) - before)
            beaten.append(beats)
        assert [len(beats) for beats in beaten] == [2] * 15, "a fifth of ten streams each second"
        for index in range(10):
            at = [second for second, beats in enumerate(beaten) if index in beats]
            assert [later - earlier for earlier, later in pairwise(at)] == [5, 5]
        first = 100 + next(second for second, beats in enumerate(beaten) if 0 in beats)
        assert json.loads(peers[0].events[0].text) == {"timestamp": round(1736419800.123 + first, 3)}

    run(test, Core(heartbeat_s=5))


@given(st.lists(st.floats(0.1, 12.0), min_size=1, max_size=12))
def test_a_late_clock_owes_each_stream_one_heartbeat_an_interval(steps_s: list[float]) -> None:
    async def test(core: Core) -> None:
        peers = [(await core.live(user_id))[1] for user_id in range(1, 6)]
        now_s = 1000.0
        core.hub.tick(now_s, now_s)
        for peer in peers:
            await peer.read_all()
        for step_s in steps_s:
            core.hub.tick(now_s + step_s, now_s + step_s)
            for peer in peers:
                before = len(peer.events)
                await peer.read_all()
                due = len(peer.events) - before
                whole_s = int(now_s + step_s) - int(now_s)
                assert due <= 1
                assert due == 1 or whole_s < 5
            now_s += step_s

    run(test, Core(heartbeat_s=5))


def test_i10_a_stream_whose_token_expired_ends_at_its_heartbeat() -> None:
    async def test(core: Core) -> None:
        _, expiring = await core.live(1, expires_s=1000.0)
        _, lasting = await core.live(2)
        for second in range(5):
            core.hub.tick(100.0 + second, 999.0)
        await expiring.read_count(1, "heartbeat")
        for second in range(5, 10):
            core.hub.tick(100.0 + second, 1000.0)
        await expiring.read_to_end()
        assert [one.event for one in expiring.events] == ["heartbeat", "disconnected"]
        assert expiring.events[1].text == '{"status":"disconnected","reason":"expired"}'
        await lasting.read_count(2, "heartbeat")

    run(test, Core(heartbeat_s=5))


def test_i5_a_stream_whose_peer_accepts_nothing_is_closed_by_the_clock() -> None:
    async def test(core: Core) -> None:
        subscriber, _ = await core.live()
        core.store("user:1", size=100_000)
        assert core.hub.slow == {subscriber}
        core.hub.tick(100.0, 0.0)
        core.hub.tick(119.0, 0.0)
        assert core.hub.streams
        core.hub.tick(120.0, 0.0)
        await until(lambda: not core.hub.streams and not core.hub.slow)

    run(test)


def test_the_end_of_streams_detaches_them_at_once() -> None:
    async def test(core: Core) -> None:
        _, peer = await core.blocked(1)
        core.hub.end(core.hub.streams_of(1), "disabled")
        assert not core.hub.is_listening(1)
        await peer.read_to_end()
        assert peer.events[-1].text == '{"status":"disconnected","reason":"disabled"}'

    run(test)


def test_frames_are_shared_and_encoded_once() -> None:
    async def test(core: Core) -> None:
        peers = await members(core, 1, 2)
        data = frame.encode("message", {"a": 1}, 1)
        core.hub.publish([COLLEGE], data, 1)
        for peer in peers:
            await peer.read_all()
            assert peer.events[0].text == '{"a":1}'

    run(test)
