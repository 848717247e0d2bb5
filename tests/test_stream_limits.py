"""Where there is no room for another stream, it is refused in the stream's shape; the endpoint to try it out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from tests.support.campus import User, create_tokens, create_users
from tests.support.server import ServerFactory, ServerProcess
from tests.support.sse import EVENTS_PATH, TEST_PATH, Stream
from tests.support.waiting import eventually
from tests.test_stream_headers import ORIGIN, assert_refused


@contextmanager
def streams(
    server: ServerProcess, count: int, user: User | None = None, path: str = EVENTS_PATH
) -> Iterator[list[Stream]]:
    """So many open streams."""
    opened = [Stream(server, user, path=path) for _ in range(count)]
    try:
        yield opened
    finally:
        for stream in opened:
            stream.close()


def test_the_cap_of_a_user_refuses_one_more(server_factory: ServerFactory) -> None:
    server = server_factory()
    user, other = create_users(server, "reader", "other")
    (again,) = create_tokens(server, ["reader"])
    with streams(server, 50, user) as opened:
        for one in (user, again):
            with Stream(server, one, headers={"Origin": ORIGIN}) as refused:
                assert_refused(refused, 429)
        with Stream(server, other) as stream:
            assert stream.status == 200
        for stream in opened:
            stream.wait_for("connected")
            assert stream.ended is None, "nobody is thrown out"
        opened[0].close()
        eventually(lambda: opens(server, user), "there is room again")


def opens(server: ServerProcess, user: User | None, path: str = EVENTS_PATH) -> bool:
    """Whether a stream opens now."""
    with Stream(server, user, path=path) as stream:
        return stream.status == 200


def test_without_limits_there_is_no_cap(server_factory: ServerFactory) -> None:
    server = server_factory(limits="off")
    (user,) = create_users(server, "reader")
    with streams(server, 60, user) as opened, streams(server, 25, path=TEST_PATH) as tests:
        assert {stream.status for stream in opened + tests} == {200}


def test_no_more_streams_than_the_server_has_room_for(server_factory: ServerFactory) -> None:
    server = server_factory(max_streams=2)
    one, two = create_users(server, "one", "two")
    with streams(server, 1, one) as (first,), streams(server, 1, two):
        with Stream(server, two, headers={"Origin": ORIGIN}) as refused:
            assert_refused(refused, 503)
        first.close()
        eventually(lambda: opens(server, two), "there is room again")


def test_the_test_endpoint_sends_five_events_a_second_apart_and_ends(server: ServerProcess) -> None:
    with Stream(server, path=TEST_PATH) as stream:
        first = stream.wait_for("test")
        assert first.at_s - stream.head_s < 1.0
        assert stream.wait_end() == "fin"
        told = [(one.event, one.data, one.id) for one in stream.events()]
        assert told == [
            *(("test", {"count": count, "message": f"Test event {count}"}, None) for count in range(5)),
            ("complete", {"message": "Test complete"}, None),
        ]
        times_s = [one.at_s for one in stream.events("test")]
        assert 3.5 < times_s[-1] - times_s[0] < 10.0, "a client gives up after ten seconds"
        assert all(later - earlier > 0.5 for earlier, later in pairwise(times_s))
    print(f"five events in {times_s[-1] - times_s[0]:.3f} s")


def test_the_test_endpoint_has_a_cap_for_each_address(server: ServerProcess) -> None:
    with streams(server, 20, path=TEST_PATH) as opened:
        assert {stream.status for stream in opened} == {200}
        with Stream(server, path=TEST_PATH, headers={"Origin": ORIGIN}) as refused:
            assert_refused(refused, 429)
        opened[0].cut("rst")
        eventually(lambda: opens(server, None, TEST_PATH), "there is room again")
