"""What a cursor is answered with: the rest of the log, or one `resync` (I7). One case a test; test_resume.py has the
mixtures."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby

import httpx
import pytest
from playwright.sync_api import Page

from tests.support.browser import PageServer
from tests.support.campus import User, api, create_user, create_users, send
from tests.support.follower import wait_until_pruned
from tests.support.relay import Relay
from tests.support.server import ServerFactory, ServerProcess
from tests.support.sse import EVENTS_PATH, Stream

CHATS = "communication/chats/"
WAITING_BROWSER_MS = 60_000
STORM = 400

# The listeners of the integration guide, and one for `resync`, which the guide does not know.
LISTENERS = """url => {
    window.got = [];
    window.opened = 0;
    const source = window.source = new EventSource(url);
    source.onopen = () => window.opened++;
    const types = ['connected', 'message', 'typing', 'read_receipt', 'notification', 'heartbeat', 'disconnected'];
    [...types, 'resync'].forEach(type => source.addEventListener(type, event => {
        window.got.push([type, event.lastEventId, JSON.parse(event.data)]);
        if (type === 'disconnected') source.close();
    }));
}"""


@dataclass
class Pair:
    """Ann sends, Bob listens."""

    server: ServerProcess
    ann: User
    bob: User
    client: httpx.Client

    def send(self, *texts: str) -> list[int]:
        """Messages from Ann to Bob; their ids."""
        return [int(str(send(self.client, self.bob, text)["id"])) for text in texts]

    def position(self) -> int:
        """The log's position."""
        return int(self.client.get(CHATS + "unread-count/").headers["X-Last-Event-ID"])

    def listen(self, cursor: int | str | None = None, **query: str) -> Stream:
        """A stream of Bob's."""
        return Stream(self.server, self.bob, last_event_id=cursor, query=query)


@pytest.fixture
def pair(server: ServerProcess) -> Iterator[Pair]:
    """Ann and Bob on a server with an empty log."""
    ann, bob = create_users(server, "ann_lee", "bob_ray")
    with api(server, ann) as client:
        yield Pair(server, ann, bob, client)


def texts(stream: Stream) -> list[str]:
    """The messages that came, in order."""
    return [event.data["message"] for event in stream.events("message")]


def check_resync(stream: Stream, position: int, reason: str) -> None:
    """One resync with the position, then who is online, and nothing of the past."""
    snapshot = stream.wait_for("presence_snapshot")
    (resync,) = stream.events("resync")
    assert resync.data == {"reason": reason, "last_event_id": position}
    assert (resync.id, stream.last_event_id) == (position, position)
    assert snapshot.index > resync.index
    assert [event.event for event in stream.events()] == ["connected", "resync", "presence_snapshot"]


# Without a cursor


def test_i3_a_stream_that_had_only_connected_loses_nothing(pair: Pair) -> None:
    for before in ((), ("old news", "older news")):  # an empty log, whose position is 0, and one with something in it
        pair.send(*before)
        first = pair.listen()
        connected = first.wait_for("connected")
        assert connected.id == first.last_event_id == pair.position()
        assert connected.data == {"status": "connected", "user_id": pair.bob.id}
        first.cut()
        pair.send("one", "two", "three")
        with pair.listen(first.last_event_id) as second:
            second.wait_for("message", message="three")
            assert texts(second) == ["one", "two", "three"]
            assert second.wait_for("connected").id is None, "with a cursor the replay moves it"
            assert not second.events("resync")


