"""Every rate and count over HTTP: who reaches it is refused in the documented shape, and the neighbour sees nothing."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from settings import TABLE
from tests.support.campus import User
from tests.support.refusal import check_refusal
from tests.support.shared import CHATS, DATABASE, ORIGIN, PASSWORD, Shared, running

SMALL = {
    "requests_per_minute": 40,
    "messages_per_minute": 5,
    "searches_per_minute": 3,
    "publications_per_minute": 4,
    "registrations_per_minute": 2,
    "upload_bytes_per_day": 20_000,
    "registration": "on",
}
Call = Callable[[httpx.Client, int], httpx.Response]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("limits"), **SMALL) as found:
        yield found


@pytest.fixture(scope="module")
def unlimited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("unlimited"), **SMALL, limits="off") as found:
        yield found


_waiting: dict[tuple[int, str], list[User]] = {}


def newcomers(shared: Shared, role: str, count: int) -> list[httpx.Client]:
    """Clients of people for whom nothing is counted yet."""
    if (shared.server.port, role) not in _waiting:
        names = {f"{one}_{number}": (one, "CAMPUS") for one in ("student", "teacher") for number in range(12)}
        made = shared.add(names)
        for one in ("student", "teacher"):
            _waiting[shared.server.port, one] = [user for user in made if user.username.startswith(one)]
    clients = [shared.api(_waiting[shared.server.port, role].pop()) for _ in range(count)]
    for client in clients:
        client.headers["Origin"] = ORIGIN
    return clients


def send(client: httpx.Client, number: int, receiver: int = 0) -> httpx.Response:
    return client.post(CHATS, json={"receiver_id": receiver, "message": f"message {number}"})


def search(client: httpx.Client, number: int) -> httpx.Response:
    return client.get(f"{CHATS}search/", params={"q": f"word{number}"})


def announce(client: httpx.Client, number: int) -> httpx.Response:
    return client.post("communication/announcements/", json={"title": f"{number}", "message": "x"})


def put_up(client: httpx.Client, number: int) -> httpx.Response:
    notice = {"title": f"{number}", "content": "x", "publish_date": "2026-01-09"}
    return client.post("communication/notices/", json=notice)


def ask(client: httpx.Client, number: int) -> httpx.Response:
    return client.get("auth/user/")


def upload(client: httpx.Client, number: int, size_bytes: int = 4000) -> httpx.Response:
    return client.patch("accounts/users/me/", files={"avatar": ("a.txt", b"x" * size_bytes)})


def check_429(answer: httpx.Response, most_s: int) -> int:
    """A refusal for a limit; its wait."""
    body = check_refusal(answer, 429)
    assert list(body) == ["detail"]
    text = answer.headers["retry-after"]
    assert re.fullmatch("[0-9]+", text)
    assert 1 <= int(text) <= most_s
    return int(text)


@pytest.mark.parametrize(
    ("call", "role", "most"),
    [(search, "student", 3), (announce, "teacher", 4), (put_up, "teacher", 4), (ask, "student", 40)],
)
def test_a_rate_is_of_one_user(shared: Shared, unlimited: Shared, call: Call, role: str, most: int) -> None:
    greedy, good = newcomers(shared, role, 2)
    with greedy, good:
        for number in range(most):
            assert call(greedy, number).status_code in (200, 201)
        check_429(call(greedy, most), 60)
        assert call(good, 0).status_code in (200, 201)
        check_429(call(greedy, most), 60)
    (free,) = newcomers(unlimited, role, 1)
    with free:
        assert {call(free, number).status_code for number in range(most + 5)} <= {200, 201}


def test_messages_have_a_rate_of_their_own_and_a_repeated_one_tells_the_same(shared: Shared) -> None:
    greedy, good = newcomers(shared, "student", 2)
    bob = shared["bob"].id
    with greedy, good:
        for number in range(5):
            assert send(greedy, number, bob).status_code == 201
        check_429(send(greedy, 5, bob), 60)
        assert ask(greedy, 0).status_code == 200, "all else goes on"
        assert send(good, 0, bob).status_code == 201
        stored = {message["message"] for message in greedy.get(f"{CHATS}conversation/{bob}/").json()["messages"]}
        assert stored == {f"message {number}" for number in range(5)}


def test_a_refused_message_is_no_message(shared: Shared) -> None:
    """What is wrong with it is told before it counts."""
    (client,) = newcomers(shared, "student", 1)
    with client:
        for _ in range(10):
            assert client.post(CHATS, json={"receiver_id": shared["bob"].id}).status_code == 400
        assert send(client, 0, shared["bob"].id).status_code == 201


def test_a_refusal_is_logged_once_and_without_the_token(shared: Shared) -> None:
    (client,) = newcomers(shared, "student", 1)
    with client:
        user_id = client.get("auth/user/").json()["pk"]
        for number in range(60):
            ask(client, number)
        token = client.headers["Authorization"].partition(" ")[2]
    shared.server.wait_log(rf"user {user_id} is at the limit for requests")
    assert len(re.findall(rf"\buser {user_id} is at the limit", shared.server.log())) == 1
    assert token not in shared.server.log()


def test_registrations_have_a_rate_of_their_address(shared: Shared, unlimited: Shared) -> None:
    def register(campus: Shared, number: int, address: str = "127.0.0.1", **wrong: Any) -> httpx.Response:
        body = {"username": f"reg_{number}", "password1": PASSWORD, "password2": PASSWORD, "college": 1, **wrong}
        with httpx.Client(transport=httpx.HTTPTransport(local_address=address)) as client:
            url = f"{campus.server.url}/api/v1/auth/registration/"
            return client.post(url, json=body, headers={"Origin": ORIGIN, "X-Forwarded-For": f"192.0.2.{number}"})

    for number in range(5):
        assert register(shared, number, password2="other").status_code == 400, "that costs nothing"
    for number in range(2):
        assert register(shared, number).status_code == 201
    check_429(register(shared, 2), 60)  # whatever a header says that nobody trusted wrote
    assert register(shared, 3, "127.0.0.2").status_code == 201
    assert {register(unlimited, number).status_code for number in range(5)} == {201}


def test_uploads_have_a_day_which_a_restart_does_not_shorten(shared: Shared, unlimited: Shared) -> None:
    greedy, good = newcomers(shared, "student", 2)
    bob = shared["bob"].id

    def attach(client: httpx.Client, size_bytes: int) -> httpx.Response:
        return client.post(CHATS, data={"receiver_id": bob}, files={"attachment": ("a.txt", b"x" * size_bytes)})

    with greedy, good:
        for _ in range(4):
            assert attach(greedy, 4500).status_code == 201
        wait_s = check_429(attach(greedy, 4500), 86_400)
        assert wait_s > 86_000
        assert attach(greedy, 500).status_code == 201, "there is room for a small one"
        assert check_refusal(attach(greedy, 20_001), 413)
        assert attach(good, 4500).status_code == 201
        shared.server.restart()
        wait_s = check_429(attach(greedy, 4500), 86_400)
        pk = greedy.get("auth/user/").json()["pk"]
        age_files(shared, pk, wait_s)
        assert attach(greedy, 4500).status_code == 201, "after so long it works"
    (free,) = newcomers(unlimited, "student", 1)
    with free:
        assert {attach(free, 4500).status_code for _ in range(6)} == {201}


def age_files(shared: Shared, owner_id: int, seconds: float) -> None:
    """As if so much time had gone by since that user's uploads."""
    with closing(sqlite3.connect(shared.server.data_dir / DATABASE, timeout=10)) as connection, connection:
        rows = connection.execute("SELECT id, created_at FROM files WHERE owner_id = ?", (owner_id,)).fetchall()
        for row_id, text in rows:
            before = datetime.fromisoformat(text) - timedelta(seconds=seconds)
            stamp = before.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            connection.execute("UPDATE files SET created_at = ? WHERE id = ?", (stamp, row_id))


