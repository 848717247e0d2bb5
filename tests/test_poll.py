"""The long poll from outside: the same events as the stream's, in answers that end, and refusals as JSON."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.campus import create_tokens, create_users, send
from tests.support.pair import Pair, Pairs
from tests.support.refusal import check_cors, check_refusal
from tests.support.server import ServerFactory
from tests.support.shapes import array, boolean, check_shape, integer, maybe, of, words
from tests.support.shared import ORIGIN, Shared, running
from tests.support.sse import Stream
from tests.support.waiting import eventually

PATH = "communication/poll/events/"
EVENT = {"id": maybe(integer), "event": words, "data": lambda value: isinstance(value, dict)}
POLLED = {"events": array(of(EVENT)), "last_event_id": integer, "has_more": boolean}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("poll"), presence_grace_s=1) as found:
        yield found


@pytest.fixture(scope="module")
def pairs(shared: Shared) -> Pairs:
    return Pairs(shared, 30)


@pytest.fixture
def pair(pairs: Pairs) -> Iterator[Pair]:
    with pairs.next() as pair:
        yield pair


def poll(client: httpx.Client, cursor: int | str | None = None, wait: int = 0, **query: object) -> dict[str, Any]:
    given = {"wait": str(wait), **({} if cursor is None else {"last_event_id": str(cursor)})}
    answer = client.get(PATH, params=given | {name: str(value) for name, value in query.items()})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    check_shape(found, POLLED)
    return found


def named(found: dict[str, Any]) -> list[str]:
    return [one["event"] for one in found["events"]]


def position(client: httpx.Client) -> int:
    return int(client.get("communication/chats/conversations/").headers["X-Last-Event-ID"])


def test_without_a_cursor_the_answer_comes_at_once_with_the_position(pair: Pair) -> None:
    pair.send("before")
    begun_s = time.monotonic()
    found = poll(pair.at_b, wait=25)
    assert time.monotonic() - begun_s < 5
    at = position(pair.at_b)
    assert found == {
        "events": [
            {"id": at, "event": "connected", "data": {"status": "connected", "user_id": pair.b.id}},
            {"id": None, "event": "presence_snapshot", "data": {"online": []}},
        ],
        "last_event_id": at,
        "has_more": False,
    }
    sent = pair.send("after")
    assert [one["data"]["id"] for one in poll(pair.at_b, at)["events"]] == [sent["id"]]


def test_the_events_are_the_streams(pair: Pair) -> None:
    cursor = position(pair.at_a)
    first = pair.send("one")
    send(pair.at_b, pair.a, "two")
    pair.at_a.patch(f"communication/chats/{first['id']}/", json={"message": "three"})
    pair.at_b.post("communication/chats/mark-read/", json={"sender_id": pair.a.id})
    pair.at_a.delete(f"communication/chats/{first['id']}/")
    for user, client in ((pair.a, pair.at_a), (pair.b, pair.at_b)):
        found = poll(client, cursor)
        with Stream(pair.server, user, last_event_id=cursor) as stream:
            stream.wait_for("message_deleted")
            told = [{"id": e.id, "event": e.event, "data": e.data} for e in stream.events() if e.id is not None]
        assert found == {"events": told, "last_event_id": told[-1]["id"], "has_more": False}
        assert len(told) == 5


def test_nothing_to_tell_is_told_after_the_wait_with_the_same_cursor(shared: Shared, pair: Pair) -> None:
    cursor = position(pair.at_a)
    with shared.api("dean") as dean:
        send(dean, shared["bob"], "not for them, though the log moves")
    for wait in (0, 1):
        begun_s = time.monotonic()
        assert poll(pair.at_a, cursor, wait) == {"events": [], "last_event_id": cursor, "has_more": False}
        assert wait <= time.monotonic() - begun_s < wait + 5


def test_at_most_a_hundred_and_the_rest_at_the_next_polls(pair: Pair) -> None:
    cursor = position(pair.at_b)
    sent = [pair.send(f"number {number}")["id"] for number in range(225)]
    told: list[int] = []
    for count, has_more in ((100, True), (100, True), (25, False), (0, False)):
        found = poll(pair.at_b, cursor)
        assert (len(found["events"]), found["has_more"]) == (count, has_more)
        told += [one["data"]["id"] for one in found["events"]]
        assert found["last_event_id"] == (found["events"][-1]["id"] if count else cursor)
        cursor = found["last_event_id"]
    assert told == sent


def test_exactly_a_hundred_are_all(pair: Pair) -> None:
    cursor = position(pair.at_b)
    for number in range(100):
        pair.send(str(number))
    found = poll(pair.at_b, cursor)
    assert (len(found["events"]), found["has_more"]) == (100, False)


def test_what_is_too_large_for_one_answer_comes_in_several(pair: Pair) -> None:
    cursor = position(pair.at_b)
    text = "\U0001f393" * 10_000  # 120 KB of ASCII JSON
    for _ in range(4):
        pair.send(text)
    counts = []
    has_more = True
    while has_more:
        found = poll(pair.at_b, cursor)
        cursor, has_more = found["last_event_id"], found["has_more"]
        counts.append(len(found["events"]))
        assert all(one["data"]["message"] == text for one in found["events"])
    assert sum(counts) == 4
    assert max(counts) == 2


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", str(2**53), "9" * 30, "%00"])
def test_a_cursor_that_is_none_of_the_logs_gets_resync(pair: Pair, cursor: str) -> None:
    pair.send("missed")
    found = poll(pair.at_b, cursor, 25)
    at = position(pair.at_b)
    assert found["events"][0] == {"id": at, "event": "resync", "data": {"reason": "unknown", "last_event_id": at}}
    assert named(found) == ["resync", "presence_snapshot"]
    assert (found["last_event_id"], found["has_more"]) == (at, False)
    assert poll(pair.at_b, at)["events"] == []


def test_a_bad_cursor_of_an_empty_log_gets_resync(server_factory: ServerFactory) -> None:
    server = server_factory()
    (ann,) = create_users(server, "ann")
    with httpx.Client(base_url=f"{server.url}/api/v1/", headers=ann.headers, trust_env=False) as client:
        for cursor in ("x", "7"):
            found = poll(client, cursor, 25)
            data = {"reason": "unknown", "last_event_id": 0}
            assert found["events"][0] == {"id": 0, "event": "resync", "data": data}
            assert found["last_event_id"] == 0


def test_a_pruned_cursor_gets_resync(server_factory: ServerFactory) -> None:
    server = server_factory(log_keep_events=1, log_prune_interval_s=0.1)
    ann, bob = create_users(server, "ann", "bob")
    with httpx.Client(base_url=f"{server.url}/api/v1/", headers=ann.headers, trust_env=False, timeout=30) as client:
        for _ in range(3):
            send(client, bob, "hello")
        client.headers.update(bob.headers)
        found = eventually(lambda: "resync" in named(got := poll(client, 1)) and got, "it is pruned")
        assert found["events"][0]["data"] == {"reason": "pruned", "last_event_id": position(client)}
        assert found["events"][0]["id"] == found["last_event_id"] == position(client)


def test_the_token_may_be_in_the_query_and_the_cursor_in_a_header(shared: Shared, pair: Pair) -> None:
    cursor = position(pair.at_b)
    sent = pair.send("hello")
    with shared.api() as client:
        for headers, query in (({}, {"lastEventId": cursor}), ({"Last-Event-ID": str(cursor)}, {"last_event_id": 0})):
            answer = client.get(PATH, params={"token": pair.b.token, "wait": "0", **query}, headers=headers)
            assert [one["data"]["id"] for one in answer.json()["events"]] == [sent["id"]]


@pytest.mark.parametrize("wait", ["-1", "61", "x", "1.5", "1e1", "٣"])
def test_a_bad_wait_is_named(pair: Pair, wait: str) -> None:
    assert list(check_refusal(pair.at_a.get(PATH, params={"wait": wait}), 400)) == ["wait"]


def test_401_is_json(shared: Shared, pair: Pair) -> None:
    with shared.api() as client:
        client.headers["Origin"] = ORIGIN
        for query, detail in (
            ({}, "Authentication credentials were not provided."),
            ({"token": "0" * 40}, "Invalid token."),
            ({"token": shared["gone"].token}, "User inactive or deleted."),
        ):
            answer = client.get(PATH, params=query)
            assert check_refusal(answer, 401) == {"detail": detail}
            assert answer.headers["www-authenticate"] == "Token"


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_other_methods_are_405(pair: Pair, method: str) -> None:
    answer = pair.at_a.request(method, PATH)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, OPTIONS"
    check_cors(answer)


def test_every_origin_that_may_call_may_poll(pair: Pair) -> None:
    answer = pair.at_a.get(PATH, params={"wait": "0"})
    check_cors(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert pair.at_a.options(PATH).status_code == 204


def test_a_poll_that_waits_is_one_of_the_users_streams(server_factory: ServerFactory) -> None:
    server = server_factory(max_streams_per_user=2)
    (ann,) = create_users(server, "ann")
    (boss,) = create_users(server, "boss", user_type="super_admin")
    (again,) = create_tokens(server, ["ann"])
    with (
        httpx.Client(base_url=f"{server.url}/api/v1/", headers=ann.headers, trust_env=False, timeout=60) as client,
        httpx.Client(base_url=client.base_url, headers=boss.headers, trust_env=False) as operator,
        ThreadPoolExecutor(1) as threads,
        Stream(server, ann) as stream,
    ):
        stream.wait_for("connected")
        client.headers["Origin"] = ORIGIN
        cursor = poll(client)["last_event_id"]
        waiting = threads.submit(poll, client, cursor, 60)

        eventually(lambda: operator.get("admin/streams/").json()["count"] == 2, "the poll waits")
        with Stream(server, again) as third:
            assert third.status == 429
        with httpx.Client(base_url=client.base_url, headers=client.headers, trust_env=False) as other:
            answer = other.get(PATH)
            check_refusal(answer, 429)
            assert answer.headers["retry-after"]
            other.post("auth/logout/")
        assert named(waiting.result(30)) == ["disconnected"]


def test_a_stop_answers_what_waits(server_factory: ServerFactory) -> None:
    server = server_factory()
    ann, bob = create_users(server, "ann", "bob")
    with (
        httpx.Client(base_url=f"{server.url}/api/v1/", headers=ann.headers, trust_env=False, timeout=60) as at_ann,
        httpx.Client(base_url=f"{server.url}/api/v1/", headers=bob.headers, trust_env=False, timeout=60) as at_bob,
        ThreadPoolExecutor(1) as threads,
    ):
        send(at_bob, ann, "hello")
        cursor = poll(at_ann)["last_event_id"]
        waiting = threads.submit(poll, at_ann, cursor, 60)
        path = f"communication/chats/conversation/{ann.id}/"
        eventually(lambda: at_bob.get(path).json()["other_user"]["is_online"], "it waits")
        begun_s = time.monotonic()
        assert server.stop() == 0
        assert waiting.result(30) == {"events": [], "last_event_id": cursor, "has_more": False}
        assert time.monotonic() - begun_s < 10
