"""`auth/`: logging in and out, oneself, and another password."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.campus import User
from tests.support.refusal import check_refusal
from tests.support.shapes import LOGIN, OWN_USER, check_shape
from tests.support.shared import CHATS, ORIGIN, PASSWORD, Shared, running
from tests.support.sse import Stream

WRONG = {"non_field_errors": ["Unable to log in with provided credentials."]}
REQUIRED = ["This field is required."]
BLANK = ["This field may not be blank."]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("auth")) as found:
        yield found


@pytest.fixture
def anybody(shared: Shared) -> Iterator[httpx.Client]:
    """A client without a token."""
    with shared.api() as client:
        client.headers["Origin"] = ORIGIN
        yield client


def log_in(shared: Shared, username: str, password: str = PASSWORD) -> dict[str, Any]:
    with shared.api() as client:
        answer = client.post("auth/login/", json={"username": username, "password": password})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def session(shared: Shared, username: str, password: str = PASSWORD) -> User:
    """Another token of that user."""
    answer = log_in(shared, username, password)
    return User(answer["user"]["id"], username, answer["key"])


def status(shared: Shared, user: User) -> int:
    with shared.api(user) as client:
        return client.get("auth/user/").status_code


# login/


def test_a_login_answers_a_token_and_who_one_is(shared: Shared) -> None:
    answer = log_in(shared, "ann")
    check_shape(answer, LOGIN)
    assert re.fullmatch("[0-9a-f]{40}", answer["key"])
    assert answer["access"] == answer["key"]
    assert answer["key"] != shared["ann"].token
    assert (answer["user"]["id"], answer["user"]["username"]) == (shared["ann"].id, "ann")
    assert answer["user"]["last_login"] is not None
    assert answer["college_id"] == answer["user"]["college"] == 1
    assert answer["accessible_colleges"] == [{"id": 1, "code": "CAMPUS", "name": "Campus", "short_name": "Campus"}]
    with shared.api(session(shared, "ann")) as client:
        assert client.get("accounts/users/me/").json()["id"] == shared["ann"].id


def test_each_login_is_a_token_of_its_own(shared: Shared) -> None:
    first, second = session(shared, "cy"), session(shared, "cy")
    assert first.token != second.token
    assert status(shared, first) == status(shared, second) == 200


def test_a_global_role_reaches_every_college(shared: Shared) -> None:
    answer = log_in(shared, "boss")
    assert {college["id"] for college in answer["accessible_colleges"]} == {1, shared.east}
    assert log_in(shared, "east_ann")["college_id"] == shared.east


def test_both_ways_to_give_the_token(shared: Shared) -> None:
    token = session(shared, "ann").token
    with shared.api() as client:
        for kind in ("Token", "Bearer", "token", "BEARER"):
            assert client.get("auth/user/", headers={"Authorization": f"{kind} {token}"}).status_code == 200
        assert client.get("auth/user/", params={"token": token}).status_code == 401  # for the stream only


def test_forms_log_in_and_a_stale_header_does_not_matter(shared: Shared, anybody: httpx.Client) -> None:
    pair = {"username": "bob", "password": PASSWORD}
    for headers in ({}, {"Authorization": f"Token {'0' * 40}"}, {"Authorization": f"Token {shared['gone'].token}"}):
        for given in ({"data": pair}, {"json": pair}, {"files": {name: (None, value) for name, value in pair.items()}}):
            answer = anybody.post("auth/login/", headers=headers, **given)  # type: ignore[arg-type]
            assert answer.status_code == 200, answer.text
            assert answer.json()["user"]["username"] == "bob"


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("ann", "wrong"),
        ("ann", PASSWORD + " "),
        ("ann", PASSWORD.upper()),
        ("nobody", PASSWORD),
        ("gone", PASSWORD),
        ("ann", "x" * 5000),
        ("a" * 999, PASSWORD),
        ("ann@campus.example", PASSWORD),
        ("ann\u2028", PASSWORD),
        (" ann", PASSWORD),
    ],
)
def test_a_wrong_pair_is_one_answer(anybody: httpx.Client, username: str, password: str) -> None:
    answer = anybody.post("auth/login/", json={"username": username, "password": password})
    assert check_refusal(answer, 400) == WRONG


def test_an_account_without_a_password_cannot_log_in(shared: Shared, anybody: httpx.Client) -> None:
    shared.server.command("create-user", "silent", "--college", "CAMPUS")
    for password in ("x", " ", "v1$", "None"):
        answer = anybody.post("auth/login/", json={"username": "silent", "password": password})
        assert check_refusal(answer, 400) == WRONG


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, {"username": REQUIRED, "password": REQUIRED}),
        ({"username": "ann"}, {"password": REQUIRED}),
        ({"password": "x"}, {"username": REQUIRED}),
        ({"username": "", "password": ""}, {"username": BLANK, "password": BLANK}),
    ],
)
def test_what_is_missing_is_named(anybody: httpx.Client, given: dict[str, str], said: dict[str, list[str]]) -> None:
    assert check_refusal(anybody.post("auth/login/", json=given), 400) == said


def test_a_username_has_no_case(shared: Shared) -> None:
    assert log_in(shared, "ANN")["user"]["username"] == "ann"


def test_an_unknown_user_costs_as_much_work_as_a_known_one(tmp_path: Path) -> None:
    """At cost 10 a hash is some 50 ms: whoever leaves it out is found by the clock."""
    with running(tmp_path, env={"REALTIME_BCRYPT_COST": "10"}) as shared, shared.api() as client:
        took_s: dict[str, list[float]] = {"ann": [], "nobody": [], "gone": []}
        for _ in range(5):
            for username, times in took_s.items():
                began_s = time.perf_counter()
                answer = client.post("auth/login/", json={"username": username, "password": "wrong"})
                times.append(time.perf_counter() - began_s)
                assert answer.status_code == 400
        medians = {username: statistics.median(times) for username, times in took_s.items()}
        assert min(medians.values()) > 0.01, medians
        assert max(medians.values()) < 3 * min(medians.values()), medians


# logout/


def test_a_logout_ends_the_token_and_its_streams_alone(shared: Shared) -> None:
    leaving, staying = session(shared, "ann"), session(shared, "ann")
    with Stream(shared.server, leaving) as gone, Stream(shared.server, staying) as there, shared.api(leaving) as client:
        gone.wait_for("connected")
        there.wait_for("connected")
        answer = client.post("auth/logout/")
        assert (answer.status_code, answer.json()) == (200, {"detail": "Successfully logged out."})
        assert gone.wait_for("disconnected").data == {"status": "disconnected", "reason": "logout"}
        gone.wait_end()
        assert (status(shared, leaving), status(shared, staying)) == (401, 200)
        # What is sent now comes to the one that stayed: it was not ended.
        with shared.api("bob") as bob:
            bob.post(CHATS, json={"receiver_id": staying.id, "message": "still there?"})
        there.wait_for("message", message="still there?")
        assert not there.events("disconnected")


def test_a_logout_without_a_token_is_fine(shared: Shared, anybody: httpx.Client) -> None:
    for value in ("", "Token", f"Token {'0' * 40}", f"Token {shared['gone'].token}", "Basic x"):
        answer = anybody.post("auth/logout/", headers={"Authorization": value})
        assert (answer.status_code, answer.json()) == (200, {"detail": "Successfully logged out."})


# user/


def test_oneself(shared: Shared) -> None:
    with shared.api("ann") as client:
        answer = client.get("auth/user/").json()
        check_shape(answer, OWN_USER)
        named = {"username": "ann", "email": "ann@campus.example", "first_name": "Ann", "last_name": ""}
        assert answer == {"pk": shared["ann"].id, **named}


def test_oneself_changed(shared: Shared) -> None:
    with shared.api("pat") as client:
        changed = client.patch("auth/user/", json={"last_name": " Smith ", "pk": 1, "user_type": "super_admin"})
        assert (changed.status_code, changed.json()["last_name"], changed.json()["pk"]) == (
            200,
            "Smith",
            shared["pat"].id,
        )
        assert client.patch("auth/user/", json={}).json() == changed.json()
        whole = changed.json() | {"username": "patricia", "email": "p@campus.example"}
        assert client.put("auth/user/", json=whole).json() == whole
        assert client.get("auth/user/").json() == whole
        me = client.get("accounts/users/me/").json()
        assert (me["user_type"], me["full_name"]) == ("parent", "Pat Smith")
        assert client.patch("auth/user/", data={"first_name": "", "last_name": ""}).status_code == 200
        assert client.get("accounts/users/me/").json()["full_name"] == "patricia"
        assert log_in(shared, "patricia")["user"]["id"] == shared["pat"].id


def test_oneself_as_one_may_not_be(shared: Shared) -> None:
    with shared.api("ann") as client:
        client.headers["Origin"] = ORIGIN
        assert check_refusal(client.put("auth/user/", json={"email": "x@y.z"}), 400) == {"username": REQUIRED}
        taken = check_refusal(client.patch("auth/user/", json={"username": "BoB"}), 400)
        assert taken == {"username": ["A user with that username already exists."]}
        assert check_refusal(client.patch("auth/user/", json={"email": "x"}), 400) == {
            "email": ["Enter a valid email address."]
        }
        assert client.patch("auth/user/", json={"username": "Ann"}).status_code == 200  # one's own, in other letters
        assert client.patch("auth/user/", json={"username": "ann"}).status_code == 200


# password/change/


def test_another_password_ends_the_other_tokens_and_their_streams(shared: Shared) -> None:
    (user,) = shared.add({"changer": ("student", "CAMPUS")})
    here, elsewhere = session(shared, "changer"), session(shared, "changer")
    new = "another horse 8 battery"
    with Stream(shared.server, elsewhere) as stream, Stream(shared.server, here) as own, shared.api(here) as client:
        stream.wait_for("connected")
        own.wait_for("connected")
        body = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
        answer = client.post("auth/password/change/", json=body)
        assert (answer.status_code, answer.json()) == (200, {"detail": "New password has been saved."})
        assert stream.wait_for("disconnected").data == {"status": "disconnected", "reason": "revoked"}
        stream.wait_end()
        assert [status(shared, one) for one in (here, elsewhere, user)] == [200, 401, 401]
        assert own.ended is None
    assert log_in(shared, "changer", new)["user"]["id"] == user.id
    with shared.api() as client:
        old = client.post("auth/login/", json={"username": "changer", "password": PASSWORD})
        assert (old.status_code, old.json()) == (400, WRONG)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"old_password": "wrong"}, "old_password"),
        ({"old_password": "x" * 3000}, "old_password"),
        ({"new_password2": "something else 9"}, "new_password2"),
        ({"new_password1": "short", "new_password2": "short"}, "new_password2"),
        ({"new_password1": " " * 12, "new_password2": " " * 12}, "new_password2"),
        ({"new_password1": "x" * 3000, "new_password2": "x" * 3000}, "new_password2"),
    ],
)
def test_a_change_of_password_that_is_refused_changes_nothing(
    shared: Shared, change: dict[str, str], field: str
) -> None:
    good = {"old_password": PASSWORD, "new_password1": "good horse 7 better", "new_password2": "good horse 7 better"}
    with shared.api("tara") as client:
        client.headers["Origin"] = ORIGIN
        assert list(check_refusal(client.post("auth/password/change/", json=good | change), 400)) == [field]
    assert log_in(shared, "tara")["user"]["id"] == shared["tara"].id
    assert status(shared, shared["tara"]) == 200


def test_a_change_of_password_names_what_is_missing(shared: Shared) -> None:
    with shared.api("tara") as client:
        client.headers["Origin"] = ORIGIN
        names = ("old_password", "new_password1", "new_password2")
        assert check_refusal(client.post("auth/password/change/", json={}), 400) == dict.fromkeys(names, REQUIRED)
