"""What one action tells whom: every open stream of the audience, once, in the order of the ids, and no other stream."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest

from tests.support.campus import User, api, create_users, send
from tests.support.server import ServerFactory, ServerProcess
from tests.support.sse import Event, Stream

CHATS = "communication/chats/"
SENDERS = 64
SENT_BY_EACH = 4


@dataclass
class Side:
    """One of the two who talk: the account, a client of the REST side, and three open streams."""

    user: User
    client: httpx.Client
    streams: list[Stream]

    def told(self, event: str, count: int = 1, **fields: object) -> list[Event]:
        """What all three streams were told under that name, the same on each: `count` events, the last with fields."""
        lists = [stream.wait_count(count, event) for stream in self.streams]
        assert all(len(one) == count for one in lists), f"{event}: {[len(one) for one in lists]} and not {count}"
        assert all([(e.id, e.text) for e in one] == [(e.id, e.text) for e in lists[0]] for one in lists)
        last = lists[0][-1].data
        assert {name: last[name] for name in fields} == fields
        return lists[0]

    def unread(self) -> tuple[int, int]:
        """The unread count as unread-count/ and as the list of conversations tell it."""
        counts = self.client.get(CHATS + "unread-count/").json()
        assert counts["total_unread"] == sum(one["unread_count"] for one in counts["conversations"])
        listed = self.client.get(CHATS + "conversations/").json()
        return counts["total_unread"], sum(one["unread_count"] for one in listed)


@pytest.fixture
def sides(server: ServerProcess) -> Iterator[tuple[Side, Side]]:
    """Ann and Bob, with three streams each."""
    with ExitStack() as stack:
        made = []
        for user in create_users(server, "ann_lee", "bob_ray"):
            client = stack.enter_context(api(server, user))
            made.append(Side(user, client, [stack.enter_context(Stream(server, user)) for _ in range(3)]))
        for side in made:
            side.told("presence_snapshot")  # open, and live in a moment
        yield made[0], made[1]


def settle(ann: Side, bob: Side) -> None:
    """Send one message each way and see it everywhere: whatever was told before it is there now."""
    for sender, receiver in ((ann, bob), (bob, ann)):
        last = send(sender.client, receiver.user, "the last word")
        for stream in receiver.streams:
            stream.wait_for("message", id=last["id"])
        for stream in sender.streams:
            stream.wait_for("message_sent", id=last["id"])


def names(stream: Stream) -> list[str]:
    """The stored events of a stream, by name."""
    return [event.event for event in stream.events() if event.id is not None and event.event != "connected"]


def test_i3_a_message_comes_once_to_each_stream_of_both(sides: tuple[Side, Side]) -> None:
    ann, bob = sides
    stored = [send(ann.client, bob.user, f"number {number}") for number in range(5)]
    stored += [send(bob.client, ann.user, "and back")]
    for sender, receiver, sent in ((ann, bob, stored[:5]), (bob, ann, stored[5:])):
        got = receiver.told("message", len(sent))
        told = sender.told("message_sent", len(sent))
        assert [event.data["id"] for event in got] == [event.data["id"] for event in told] == [m["id"] for m in sent]
        for stored_one, event, copy in zip(sent, got, told, strict=True):
            assert event.data == copy.data
            assert event.data["sender_id"] == event.data["sender"] == sender.user.id
            assert event.data["receiver_id"] == event.data["receiver"] == receiver.user.id
            assert event.data["conversation_id"] == stored_one["conversation"]
            same = ("id", "sender_name", "message", "attachment", "attachment_type", "timestamp", "is_read")
            assert {name: event.data[name] for name in same} == {name: stored_one[name] for name in same}
    settle(ann, bob)
    # The streams themselves have checked that ids rise (I2); this says that each of them got all, and nothing else.
    for stream in ann.streams:
        assert names(stream) == ["message_sent"] * 5 + ["message", "message_sent", "message"]
    for stream in bob.streams:
        assert names(stream) == ["message"] * 5 + ["message_sent", "message", "message_sent"]


def test_a_stranger_hears_nothing_of_it(server: ServerProcess) -> None:
    ann, bob, eve = create_users(server, "ann_lee", "bob_ray", "eve_fox")
    with api(server, ann) as client, Stream(server, eve) as stream:
        stream.wait_for("presence_snapshot")
        message = send(client, bob, "for Bob alone")
        client.post(CHATS + "typing/", json={"receiver_id": bob.id})
        client.patch(f"{CHATS}{message['id']}/", json={"message": "for Bob alone, still"})
        client.delete(f"{CHATS}{message['id']}/")
        send(client, eve, "for Eve")
        stream.wait_for("message", message="for Eve")
        assert names(stream) == ["message"]
        assert b"Bob" not in bytes(stream.raw)


@pytest.mark.parametrize("form", ["message_ids", "conversation_id", "sender_id"])
def test_a_read_is_told_once_by_every_form_of_it(sides: tuple[Side, Side], form: str) -> None:
    ann, bob = sides
    sent = [send(ann.client, bob.user, f"number {number}") for number in range(3)]
    conversation_id = sent[0]["conversation"]
    assert bob.unread() == (3, 3)
    ids = [message["id"] for message in sent]
    read_ids = ids[:2] if form == "message_ids" else ids
    left = 3 - len(read_ids)
    value = {"message_ids": read_ids, "conversation_id": conversation_id, "sender_id": ann.user.id}[form]

    before = datetime.now(UTC)
    answer = bob.client.post(CHATS + "mark-read/", json={form: value}).json()
    assert (answer["success"], answer["marked_count"]) == (True, len(read_ids))
    assert before <= datetime.fromisoformat(answer["read_at"]) <= datetime.now(UTC)
    receipts = ann.told("read_receipt", len(read_ids))
    assert [receipt.data["message_id"] for receipt in receipts] == read_ids
    for receipt in receipts:
        assert receipt.data == {
            "message_id": receipt.data["message_id"],
            "reader_id": bob.user.id,
            "reader_name": "Bob Ray",
            "read_at": answer["read_at"],
            "conversation_id": conversation_id,
        }
        stored = ann.client.get(f"{CHATS}{receipt.data['message_id']}/").json()
        assert (stored["is_read"], stored["read_at"]) == (True, answer["read_at"])
        assert stored["delivered_at"] == answer["read_at"], "reading implies that it was delivered"
    (read,) = bob.told("conversation_read")
    assert read.data == {
        "conversation_id": conversation_id,
        "up_to_id": max(read_ids),
        "message_ids": read_ids,
        "unread_count": left,
        "total_unread": left,
    }
    assert bob.unread() == (left, left)

    again = bob.client.post(CHATS + "mark-read/", json={form: value}).json()
    assert again["marked_count"] == 0
    settle(ann, bob)
    ann.told("read_receipt", len(read_ids))
    bob.told("conversation_read")
    assert "delivered" not in names(ann.streams[0]), "one event tells that it was read"


def test_the_sender_cannot_read_for_the_receiver(sides: tuple[Side, Side]) -> None:
    ann, bob = sides
    message = send(ann.client, bob.user, "unread")
    for which in ({"message_ids": [message["id"]]}, {"conversation_id": message["conversation"]}):
        assert ann.client.post(CHATS + "mark-read/", json=which).json()["marked_count"] == 0
    settle(ann, bob)
    assert "read_receipt" not in names(ann.streams[0])
    assert bob.unread() == (2, 2)


@pytest.mark.parametrize("form", ["message_ids", "up_to_id"])
def test_delivery_is_told_when_the_client_says_so(sides: tuple[Side, Side], form: str) -> None:
    ann, bob = sides
    first, second = (send(ann.client, bob.user, text) for text in ("first", "second"))
    ids = [first["id"], second["id"]]
    assert ann.client.get(f"{CHATS}{first['id']}/").json()["delivered_at"] is None, "a flush is no delivery"
    asked = {"message_ids": ids} if form == "message_ids" else {"up_to_id": ids[-1]}
    answer = bob.client.post(CHATS + "delivered/", json=asked).json()
    assert answer == {"success": True, "marked_count": 2}
    told = ann.told("delivered", 2)
    assert [event.data["message_id"] for event in told] == ids
    for event in told:
        stored = ann.client.get(f"{CHATS}{event.data['message_id']}/").json()
        assert event.data == {
            "message_id": stored["id"],
            "receiver_id": bob.user.id,
            "delivered_at": stored["delivered_at"],
            "conversation_id": first["conversation"],
        }
        assert not stored["is_read"]
    assert bob.client.post(CHATS + "delivered/", json=asked).json()["marked_count"] == 0
    assert bob.unread() == (2, 2)
    settle(ann, bob)
    ann.told("delivered", 2)


def test_an_edit_reaches_both_and_no_replay_tells_the_old_text(server: ServerProcess, sides: tuple[Side, Side]) -> None:
    ann, bob = sides
    message = send(ann.client, bob.user, "the secret word is swordfish")
    bob.told("message", message="the secret word is swordfish")
    answer = ann.client.patch(f"{CHATS}{message['id']}/", json={"message": "no secrets here"})
    assert answer.status_code == 200
    edited = answer.json()
    assert edited["message"] == "no secrets here"
    for side in sides:
        (event,) = side.told("message_updated")
        assert {name: event.data[name] for name in edited} == edited
        assert (event.data["sender_id"], event.data["receiver_id"]) == (ann.user.id, bob.user.id)
    # The receiver may not, and an edit to the same text is no news.
    assert bob.client.patch(f"{CHATS}{message['id']}/", json={"message": "mine"}).status_code == 403
    assert ann.client.patch(f"{CHATS}{message['id']}/", json={"message": "no secrets here"}).status_code == 200
    settle(ann, bob)
    for side, name in ((ann, "message_sent"), (bob, "message")):
        side.told("message_updated")
        with Stream(server, side.user, last_event_id=0) as replay:
            replay.wait_for("message_updated")
            assert replay.wait_for(name, id=message["id"]).data["message"] == "no secrets here"
            replay.wait_for("message", message="the last word")
            assert b"swordfish" not in bytes(replay.raw)


def test_a_deletion_reaches_both_and_no_replay_tells_the_text(server: ServerProcess, sides: tuple[Side, Side]) -> None:
    ann, bob = sides
    kept = send(ann.client, bob.user, "this one stays")
    gone = send(ann.client, bob.user, "a withdrawn swordfish")
    assert ann.client.patch(f"{CHATS}{gone['id']}/", json={"message": "another swordfish"}).status_code == 200
    assert bob.client.delete(f"{CHATS}{gone['id']}/").status_code == 403
    assert bob.unread() == (2, 2)
    answer = ann.client.delete(f"{CHATS}{gone['id']}/")
    assert (answer.status_code, answer.content) == (204, b"")

    common = {
        "id": gone["id"],
        "conversation_id": kept["conversation"],
        "last_message": "this one stays",
        "last_message_at": kept["timestamp"],
    }
    (told_ann,), (told_bob,) = ann.told("message_deleted"), bob.told("message_deleted")
    assert told_ann.data == common
    assert told_bob.data == common | {"unread_count": 1, "total_unread": 1}
    assert bob.unread() == (1, 1)
    for side in sides:
        assert side.client.get(f"{CHATS}{gone['id']}/").status_code == 404
        (listed,) = side.client.get(CHATS + "conversations/").json()
        assert (listed["last_message"], listed["last_message_at"]) == ("this one stays", kept["timestamp"])

    ann.client.delete(f"{CHATS}{kept['id']}/")
    alone = bob.told("message_deleted", 2)[-1].data
    assert (alone["last_message"], alone["last_message_at"], alone["unread_count"]) == (None, None, 0)
    settle(ann, bob)
    for side in sides:
        with Stream(server, side.user, last_event_id=0) as replay:
            replay.wait_for("message_deleted", id=gone["id"])
            replay.wait_for("message", message="the last word")
            assert b"swordfish" not in bytes(replay.raw)


def test_a_repeated_send_is_answered_with_the_first_and_told_once(sides: tuple[Side, Side]) -> None:
    ann, bob = sides
    text = {"receiver_id": bob.user.id, "message": "once"}
    first = ann.client.post(CHATS, json=text | {"client_msg_id": "abc"})
    assert first.status_code == 201
    for repeated in (
        ann.client.post(CHATS, json=text | {"client_msg_id": "abc"}),
        ann.client.post(CHATS, json=text, headers={"Idempotency-Key": "abc"}),
    ):
        assert (repeated.status_code, repeated.json()) == (200, first.json())
    other_text = ann.client.post(CHATS, json=text | {"client_msg_id": "abc", "message": "twice"})
    assert other_text.status_code == 409
    assert list(other_text.json()) == ["error"]
    # The id is the sender's own: from Bob it stands for another message.
    assert bob.client.post(CHATS, json={"receiver_id": ann.user.id, "message": "x", "client_msg_id": "abc"}).is_success
    settle(ann, bob)
    got = bob.told("message", 2)
    assert [event.data["message"] for event in got] == ["once", "the last word"]
    assert got[0].data["client_msg_id"] == "abc"
    assert ann.told("message_sent", 2)[0].data == got[0].data


def test_a_repeated_id_for_another_receiver_is_a_conflict(server: ServerProcess) -> None:
    ann, bob, eve = create_users(server, "ann_lee", "bob_ray", "eve_fox")
    with api(server, ann) as client, Stream(server, eve) as stream:
        send(client, bob, "once", client_msg_id="abc")
        refused = client.post(CHATS, json={"receiver_id": eve.id, "message": "once", "client_msg_id": "abc"})
        assert refused.status_code == 409
        send(client, eve, "for Eve")
        stream.wait_for("message")
        assert [event.data["message"] for event in stream.events("message")] == ["for Eve"]


def test_the_same_id_sent_at_once_is_stored_once(sides: tuple[Side, Side]) -> None:
    ann, bob = sides
    body = {"receiver_id": bob.user.id, "message": "once", "client_msg_id": "race"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ann.client.post(CHATS, json=body), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    settle(ann, bob)
    bob.told("message", 2)


def test_typing_is_told_and_never_stored(server: ServerProcess, sides: tuple[Side, Side]) -> None:
    ann, bob = sides
    message = send(ann.client, bob.user, "hello")
    for is_typing in (True, False):
        answer = ann.client.post(CHATS + "typing/", json={"receiver_id": bob.user.id, "is_typing": is_typing})
        assert answer.json() == {"success": True}
    for is_typing, event in zip((True, False), bob.told("typing", 2), strict=True):
        assert event.id is None
        assert event.data == {
            "sender_id": ann.user.id,
            "sender_name": "Ann Lee",
            "is_typing": is_typing,
            "conversation_id": message["conversation"],
        }
    settle(ann, bob)
    assert not ann.streams[0].events("typing")
    with Stream(server, bob.user, last_event_id=0) as replay:
        replay.wait_for("message", message="the last word")
        assert not replay.events("typing")


@pytest.mark.timeout(240)
def test_i2_i3_64_senders_at_once_are_told_in_the_order_of_the_ids(server_factory: ServerFactory) -> None:
    server = server_factory(limits=False)
    receiver, *senders = create_users(server, "target", *(f"sender_{number}" for number in range(SENDERS)))
    begin = threading.Barrier(SENDERS)

    def send_all(sender: User) -> list[int]:
        with api(server, sender) as client:
            client.get("auth/user/")  # connected before the race begins
            begin.wait(60)
            return [int(str(send(client, receiver, f"{sender.id}:{n}")["id"])) for n in range(SENT_BY_EACH)]

    with ExitStack() as stack:
        streams = [stack.enter_context(Stream(server, receiver)) for _ in range(3)]
        own = {sender.id: stack.enter_context(Stream(server, sender)) for sender in senders}
        with ThreadPoolExecutor(SENDERS) as pool:
            sent = dict(zip(senders, pool.map(send_all, senders), strict=True))
        total = SENDERS * SENT_BY_EACH
        for stream in streams:
            arrived = stream.wait_count(total, "message")
            # In the order of the ids, which is the order of the commits: the messages' own ids rise with them.
            assert [event.id for event in arrived] == sorted(event.id for event in arrived if event.id)
            ids = [event.data["id"] for event in arrived]
            assert ids == sorted(set(ids))
            assert ids == sorted(message_id for ids_of_one in sent.values() for message_id in ids_of_one)
            for sender in senders:
                texts = [event.data["message"] for event in arrived if event.data["sender_id"] == sender.id]
                assert texts == [f"{sender.id}:{n}" for n in range(SENT_BY_EACH)]
        for sender in senders:
            told = own[sender.id].wait_count(SENT_BY_EACH, "message_sent")
            assert [event.data["id"] for event in told] == sent[sender]
        with Stream(server, receiver, last_event_id=0) as replay:
            replayed = replay.wait_count(total, "message")
            assert [(e.id, e.text) for e in replayed] == [(e.id, e.text) for e in streams[0].events("message")]
