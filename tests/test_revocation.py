"""What ends a token ends its streams at once, whoever did it and at whatever moment it comes (I10)."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from data.connection import connect
from tests.support.campus import User, api, create_tokens, create_user, create_users, send
from tests.support.server import ServerProcess
from tests.support.sse import Stream

PASSWORD = "a long enough password"
BESIDE_S = 10.0  # of the one second in which the server notices what was done beside it


@contextmanager
def streams(server: ServerProcess, *users: User) -> Iterator[list[Stream]]:
    """An open stream for each."""
    opened = [Stream(server, user) for user in users]
    try:
        for stream in opened:
            stream.wait_for("presence_snapshot")
        yield opened
    finally:
        for stream in opened:
            stream.close()


def assert_ended(stream: Stream, reason: str, timeout_s: float = 30.0) -> None:
    last = stream.wait_for("disconnected", timeout_s=timeout_s)
    assert last.data == {"status": "disconnected", "reason": reason}
    assert last.id is None
    assert stream.wait_end() == "fin"
    assert stream.events()[-1] == last


def assert_alive(server: ServerProcess, sender: User, receiver: User, *alive: Stream) -> None:
    """A message still reaches these streams of the receiver."""
    with api(server, sender) as client:
        message = send(client, receiver, "still here?")
    for stream in alive:
        stream.wait_for("message", id=message["id"])
        assert stream.events("disconnected") == []


def test_i10_logout_ends_the_streams_of_its_token_and_no_others(server: ServerProcess) -> None:
    ann, bob = create_users(server, "ann", "bob")
    (other,) = create_tokens(server, ["ann"])
    with streams(server, ann, ann, other, bob) as (first, second, third, bobs):
        with api(server, ann) as client:
            assert client.post("auth/logout/").json() == {"detail": "Successfully logged out."}
            assert client.get("auth/user/").status_code == 401
        for stream in (first, second):
            assert_ended(stream, "logout")
        assert_alive(server, bob, other, third)
        assert_alive(server, other, bob, bobs)
        with Stream(server, ann) as refused:
            assert refused.status == 401


def test_i10_another_password_ends_the_streams_of_the_other_tokens(server: ServerProcess) -> None:
    bob = create_users(server, "bob")[0]
    ann = create_user(server, "ann", PASSWORD)
    elsewhere, again = create_tokens(server, ["ann"])[0], create_tokens(server, ["ann"])[0]
    with streams(server, ann, elsewhere, again, bob) as (kept, second, third, bobs):
        with api(server, ann) as client:
            body = {"old_password": PASSWORD, "new_password1": PASSWORD + "!", "new_password2": PASSWORD + "!"}
            assert client.post("auth/password/change/", json=body).status_code == 200
        for stream in (second, third):
            assert_ended(stream, "revoked")
        assert_alive(server, bob, ann, kept)
        assert_alive(server, ann, bob, bobs)


def test_i10_set_password_beside_the_server_ends_the_users_streams(server: ServerProcess) -> None:
    ann, bob = create_users(server, "ann", "bob")
    (other,) = create_tokens(server, ["ann"])
    with streams(server, ann, other, bob) as (first, second, bobs):
        server.command("set-password", "ann", "--password-stdin", input=PASSWORD)
        done_s = time.monotonic()
        for stream in (first, second):
            assert_ended(stream, "revoked", BESIDE_S)
        took_s = second.events()[-1].at_s - done_s
        (new,) = create_tokens(server, ["ann"])
        assert_alive(server, new, bob, bobs)
        with Stream(server, ann) as refused:
            assert refused.status == 401
    print(f"ended {took_s:+.2f} s after the command")


@contextmanager
def beside(server: ServerProcess) -> Iterator[sqlite3.Connection]:
    """A connection of another process's kind: each statement commits."""
    with closing(connect(server.data_dir / "realtime.sqlite3")) as connection:
        yield connection


def delete_the_token(connection: sqlite3.Connection, user: User) -> None:
    connection.execute("DELETE FROM tokens WHERE user_id = ?", (user.id,))


def deactivate_the_user(connection: sqlite3.Connection, user: User) -> None:
    connection.execute("UPDATE users SET is_active = 0 WHERE id = ?", (user.id,))


def delete_the_user(connection: sqlite3.Connection, user: User) -> None:
    connection.execute("DELETE FROM users WHERE id = ?", (user.id,))


@pytest.mark.parametrize(
    ("change", "reason"),
    [(delete_the_token, "revoked"), (deactivate_the_user, "disabled"), (delete_the_user, "revoked")],
)
def test_i10_what_another_process_does_to_a_user_ends_the_streams(
    server: ServerProcess, change: Callable[[sqlite3.Connection, User], None], reason: str
) -> None:
    ann, bob, eve = create_users(server, "ann", "bob", "eve")
    with streams(server, ann, bob) as (anns, bobs), beside(server) as connection:
        change(connection, ann)
        done_s = time.monotonic()
        assert_ended(anns, reason, BESIDE_S)
        took_s = anns.events()[-1].at_s - done_s
        assert_alive(server, eve, bob, bobs)
        with Stream(server, ann) as refused:
            assert refused.status == 401
            assert refused.wait_for("error").data == {"error": "Unauthorized"}
    print(f"ended {took_s:.2f} s after the commit")


def test_i10_a_key_taken_away_beside_the_server_narrows_the_open_streams(server: ServerProcess) -> None:
    (ann,) = create_users(server, "ann")
    admin = create_user(server, "admin", user_type="college_admin")
    with streams(server, ann, admin) as (anns, admins), beside(server) as connection, api(server, admin) as client:

        def announce(title: str) -> None:
            answer = client.post("communication/announcements/", json={"title": title, "message": "m"})
            assert answer.status_code == 201, answer.text

        announce("before")
        anns.wait_for("notification", title="before")
        connection.execute("DELETE FROM user_keys WHERE user_id = ? AND key NOT LIKE 'user:%'", (ann.id,))
        # Two tokens that go one after the other: the server's round that saw the first one go is over with the second.
        for _ in range(2):
            (marker,) = create_tokens(server, ["admin"])
            with streams(server, marker) as (marked,):
                newest = "SELECT max(id) FROM tokens WHERE user_id = ?"
                connection.execute(f"DELETE FROM tokens WHERE id = ({newest})", (admin.id,))
                assert_ended(marked, "revoked", BESIDE_S)
        announce("after")
        admins.wait_for("notification", title="after")
        assert_alive(server, admin, ann, anns)
        assert [one.data["title"] for one in anns.events("notification")] == ["before"]
