"""Who is online, as people who talk with each other see it: by events, by the snapshot and by REST, which agree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.campus import User, api, create_users, send
from tests.support.server import ServerFactory, ServerProcess
from tests.support.sse import Stream
from tests.support.waiting import eventually

SETTINGS = {"presence_grace_s": 1, "access_log": True}


@pytest.fixture
def server(server_factory: ServerFactory) -> ServerProcess:
    """A server with a short grace, whose log tells when a stream ends."""
    return server_factory(**SETTINGS)


def acquainted(server: ServerProcess, *names: str) -> list[User]:
    """Users of whom the first has a conversation with each other one."""
    users = create_users(server, *names)
    with api(server, users[0]) as client:
        for other in users[1:]:
            send(client, other, "hello")
    return users


def opened(server: ServerProcess, user: User, last_event_id: int | None = None) -> Stream:
    """A stream that has had its snapshot."""
    stream = Stream(server, user, last_event_id=last_event_id)
    stream.wait_for("presence_snapshot")
    return stream


def close(server: ServerProcess, user: User, stream: Stream) -> None:
    """Close it, and wait until the server has seen that."""
    before = server.log().count(f"of user {user.id} ends")
    stream.close()
    eventually(lambda: server.log().count(f"of user {user.id} ends") > before, "the server has seen the end")


def told_of(stream: Stream, user: User) -> list[bool]:
    """What the stream was told of the user's presence."""
    return [one.data["is_online"] for one in stream.events("presence") if one.data["user_id"] == user.id]


def seen(server: ServerProcess, viewer: User, user: User) -> tuple[bool, str | None]:
    """is_online and last_seen as the viewer's REST calls tell, once all of them agree."""

    def look() -> tuple[bool, str | None] | None:
        with api(server, viewer) as client:
            chats = "communication/chats"
            listed = client.get(f"{chats}/conversations/").json()
            others = [one["other_user"] for one in listed if one["other_user"]["id"] == user.id]
            others.append(client.get(f"{chats}/conversation/{user.id}/").json()["other_user"])
            people = [client.get(f"accounts/users/{user.id}/").json()]
            people += [one for one in client.get("accounts/users/").json()["results"] if one["id"] == user.id]
            online = user.id in client.get(f"{chats}/online-users/").json()["online_users"]
        assert len(others) == len(people) == 2
        states = {one["is_online"] for one in others + people} | {online}
        times = {one["last_seen"] for one in others}
        return (states.pop(), times.pop()) if len(states) == len(times) == 1 else None

    return eventually(look, "every call tells the same")


def when(stamp: Any) -> datetime:
    return datetime.fromisoformat(stamp)


def test_a_reload_within_the_grace_shows_nothing(server_factory: ServerFactory) -> None:
    server = server_factory(access_log=True, presence_grace_s=3)
    watcher, reloading, leaving = acquainted(server, "watcher", "reloading", "leaving")
    with opened(server, watcher) as stream:
        first, other = opened(server, reloading), opened(server, leaving)
        for user in (reloading, leaving):
            stream.wait_for("presence", user_id=user.id, is_online=True)
        close(server, reloading, first)
        with opened(server, reloading):
            close(server, leaving, other)
            # Whoever left before this one would have been told of before.
            stream.wait_for("presence", user_id=leaving.id, is_online=False)
            assert told_of(stream, reloading) == [True]
            assert seen(server, watcher, reloading)[0]


def test_the_last_of_three_streams_shows_offline_after_the_grace(server: ServerProcess) -> None:
    watcher, leaving, marker = acquainted(server, "watcher", "leaving_user", "marker")
    with opened(server, watcher) as stream:
        three = [opened(server, leaving) for _ in range(3)]
        stream.wait_for("presence", user_id=leaving.id)
        for one in three[:2]:
            close(server, leaving, one)
        close(server, marker, opened(server, marker))
        stream.wait_for("presence", user_id=marker.id, is_online=False)
        assert told_of(stream, leaving) == [True]

        before = datetime.now(UTC)
        close(server, leaving, three[2])
        last = stream.wait_for("presence", user_id=leaving.id, is_online=False)
        assert last.id is None
        assert last.data["full_name"] == "Leaving User"
        assert before <= when(last.data["last_seen"]) <= datetime.now(UTC)
        assert told_of(stream, leaving) == [True, False]
        assert seen(server, watcher, leaving) == (False, last.data["last_seen"])