def test_i3_every_byte_is_a_place_to_be_cut(pair: Pair) -> None:
    start = pair.position()
    pair.send("first", "second \N{SMILE} \u2028")
    with api(pair.server, pair.bob) as client:
        send(client, pair.ann, "back")
    pair.client.post(CHATS + "typing/", json={"receiver_id": pair.bob.id})
    with pair.listen(start) as whole:
        last = whole.wait_for("message_sent")
        expected = [(event.id, event.event, event.text) for event in whole.events() if event.id is not None]
        length = len(whole.raw)
    assert [event for _, event, _ in expected] == ["message", "message", "message_sent"]
    cursors = set()
    for count in range(length + 1):
        first = Stream(pair.server, pair.bob, last_event_id=start, reading=False)
        assert len(first.read_bytes(count)) == count
        first.cut("fin" if count % 2 else "rst")
        cursors.add(first.last_event_id)
        got = [(event.id, event.event, event.text) for event in first.events() if event.id is not None]
        with pair.listen(first.last_event_id) as second:
            if first.last_event_id != last.id:
                second.wait_for(lambda event: event.id == last.id)
            second.wait_for("presence_snapshot")
            got += [(event.id, event.event, event.text) for event in second.events() if event.id is not None]
        assert got == expected, f"cut after {count} bytes"
    assert cursors == {start, *(event_id for event_id, _, _ in expected)}


def test_i3_streams_that_open_in_a_storm_miss_nothing(pair: Pair) -> None:
    """What is committed while a stream reads the log is neither in that read nor lost."""
    with ThreadPoolExecutor(2) as pool, pair.listen() as stream:
        stream.wait_for("connected")
        cursor = stream.last_event_id
        storm = [pool.submit(pair.send, *map(str, range(STORM))) for _ in range(2)]
        got: list[int] = []
        while len(got) < 2 * STORM:
            with pair.listen(cursor) as stream:
                stream.wait_count(min(3, 2 * STORM - len(got)), "message")
                stream.cut()
                got += [event.data["id"] for event in stream.events("message")]
                cursor = stream.last_event_id
        sent = [message_id for one in storm for message_id in one.result()]
    assert got == sorted(sent)


# With one


def test_a_cursor_may_come_in_three_ways(pair: Pair) -> None:
    pair.send("one")
    after_one = pair.position()
    pair.send("two")
    after_two = pair.position()
    pair.send("three")
    one, two = str(after_one), str(after_two)
    for stream, expected in (
        (pair.listen(after_one), ["two", "three"]),
        (pair.listen(last_event_id=one), ["two", "three"]),
        (pair.listen(lastEventId=one), ["two", "three"]),
        (pair.listen(after_two, last_event_id="0"), ["three"]),  # the browser's own is the newer
        (pair.listen(after_two, lastEventId="0"), ["three"]),
        (pair.listen(last_event_id=two, lastEventId="0"), ["three"]),
        (pair.listen("", last_event_id=one), ["two", "three"]),
        (pair.listen(0), ["one", "two", "three"]),
    ):
        with stream:
            stream.wait_for("message", message="three")
            assert texts(stream) == expected
            assert not stream.events("resync")
    with pair.listen("", last_event_id="", lastEventId="") as stream:
        assert stream.wait_for("connected").id == pair.position(), "empty is none"


def test_a_snapshot_and_the_stream_from_its_position_have_no_gap(pair: Pair) -> None:
    pair.send("one", "two")
    with api(pair.server, pair.bob) as client:
        answer = client.get(f"{CHATS}conversation/{pair.ann.id}/")
    assert [message["message"] for message in answer.json()["messages"]] == ["two", "one"]
    pair.send("three")
    with pair.listen(answer.headers["X-Last-Event-ID"]) as stream:
        stream.wait_for("message", message="three")
        assert texts(stream) == ["three"]


def test_i7_cursor_0_on_an_empty_log_is_a_good_one(pair: Pair) -> None:
    with pair.listen(0) as stream:
        stream.wait_for("presence_snapshot")
        pair.send("the first of all")
        stream.wait_for("message")
        assert [event.event for event in stream.events() if event.event != "presence"] == [
            "connected",
            "presence_snapshot",
            "message",
        ]


@pytest.mark.parametrize(
    "cursor",
    ["garbage", "-1", "+1", "1.0", "1e3", "0x1", "1 2", "null", "1,2", "9" * 16, "9" * 200, "%00", str(2**53 - 1)],
)
def test_i7_a_cursor_that_never_was_one_gets_one_resync(pair: Pair, cursor: str) -> None:
    pair.send("the past")
    position = pair.position()
    for stream in (pair.listen(cursor), pair.listen(last_event_id=cursor), pair.listen(lastEventId=cursor)):
        with stream:
            check_resync(stream, position, "unknown")
    with pair.listen(cursor) as stream:
        check_resync(stream, position, "unknown")
        pair.send("live")
        stream.wait_for("message")
        assert texts(stream) == ["live"]
        position = pair.position()
        with pair.listen(stream.last_event_id) as again:
            again.wait_for("presence_snapshot")
            assert not again.events("resync"), "the new position is a good cursor"


