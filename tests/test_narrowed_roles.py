"""Another role, or the end of a token, while a stream is open, while it is far behind, while a poll waits (I10)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.support.campus import User
from tests.support.server import ServerFactory
from tests.support.shared import CHATS, PASSWORD, Shared, running
from tests.support.sse import Stream
from tests.support.waiting import eventually

ANNOUNCEMENTS, NOTICES = "communication/announcements/", "communication/notices/"
POLL = "communication/poll/events/"
PAGES_OF_MESSAGES = 150


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("roles"), heartbeat_s=1, limits=False) as found:
        yield found


def announce(shared: Shared, title: str, *user_types: str) -> None:
    with shared.api("boss") as boss:
        body = {"title": title, "message": "m", "audience": {"user_types": list(user_types)}}
        headers = {"X-College-ID": "1"}
        assert boss.post(ANNOUNCEMENTS, json=body, headers=headers).status_code == 201


def make(shared: Shared, user: User, role: str) -> None:
    with shared.api("boss") as boss:
        assert boss.patch(f"accounts/users/{user.id}/", json={"user_type": role}).status_code == 200


def titles(stream: Stream) -> list[str]:
    return [event.data["title"] for event in stream.events("notification")]


def test_an_open_stream_and_every_call_have_the_role_of_now(shared: Shared) -> None:
    (user,) = shared.add({"tess": ("teacher", "CAMPUS")})
    notice = {"title": "t", "content": "c", "publish_date": "2026-01-09"}
    with Stream(shared.server, user) as stream, shared.api(user) as tess:
        stream.wait_for("presence_snapshot")
        announce(shared, "to teachers", "teacher")
        stream.wait_for("notification", title="to teachers")
        assert tess.post(NOTICES, json=notice).status_code == 201
        make(shared, user, "student")
        assert tess.post(NOTICES, json=notice).status_code == 403  # at once: the same connection, the same token
        announce(shared, "to teachers again", "teacher")
        announce(shared, "to students", "student")
        stream.wait_for("notification", title="to students")
        assert titles(stream) == ["to teachers", "to students"]


def test_an_administrator_who_is_none_any_more_sees_nothing_of_it(shared: Shared) -> None:
    (user,) = shared.add({"adam": ("college_admin", "CAMPUS")})
    with shared.api(user) as adam:
        calls = ("admin/audit/", "admin/streams/", "admin/stats/", "admin/imports/")
        assert [adam.get(path).status_code for path in calls] == [200] * 4
        make(shared, user, "staff")
        assert [adam.get(path).status_code for path in calls] == [403] * 4
        assert adam.post("accounts/users/", json={"username": "nobody_new"}).status_code == 403


def test_a_stream_that_is_far_behind_is_told_what_its_role_of_now_may_hear(shared: Shared) -> None:
    (user,) = shared.add({"tobi": ("teacher", "CAMPUS")})
    with Stream(shared.server, user, rcvbuf_bytes=4096) as stream, shared.api("boss") as boss:
        stream.wait_for("presence_snapshot")
        stream.pause()
        for number in range(PAGES_OF_MESSAGES):
            body = {"receiver_id": user.id, "message": f"{number} ".ljust(4000, "x")}
            assert boss.post(CHATS, json=body).status_code == 201
        make(shared, user, "student")
        announce(shared, "to teachers, late", "teacher")
        announce(shared, "to students, late", "student")
        stream.resume()
        stream.wait_for("notification", title="to students, late", timeout_s=60)
        assert titles(stream) == ["to students, late"]
        assert len(stream.events("message")) == PAGES_OF_MESSAGES


def polling(shared: Shared, token: str, cursor: str, then: Callable[[], Any]) -> httpx.Response:
    """Do something once the poll waits; what the poll was answered."""
    answers: list[httpx.Response] = []
    query = {"token": token, "last_event_id": cursor, "wait": "60"}

    def ask() -> None:
        with shared.api() as client:
            answers.append(client.get(POLL, params=query, timeout=90))

    thread = threading.Thread(target=ask)
    with shared.api("boss") as boss:
        before = boss.get("admin/stats/").json()["streams"]
        thread.start()
        eventually(lambda: boss.get("admin/stats/").json()["streams"] > before, "the poll waits")
        then()
    thread.join()
    return answers[0]


def test_a_poll_that_waits_hears_what_its_role_of_now_may(shared: Shared) -> None:
    (user,) = shared.add({"toni": ("teacher", "CAMPUS")})
    with shared.api(user) as toni:
        cursor = str(toni.get(POLL).json()["last_event_id"])

    def narrow() -> None:
        make(shared, user, "student")
        announce(shared, "to teachers, polled", "teacher")
        announce(shared, "to students, polled", "student")

    told: list[str] = []
    while "to students, polled" not in told:
        found = polling(shared, user.token, cursor, narrow if not told else lambda: None).json()
        told += [one["data"].get("title", one["event"]) for one in found["events"]] or ["nothing yet"]
        cursor = str(found["last_event_id"])
    assert "to teachers, polled" not in told


def test_a_token_that_expires_ends_the_poll_that_waits_and_a_stream_that_reads_nothing(
    server_factory: ServerFactory,
) -> None:
    lifetime_s = 6.0
    server = server_factory(heartbeat_s=30, token_lifetime_days=lifetime_s / 86400, limits=False)
    server.command("create-user", "ann", "--password-stdin", input=PASSWORD)
    base = server.url + "/api/v1/"
    with httpx.Client(base_url=base, trust_env=False, timeout=60) as client:
        pair = {"username": "ann", "password": PASSWORD}
        token = client.post("auth/login/", json=pair).json()["key"]
        cursor = client.get(POLL, params={"token": token}).json()["last_event_id"]
        with Stream(server, token, rcvbuf_bytes=4096) as stream:
            stream.wait_for("presence_snapshot")
            stream.pause()
            found = client.get(POLL, params={"token": token, "last_event_id": cursor, "wait": "60"}).json()
            gone = {"status": "disconnected", "reason": "expired"}
            assert [(one["event"], one["data"]) for one in found["events"]] == [("disconnected", gone)]
            assert client.get("auth/user/", headers={"Authorization": f"Token {token}"}).status_code == 401
            stream.resume()
            assert stream.wait_for("disconnected").data == gone
            assert stream.wait_end() == "fin"
