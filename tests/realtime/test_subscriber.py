"""One stream on a real socket: what it does when its peer keeps up, does not, or is gone."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime import frame
from realtime.subscriber import CLOSED, ENDING, LIVE, REPLAYING, Subscriber
from tests.realtime.support import Core, ephemeral, numbers, run
from tests.support.waiting import until

OWN = "user:1"
LAST = frame.encode("disconnected", {"status": "disconnected", "reason": "logout"})


def beat(number: int) -> bytes:
    return frame.encode("heartbeat", {"n": number})


def test_a_healthy_stream_has_no_task_and_its_frames_leave_at_once() -> None:
    async def test(core: Core) -> None:
        subscriber, peer = await core.live()
        tasks = asyncio.all_tasks()
        for number in range(1, 6):
            core.store(OWN)
            peer.read_still()
            assert peer.ids == list(range(1, number + 1))
        assert asyncio.all_tasks() == tasks
        assert (subscriber.state, subscriber.position, subscriber.queued_bytes, subscriber.lagged) == (LIVE, 5, 0, 0)

    run(test)


def test_i3_what_was_told_already_is_not_told_again() -> None:
    async def test(core: Core) -> None:
        subscriber, peer = await core.live()
        for event_id in (core.store(OWN), core.store(OWN)):
            subscriber.push(core.encoded(event_id), event_id)
        subscriber.end(LAST)
        await peer.read_to_end()
        assert peer.ids == [1, 2]

    run(test)


def test_i3_what_is_pushed_while_a_stream_opens_is_told_once_and_in_order() -> None:
    async def test(core: Core) -> None:
        core.append(OWN)
        core.append(OWN)
        core.hub.last_id = 2
        subscriber, peer = core.connect()
        told = asyncio.Event()

        async def opening(opened: Subscriber) -> None:
            opened.position = 0
            await opened.write(core.encoded(1), 1)
            core.store(OWN)
            core.store(OWN)
            told.set()

        subscriber.open(b"", opening)
        await told.wait()
        core.store(OWN)
        assert subscriber.state == REPLAYING
        await peer.read_count(5)
        core.store(OWN)
        await peer.read_count(6)
        assert peer.ids == [1, 2, 3, 4, 5, 6]
        assert (subscriber.state, subscriber.lagged) == (LIVE, 0)

    run(test, Core(page_events=1))


def test_i3_a_stream_is_not_live_while_something_newer_was_offered() -> None:
    async def test(core: Core) -> None:
        subscriber, _ = core.connect()
        core.store(OWN)
        assert not subscriber.go_live(0)
        assert subscriber.state == REPLAYING
        assert subscriber.go_live(1)
        assert (subscriber.state, subscriber.position) == (LIVE, 1)

    run(test)


def test_i10_the_end_of_a_blocked_stream_finishes_what_is_started_and_drops_the_rest() -> None:
    async def test(core: Core) -> None:
        subscriber, peer = await core.blocked()
        started = len(core.log)
        for _ in range(5):
            core.store(OWN)
        subscriber.beat(beat(1))
        subscriber.end(LAST)
        subscriber.end(b"never said")
        core.store(OWN)
        subscriber.beat(beat(2))
        assert subscriber.state == ENDING
        await peer.read_to_end()
        assert peer.ids == list(range(1, started + 1))
        assert [one.event for one in peer.events[started:]] == ["disconnected"]
        await until(lambda: subscriber.state == CLOSED)
        assert not core.hub.slow
        assert not core.hub.streams

    run(test)


def test_i10_the_end_of_a_stream_that_replays_stops_the_replay() -> None:
    async def test(core: Core) -> None:
        for _ in range(200):
            core.append(OWN, size=1000)
        core.hub.last_id = 200
        subscriber, peer = core.connect()

        async def opening(opened: Subscriber) -> None:
            opened.position = 0

        subscriber.open(b"", opening)
        await peer.read_count(10)
        subscriber.end(LAST)
        await peer.read_to_end()
        assert peer.events[-1].event == "disconnected"
        assert peer.ids == list(range(1, len(peer.ids) + 1))
        assert len(peer.ids) < 50

    run(test, Core(page_events=200))


@pytest.mark.parametrize("last", [LAST, b""], ids=["with a last frame", "without"])
def test_the_end_of_a_healthy_stream_is_at_once(last: bytes) -> None:
    async def test(core: Core) -> None:
        subscriber, peer = await core.live()
        subscriber.end(last)
        await peer.read_to_end()
        assert [one.event for one in peer.events] == ["disconnected"] * bool(last)
        await until(lambda: subscriber.state == CLOSED)
        assert not core.hub.streams

    run(test)


@pytest.mark.parametrize("how", ["reset", "closed by us"])
def test_i4_a_peer_that_is_gone_costs_publish_nothing(how: str) -> None:
    async def test(core: Core) -> None:
        subscriber, peer = await core.live()
        _, other = await core.live(user_id=2)
        if how == "reset":
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.socket.close()
        else:
            subscriber.abort()
        for _ in range(20):
            core.store(OWN, "user:2")
        await other.read_count(20)
        await until(lambda: subscriber.state == CLOSED and subscriber.id not in core.hub.streams)

    run(test)


def test_i4_a_blocked_peer_that_resets_is_detached() -> None:
    async def test(core: Core) -> None:
        subscriber, peer = await core.blocked()
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.socket.close()
        await until(lambda: not core.hub.streams and not core.hub.slow)
        core.store(OWN)
        assert subscriber.state == CLOSED

    run(test)


def test_a_replay_that_fails_closes_its_stream_and_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async def test(core: Core) -> None:
        subscriber, peer = core.connect()

        async def opening(opened: Subscriber) -> None:
            raise RuntimeError("the disk is gone")

        subscriber.open(b"", opening)
        await peer.read_to_end()
        await until(lambda: subscriber.state == CLOSED)
        assert "could not be told" in caplog.text
        caplog.clear()

    run(test)


STEPS = st.lists(
    st.sampled_from(["store", "store big", "typing", "beat", "lag", "read", "read a little", "turn", "other"]),
    max_size=60,
)


@settings(max_examples=60)
@given(STEPS)
def test_i3_any_interleaving_gives_each_event_once_and_in_order(steps: list[str]) -> None:
    async def test(core: Core) -> None:
        subscriber, peer = await core.live()
        beats = 0
        for step in steps:
            match step:
                case "store":
                    core.store(OWN)
                case "store big":
                    core.store(OWN, size=5000)
                case "other":
                    core.store("user:2")
                case "typing":
                    core.hub.publish((OWN,), ephemeral())
                case "beat":
                    beats += 1
                    subscriber.beat(beat(beats))
                case "lag":
                    subscriber.lag()
                case "read":
                    peer.read_now()
                case "read a little":
                    peer.read_now(100)
                case "turn":
                    await asyncio.sleep(0)
        core.store(OWN)
        mine = [one.id for one in core.log if OWN in one.keys]
        await peer.read_until(lambda peer: peer.ids[-1:] == mine[-1:] and subscriber not in core.hub.slow)
        await until(lambda: subscriber not in core.hub.slow)
        subscriber.end(LAST)
        await peer.read_to_end()
        assert peer.ids == mine
        heard = numbers(peer.named("heartbeat"))
        assert heard == sorted(set(heard))
        assert heard[-1:] == [beats][: len(heard[-1:])]
        assert bool(heard) == bool(beats), "a heartbeat is replaced by a newer one, and never dropped"

    run(test, Core(outbox_frames=6, outbox_bytes=12_000, page_events=2))