def test_i7_a_cursor_from_the_future_gets_one_resync(pair: Pair) -> None:
    with pair.listen(1) as stream:
        check_resync(stream, 0, "unknown")
        pair.send("live")
        assert stream.wait_for("message").id == 1
    position = pair.position()
    with pair.listen(position + 1) as stream:
        check_resync(stream, position, "unknown")
    with pair.listen(position) as stream:
        stream.wait_for("presence_snapshot")
        assert not stream.events("resync")


def test_i7_a_cursor_from_before_the_pruned_part_gets_one_resync(server_factory: ServerFactory) -> None:
    server = server_factory(heartbeat_s=1, log_keep_events=10, log_prune_interval_s=0.1)
    ann, bob = create_users(server, "ann_lee", "bob_ray")
    with api(server, ann) as client:
        pair = Pair(server, ann, bob, client)
        pair.send(*(f"number {number}" for number in range(10)))
        wait_until_pruned(server, 10)
        assert pair.position() == 20
        for cursor in (0, 9):
            with pair.listen(cursor) as stream:
                check_resync(stream, 20, "pruned")
        with pair.listen(10) as stream:  # the last that went: all that comes after it is there
            stream.wait_for("message", message="number 9")
            assert texts(stream) == [f"number {number}" for number in range(5, 10)]
            assert not stream.events("resync")
        with pair.listen(9) as stream:
            check_resync(stream, 20, "pruned")
            pair.send("live")
            stream.wait_for("message")
            assert texts(stream) == ["live"]
        with pair.listen(stream.last_event_id) as again:
            again.wait_for("presence_snapshot")
            assert not again.events("resync")


@pytest.mark.timeout(240)
def test_i5_i7_a_replay_that_pruning_overtakes_goes_on_with_one_resync(server_factory: ServerFactory) -> None:
    server = server_factory(heartbeat_s=1, log_keep_events=400, log_prune_interval_s=0.1, limits=False)
    ann, bob = create_users(server, "ann_lee", "bob_ray")
    with api(server, ann) as client, ExitStack() as stack:
        pair = Pair(server, ann, bob, client)
        pair.send(*(f"{number} {'x' * 9000}" for number in range(150)))
        slow = stack.enter_context(Stream(server, bob, last_event_id=0, reading=False, rcvbuf_bytes=4096))
        slow.read_bytes(1000)  # its replay has begun
        pair.send(*(f"{number} {'x' * 9000}" for number in range(150, 400)))
        wait_until_pruned(server, 400)
        slow.resume()
        resync = slow.wait_for("resync")
        told = [int(text.split(" ")[0]) for text in texts(slow)]
        assert told == list(range(len(told))), "what came before it is the beginning, without a hole"
        assert 0 < len(told) < 200
        assert resync.data == {"reason": "pruned", "last_event_id": 800}
        assert slow.wait_for("presence_snapshot", after=resync).index == resync.index + 1
        pair.send("live")
        slow.wait_for("message", after=resync)
        assert texts(slow)[len(told) :] == ["live"]
        assert len(slow.events("resync")) == 1


# Over a restart


@pytest.mark.parametrize("how", ["kill -9", "SIGTERM"])
def test_i1_i2_a_message_that_was_answered_201_outlives_the_server(pair: Pair, how: str) -> None:
    with pair.listen() as stream:
        stream.wait_for("presence_snapshot")
        cursor = stream.last_event_id
        for number in range(5):
            (message_id,) = pair.send(f"number {number}")
            newest_id = 2 * number + 2  # `message` and `message_sent`, every time
            if how == "kill -9":
                pair.server.kill()
            else:
                assert pair.server.stop() == 0
            pair.server.start()
            assert pair.client.get(f"{CHATS}{message_id}/").json()["message"] == f"number {number}"
            assert pair.position() == newest_id, "ids go on where they were"
    with pair.listen(cursor) as stream:
        stream.wait_for("message", message="number 4")
        assert texts(stream) == [f"number {number}" for number in range(5)]


