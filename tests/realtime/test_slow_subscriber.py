"""One stream on a real socket whose peer does not keep up: its outbox, its heartbeats, its patience."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import termios

import pytest

from realtime import frame
from realtime.subscriber import LIVE, REPLAYING, Subscriber
from realtime.wire import Wire
from tests.realtime.support import USER_TIMEOUT_S, Core, ephemeral, numbers, run
from tests.support.waiting import until

OWN = "user:1"
LAST = frame.encode("disconnected", {"status": "disconnected", "reason": "logout"})


def beat(number: int) -> bytes:
    return frame.encode("heartbeat", {"n": number})


@pytest.mark.parametrize("bounds", [{"outbox_frames": 10}, {"outbox_bytes": 20_000}], ids=["frames", "bytes"])
def test_i5_an_outbox_past_its_bound_is_dropped_and_told_again_from_the_log(bounds: dict[str, int]) -> None:
    async def test(core: Core) -> None:
        subscriber, peer = await core.blocked()
        first = len(core.log)
        most = 0
        for _ in range(60):
            core.store(OWN, size=1000)
            most = max(most, subscriber.queued_bytes)
        assert subscriber.lagged == 1
        assert subscriber.queued_bytes == 0
        assert most <= 20_000
        assert most > 8_000, "it was filled before"
        assert subscriber.state == REPLAYING
        await peer.read_count(first + 60)
        core.store(OWN)
        await peer.read_count(first + 61)
        assert peer.ids == list(range(1, first + 62))
        await until(lambda: subscriber not in core.hub.slow)
        assert (subscriber.state, subscriber.lagged) == (LIVE, 1)

    run(test, Core(**bounds))


def test_i5_a_slow_peer_within_the_bound_is_not_lagged() -> None:
    async def test(core: Core) -> None:
        subscriber, peer = await core.blocked()
        for _ in range(50):
            core.store(OWN, size=100)
        await peer.read_count(len(core.log))
        assert peer.ids == list(range(1, len(core.log) + 1))
        assert (subscriber.lagged, core.pages, subscriber.queued_bytes) == (0, 0, 0)

    run(test)


def test_i5_a_frame_larger_than_the_kernels_buffer_is_finished_before_the_next() -> None:
    async def test(core: Core) -> None:
        _, peer = await core.live()
        core.store(OWN, size=200_000)
        core.hub.publish((OWN,), ephemeral(1))
        core.store(OWN)
        await peer.read_count(2)
        assert [one.event for one in peer.events] == ["message", "typing", "message"]

    run(test)


def test_i6_typing_and_presence_are_the_first_to_go() -> None:
    async def test(core: Core) -> None:
        subscriber, peer = await core.blocked()
        core.hub.publish((OWN,), ephemeral(1))
        while subscriber.queued_bytes <= 10_000:
            core.store(OWN, size=1000)
        for number in range(2, 100):
            core.hub.publish((OWN,), ephemeral(number, size=1000))
        last = core.store(OWN, size=1000)
        assert subscriber.lagged == 0, "what may be dropped lags nobody"
        await peer.read_count(last)
        assert numbers(peer.named("typing")) == [1]
        assert peer.ids == list(range(1, last + 1))

    run(test, Core(outbox_bytes=20_000))


def test_i6_while_a_stream_replays_what_is_not_stored_is_dropped() -> None:
    async def test(core: Core) -> None:
        subscriber, peer = core.connect()
        core.hub.publish((OWN,), ephemeral(1))
        subscriber.go_live(0)
        core.hub.publish((OWN,), ephemeral(2))
        await peer.read_count(1, "typing")
        assert numbers(peer.named("typing")) == [2]

    run(test)


def test_i6_of_the_heartbeats_of_a_blocked_stream_the_newest_waits_and_goes_before_the_outbox() -> None:
    async def test(core: Core) -> None:
        subscriber, peer = await core.blocked()
        started = len(core.log)
        core.store(OWN)
        core.store(OWN)
        for number in range(1, 6):
            subscriber.beat(beat(number))
        await peer.read_count(started + 2)
        assert [one.event for one in peer.events[started - 1 :]] == ["message", "heartbeat", "message", "message"]
        assert peer.named("heartbeat")[0].text == '{"n":5}'
        assert peer.named("heartbeat")[0].id is None

    run(test)


def test_the_kernel_gives_nobody_up_who_reads_slowly_and_everybody_who_vanishes() -> None:
    async def test(core: Core) -> None:
        subscriber, peer = await core.blocked()
        wire = subscriber._socket
        assert isinstance(wire, Wire)

        def user_timeout_ms() -> int:
            return wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)

        assert user_timeout_ms() == 0, "patience.py counts"
        subscriber.beat(beat(1))
        assert user_timeout_ms() == 0
        await peer.read_count(len(core.log))
        await until(lambda: subscriber not in core.hub.slow)
        number = 1
        while user_timeout_ms() == 0:  # until the peer has acknowledged it all
            number += 1
            subscriber.beat(beat(number))
            await peer.read()
        assert user_timeout_ms() == USER_TIMEOUT_S * 1000

    run(test)


def test_i6_heartbeats_go_between_the_frames_of_a_replay() -> None:
    async def test(core: Core) -> None:
        for _ in range(200):
            core.append(OWN, size=1000)
        core.hub.last_id = 200
        subscriber, peer = core.connect()

        async def opening(opened: Subscriber) -> None:
            opened.position = 0

        subscriber.open(b"", opening)
        for number in range(1, 11):
            await peer.read_count(number * 15)
            subscriber.beat(beat(number))
        assert subscriber.state == REPLAYING
        await peer.read_count(200)
        assert numbers(peer.named("heartbeat")) == list(range(1, 11))
        assert peer.ids == list(range(1, 201))

    run(test)


def test_a_peer_that_accepts_nothing_is_stalled_after_the_send_timeout_and_one_that_accepts_a_little_is_not() -> None:
    async def test(core: Core) -> None:
        subscriber, peer = await core.live()
        assert not subscriber.stalled(0.0)
        assert not subscriber.stalled(100.0), "a healthy stream has nothing to accept"
        core.store(OWN, size=100_000)
        assert not subscriber.stalled(100.0)
        assert not subscriber.stalled(119.0)
        assert subscriber.stalled(120.0)
        now_s = 120.0
        while not peer.events:  # each piece takes longer than the timeout
            before = _unsent(subscriber)
            while _unsent(subscriber) == before and not peer.events:
                assert await peer.read(1024)
                await asyncio.sleep(0)
            now_s += 30.0
            assert not subscriber.stalled(now_s)
        await until(lambda: subscriber not in core.hub.slow)
        assert not subscriber.stalled(now_s + 1000.0)

    run(test)


def _unsent(subscriber: Subscriber) -> int:
    return int(struct.unpack("i", fcntl.ioctl(subscriber._socket.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0])


def test_two_streams_do_not_wait_for_each_other() -> None:
    async def test(core: Core) -> None:
        slow, slow_peer = await core.blocked()
        _, peer = await core.live()
        begin = len(core.log)
        for count in range(1, 201):
            core.store(OWN, size=1000)
            await peer.read_count(count)
        assert slow.lagged == 1
        await slow_peer.read_count(begin + 200)
        assert slow_peer.ids == list(range(1, begin + 201))

    run(test, Core(outbox_frames=50))


def test_what_was_dropped_of_presence_is_told_anew_before_a_stream_is_live_again() -> None:
    async def test(core: Core) -> None:
        subscriber, peer = await core.blocked()
        core.hub.publish((OWN,), ephemeral(size=core.rules.outbox_bytes), 0)
        assert subscriber.is_stale
        await peer.read_until(lambda one: subscriber not in core.hub.slow)
        await peer.read_all()
        assert [one.event for one in peer.events][-1] == "presence_snapshot"
        assert peer.ids == list(range(1, len(core.log) + 1))

    run(test)


def test_i6_a_heartbeat_does_not_wait_for_the_database() -> None:
    async def test(core: Core) -> None:
        released = asyncio.Event()

        async def opening(subscriber: Subscriber) -> None:
            await released.wait()
            subscriber.go_live(core.hub.last_id)

        subscriber, peer = core.connect()
        subscriber.open(b"", opening)
        subscriber.beat(frame.encode("heartbeat", {"timestamp": 1}))
        await peer.read_count(1, "heartbeat")
        assert subscriber.state == REPLAYING
        released.set()

    run(test)
