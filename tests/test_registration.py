"""`auth/registration/`: off, or a student's account that somebody makes alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.refusal import check_refusal
from tests.support.server import ServerFactory
from tests.support.shapes import USER, check_shape
from tests.support.shared import ORIGIN, Shared, running, sql

PATH = "auth/registration/"
PASSWORD = "correct horse 7 battery"
GOOD = {
    "username": "newcomer", "email": "n@campus.example", "password1": PASSWORD, "password2": PASSWORD,
    "first_name": "New", "last_name": "Comer",
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("registration"), registration="on") as found:
        yield found


def post(shared: Shared, **body: Any) -> httpx.Response:
    with shared.api() as client:
        return client.post(PATH, json=body, headers={"Origin": ORIGIN})


def test_it_is_off_unless_the_campus_wants_it(server_factory: ServerFactory) -> None:
    server = server_factory()
    for body in ({}, GOOD, {"username": 5}):
        answer = httpx.post(f"{server.url}/api/v1/{PATH}", json=body, trust_env=False)
        assert answer.status_code == 403
        assert answer.json() == {"detail": "You do not have permission to perform this action."}
    assert sql(server, "SELECT count(*) FROM users") == [(0,)]


def test_of_several_colleges_one_must_be_named(shared: Shared) -> None:
    assert check_refusal(post(shared, **GOOD), 400) == {"college": ["This field is required."]}
    assert list(check_refusal(post(shared, **GOOD, college=999), 400)) == ["college"]
    answer = post(shared, **GOOD, college=shared.east, user_type="super_admin", is_verified=True)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert set(made) == {"key", "user"}
    check_shape(made["user"], USER)
    user = made["user"]
    assert (user["user_type"], user["college"], user["is_verified"], user["full_name"]) == (
        "student", shared.east, False, "New Comer",
    )  # fmt: skip
    with shared.api() as client:
        me = client.get("accounts/users/me/", headers={"Authorization": f"Token {made['key']}"})
        assert me.json()["id"] == user["id"]
        again = client.post("auth/login/", json={"username": "newcomer", "password": PASSWORD})
        assert again.status_code == 200


def test_the_only_college_needs_no_name(server_factory: ServerFactory) -> None:
    server = server_factory(registration=True)
    with httpx.Client(base_url=f"{server.url}/api/v1/", trust_env=False) as client:
        answer = client.post(PATH, data=GOOD)
        assert (answer.status_code, answer.json()["user"]["college_name"]) == (201, "Campus")


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"username": "ANN"}, {"username"}),
        ({"username": ""}, {"username"}),
        ({"username": "a b", "email": "x"}, {"username", "email"}),
        ({"password2": "another"}, {"password2"}),
        ({"password1": "x", "password2": "x"}, {"password1"}),
        ({"password1": 5, "username": None, "college": "x"}, {"password1", "username", "college"}),
        ({"first_name": "\0"}, {"first_name"}),
    ],
)
def test_what_is_wrong_is_named(shared: Shared, wrong: dict[str, Any], fields: set[str]) -> None:
    body = GOOD | {"username": "other", "college": 1} | wrong
    assert set(check_refusal(post(shared, **body), 400)) == fields
    assert set(check_refusal(post(shared), 400)) == {"username", "password1", "password2"}