def test_metrics_count_them_by_kind(shared: Shared) -> None:
    (client,) = newcomers(shared, "student", 1)
    with client, shared.api(base="/") as anybody:

        def counts() -> dict[str, float]:
            text = anybody.get("metrics").text
            found = re.findall(r'^realtime_refusals_total\{kind="(\w+)"\} (\S+)$', text, re.MULTILINE)
            return {kind: float(number) for kind, number in found}

        before = counts()
        for number in range(8):
            send(client, number, shared["bob"].id)
        assert counts() == before | {"messages": before["messages"] + 3}
        assert {"requests", "streams", "failed_logins", "slow_headers", "upload_bytes"} < set(before)


def test_the_document_tells_of_it(shared: Shared) -> None:
    with shared.api() as client:
        paths = client.get("schema/").json()["paths"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            if operation.get("security") != []:
                assert "429" in operation["responses"], f"{method} {path}"
    for path in ("auth/login/", "auth/registration/"):  # and without a token those that cost
        assert "429" in paths[f"/api/v1/{path}"]["post"]["responses"]
    for path in ("events/", "test/"):
        stream = paths[f"/api/v1/communication/sse/{path}"]["get"]["responses"]["429"]
        assert stream["$ref"].endswith("/StreamTooMany")


def test_the_defaults_let_a_busy_person_work(tmp_path: Path) -> None:
    """A minute's worth of a fast reader and writer, in seconds: with the limits as they come."""
    with running(tmp_path, **{name: TABLE[name].default for name in SMALL if name != "registration"}) as shared:
        with shared.api("ann") as client:
            for number in range(200):
                assert send(client, number, shared["bob"].id).status_code == 201
            for number in range(200):
                assert ask(client, number).status_code == 200
            for number in range(40):
                assert search(client, number).status_code == 200
        assert "is at the limit" not in shared.server.log()
