"""What a stream hears is taken away, or its token is over, while it is busy with something else (I10)."""

from __future__ import annotations

from realtime.subscriber import REPLAYING
from tests.realtime.support import Core, numbers, run
from tests.support.waiting import until

OWN, CLASS = "user:1", "class:3"
EXPIRED = '{"status":"disconnected","reason":"expired"}'
WALL_S = 1000.0


def test_i10_an_expired_token_ends_its_stream_within_the_second_whatever_its_turn_of_heartbeats() -> None:
    async def test(core: Core) -> None:
        peers = [(await core.live(number, expires_s=WALL_S))[1] for number in range(1, 7)]
        core.hub.tick(100.0, WALL_S - 0.001)
        assert len(core.hub.streams) == 6
        core.hub.tick(101.0, WALL_S)
        assert not core.hub.streams
        for peer in peers:
            await peer.read_to_end()
            assert peer.events[-1].text == EXPIRED

    run(test, Core(heartbeat_s=30))


def test_i10_each_stream_ends_at_its_own_time_whoever_went_before() -> None:
    async def test(core: Core) -> None:
        ends_s = {3: 30.0, 1: 10.0, 2: 20.0, 4: None, 5: 10.0}
        streams = {number: await core.live(number, expires_s=end) for number, end in ends_s.items()}
        streams[5][0].abort()
        await until(lambda: len(core.hub.streams) == 4)
        for now_s, left in ((9.9, {1, 2, 3, 4}), (10.0, {2, 3, 4}), (25.0, {3, 4}), (31.0, {4}), (99.0, {4})):
            core.hub.tick(100.0 + now_s, now_s)
            assert {stream.user_id for stream in core.hub.streams.values()} == left, now_s
        late, _ = await core.live(6, expires_s=98.0)  # the clock was set back meanwhile
        core.hub.tick(300.0, 98.0)
        assert late.id not in core.hub.streams

    run(test, Core(heartbeat_s=30))


def test_i10_a_token_that_expires_while_its_stream_is_lagged_ends_it_after_the_frame_that_is_started() -> None:
    async def test(core: Core) -> None:
        subscriber, peer = await core.blocked(expires_s=WALL_S)
        for _ in range(200):
            core.store(OWN, size=2000)
        assert (subscriber.state, subscriber.lagged) == (REPLAYING, 1)
        core.hub.tick(100.0, WALL_S)
        assert not core.hub.streams
        await peer.read_to_end()
        assert peer.events[-1].text == EXPIRED
        assert peer.ids == list(range(1, len(peer.ids) + 1))
        assert len(peer.ids) < len(core.log) - 150, "what waited was told all the same"

    run(test, Core(outbox_frames=20))


def test_i10_a_token_that_expires_in_a_replay_ends_it() -> None:
    async def test(core: Core) -> None:
        for _ in range(300):
            core.append(OWN, size=2000)
        core.hub.last_id = len(core.log)
        subscriber, peer = core.connect(expires_s=WALL_S)
        subscriber.position = 0
        subscriber.offered_id = len(core.log)
        subscriber.open(b"", core.tell_nothing)
        await peer.read_count(3)
        core.hub.tick(100.0, WALL_S)
        await peer.read_to_end()
        assert peer.events[-1].text == EXPIRED
        assert len(peer.ids) < 250

    run(test)


def test_i10_a_key_that_is_lost_in_the_middle_of_a_page_is_told_no_further() -> None:
    async def test(core: Core) -> None:
        for number in range(200):
            core.append(CLASS if number % 2 else OWN, size=2000)
        core.hub.last_id = len(core.log)
        subscriber, peer = core.connect()
        core.hub.set_keys(1, {OWN: 0, CLASS: 0})
        subscriber.position = 0
        subscriber.offered_id = len(core.log)
        subscriber.open(b"", core.tell_nothing)
        await peer.read_count(3)
        pages = core.pages
        core.hub.change_keys(1, {}, [CLASS])
        at = len(peer.ids)
        await peer.read_until(lambda peer: 199 in peer.ids)
        assert [one for one in peer.ids if one % 2] == list(range(1, 200, 2)), "one's own are all there, once, in order"
        of_class = [one for one in peer.ids if not one % 2]
        assert len(of_class) < at + 60, "a whole page of 200 was told"
        assert core.pages == pages + 1
        core.store(CLASS)
        last = core.store(OWN)
        await peer.read_until(lambda peer: last in peer.ids)
        assert numbers(peer.named("message"))[-2:] == [199, last]

    run(test, Core(page_events=1000))


def test_i10_a_key_that_is_gained_in_a_replay_is_heard_from_then_on() -> None:
    async def test(core: Core) -> None:
        for _ in range(100):
            core.append(OWN, size=2000)
        core.hub.last_id = len(core.log)
        subscriber, peer = core.connect()
        subscriber.position = 0
        subscriber.offered_id = len(core.log)
        subscriber.open(b"", core.tell_nothing)
        await peer.read_count(3)
        core.hub.change_keys(1, {CLASS: len(core.log)}, [])
        new = core.store(CLASS)
        await peer.read_until(lambda peer: new in peer.ids)
        assert peer.ids == list(range(1, new + 1))

    run(test)
