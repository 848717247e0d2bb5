"""`communication/chats/`: conversations and their messages, who is online, and the snapshot header."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.campus import send
from tests.support.pair import Pair, Pairs
from tests.support.refusal import check_refusal
from tests.support.shapes import CONVERSATION, HISTORY, array, check_shape, of
from tests.support.shared import CHATS, ORIGIN, Shared, running
from tests.support.sse import Stream


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("conversations")) as found:
        yield found


@pytest.fixture(scope="module")
def pairs(shared: Shared) -> Pairs:
    return Pairs(shared, 16)


@pytest.fixture
def pair(pairs: Pairs) -> Iterator[Pair]:
    with pairs.next() as pair:
        yield pair


def history(client: httpx.Client, user_id: int, **query: int) -> dict[str, Any]:
    answer = client.get(f"{CHATS}conversation/{user_id}/", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    check_shape(found, HISTORY)
    return found


def conversations(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(CHATS + "conversations/").json()
    assert array(of(CONVERSATION))(found)
    return found


def test_conversations_are_a_bare_array_the_latest_first(shared: Shared, pair: Pair) -> None:
    assert conversations(pair.at_a) == []
    first = pair.send("x" * 150)
    second = send(pair.at_a, shared["ann"], "short")
    back = send(pair.at_b, pair.a, "back")
    latest, older = conversations(pair.at_a)
    assert latest == {
        "conversation_id": first["conversation"],
        "other_user": {
            "id": pair.b.id, "username": pair.b.username, "full_name": first["receiver_name"], "avatar": None,
            "is_online": False, "last_seen": None,
        },
        "last_message": "back", "last_message_at": back["created_at"], "last_message_by_me": False, "unread_count": 1,
        "updated_at": back["created_at"],
    }  # fmt: skip
    assert (older["conversation_id"], older["last_message_by_me"]) == (second["conversation"], True)
    assert older["unread_count"] == 0
    pair.send("y" * 100 + "z")
    assert conversations(pair.at_b)[0]["last_message"] == "y" * 100


def test_reading_a_conversation_creates_nothing(pair: Pair) -> None:
    for client, other in ((pair.at_a, pair.b), (pair.at_b, pair.a)):
        found = history(client, other.id)
        assert (found["conversation_id"], found["messages"], found["has_more"]) == (None, [], False)
        assert found["other_user"]["id"] == other.id
        assert conversations(client) == []
    oneself = history(pair.at_a, pair.a.id)
    assert (oneself["conversation_id"], oneself["messages"]) == (None, [])


def test_a_conversation_with_a_disabled_user_stays_readable(shared: Shared, pair: Pair) -> None:
    sent = pair.send()
    shared.sql("UPDATE users SET is_active = 0 WHERE id = ?", (pair.b.id,))
    assert history(pair.at_a, pair.b.id)["messages"] == [sent]
    again = pair.at_a.post(CHATS, json={"receiver_id": pair.b.id, "message": "x"})
    assert check_refusal(again, 404) == {"error": "Receiver not found"}


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 11])
def test_has_more_is_exact_by_offset_and_by_before_id(pair: Pair, count: int) -> None:
    sent = [pair.send(str(number))["id"] for number in range(count)][::-1]
    for limit in (1, 5, 50):
        for client, other in ((pair.at_a, pair.b), (pair.at_b, pair.a)):
            for offset in range(count + 2):
                found = history(client, other.id, limit=limit, offset=offset)
                assert [message["id"] for message in found["messages"]] == sent[offset : offset + limit]
                assert found["has_more"] is (offset + limit < count)
            for at, before_id in enumerate(sent):
                found = history(client, other.id, limit=limit, before_id=before_id)
                assert [message["id"] for message in found["messages"]] == sent[at + 1 : at + 1 + limit]
                assert found["has_more"] is (at + 1 + limit < count)


def test_a_deleted_message_does_not_count_as_more(pair: Pair) -> None:
    sent = [pair.send(str(number))["id"] for number in range(3)]
    pair.at_a.delete(f"{CHATS}{sent[0]}/")
    assert history(pair.at_b, pair.a.id, limit=2)["has_more"] is False


def test_a_piece_has_50_messages_and_200_at_most(pair: Pair) -> None:
    body = {"receiver_id": pair.b.id, "message": "x"}
    for _ in range(201):
        assert pair.at_a.post(CHATS, json=body).status_code == 201
    assert len(history(pair.at_b, pair.a.id)["messages"]) == 50
    for limit in (200, 201, 1000):
        found = history(pair.at_b, pair.a.id, limit=limit)
        assert (len(found["messages"]), found["has_more"]) == (200, True)


# Online, and snapshots


def test_online_users_are_those_of_the_own_college(shared: Shared, pair: Pair) -> None:
    def online(username: str) -> set[int]:
        with shared.api(username) as client:
            found = client.get(CHATS + "online-users/").json()
            assert list(found) == ["online_users"]
            return set(found["online_users"])

    with Stream(shared.server, shared["east_ann"]) as east, pair.streams() as (at_a, at_b):
        for stream in (east, at_a, at_b):
            stream.wait_for("presence_snapshot")
        three = {pair.a.id, pair.b.id, shared["east_ann"].id}
        assert online("ann") & three == {pair.a.id, pair.b.id}
        assert online("east_dean") == {shared["east_ann"].id}
    pair.send()
    with Stream(shared.server, pair.b) as at_b:
        at_b.wait_for("presence_snapshot")
        assert conversations(pair.at_a)[0]["other_user"]["is_online"] is True
        assert history(pair.at_a, pair.b.id)["other_user"]["is_online"] is True


def test_a_snapshot_and_the_events_after_it_are_a_fresh_snapshot(pair: Pair) -> None:
    for number in range(3):
        pair.send(f"before {number}")
    answer = pair.at_b.get(f"{CHATS}conversation/{pair.a.id}/")
    held = {message["id"]: message for message in answer.json()["messages"]}
    position = int(answer.headers["x-last-event-id"])
    # What happens between the snapshot and the stream, and after it.
    pair.send("between")
    changed, gone, seen = sorted(held)
    pair.at_a.patch(f"{CHATS}{changed}/", json={"message": "changed"})
    pair.at_a.delete(f"{CHATS}{gone}/")
    with Stream(pair.server, pair.b, last_event_id=position) as stream:
        pair.at_b.post(CHATS + "mark-read/", json={"message_ids": [seen]})
        pair.send("after")
        stream.wait_for("message", message="after")
        assert stream.events()[0].event == "connected"
        for event in stream.events():
            if event.event == "message":
                held[event.data["id"]] = pair.at_b.get(f"{CHATS}{event.data['id']}/").json()
                assert held[event.data["id"]]["message"] == event.data["message"]
            elif event.event == "message_updated":
                held[event.data["id"]] |= {name: event.data[name] for name in ("message", "updated_at")}
            elif event.event == "message_deleted":
                del held[event.data["id"]]
            elif event.event == "conversation_read":
                read_at = pair.at_b.get(f"{CHATS}{seen}/").json()["read_at"]
                for message_id in event.data["message_ids"]:
                    held[message_id] |= {"is_read": True, "read_at": read_at, "delivered_at": read_at}
    fresh = history(pair.at_b, pair.a.id)["messages"]
    assert [held[message["id"]] for message in fresh] == fresh
    assert len(held) == len(fresh) == 4


def test_every_get_tells_the_position_of_its_own_read(shared: Shared, pair: Pair) -> None:
    sent = pair.send()
    paths = ["", f"{sent['id']}/", "conversations/", f"conversation/{pair.b.id}/", "unread-count/", "online-users/"]
    positions = []
    for path in paths:
        answer = pair.at_a.get(CHATS + path)
        assert answer.headers["access-control-expose-headers"].startswith("X-Last-Event-ID")
        positions.append(int(answer.headers["x-last-event-id"]))
    (expected,) = shared.sql("SELECT seq FROM sqlite_sequence WHERE name = 'event_log'")
    assert positions == [expected[0]] * len(paths)
    assert "x-last-event-id" not in pair.at_a.get("accounts/users/").headers
    pair.send()
    assert int(pair.at_a.get(CHATS).headers["x-last-event-id"]) == expected[0] + 2
    with shared.api() as nobody:
        assert "x-last-event-id" not in nobody.get(CHATS, headers={"Origin": ORIGIN}).headers
