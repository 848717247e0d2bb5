"""`auth/sessions/`: where one is signed in, and signing out there (I10)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.campus import User, create_tokens
from tests.support.shapes import Shape, boolean, check_shape, integer, maybe, text, when
from tests.support.shared import PASSWORD, Shared, running
from tests.support.sse import Stream

SESSION: Shape = {
    "id": integer, "created_at": when, "last_used_at": maybe(when), "address": text, "user_agent": text,
    "current": boolean,
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("sessions")) as found:
        yield found


def sessions(shared: Shared, user: User, **query: str) -> list[dict[str, Any]]:
    with shared.api(user) as client:
        answer = client.get("auth/sessions/", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    for item in found:
        check_shape(item, SESSION)
    return found


def end(shared: Shared, user: User, session_id: int) -> int:
    with shared.api(user) as client:
        return client.delete(f"auth/sessions/{session_id}/").status_code


def log_in(shared: Shared, username: str) -> User:
    with shared.api() as client:
        body = {"username": username, "password": PASSWORD}
        answer = client.post("auth/login/", json=body, headers={"User-Agent": "Kitchen radio"}).json()
    return User(answer["user"]["id"], username, answer["key"])


def test_the_sessions_are_listed_newest_first_with_the_current_one_marked(shared: Shared) -> None:
    radio = log_in(shared, "ann")
    first, second = sessions(shared, radio)
    assert (first["user_agent"], first["address"], first["current"]) == ("Kitchen radio", "127.0.0.1", True)
    assert second["current"] is False
    assert [item["current"] for item in sessions(shared, shared["ann"])] == [False, True]
    assert [item["id"] for item in sessions(shared, radio, page_size="1", page="2")] == [second["id"]]
    assert [item["id"] for item in sessions(shared, radio, ordering="created_at")] == [second["id"], first["id"]]
    with shared.api(radio) as client:
        assert radio.token not in client.get("auth/sessions/").text
    shared.sql("UPDATE tokens SET expires_at = '2026-01-01T00:00:00.000000Z' WHERE id = ?", (second["id"],))
    assert [item["id"] for item in sessions(shared, radio)] == [first["id"]]


def test_i10_signing_out_elsewhere_ends_that_token_and_its_streams(shared: Shared) -> None:
    bob = shared["bob"]
    (other,) = create_tokens(shared.server, ["bob"])
    found = sessions(shared, bob)
    (other_id,) = (item["id"] for item in found if not item["current"])
    with Stream(shared.server, other) as ending, Stream(shared.server, bob) as staying:
        for stream in (ending, staying):
            stream.wait_for("presence_snapshot")
        assert end(shared, bob, other_id) == 204
        assert ending.wait_for("disconnected").data == {"status": "disconnected", "reason": "revoked"}
        assert ending.wait_end() == "fin"
        with shared.api(other) as client:
            assert client.get("auth/user/").json() == {"detail": "Invalid token."}
        assert not staying.events("disconnected")
    assert end(shared, bob, other_id) == 404
    assert len(sessions(shared, bob)) == 1


def test_only_ones_own(shared: Shared) -> None:
    (cys,) = sessions(shared, shared["cy"])
    for username in ("tara", "dean", "boss"):
        assert end(shared, shared[username], cys["id"]) == 404
        assert cys["id"] not in [item["id"] for item in sessions(shared, shared[username])]
    assert end(shared, shared["cy"], 10**15) == 404
    assert sessions(shared, shared["cy"]) == [cys]
    with shared.api() as client:
        assert (
            client.get("auth/sessions/").status_code == client.delete(f"auth/sessions/{cys['id']}/").status_code == 401
        )


def test_ending_the_current_one_is_a_logout(shared: Shared) -> None:
    (pats,) = sessions(shared, shared["pat"])
    assert end(shared, shared["pat"], pats["id"]) == 204
    with shared.api("pat") as client:
        assert client.get("auth/user/").status_code == 401
