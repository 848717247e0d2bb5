"""`communication/chats/`: what was read and delivered, who hears of it, what is left unread; and who is typing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.campus import send
from tests.support.pair import Pair, Pairs
from tests.support.refusal import check_refusal
from tests.support.shapes import UNREAD, check_shape, when
from tests.support.shared import CHATS, Shared, running
from tests.support.sse import Stream


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("receipts"), typing_interval_s=1.5) as found:
        yield found


@pytest.fixture(scope="module")
def pairs(shared: Shared) -> Pairs:
    return Pairs(shared, 12)


@pytest.fixture
def pair(pairs: Pairs) -> Iterator[Pair]:
    with pairs.next() as pair:
        yield pair


def unread(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(CHATS + "unread-count/").json()
    check_shape(found, UNREAD)
    return found


def read(client: httpx.Client, **which: object) -> int:
    answer = client.post(CHATS + "mark-read/", json=which)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"success", "marked_count", "read_at"}
    assert answer.json()["success"] is True
    assert when(answer.json()["read_at"])
    return int(answer.json()["marked_count"])


def delivered(client: httpx.Client, **which: object) -> int:
    answer = client.post(CHATS + "delivered/", json=which)
    assert (answer.status_code, set(answer.json())) == (200, {"success", "marked_count"}), answer.text
    return int(answer.json()["marked_count"])


# Reading


@pytest.mark.parametrize("form", ["message_ids", "conversation_id", "sender_id", "digits"])
def test_a_read_gives_each_sender_a_receipt_and_the_reader_the_counts(shared: Shared, pair: Pair, form: str) -> None:
    sent = [pair.send(str(number)) for number in range(3)]
    send(pair.at_b, pair.a, "the other way")
    with shared.api("ann") as ann:
        other = send(ann, pair.b, "of another")
    ids, conversation_id = [message["id"] for message in sent], sent[0]["conversation"]
    assert unread(pair.at_b)["total_unread"] == 4
    assert sorted(unread(pair.at_b)["conversations"], key=lambda item: item["conversation_id"]) == [
        {"conversation_id": conversation_id, "unread_count": 3, "other_user_id": pair.a.id,
         "other_user_name": sent[0]["sender_name"]},
        {"conversation_id": other["conversation"], "unread_count": 1, "other_user_id": shared["ann"].id,
         "other_user_name": "Ann"},
    ]  # fmt: skip
    which: dict[str, object] = {
        "message_ids": {"message_ids": [*ids, *ids]},
        "conversation_id": {"conversation_id": conversation_id},
        "sender_id": {"sender_id": pair.a.id},
        "digits": {"message_ids": [str(number) for number in ids]},
    }[form]  # type: ignore[assignment]
    with pair.streams() as (at_a, at_b):
        assert read(pair.at_b, **which) == 3
        receipts = at_a.wait_count(3, "read_receipt")
        assert [receipt.data["message_id"] for receipt in receipts] == ids
        read_at = pair.at_a.get(f"{CHATS}{ids[0]}/").json()["read_at"]
        assert receipts[0].data == {
            "message_id": ids[0], "reader_id": pair.b.id, "reader_name": sent[0]["receiver_name"], "read_at": read_at,
            "conversation_id": conversation_id,
        }  # fmt: skip
        assert at_b.wait_for("conversation_read").data == {
            "conversation_id": conversation_id, "up_to_id": max(ids), "message_ids": ids, "unread_count": 0,
            "total_unread": 1,
        }  # fmt: skip
        assert read(pair.at_b, **which) == 0  # and nothing is told again
        pair.send("a mark")
        at_a.wait_for("message_sent")
        assert len(at_a.events("read_receipt")) == 3
    assert unread(pair.at_b)["total_unread"] == 2
    assert unread(pair.at_a)["total_unread"] == 1  # the other way is another's to read
    for message in pair.at_a.get(f"{CHATS}conversation/{pair.b.id}/").json()["messages"]:
        assert message["is_read"] is (message["read_at"] is not None) is (message["id"] in ids)


def test_only_ones_own_unread_messages_are_read(shared: Shared, pair: Pair) -> None:
    sent = pair.send()
    with shared.api("bob") as bob, shared.api("ann") as ann:
        foreign = send(bob, shared["ann"], "private")
        for client in (pair.at_a, bob):
            assert read(client, message_ids=[sent["id"], foreign["id"], 999999]) == 0
            assert read(client, conversation_id=sent["conversation"]) == 0
            assert read(client, conversation_id=999999) == read(client, sender_id=999999) == 0
        assert read(pair.at_b, message_ids=[foreign["id"]]) == 0
        assert ann.get(f"{CHATS}{foreign['id']}/").json()["is_read"] is False
    assert read(pair.at_b, message_ids=[]) == 0


def test_the_three_forms_are_looked_at_in_order(pair: Pair) -> None:
    first, second = pair.send(), pair.send()
    everything = {"conversation_id": first["conversation"], "sender_id": pair.a.id}
    assert read(pair.at_b, message_ids=[first["id"]], **everything) == 1
    assert pair.at_b.get(f"{CHATS}{second['id']}/").json()["is_read"] is False
    assert read(pair.at_b, conversation_id=999999, sender_id=pair.a.id) == 0
    assert read(pair.at_b, message_ids=None, conversation_id=None, sender_id=str(pair.a.id)) == 1


def test_more_than_500_are_read_in_pieces_until_done(shared: Shared, pair: Pair) -> None:
    conversation_id = pair.send()["conversation"]
    now = "2026-01-09T10:30:00.000000Z"
    statement = (
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1100) INSERT INTO messages "
        "(conversation_id, sender_id, text, created_at, updated_at) SELECT ?1, ?2, 'x' || n, ?3, ?3 FROM n"
    )
    shared.sql(statement, (conversation_id, pair.a.id, now))
    shared.sql(
        "INSERT OR IGNORE INTO receipts (message_id, user_id, conversation_id) "
        "SELECT id, ?, conversation_id FROM messages WHERE conversation_id = ?",
        (pair.b.id, conversation_id),
    )
    assert unread(pair.at_b)["total_unread"] == 1101
    with pair.streams() as (at_a, at_b):
        assert read(pair.at_b, conversation_id=conversation_id) == 1101
        told = at_b.wait_count(3, "conversation_read")
        assert [len(event.data["message_ids"]) for event in told] == [500, 500, 101]
        assert [event.data["unread_count"] for event in told] == [601, 101, 0]
        receipts = at_a.wait_count(1101, "read_receipt")
        assert len({receipt.data["message_id"] for receipt in receipts}) == 1101
    assert unread(pair.at_b) == {"total_unread": 0, "conversations": []}


# Delivered


def test_delivered_is_told_once_and_reading_implies_it(pair: Pair) -> None:
    one, two, three, four = (pair.send(str(number)) for number in range(4))
    with pair.streams() as (at_a, _):
        assert delivered(pair.at_b, message_ids=[two["id"], str(two["id"])]) == 1
        told = at_a.wait_for("delivered").data
        stored = pair.at_a.get(f"{CHATS}{two['id']}/").json()
        assert told == {
            "message_id": two["id"], "receiver_id": pair.b.id, "delivered_at": stored["delivered_at"],
            "conversation_id": two["conversation"],
        }  # fmt: skip
        assert when(stored["delivered_at"])
        assert stored["is_read"] is False
        assert delivered(pair.at_b, up_to_id=three["id"]) == 2
        assert [event.data["message_id"] for event in at_a.wait_count(3, "delivered")][1:] == [one["id"], three["id"]]
        assert delivered(pair.at_b, up_to_id=three["id"]) == delivered(pair.at_b, message_ids=[]) == 0
        assert delivered(pair.at_a, message_ids=[four["id"]]) == delivered(pair.at_a, up_to_id=four["id"]) == 0
        assert read(pair.at_b, message_ids=[four["id"]]) == 1
        read_at = pair.at_a.get(f"{CHATS}{four['id']}/").json()
        assert read_at["delivered_at"] == read_at["read_at"]
        assert delivered(pair.at_b, message_ids=[four["id"]]) == 0
    check_refusal(pair.at_b.post(CHATS + "delivered/", json={}), 400)
    assert unread(pair.at_b)["total_unread"] == 3


# Typing


def typing(client: httpx.Client, **fields: object) -> None:
    answer = client.post(CHATS + "typing/", json=fields)
    assert (answer.status_code, answer.json()) == (200, {"success": True})


def test_typing_is_told_to_the_receiver_and_stored_nowhere(pair: Pair) -> None:
    with pair.streams() as (at_a, at_b):
        typing(pair.at_a, receiver_id=pair.b.id)
        told = at_b.wait_for("typing")
        name = pair.at_a.get("accounts/users/me/").json()["full_name"]
        data = {"sender_id": pair.a.id, "sender_name": name, "is_typing": True, "conversation_id": None}
        assert (told.id, told.data) == (None, data)
        conversation_id = pair.send()["conversation"]
        typing(pair.at_a, receiver=str(pair.b.id), is_typing=False)
        second = at_b.wait_for("typing", after=told)
        assert second.data == data | {"is_typing": False, "conversation_id": conversation_id}
        typing(pair.at_a, receiver_id=pair.a.id)  # nobody is told of a monologue
        pair.send("a mark")
        at_a.wait_for("message_sent", message="a mark")
        assert not at_a.events("typing")
    with Stream(pair.server, pair.b, last_event_id=0) as replayed:
        replayed.wait_for("message", message="a mark")
        assert not replayed.events("typing")


def test_a_true_is_told_once_an_interval_and_a_false_always(shared: Shared, pair: Pair) -> None:
    with pair.streams() as (_, at_b):
        for _ in range(5):
            typing(pair.at_a, receiver_id=pair.b.id)
        typing(pair.at_a, receiver_id=pair.b.id, is_typing=False)
        typing(pair.at_a, receiver_id=pair.b.id, is_typing=False)
        typing(pair.at_a, receiver_id=pair.b.id, is_typing=True)  # after a false it is news
        told = at_b.wait_count(4, "typing")
        assert [event.data["is_typing"] for event in told] == [True, False, False, True]
        with shared.api("ann") as ann:  # another's typing has a limit of its own
            typing(ann, receiver_id=pair.b.id)
        at_b.wait_for("typing", sender_id=shared["ann"].id)
        # And the interval ends: until then every `true` is left out.
        while len(at_b.events("typing")) < 6:
            typing(pair.at_a, receiver_id=pair.b.id)
        last = at_b.events("typing")[5]
        assert last.data["sender_id"] == pair.a.id
        assert last.at_s - told[3].at_s > 1.4
