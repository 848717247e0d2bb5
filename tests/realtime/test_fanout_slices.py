"""realtime/fanout.py: large audiences get a frame in slices, and order holds whatever comes in between (I2)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime import frame
from realtime.api.upkeep import DUES_AT_ONCE
from realtime.fanout import MOST_RUNNING, SLICE
from realtime.hub import Hub
from realtime.poll import Poll
from realtime.subscriber import CLOSED
from tests.realtime.support import Core, run
from tests.support.waiting import until

CROWD = 2 * SLICE + 50
REFERENCE = "\0/files/k/1"


def attach(hub: Hub, user_id: int, *keys: str, kind: type[Poll] = Poll) -> Poll:
    """A poll of a user, live: a stream without a socket, which remembers what it is told."""
    poll = kind(
        user_id=user_id, token_id=user_id, expires_s=None, address="", base_url=f"http://host{user_id % 2}",
        opened_s=0.0, began_id=0, known=None, most_bytes=1 << 20,
    )  # fmt: skip
    hub.attach(poll)
    hub.set_keys(user_id, {f"user:{user_id}": 0, "all": 0, **dict.fromkeys(keys, 0)})
    assert poll.go_live(hub.last_id)
    return poll


def crowd(hub: Hub) -> list[Poll]:
    """As many as three slices; every tenth also holds the key `some`, every other `half`."""
    return [
        attach(hub, number, *(["some"] if number % 10 == 0 else []), *(["half"] if number % 2 else []))
        for number in range(1, CROWD + 1)
    ]


def publish(hub: Hub, key: str, event_id: int, data: Any = None) -> None:
    hub.publish((key,), frame.encode("notification", data or {"n": event_id}, event_id or None), event_id)


def ids(poll: Poll) -> list[int | None]:
    return [one.id for one in poll.events]


def reached(polls: list[Poll]) -> int:
    return sum(bool(poll.events) for poll in polls)


def test_a_large_audience_is_reached_in_slices_and_a_small_one_at_once() -> None:
    async def run() -> None:
        hub = Hub(heartbeat_s=30, last_id=0)
        polls = crowd(hub)
        publish(hub, "user:7", 1)
        assert ids(polls[6]) == [1]
        publish(hub, "all", 2)
        assert reached([poll for poll in polls if poll is not polls[6]]) <= SLICE, "the rest gives way to the loop"
        turns = 0
        while not all(2 in ids(poll) for poll in polls):
            await asyncio.sleep(0)
            turns += 1
        assert turns == 2, "three slices"

    asyncio.run(run())


def test_i2_who_is_not_reached_yet_is_told_the_earlier_ones_first() -> None:
    async def run() -> None:
        hub = Hub(heartbeat_s=30, last_id=0)
        polls = crowd(hub)
        publish(hub, "all", 1)
        publish(hub, "half", 2)
        late = [poll for poll in polls if poll.user_id % 2 and not poll.events]
        assert late
        publish(hub, f"user:{late[0].user_id}", 3)
        assert ids(late[0]) == [1, 2, 3]
        publish(hub, f"user:{late[0].user_id}", 0, {"typing": True})
        assert ids(late[0]) == [1, 2, 3, None]
        publish(hub, f"user:{late[1].user_id}", 0, {"typing": True})
        assert ids(late[1]) == [1, 2, None]
        hub.finish()
        assert [ids(poll) for poll in polls if poll.user_id % 2 == 0] == [[1]] * (CROWD // 2)
        assert ids(late[0]) == [1, 2, 3, None], "once"

    asyncio.run(run())


def test_too_many_at_once_are_not_kept_waiting() -> None:
    async def run() -> None:
        hub = Hub(heartbeat_s=30, last_id=0)
        polls = crowd(hub)
        for event_id in range(1, MOST_RUNNING + 3):
            publish(hub, "all", event_id)
        assert all(1 in ids(poll) and 2 in ids(poll) for poll in polls), "memory is bounded"
        hub.finish()
        assert all(ids(poll) == list(range(1, MOST_RUNNING + 3)) for poll in polls)

    asyncio.run(run())


def test_all_notices_that_are_due_at_once_leave_the_loop_its_turns() -> None:
    async def run() -> None:
        hub = Hub(heartbeat_s=30, last_id=0)
        polls = crowd(hub)
        for event_id in range(1, DUES_AT_ONCE + 1):
            publish(hub, "all", event_id)
        assert reached(polls) <= SLICE, "a commit of all of them pushes one slice"
        hub.finish()
        assert all(ids(poll) == list(range(1, DUES_AT_ONCE + 1)) for poll in polls)

    asyncio.run(run())


class Broken(Poll):
    """A stream that breaks its promise."""

    def push(self, frame: bytes, event_id: int = 0) -> None:
        raise ValueError("never")


@pytest.mark.parametrize("data", [{"n": 1}, {"attachment": REFERENCE}])
def test_a_stream_that_raises_keeps_nothing_from_the_others(
    caplog: pytest.LogCaptureFixture, data: dict[str, Any]
) -> None:
    async def run() -> None:
        hub = Hub(heartbeat_s=30, last_id=0)
        polls = crowd(hub)
        broken = [attach(hub, number, kind=Broken) for number in (CROWD + 1, CROWD + 2)]
        hub._by_key["all"] = {broken[0]: None, **hub._by_key["all"]}  # in the last slice and in the first
        publish(hub, "all", 1, data)
        publish(hub, "all", 2, data)
        await until(lambda: all(ids(poll) == [1, 2] for poll in polls))
        assert all(poll.state == CLOSED for poll in broken), "it comes back, and is told from the log"

    asyncio.run(run())
    assert "it could not be told event 1" in caplog.text
    caplog.clear()


def test_i3_an_earlier_frame_of_a_slice_does_not_hide_that_a_later_one_was_offered() -> None:
    async def test(core: Core) -> None:
        stream, peer = core.connect()
        stream.open(b"", core.tell_nothing)
        first, second = core.append("user:1"), core.append("user:1")
        core.hub.mark_lagged(["user:1"], second)
        stream.push(core.encoded(first), first)
        assert not stream.go_live(first), "the second is still to be told"
        await peer.read_count(2)
        assert peer.ids == [first, second]

    run(test)


def test_each_stream_has_the_files_at_its_own_address_also_in_slices() -> None:
    async def run() -> None:
        hub = Hub(heartbeat_s=30, last_id=0)
        polls = crowd(hub)
        publish(hub, "all", 1, {"attachment": REFERENCE})
        hub.finish()
        for poll in polls:
            assert f"http://host{poll.user_id % 2}/files/k/1" in str(poll.events[0].data)

    asyncio.run(run())


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.sampled_from(["all", "all", "half", "some", "user:3", f"user:{CROWD}"])),
        st.tuples(st.just("typing"), st.sampled_from(["user:3", f"user:{CROWD}"])),
        st.tuples(st.just("turn")),
        st.tuples(st.just("leave"), st.integers(1, CROWD)),
        st.tuples(st.just("join"), st.sampled_from(["half", "some"])),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=30)
@given(steps=_STEPS)
def test_i2_i3_every_stream_has_its_audiences_events_once_in_order(steps: list[Any]) -> None:
    async def run() -> None:
        hub = Hub(heartbeat_s=30, last_id=0)
        polls = {poll.user_id: poll for poll in crowd(hub)}
        expected: dict[int, list[int]] = {user_id: [] for user_id in polls}
        gone: set[int] = set()
        event_id = 0
        for name, *values in steps:
            match name:
                case "tell":
                    event_id += 1
                    for user_id in polls:
                        if values[0] in hub.keys(user_id):
                            expected[user_id].append(event_id)
                    publish(hub, values[0], event_id)
                case "typing":
                    publish(hub, values[0], 0)
                case "turn":
                    await asyncio.sleep(0)
                case "leave" if values[0] not in gone:
                    hub.detach(polls[values[0]])
                    gone.add(values[0])
                case "join":
                    user_id = CROWD + len(polls)
                    polls[user_id], expected[user_id] = attach(hub, user_id, values[0]), []
        hub.finish()
        for user_id, poll in polls.items():
            told = [one for one in ids(poll) if one is not None]
            assert told == expected[user_id]

    asyncio.run(run())