def test_who_was_away_learns_from_the_snapshot(server: ServerProcess) -> None:
    other, away, third = acquainted(server, "other", "away", "third")
    others = opened(server, other)
    with opened(server, away) as stream:
        first = stream.wait_for("presence_snapshot")
        assert (first.data, first.id) == ({"online": [other.id]}, None)
        assert first.index == 1, "right after connected"
        cursor = stream.last_event_id
    close(server, other, others)
    eventually(lambda: not seen(server, third, other)[0], "the other has gone")
    with opened(server, away, cursor) as stream:
        assert stream.wait_for("presence_snapshot").data == {"online": []}
        assert stream.events("presence") == []


def test_a_resync_brings_the_snapshot_again(server: ServerProcess) -> None:
    one, other = acquainted(server, "one", "other")
    with opened(server, other), opened(server, one, last_event_id=10**9) as stream:
        assert [event.event for event in stream.events()][:3] == ["connected", "resync", "presence_snapshot"]
        assert stream.wait_for("presence_snapshot").data == {"online": [other.id]}


def test_the_first_message_makes_two_users_see_each_other(server: ServerProcess) -> None:
    ann, bob = create_users(server, "ann", "bob")
    with opened(server, ann) as anns, opened(server, bob) as bobs, api(server, ann) as client:
        assert anns.wait_for("presence_snapshot").data == {"online": []}
        send(client, bob, "first")
        assert anns.wait_for("presence").data == {
            "user_id": bob.id,
            "full_name": "Bob",
            "is_online": True,
            "last_seen": None,
        }
        bobs.wait_for("presence", user_id=ann.id, is_online=True)
        send(client, bob, "second")
        bobs.wait_for("message", message="second")
        assert told_of(bobs, ann) == [True]
        close(server, ann, anns)
        bobs.wait_for("presence", user_id=ann.id, is_online=False)


def test_i3_a_message_to_someone_offline_is_there_at_the_next_connect(server: ServerProcess) -> None:
    ann, bob = acquainted(server, "ann", "bob")
    with opened(server, bob) as stream:
        cursor = stream.last_event_id
        close(server, bob, stream)
    eventually(lambda: not seen(server, ann, bob)[0], "he is offline")
    with api(server, bob) as client:
        from_rest = int(client.get("communication/chats/conversations/").headers["X-Last-Event-ID"])
    with api(server, ann) as client:
        message = send(client, bob, "while you were away")
    for last_event_id in (cursor, from_rest):
        with opened(server, bob, last_event_id) as stream:
            told = stream.wait_for("message", id=message["id"])
            assert told.data["message"] == "while you were away"
            assert len(stream.events("message")) == 1


def test_last_seen_survives_a_restart(server: ServerProcess) -> None:
    watcher, gone, staying = acquainted(server, "watcher", "gone", "staying")
    with opened(server, watcher) as stream:
        close(server, gone, opened(server, gone))
        stream.wait_for("presence", user_id=gone.id, is_online=False)
        before = eventually(lambda: seen(server, watcher, gone)[1], "it is stored")
        assert seen(server, watcher, staying) == (False, None)
        with opened(server, staying) as still_open:
            stream.wait_for("presence", user_id=staying.id)
            assert seen(server, watcher, staying) == (True, None)
            stopped = datetime.now(UTC)
            server.restart()
            still_open.wait_end()
    assert seen(server, watcher, gone) == (False, before)
    is_online, last_seen = seen(server, watcher, staying)
    assert not is_online
    assert stopped - timedelta(seconds=1) <= when(last_seen) <= datetime.now(UTC)


def test_presence_goes_to_partners_only(server: ServerProcess) -> None:
    ann, bob = acquainted(server, "ann", "bob")
    stranger, marker = acquainted(server, "stranger", "marker")
    with opened(server, stranger) as stream, opened(server, ann) as anns:
        bobs = opened(server, bob)
        anns.wait_for("presence", user_id=bob.id, is_online=True)
        close(server, bob, bobs)
        anns.wait_for("presence", user_id=bob.id, is_online=False)
        markers = opened(server, marker)
        stream.wait_for("presence", user_id=marker.id, is_online=True)
        close(server, marker, markers)
        stream.wait_for("presence", user_id=marker.id, is_online=False)
        assert {one.data["user_id"] for one in stream.events("presence")} == {marker.id}
        assert {one.data["user_id"] for one in anns.events("presence")} == {bob.id}
