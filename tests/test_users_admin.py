"""`accounts/users/` as it is written: by admins, by oneself; passwords, links, pictures; what ends with an account."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.support.campus import User, create_tokens
from tests.support.refusal import check_refusal
from tests.support.shapes import USER, USER_ITEM, check_shape
from tests.support.shared import ORIGIN, PASSWORD, Shared, running
from tests.support.sse import Stream
from tests.support.waiting import eventually

USERS = "accounts/users/"
NEW_PASSWORD = "another horse 8 battery"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001"
    "e221bc330000000049454e44ae426082"
)
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("users_admin")) as found:
        yield found


def call(shared: Shared, by: User | str, method: str, path: str, status: int = 200, /, **body: Any) -> Any:
    """One call below `accounts/users/`; its body. Another status fails the test."""
    with shared.api(by) as client:
        answer = client.request(method, USERS + path, json=body, headers={"Origin": ORIGIN})
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    if status >= 400:
        return check_refusal(answer, status)
    return answer.json() if answer.content else None


def make(shared: Shared, by: str = "boss", /, **body: Any) -> dict[str, Any]:
    found: dict[str, Any] = call(shared, by, "POST", "", 201, **{"username": f"user{next(_numbers)}"} | body)
    check_shape(found, USER)
    return found


def somebody(shared: Shared, role: str = "student", college: str = "CAMPUS") -> User:
    """An account of its own for a test, with a token."""
    (user,) = shared.add({f"somebody{next(_numbers)}": (role, college)})
    return user


def log_in(shared: Shared, username: str, password: str) -> httpx.Response:
    with shared.api() as client:
        return client.post("auth/login/", json={"username": username, "password": password})


@contextmanager
def streaming(shared: Shared, user: User) -> Iterator[Stream]:
    with Stream(shared.server, user) as stream:
        stream.wait_for("presence_snapshot")
        yield stream


def test_an_admin_makes_an_account_with_everything(shared: Shared) -> None:
    body = {
        "username": "priya", "password": PASSWORD, "email": "p@campus.example", "first_name": " Priya ",
        "last_name": "Rao", "phone": "+91 1", "gender": "female", "date_of_birth": "2001-02-28",
        "user_type": "teacher", "is_verified": True, "id": 1, "is_superuser": True,
    }  # fmt: skip
    made = make(shared, "dean", **body)
    assert (made["full_name"], made["user_type"], made["college"], made["is_verified"], made["is_superuser"]) == (
        "Priya Rao", "teacher", 1, True, False,
    )  # fmt: skip
    assert (made["date_of_birth"], made["gender"], made["phone"]) == ("2001-02-28", "female", "+91 1")
    assert call(shared, "ann", "GET", f"{made['id']}/") == made
    assert log_in(shared, "priya", PASSWORD).status_code == 200
    with shared.api("ann") as client:
        found = client.get(USERS, params={"search": "priya rao +91"}).json()["results"]
        assert [item["id"] for item in found] == [made["id"]]


def test_an_account_without_a_password_cannot_log_in_yet(shared: Shared) -> None:
    made = make(shared, "dean")
    assert (made["user_type"], made["full_name"]) == ("student", made["username"])
    for password in ("", PASSWORD):
        assert log_in(shared, made["username"], password).status_code == 400
    assert make(shared, "dean", is_active=False)["is_active"] is False


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"username": None}, {"username"}),
        ({"username": ""}, {"username"}),
        ({"username": "ANN"}, {"username"}),
        ({"username": "a b", "email": "x", "phone": "1" * 33, "date_of_birth": "2001-02-30"},
         {"username", "email", "phone", "date_of_birth"}),
        ({"date_of_birth": "01.02.2001", "user_type": "king", "is_active": "x", "college": 0},
         {"date_of_birth", "user_type", "is_active", "college"}),
        ({"date_of_birth": "1000-01-01"}, {"date_of_birth"}),
        ({"password": "short"}, {"password"}),
        ({"username": "sameasname", "password": "sameasname"}, {"password"}),
        ({"college": 999}, {"college"}),
        ({"college": None}, {"college"}),
        ({"first_name": 5, "last_name": "a\0b"}, {"first_name", "last_name"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(shared: Shared, body: dict[str, Any], fields: set[str]) -> None:
    given = {"username": f"user{next(_numbers)}", "college": 1} | body
    assert set(call(shared, "boss", "POST", "", 400, **given)) == fields


def test_who_makes_whom(shared: Shared) -> None:
    for username in ("ann", "tara", "stan", "stella", "pat"):
        call(shared, username, "POST", "", 403, username="x")
    for role in ("super_admin", "central_manager"):
        call(shared, "dean", "POST", "", 403, username="x", user_type=role)
    call(shared, "manager", "POST", "", 403, username="x", user_type="super_admin")
    call(shared, "dean", "POST", "", 403, username="x", college=shared.east)
    assert make(shared, "dean", user_type="college_admin", college=1)["college"] == 1
    assert make(shared, "east_dean")["college"] == shared.east
    assert make(shared, "manager", user_type="central_manager", college=None)["college"] is None
    assert make(shared, "boss", user_type="super_admin", college=shared.east)["college_name"] == "East"
    assert call(shared, "manager", "POST", "", 400, username="x") == {"college": ["This field is required."]}
    with shared.api("manager") as client:
        body = {"username": f"user{next(_numbers)}"}
        made = client.post(USERS, json=body, headers={"X-College-ID": str(shared.east)})
        assert made.json()["college"] == shared.east


def test_oneself_changes_the_own_fields_and_no_others(shared: Shared) -> None:
    user = somebody(shared)
    one = f"{user.id}/"
    before = call(shared, user, "GET", one)
    changes = {"first_name": "New", "phone": "5", "gender": "x", "date_of_birth": "2002-01-01", "email": "n@n.example"}
    office = {"user_type": "super_admin", "college": shared.east, "is_active": False, "is_verified": True}
    forged = {"is_staff": True, "is_superuser": True, "id": 1, "avatar": "https://elsewhere.example/x.png"}
    after = call(shared, user, "PUT", one, **before | changes | office | forged)
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {*changes, "full_name", "updated_at"}
    assert call(shared, user, "PATCH", one, **office) == after
    assert call(shared, user, "PATCH", one, date_of_birth="")["date_of_birth"] is None
    assert call(shared, user, "PUT", one, 400, first_name="x") == {"username": ["This field is required."]}
    assert call(shared, user, "PATCH", one, 400, email="x") == {"email": ["Enter a valid email address."]}
    # An admin is no different with the own account.
    dean = call(shared, "dean", "PATCH", f"{shared['dean'].id}/", user_type="super_admin", is_active=False)
    assert (dean["user_type"], dean["is_active"]) == ("college_admin", True)
    assert list(call(shared, "dean", "DELETE", f"{shared['dean'].id}/", 400)) == ["non_field_errors"]


def test_who_changes_whom(shared: Shared) -> None:
    boss_here = make(shared, "boss", user_type="super_admin", college=1)["id"]
    ann, east = shared["ann"].id, shared["east_ann"].id
    for username in ("bob", "tara", "stan"):
        for method in ("PUT", "PATCH"):
            call(shared, username, method, f"{ann}/", 403, username="x")
            call(shared, username, method, f"{east}/", 404, username="x")
        call(shared, username, "DELETE", f"{ann}/", 403)
        call(shared, username, "POST", f"{ann}/set-password/", 403)
    for number, status in ((boss_here, 403), (east, 404), (99999, 404), (shared["boss"].id, 404)):
        call(shared, "dean", "PATCH", f"{number}/", status, first_name="x")
        call(shared, "dean", "DELETE", f"{number}/", status)
        call(shared, "dean", "POST", f"{number}/set-password/", status)
        call(shared, "dean", "POST", f"{number}/set-password/", status, password=NEW_PASSWORD)
    user = somebody(shared)
    for role in ("super_admin", "central_manager"):
        call(shared, "dean", "PATCH", f"{user.id}/", 403, user_type=role)
    call(shared, "dean", "PATCH", f"{user.id}/", 403, college=shared.east)
    call(shared, "manager", "PATCH", f"{user.id}/", 403, user_type="super_admin")
    call(shared, "manager", "PATCH", f"{shared['boss'].id}/", 403, first_name="x")
    assert call(shared, "dean", "PATCH", f"{user.id}/", user_type="college_admin")["is_staff"] is True
    assert call(shared, user, "POST", "", 201, username=f"user{next(_numbers)}"), "a new role counts at once"
    assert call(shared, "dean", "PATCH", f"{user.id}/", user_type="student")["is_staff"] is False
    call(shared, user, "POST", "", 403, username="x")
    assert call(shared, "boss", "PATCH", f"{user.id}/", 400, college=None) == {"college": ["This field is required."]}
    assert call(shared, "boss", "PATCH", f"{user.id}/", college=None, user_type="central_manager")["college"] is None
    assert call(shared, "boss", "PATCH", f"{user.id}/", 400, user_type="student") == {
        "college": ["This field is required."]
    }
    with shared.api("manager") as client:
        held = client.patch(f"{USERS}{ann}/", json={"phone": "1"}, headers={"X-College-ID": str(shared.east)})
        assert held.status_code == 404


@pytest.mark.parametrize("how", ["DELETE", "PATCH"])
def test_i10_a_disabled_account_ends_at_once_and_can_come_back(shared: Shared, how: str) -> None:
    user = somebody(shared)
    with streaming(shared, user) as stream:
        if how == "DELETE":
            assert call(shared, "dean", "DELETE", f"{user.id}/", 204) is None
            call(shared, "dean", "DELETE", f"{user.id}/", 204)
        else:
            assert call(shared, "dean", "PATCH", f"{user.id}/", is_active=False)["is_active"] is False
        last = stream.wait_for("disconnected")
        assert last.data == {"status": "disconnected", "reason": "disabled"}
        assert stream.wait_end() == "fin"
    with shared.api(user) as client:
        refused = client.get("auth/user/")
        assert (refused.status_code, refused.json()) == (401, {"detail": "User inactive or deleted."})
    with Stream(shared.server, user) as again:
        assert again.status == 401
    assert log_in(shared, user.username, PASSWORD).status_code == 400
    with shared.api("ann") as client:
        assert client.get(USERS, params={"search": user.username}).json()["count"] == 0
    assert call(shared, "dean", "PATCH", f"{user.id}/", is_active=True)["is_active"] is True
    with shared.api(user) as client:
        assert client.get("auth/user/").json() == {"detail": "Invalid token."}, "what was ended stays ended"
    key = log_in(shared, user.username, PASSWORD).json()["key"]
    with streaming(shared, User(user.id, user.username, key)) as stream:
        assert not stream.events("disconnected")


def test_by_type(shared: Shared) -> None:
    def found(by: str, role: str, query: str = "") -> list[str]:
        items = call(shared, by, "GET", f"by-type/{role}/{query}")
        for item in items:
            check_shape(item, USER_ITEM)
        return [item["username"] for item in items]

    assert found("ann", "parent") == ["pat"]
    assert found("east_dean", "college_admin") == ["east_dean"]
    assert {"dean", "east_dean"} <= set(found("boss", "college_admin"))
    assert found("ann", "store_manager", "?is_active=false") == []
    assert "gone" in found("ann", "student", "?is_active=false")
    students = found("ann", "student")
    assert {"ann", "bob", "cy"} <= set(students)
    assert "gone" not in students
    assert students == sorted(students)
    for role in ("king", "students", "1", "student%00", "%2e%2e"):
        assert call(shared, "ann", "GET", f"by-type/{role}/", 404) == {"detail": "Not found."}
    call(shared, "ann", "GET", "by-type/student/?is_active=x", 400)


def test_change_password(shared: Shared) -> None:
    user = somebody(shared)
    (elsewhere,) = create_tokens(shared.server, [user.username])
    body = {"old_password": PASSWORD, "new_password": NEW_PASSWORD, "new_password_confirm": NEW_PASSWORD}

    def refused(**changes: Any) -> set[str]:
        return set(call(shared, user, "POST", "change_password/", 400, **body | changes))

    assert refused(old_password="wrong") == {"old_password"}
    assert refused(new_password_confirm="other") == {"new_password_confirm"}
    assert refused(new_password="x", new_password_confirm="x") == {"new_password"}
    assert refused(old_password=None, new_password=[]) == {"old_password", "new_password"}
    with streaming(shared, elsewhere) as stream:
        answer = call(shared, user, "POST", "change_password/", **body)
        assert list(answer) == ["message"]
        assert stream.wait_for("disconnected").data["reason"] == "revoked"
    assert call(shared, user, "GET", "me/")["id"] == user.id
    assert log_in(shared, user.username, PASSWORD).status_code == 400
    assert log_in(shared, user.username, NEW_PASSWORD).status_code == 200


def test_an_admin_sets_a_password(shared: Shared) -> None:
    user = somebody(shared)
    path = f"{user.id}/set-password/"
    assert set(call(shared, "dean", "POST", path, 400, password="short")) == {"password"}
    with streaming(shared, user) as stream:
        answer = call(shared, "dean", "POST", path, password=NEW_PASSWORD)
        assert (answer["link"], answer["expires_at"]) == (None, None)
        assert stream.wait_for("disconnected").data["reason"] == "revoked"
    assert log_in(shared, user.username, NEW_PASSWORD).status_code == 200
    assert list(call(shared, "dean", "POST", f"{shared['dean'].id}/set-password/", 400)) == ["non_field_errors"]


def post_form(link: str, **fields: str) -> httpx.Response:
    base, _, key = link.partition("?key=")
    return httpx.post(base, data={"key": key, **fields}, timeout=30, trust_env=False)


def test_a_link_sets_a_password_once(shared: Shared) -> None:
    made = make(shared, "dean", first_name="Link")
    path = f"{made['id']}/set-password/"
    earlier = call(shared, "dean", "POST", path)["link"]
    answer = call(shared, "dean", "POST", path)
    link = answer["link"]
    assert re.fullmatch(rf"{re.escape(shared.server.url)}/set-password/\?key=[A-Za-z0-9_-]{{40,}}", link)
    assert answer["expires_at"].endswith("Z")
    get = httpx.get(link, timeout=30, trust_env=False)
    assert get.status_code == 200
    assert made["username"] in get.text
    assert "script" not in get.text
    assert get.headers["Referrer-Policy"] == "no-referrer"
    assert httpx.get(earlier, trust_env=False).status_code == 404, "a new link ends the one before"
    wrong = post_form(link, password1=NEW_PASSWORD, password2="other")
    assert (wrong.status_code, "not the same" in wrong.text) == (400, True)
    assert post_form(link, password1="x", password2="x").status_code == 400
    (user,) = create_tokens(shared.server, [made["username"]])
    with streaming(shared, user) as stream:
        done = post_form(link, password1=NEW_PASSWORD, password2=NEW_PASSWORD)
        assert (done.status_code, "The password is set" in done.text) == (200, True)
        assert stream.wait_for("disconnected").data["reason"] == "revoked"
    assert log_in(shared, made["username"], NEW_PASSWORD).status_code == 200
    for again in (httpx.get(link, trust_env=False), post_form(link, password1=PASSWORD, password2=PASSWORD)):
        assert again.status_code == 404
        assert "ask" in again.text
    assert log_in(shared, made["username"], PASSWORD).status_code == 400
    assert link.partition("=")[2] not in shared.server.log()


def test_links_end_with_their_time_their_account_and_another_password(shared: Shared) -> None:
    def link_of(user: User) -> str:
        return str(call(shared, "dean", "POST", f"{user.id}/set-password/")["link"])

    user = somebody(shared)
    link = link_of(user)
    call(shared, "dean", "DELETE", f"{user.id}/", 204)
    assert httpx.get(link, trust_env=False).status_code == 404
    assert list(call(shared, "dean", "POST", f"{user.id}/set-password/", 400)) == ["non_field_errors"]
    call(shared, "dean", "PATCH", f"{user.id}/", is_active=True)
    assert httpx.get(link, trust_env=False).status_code == 404
    link = link_of(user)
    call(shared, "dean", "POST", f"{user.id}/set-password/", password=NEW_PASSWORD)
    assert httpx.get(link, trust_env=False).status_code == 404
    link = link_of(user)
    shared.server.command("set-password", user.username, "--password-stdin", input=PASSWORD)
    assert httpx.get(link, trust_env=False).status_code == 404
    link = link_of(user)
    shared.sql("UPDATE one_time_links SET expires_at = '2026-01-01T00:00:00.000000Z'")
    assert httpx.get(link, trust_env=False).status_code == 404
    setup = link.replace("/set-password/", "/setup/")
    assert httpx.get(setup, trust_env=False).status_code == 404


# Pictures


def patch_avatar(
    shared: Shared, user: User, content: bytes, name: str = "me.png", by: User | str = "", **fields: str
) -> httpx.Response:
    with shared.api(by or user) as client:
        return client.patch(f"{USERS}{user.id}/", files={"avatar": (name, content)}, data=fields,
                            headers={"Origin": ORIGIN})  # fmt: skip


def opened(address: str) -> httpx.Response:
    return httpx.get(address, trust_env=False)


def test_a_picture_comes_with_a_form_and_goes_with_null(shared: Shared) -> None:
    user = somebody(shared)
    answer = patch_avatar(shared, user, PNG, first_name="Pic", date_of_birth="")
    assert answer.status_code == 200, answer.text
    check_shape(answer.json(), USER)
    first = answer.json()["avatar"]
    assert (answer.json()["first_name"], answer.json()["date_of_birth"]) == ("Pic", None)
    assert first.startswith(shared.server.url)
    assert (opened(first).status_code, opened(first).content) == (200, PNG)
    whole = call(shared, user, "GET", "me/")
    assert call(shared, user, "PUT", f"{user.id}/", **whole) == whole
    assert call(shared, user, "PUT", f"{user.id}/", **whole | {"avatar": None})["avatar"] == first
    with shared.api("ann") as client:
        (item,) = client.get(USERS, params={"search": user.username}).json()["results"]
        assert item["avatar"] == first
    second = patch_avatar(shared, user, PNG, by="dean").json()["avatar"]
    assert second != first
    eventually(lambda: opened(first).status_code == 404, "the picture before is gone")
    assert call(shared, user, "PATCH", f"{user.id}/", avatar=None)["avatar"] is None
    eventually(lambda: opened(second).status_code == 404, "the picture is gone")


def test_what_is_no_picture_is_refused(shared: Shared) -> None:
    user = somebody(shared)
    for content in (b"<script>alert(1)</script>", b'<svg xmlns="http://www.w3.org/2000/svg"/>', b"%PDF-1.7\n"):
        answer = patch_avatar(shared, user, content, "x.png", first_name="Not")
        assert check_refusal(answer, 400) == {"avatar": ["Upload a valid image."]}
    check_refusal(patch_avatar(shared, user, b""), 400)
    check_refusal(patch_avatar(shared, user, PNG, by="bob"), 403)
    check_refusal(patch_avatar(shared, user, PNG, by="east_ann"), 404)
    check_refusal(patch_avatar(shared, user, PNG, email="x"), 400)
    after = call(shared, user, "GET", "me/")
    assert after["avatar"] is None
    assert after["first_name"] != "Not"
    assert shared.sql("SELECT count(*) FROM files WHERE owner_id = ?", (user.id,)) == [(0,)]
