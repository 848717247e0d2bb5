"""`communication/chats/`: sending, sending again, single messages and who may do what with them, one's own list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.campus import send
from tests.support.pair import Pair, Pairs
from tests.support.refusal import check_refusal
from tests.support.shapes import MESSAGE, PAGE, Shape, boolean, check_shape, integer, maybe, null, text, when, words
from tests.support.shared import CHATS, ORIGIN, Shared, running
from tests.support.sse import Stream

FORBIDDEN = {"detail": "You do not have permission to perform this action."}
MISSING = {"error": "Message not found"}
EVENT: Shape = {
    "id": integer, "sender_id": integer, "sender_name": words, "receiver_id": integer, "message": text,
    "attachment": null, "attachment_type": null, "timestamp": when, "is_read": boolean, "conversation_id": integer,
    "sender": integer, "receiver": integer, "attachment_url": null, "sender_avatar": maybe(words),
    "client_msg_id": maybe(words),
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("chats")) as found:
        yield found


@pytest.fixture(scope="module")
def pairs(shared: Shared) -> Pairs:
    return Pairs(shared, 20)


@pytest.fixture
def pair(pairs: Pairs) -> Iterator[Pair]:
    with pairs.next() as pair:
        yield pair


def test_a_message_has_every_field_and_both_sides_hear_of_it(pair: Pair) -> None:
    with pair.streams() as (at_a, at_b):
        sent = pair.send(" hello \n", client_msg_id="m-1")
        check_shape(sent, MESSAGE)
        received, echoed = at_b.wait_for("message"), at_a.wait_for("message_sent")
        check_shape(received.data, EVENT)
        assert received.data == echoed.data
        for name in ("id", "sender", "receiver", "message", "timestamp", "sender_name", "is_read", "client_msg_id"):
            assert received.data[name] == sent[name], name
        assert (received.data["sender_id"], received.data["receiver_id"]) == (pair.a.id, pair.b.id)
        assert received.data["conversation_id"] == sent["conversation"]
    facts = {
        "sender": pair.a.id, "sender_username": pair.a.username, "receiver": pair.b.id,
        "receiver_username": pair.b.username, "message": " hello \n", "is_read": False, "read_at": None,
        "delivered_at": None, "is_active": True, "client_msg_id": "m-1",
    }  # fmt: skip
    assert {name: sent[name] for name in facts} == facts
    assert sent["timestamp"] == sent["created_at"] == sent["updated_at"]
    for client in (pair.at_a, pair.at_b):
        assert client.get(f"{CHATS}{sent['id']}/").json() == sent


@pytest.mark.parametrize("form", ["json", "digits", "alias", "both", "urlencoded", "multipart"])
def test_the_ways_to_name_the_receiver(pair: Pair, form: str) -> None:
    number = pair.b.id
    given: dict[str, Any] = {
        "json": {"json": {"receiver_id": number, "message": "x"}},
        "digits": {"json": {"receiver_id": str(number), "message": "x"}},
        "alias": {"json": {"receiver": number, "message": "x"}},
        "both": {"json": {"receiver_id": number, "receiver": str(number), "message": "x", "attachment": None}},
        "urlencoded": {"data": {"receiver_id": number, "message": "x"}},
        "multipart": {"files": {"receiver_id": (None, str(number)), "message": (None, "x")}},
    }[form]
    answer = pair.at_a.post(CHATS, **given)
    assert (answer.status_code, answer.json()["receiver"]) == (201, number), answer.text


@pytest.mark.parametrize("where", ["body", "header"])
def test_the_same_client_msg_id_again_is_the_first_message(pair: Pair, where: str) -> None:
    def post(message: str = "x", receiver: int = pair.b.id) -> httpx.Response:
        fields = {"receiver_id": receiver, "message": message}
        if where == "body":
            return pair.at_a.post(CHATS, json=fields | {"client_msg_id": "k"})
        return pair.at_a.post(CHATS, json=fields, headers={"Idempotency-Key": "k"})

    first, again = post(), post()
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert first.json()["client_msg_id"] == "k"
    check_refusal(post(message="another"), 409)
    check_refusal(post(receiver=1), 409)
    assert pair.at_a.get(CHATS).json()["count"] == 1
    other = pair.at_b.post(CHATS, json={"receiver_id": pair.a.id, "message": "x", "client_msg_id": "k"})
    assert other.status_code == 201  # unique for each sender
    with Stream(pair.server, pair.b, last_event_id=0) as stream:  # and nobody heard of it twice
        stream.wait_for("message_sent")
        assert len(stream.events("message")) == 1


def test_a_retry_after_the_message_was_read_tells_how_it_is_now(pair: Pair) -> None:
    pair.send(client_msg_id="k")
    pair.at_b.post(CHATS + "mark-read/", json={"sender_id": pair.a.id})
    again = pair.at_a.post(CHATS, json={"receiver_id": pair.b.id, "message": "hello", "client_msg_id": "k"})
    assert (again.status_code, again.json()["is_read"]) == (200, True)


def test_a_retry_of_a_deleted_message_makes_no_new_one(pair: Pair) -> None:
    sent = pair.send(client_msg_id="k")
    pair.at_a.delete(f"{CHATS}{sent['id']}/")
    again = pair.at_a.post(CHATS, json={"receiver_id": pair.b.id, "message": "hello", "client_msg_id": "k"})
    check_refusal(again, 409)


# {id}/


def test_the_sender_changes_the_text(pair: Pair) -> None:
    sent = pair.send()
    with pair.streams() as (at_a, at_b):
        changed = pair.at_a.patch(f"{CHATS}{sent['id']}/", json={"message": "better", "receiver": 1, "id": 1})
        assert changed.status_code == 200
        check_shape(changed.json(), MESSAGE)
        assert changed.json() == sent | {"message": "better", "updated_at": changed.json()["updated_at"]}
        assert changed.json()["updated_at"] > sent["updated_at"]
        for stream in (at_a, at_b):
            told = stream.wait_for("message_updated").data
            assert {name: told[name] for name in MESSAGE} == changed.json()
            assert (told["sender_id"], told["receiver_id"]) == (pair.a.id, pair.b.id)
            assert told["conversation_id"] == sent["conversation"]
    whole = pair.at_a.put(f"{CHATS}{sent['id']}/", json=changed.json() | {"message": "best", "sender": 1, "x": []})
    assert (whole.status_code, whole.json()["message"], whole.json()["sender"]) == (200, "best", pair.a.id)
    assert pair.at_b.get(f"{CHATS}{sent['id']}/").json()["message"] == "best"


def test_the_receiver_only_reads(pair: Pair) -> None:
    sent = pair.send()
    path = f"{CHATS}{sent['id']}/"
    for method, body in (("PATCH", {"message": "mine"}), ("PUT", sent | {"message": "mine"}), ("DELETE", None)):
        assert check_refusal(pair.at_b.request(method, path, json=body), 403) == FORBIDDEN
    assert pair.at_b.patch(path, json={"is_read": False}).json()["is_read"] is False
    assert pair.at_b.patch(path, json={}).json() == sent
    with pair.streams() as (at_a, at_b):
        read = pair.at_b.put(path, json=sent | {"is_read": True})  # the whole object, its own text in it
        assert read.status_code == 200
        assert (read.json()["is_read"], read.json()["message"]) == (True, "hello")
        assert read.json()["read_at"] == read.json()["delivered_at"] is not None
        receipt = at_a.wait_for("read_receipt").data
        assert receipt == {
            "message_id": sent["id"], "reader_id": pair.b.id, "reader_name": read.json()["receiver_name"],
            "read_at": read.json()["read_at"], "conversation_id": sent["conversation"],
        }  # fmt: skip
        assert at_b.wait_for("conversation_read").data["message_ids"] == [sent["id"]]
        # Reading is for ever, and only once.
        assert pair.at_b.patch(path, json={"is_read": False}).json() == read.json()
        assert pair.at_b.patch(path, json={"is_read": True}).json() == read.json()
        pair.send("a mark")
        at_a.wait_for("message_sent")
        assert len(at_a.events("read_receipt")) == 1


def test_the_sender_does_not_read_for_the_receiver(pair: Pair) -> None:
    sent = pair.send()
    assert pair.at_a.patch(f"{CHATS}{sent['id']}/", json={"is_read": True}).json() == sent


def test_a_deleted_message_is_gone_for_both(pair: Pair) -> None:
    first, second = pair.send("first"), pair.send("second")
    path = f"{CHATS}{second['id']}/"
    with pair.streams() as (at_a, at_b):
        deleted = pair.at_a.delete(path)
        assert (deleted.status_code, deleted.content) == (204, b"")
        gone = {
            "id": second["id"], "conversation_id": first["conversation"], "last_message": "first",
            "last_message_at": first["created_at"],
        }  # fmt: skip
        assert at_a.wait_for("message_deleted").data == gone
        assert at_b.wait_for("message_deleted").data == gone | {"unread_count": 1, "total_unread": 1}
    for client in (pair.at_a, pair.at_b):
        assert check_refusal(client.get(path), 404) == MISSING
        history = client.get(f"{CHATS}conversation/{(pair.b if client is pair.at_a else pair.a).id}/").json()
        assert [message["id"] for message in history["messages"]] == [first["id"]]
        (conversation,) = client.get(CHATS + "conversations/").json()
        assert conversation["last_message"] == "first"
        assert client.get(CHATS).json()["count"] == 1
        (listed,) = client.get(CHATS, params={"is_active": "false"}).json()["results"]
        assert (listed["id"], listed["is_active"], listed["message"]) == (second["id"], False, "")
        assert (listed["is_read"], listed["read_at"]) == (False, None), "nobody read it"
    assert check_refusal(pair.at_a.delete(path), 404) == MISSING
    assert check_refusal(pair.at_a.patch(path, json={"message": "again"}), 404) == MISSING
    with Stream(pair.server, pair.b, last_event_id=0) as replayed:  # nor does the log bring its text back
        replayed.wait_for("message_deleted")
        assert [event.data["message"] for event in replayed.events("message")] == ["first", ""]


def test_a_conversation_without_a_message_left_is_not_listed(pair: Pair) -> None:
    sent = pair.send()
    pair.at_a.delete(f"{CHATS}{sent['id']}/")
    with Stream(pair.server, pair.a, last_event_id=0) as stream:
        told = stream.wait_for("message_deleted").data
        assert (told["last_message"], told["last_message_at"]) == (None, None)
    for client in (pair.at_a, pair.at_b):
        assert client.get(CHATS + "conversations/").json() == []
        assert client.get(CHATS + "unread-count/").json() == {"total_unread": 0, "conversations": []}
    assert pair.send("anew")["conversation"] == sent["conversation"]


def test_nobody_else_may_know_of_a_message(shared: Shared, pair: Pair) -> None:
    path = f"{CHATS}{pair.send()['id']}/"
    for username in ("ann", "dean", "boss", "east_ann"):
        with shared.api(username) as client:
            client.headers["Origin"] = ORIGIN
            for method in ("GET", "PATCH", "PUT", "DELETE"):
                answer = client.request(method, path, json={"message": "x", "is_read": True})
                assert check_refusal(answer, 404) == MISSING


# The list of one's own


def test_the_list_of_own_messages(shared: Shared, pair: Pair) -> None:
    sent = [pair.send(str(number)) for number in range(3)]
    back = send(pair.at_b, pair.a, "back")
    other = send(pair.at_a, shared["ann"], "to another")
    pair.at_b.post(CHATS + "mark-read/", json={"message_ids": [sent[0]["id"]]})

    def ids(client: httpx.Client, **query: object) -> list[int]:
        answer = client.get(CHATS, params={name: str(value) for name, value in query.items()}).json()
        check_shape(answer, PAGE)
        for message in answer["results"]:
            check_shape(message, MESSAGE)
        assert answer["count"] == len(answer["results"])
        return [message["id"] for message in answer["results"]]

    one, two, three = (message["id"] for message in sent)
    newest = [other["id"], back["id"], three, two, one]
    assert ids(pair.at_a) == newest
    assert ids(pair.at_a, ordering="-timestamp") == ids(pair.at_a, ordering="-created_at") == newest
    assert ids(pair.at_a, ordering="timestamp") == ids(pair.at_a, ordering="unknown,created_at") == newest[::-1]
    assert ids(pair.at_b) == newest[1:]
    assert ids(pair.at_a, sender=pair.b.id) == ids(pair.at_a, receiver=pair.a.id) == [back["id"]]
    assert ids(pair.at_a, receiver=pair.b.id) == [three, two, one]
    assert ids(pair.at_a, sender=pair.a.id, receiver=shared["ann"].id) == [other["id"]]
    assert ids(pair.at_a, is_read="true") == [one]
    assert ids(pair.at_b, is_read="false") == [back["id"], three, two]
    assert ids(pair.at_a, sender=shared["bob"].id) == ids(pair.at_a, is_active="false") == []
