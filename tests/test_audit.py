"""The audit: everything that it promises to tell is there, with who, from where and what; who sees it; how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from commands.folder import DATABASE_NAME
from data import audit, clock
from data.audit import Act
from data.session import command_transaction
from realtime.api.upkeep import Upkeep
from realtime.api.wrong_logins import ELSEWHERE, MOST_PAIRS, WINDOW_S, WrongLogins
from tests.support.inside import served
from tests.support.samples import PNG
from tests.support.shapes import PAGE, check_shape
from tests.support.shared import PASSWORD, Shared, running
from tests.support.sse import Stream
from tests.support.waiting import eventually

AUDIT = "admin/audit/"
FIELDS = [
    "id", "created_at", "user", "username", "address", "action", "object_type", "object_id", "detail", "count",
    "college",
]  # fmt: skip
NEW = "another horse 8 battery"
NOTICE = {"title": "Exams", "content": "c", "publish_date": "2026-01-09"}
EVENT = {"title": "Fair", "description": "d", "event_date": "2026-01-09", "start_time": "10:30", "end_time": "12:00"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    settings = {"registration": True, "trusted_proxies": "127.0.0.1", "notice_announce_delay_s": 0}
    with running(tmp_path_factory.mktemp("audit"), **settings) as found:
        yield found


def get(shared: Shared, username: str, headers: dict[str, str] | None = None, **query: Any) -> dict[str, Any]:
    with shared.api(username) as client:
        answer = client.get(AUDIT, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    check_shape(found, PAGE)
    return found


def rows(shared: Shared, username: str = "boss", **query: Any) -> list[dict[str, Any]]:
    """The rows for a filter, the oldest first."""
    found: list[dict[str, Any]] = get(shared, username, page_size=100, **query)["results"]
    return found[::-1]


def told(shared: Shared, user_id: int, after: int = 0) -> list[tuple[str, str]]:
    """What was done to an account, each with its detail."""
    found = rows(shared, object_type="user", object_id=user_id)
    return [(one["action"], one["detail"]) for one in found if one["id"] > after]


def newest(shared: Shared) -> int:
    found: int = get(shared, "boss", page_size=1)["results"][0]["id"]
    return found


def elsewhere(client: httpx.Client) -> httpx.Client:
    """The same client, as a proxy would pass it on."""
    client.headers["X-Forwarded-For"] = "198.51.100.7"
    return client


def test_signing_in_and_out(shared: Shared) -> None:
    (user,) = shared.add({"sam": ("student", "CAMPUS")})
    before = newest(shared)
    with elsewhere(shared.api()) as client:
        pair = {"username": "SAM", "password": PASSWORD}
        first, second = (client.post("auth/login/", json=pair).json()["key"] for _ in range(2))
        bearer = {"Authorization": f"Bearer {first}"}
        others = [one for one in client.get("auth/sessions/", headers=bearer).json()["results"] if not one["current"]]
        newest_other = max(one["id"] for one in others)
        assert client.delete(f"auth/sessions/{newest_other}/", headers=bearer).status_code == 204
        for _ in range(2):  # the second has nothing to end
            assert client.post("auth/logout/", headers=bearer).status_code == 200
        assert second != first
    assert told(shared, user.id, before) == [("sign_in", ""), ("sign_in", ""), ("session_ended", ""), ("sign_out", "")]
    last = rows(shared, action="sign_out", user=user.id)[-1]
    assert list(last) == FIELDS
    assert (last["user"], last["username"], last["address"], last["college"]) == (user.id, "sam", "198.51.100.7", 1)
    assert (last["object_type"], last["object_id"], last["count"]) == ("user", user.id, 1)


def test_passwords_and_links(shared: Shared) -> None:
    (user,) = shared.add({"pia": ("student", "CAMPUS")})
    before = newest(shared)
    path = f"accounts/users/{user.id}/set-password/"
    with shared.api("dean") as dean, shared.api(user) as pia:
        change = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
        assert pia.post("auth/password/change/", json=change).status_code == 200
        link = httpx.URL(dean.post(path, json={}).json()["link"])
        typed = {"key": link.params["key"], "password1": PASSWORD, "password2": PASSWORD}
        assert httpx.post(link.copy_with(query=None), data=typed, trust_env=False).status_code == 200
        assert dean.post(path, json={"password": NEW}).status_code == 200
    shared.server.command("set-password", "pia", "--password-stdin", input=PASSWORD)
    assert told(shared, user.id, before) == [
        ("password_changed", ""), ("password_link_created", "pia"), ("password_link_used", ""),
        ("password_set", "pia"), ("password_set", "pia"),
    ]  # fmt: skip
    by_dean, by_command = rows(shared, action="password_set", object_id=user.id)[-2:]
    assert (by_dean["user"], by_dean["address"]) == (shared["dean"].id, "127.0.0.1")
    assert (by_command["user"], by_command["username"], by_command["address"]) == (None, "", "command")


def test_accounts_made_changed_and_disabled(shared: Shared) -> None:
    before = newest(shared)
    with shared.api("boss") as boss, shared.api() as nobody:
        made = boss.post("accounts/users/", json={"username": "mia", "user_type": "staff", "college": 1})
        path = f"accounts/users/{made.json()['id']}/"
        assert boss.patch(path, json={"user_type": "teacher", "phone": "1"}).status_code == 200
        assert boss.patch(path, json={"phone": "1"}).status_code == 200  # nothing is other than it was
        assert boss.delete(path).status_code == 204
        assert boss.patch(path, json={"is_active": True}).status_code == 200
        signed = {"username": "zoe", "password1": PASSWORD, "password2": PASSWORD, "college": 1}
        zoe = nobody.post("auth/registration/", json=signed).json()["user"]["id"]
        renamed = {"Authorization": f"Token {shared['cy'].token}"}
        assert nobody.patch("auth/user/", json={"email": "cy@other.example"}, headers=renamed).status_code == 200
    shared.server.command("create-user", "lou", "--college", "CAMPUS")
    assert told(shared, made.json()["id"]) == [
        ("user_created", "mia: staff"), ("user_role_changed", "mia: staff -> teacher"), ("user_changed", "mia: phone"),
        ("user_disabled", "mia"), ("user_enabled", "mia"),
    ]  # fmt: skip
    assert told(shared, zoe) == [("user_registered", ""), ("sign_in", "")]
    assert told(shared, shared["cy"].id, before) == [("user_changed", "email")]
    assert [one["detail"] for one in rows(shared, action="user_created") if one["address"] == "command"][-1] == (
        "lou: student"
    )


def test_imports_and_tokens_of_commands(shared: Shared) -> None:
    before = newest(shared)
    shared.add({"tim": ("student", "CAMPUS"), "tom": ("student", "EAST")})
    found = [one for one in rows(shared) if one["id"] > before]
    assert [(one["action"], one["detail"], one["address"], one["college"]) for one in found] == [
        ("users_imported", "2 accounts", "command", None),
        ("token_created", "tim", "command", 1),
        ("token_created", "tom", "command", shared.east),
    ]
    csv = b"username\nida\n"
    with shared.api("dean") as dean:
        begun = dean.post("admin/imports/", files={"file": ("people.csv", csv)})
        assert begun.status_code == 202, begun.text
        one = f"admin/imports/{begun.json()['id']}/"
        eventually(lambda: dean.get(one).json()["state"] == "done", "it is imported")
    last = rows(shared, action="users_imported")[-1]
    assert (last["username"], last["detail"], last["college"]) == ("dean", "1 account", 1)


def test_what_is_published_changed_and_taken_away(shared: Shared) -> None:
    before = newest(shared)
    with shared.api("tara") as tara, shared.api("boss") as boss:
        notices, events = "communication/notices/", "communication/events/"
        notice = f"{notices}{tara.post(notices, json=NOTICE).json()['id']}/"
        for change in ({"title": "Draft"}, {"is_published": True}, {"title": "Exams"}):
            assert tara.patch(notice, json=change).status_code == 200
        row = {"notice": int(notice.split("/")[2]), "target_type": "all"}
        assert tara.post("communication/notice-visibility/", json=row).status_code == 201
        assert tara.patch(notice, json={"is_published": False}).status_code == 200
        assert tara.delete(notice).status_code == 204
        event = f"{events}{tara.post(events, json=EVENT).json()['id']}/"
        assert tara.patch(event, json={"venue": "Hall"}).status_code == 200
        assert tara.delete(event).status_code == 204
        said = {"title": "Hello", "message": "m" * 300}
        assert tara.post("communication/announcements/", json=said).status_code == 201
        assert boss.patch("campus/", data={"name": "Hill"}, files={"logo": ("l.png", PNG)}).status_code == 200
    found = [one for one in rows(shared) if one["id"] > before]
    assert [(one["username"], one["action"], one["detail"]) for one in found] == [
        ("tara", "notice_published", "Draft"), ("tara", "notice_changed", "title: Draft"),
        ("tara", "notice_changed", "visibility: Exams"), ("tara", "notice_withdrawn", "Exams"),
        ("tara", "notice_deleted", "Exams"),
        ("tara", "event_published", "Fair"), ("tara", "event_changed", "venue: Fair"),
        ("tara", "event_deleted", "Fair"), ("tara", "announcement_published", "Hello"),
        ("boss", "campus_changed", "logo, name"),
    ]  # fmt: skip
    assert {one["college"] for one in found[:-1]} == {1}
    assert found[-1]["college"] is None


def test_colleges_and_what_is_in_them(shared: Shared) -> None:
    before = newest(shared)
    with shared.api("boss") as boss, shared.api("dean") as dean:
        college = (
            f"academic/colleges/{boss.post('academic/colleges/', json={'code': 'W', 'name': 'West'}).json()['id']}/"
        )
        assert boss.patch(college, json={"name": "Far west"}).status_code == 200
        assert boss.delete(college).status_code == 204
        room = dean.post("academic/classes/", json={"name": "1A"}).json()["id"]
        section = dean.post("academic/sections/", json={"name": "Red", "class_obj": room}).json()["id"]
        body = {"user": shared["ann"].id, "class_obj": room, "section": section}
        enrolled = dean.post("academic/enrollments/", json=body).json()["id"]
        for path in (f"enrollments/{enrolled}", f"sections/{section}", f"classes/{room}"):
            assert dean.delete(f"academic/{path}/").status_code == 204
    found = [(one["action"], one["detail"]) for one in rows(shared) if one["id"] > before]
    assert found == [
        ("college_created", "W"), ("college_changed", "W"), ("college_deleted", "W"),
        ("enrollment_deleted", "Ann, 1A"), ("section_deleted", "Red"), ("class_deleted", "1A"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["class", "section"])
def test_what_a_patch_ends_is_told_once_as_what_a_delete_ends(shared: Shared, kind: str) -> None:
    with shared.api("dean") as dean:
        room = dean.post("academic/classes/", json={"name": f"Ended {kind}"}).json()["id"]
        section = dean.post("academic/sections/", json={"name": f"Ended {kind}", "class_obj": room}).json()["id"]
        path = f"academic/classes/{room}/" if kind == "class" else f"academic/sections/{section}/"
        before = newest(shared)
        for is_active in (True, False, False):
            assert dean.patch(path, json={"is_active": is_active}).status_code == 200
        ended = newest(shared)
        assert dean.delete(path).status_code == 204
    found = [(one["id"], one["action"], one["detail"]) for one in rows(shared) if one["id"] > before]
    assert found == [(ended, f"{kind}_deleted", f"Ended {kind}")]


def test_a_patch_ends_an_enrolment_as_a_delete_does(shared: Shared) -> None:
    with shared.api("dean") as dean:
        room = dean.post("academic/classes/", json={"name": "1P"}).json()["id"]
        body = {"user": shared["ann"].id, "class_obj": room}
        path = f"academic/enrollments/{dean.post('academic/enrollments/', json=body).json()['id']}/"
        before = newest(shared)
        for is_active in (True, False, False):
            assert dean.patch(path, json={"is_active": is_active}).status_code == 200
    found = [(one["action"], one["detail"]) for one in rows(shared) if one["id"] > before]
    assert found == [("enrollment_deleted", "Ann, 1P")]


def test_an_admin_ends_a_stream(shared: Shared) -> None:
    (user,) = shared.add({"liv": ("student", "CAMPUS")})
    with Stream(shared.server, user) as stream, shared.api("dean") as dean:
        stream.wait_for("connected")
        one = dean.get("admin/streams/", params={"user": user.id}).json()["results"][0]["id"]
        assert dean.delete(f"admin/streams/{one}/").status_code == 204
    assert told(shared, user.id)[-1] == ("stream_ended", "liv")


def test_wrong_logins_are_a_row_a_minute(shared: Shared) -> None:
    with elsewhere(shared.api()) as far, shared.api() as near:
        for client, username in ((far, "bob"), (far, "bob"), (near, "bob"), (far, "hunter2"), (far, "hunter3")):
            assert client.post("auth/login/", json={"username": username, "password": "x"}).status_code == 400

    def counted() -> Any:
        found = rows(shared, action="sign_in_failed")
        return sum(one["count"] for one in found) == 5 and found

    found = eventually(counted, "they are written")
    assert {(one["detail"], one["object_id"], one["address"], one["count"]) for one in found} == {
        ("bob", shared["bob"].id, "198.51.100.7", 2), ("bob", shared["bob"].id, "127.0.0.1", 1),
        ("", None, "198.51.100.7", 2),
    }  # fmt: skip
    assert {one["username"] for one in found} == {""}
    assert "hunter" not in json.dumps(get(shared, "boss", page_size=100))  # it might be a password


def test_admins_see_their_college(shared: Shared) -> None:
    colleges = {one["college"] for one in rows(shared)}
    assert colleges >= {None, 1, shared.east}
    assert {one["college"] for one in rows(shared, "dean")} == {1}
    assert {one["college"] for one in rows(shared, "east_dean")} == {shared.east}
    scoped = get(shared, "manager", {"X-College-ID": str(shared.east)}, page_size=100)
    assert {one["college"] for one in scoped["results"]} == {shared.east}
    for username in ("tara", "stan", "stella", "ann", "pat"):
        with shared.api(username) as client:
            assert client.get(AUDIT).status_code == 403


def test_filters_pages_and_days(shared: Shared) -> None:
    first = get(shared, "boss", page_size=5)
    ids = [one["id"] for one in first["results"]]
    assert ids == sorted(ids, reverse=True)
    assert get(shared, "boss", page_size=5, page=2)["results"][0]["id"] < ids[-1]
    assert {one["user"] for one in rows(shared, user=shared["tara"].id)} == {shared["tara"].id}
    with shared.api("boss") as client:
        for wrong in ({"action": "x"}, {"user": "x"}, {"since": "x"}, {"object_type": "x"}, {"until": "2026-1-1"}):
            answer = client.get(AUDIT, params=wrong)
            assert (answer.status_code, list(answer.json())) == (400, list(wrong))
    today = first["results"][0]["created_at"][:10]
    everything = first["count"]
    for query, count in (
        ({"since": today, "until": today}, everything), ({"since": "0001-01-01", "until": "9999-12-31"}, everything),
        ({"until": "2020-01-01"}, 0), ({"since": "9999-12-31"}, 0), ({"until": "0001-01-01"}, 0),
    ):  # fmt: skip
        assert get(shared, "boss", **query)["count"] == count, query


def test_a_refused_act_leaves_no_row(shared: Shared) -> None:
    before = get(shared, "boss")["count"]
    with shared.api("dean") as dean, shared.api("tara") as tara:
        assert dean.post("accounts/users/", json={"username": "ann"}).status_code == 400
        assert dean.delete(f"accounts/users/{shared['east_ann'].id}/").status_code == 404
        assert dean.patch(f"accounts/users/{shared['boss'].id}/", json={"phone": "2"}).status_code == 404
        assert tara.post("communication/notices/", json=NOTICE | {"title": ""}).status_code == 400
    assert get(shared, "boss")["count"] == before


def test_old_rows_go_in_batches(tmp_path: Path) -> None:
    async def scene() -> None:
        async with served(tmp_path) as inside:
            wall_s = inside.campus.wall_s()
            upkeep = Upkeep(
                inside.campus, log_keep_days=0, log_keep_events=0, log_prune_interval_s=1, audit_keep_days=1
            )

            def fill(tx: Any) -> None:
                for age_days in (3, 0):
                    act = Act(None, "command", clock.stamp(wall_s - age_days * 86400.0))
                    for _ in range(1200):
                        audit.append(tx, act, "campus_changed")

            await inside.campus.database.write(fill)
            await upkeep._prune(wall_s)
            left = await inside.campus.database.read(lambda tx: tx.value("SELECT count(*) FROM audit"))
            assert left == 1200

    asyncio.run(scene())


def test_a_stop_writes_what_is_only_in_memory(tmp_path: Path) -> None:
    async def scene() -> int:
        async with served(tmp_path) as inside:
            inside.campus.wrong_logins.note(inside.user_id, "198.51.100.7", clock.stamp(1.0), 0.0)
            return inside.user_id

    user_id = asyncio.run(scene())
    with command_transaction(tmp_path / DATABASE_NAME) as tx:
        (row,) = tx.rows("SELECT action, object_id, address, count FROM audit")
        assert tuple(row) == ("sign_in_failed", user_id, "198.51.100.7", 1)


def test_a_storm_of_wrong_logins_is_bounded(tmp_path: Path) -> None:
    async def scene() -> None:
        async with served(tmp_path) as inside:
            database, wrong, now = inside.campus.database, WrongLogins(), clock.stamp(1.0)
            for minute in range(2):
                for number in range(10_000):
                    wrong.note(None, f"10.0.{number % 2000}.1", now, minute * WINDOW_S + number / 1000)
                    if number % 3000 == 0:
                        await wrong.write(database)
            await wrong.write(database)
            found = await database.read(
                lambda tx: tx.row("SELECT count(*), sum(count), max(count) FROM audit WHERE action = 'sign_in_failed'")
            )
            assert found is not None
            assert found[0] == 2 * (MOST_PAIRS + 1)
            assert found[1] == 20_000
            (biggest,) = await database.read(lambda tx: tx.row("SELECT address FROM audit ORDER BY count DESC LIMIT 1"))
            assert biggest == ELSEWHERE

    asyncio.run(scene())