@pytest.mark.parametrize("why", ["pruned", "unknown"])
def test_i7_a_browser_does_not_send_the_bad_cursor_again(
    server_factory: ServerFactory, page: Page, page_server: Callable[..., PageServer], why: str
) -> None:
    pages = page_server(port=0)
    server = server_factory(
        heartbeat_s=1, log_keep_events=10, log_prune_interval_s=0.1, retry_ms=100, cors_origins=pages.origin
    )
    ann, bob = create_users(server, "ann_lee", "bob_ray")
    page.set_default_timeout(WAITING_BROWSER_MS)
    page.goto(pages.origin)
    with api(server, ann) as client, Relay(server) as relay:
        pair = Pair(server, ann, bob, client)
        pair.send(*(f"number {number}" for number in range(5)))
        assert server.stop() == 0
        earlier = shutil.copytree(server.data_dir, server.data_dir.with_name("earlier"))
        server.start()
        page.evaluate(LISTENERS, f"{relay.url}{EVENTS_PATH}?token={bob.token}")
        page.wait_for_function("() => got.length > 0")
        pair.send("before")
        page.wait_for_function("() => got.some(one => one[0] === 'message')")

        # Meanwhile the log gets past the browser, or an older one takes its place.
        relay.target = None
        relay.cut()
        if why == "pruned":
            pair.send(*(f"missed {number}" for number in range(10)))
            wait_until_pruned(server, 12)
            position = 32
        else:
            assert server.stop() == 0
            shutil.rmtree(server.data_dir)
            earlier.rename(server.data_dir)
            server.start()
            position = 10
        assert pair.position() == position
        relay.heads.clear()
        relay.target = server
        page.wait_for_function("() => got.some(one => one[0] === 'resync')")

        # The next drop, and the next: the browser comes with the position that resync gave it.
        for drop in range(2):
            opened = page.evaluate("() => opened")
            relay.cut()
            page.wait_for_function("before => opened > before", arg=opened)
            pair.send(f"after drop {drop}")
            page.wait_for_function("text => got.some(one => one[2].message === text)", arg=f"after drop {drop}")
        got = page.evaluate("() => got")
        page.evaluate("() => source.close()")
    resync = ["resync", str(position), {"reason": why, "last_event_id": position}]
    assert [one for one in got if one[0] == "resync"] == [resync]
    assert [one[2]["message"] for one in got if one[0] == "message"] == ["before", "after drop 0", "after drop 1"]
    assert [cursor for cursor, _ in groupby(map(sent_cursor, relay.heads))] == ["11", str(position), str(position + 1)]


def sent_cursor(head: str) -> str | None:
    """The Last-Event-ID of a request."""
    lines = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    return lines.get("last-event-id")


# Whose past it is


def test_who_joins_later_does_not_get_earlier_announcements_as_news(pair: Pair) -> None:
    admin = create_user(pair.server, "the_admin", user_type="college_admin")
    with api(pair.server, admin) as client:

        def announce(title: str) -> None:
            answer = client.post("communication/announcements/", json={"title": title, "message": "to all"})
            assert answer.status_code == 201

        pair.send("one")
        announce("yesterday")
        newcomer = create_user(pair.server, "new_comer")
        send(pair.client, newcomer, "welcome")
        announce("today")
        for user, expected in ((pair.bob, ["yesterday", "today"]), (newcomer, ["today"])):
            for cursor in (0, 1):
                with Stream(pair.server, user, last_event_id=cursor) as stream:
                    stream.wait_for("notification", title="today")
                    assert [event.data["title"] for event in stream.events("notification")] == expected
                    assert not stream.events("resync")
        with Stream(pair.server, newcomer, last_event_id=0) as stream:
            stream.wait_for("notification", title="today")
            assert texts(stream) == ["welcome"], "its own key it holds from the beginning"
