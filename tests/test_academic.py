"""`academic/`: colleges, classes, sections, enrolments over HTTP; and what they do to the streams that are open."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from data import classes, enrollments, log
from data.transaction import Transaction
from tests.data.support import one_batch
from tests.data.test_enrollments import ADMIN, NOW
from tests.support.campus import User
from tests.support.inside import served
from tests.support.refusal import check_refusal
from tests.support.shapes import Shape, boolean, check_shape, integer, maybe, text, when, words
from tests.support.shared import ORIGIN, Shared, running
from tests.support.sse import Stream
from tests.support.waiting import until

STAMPS: Shape = {"is_active": boolean, "created_at": when, "updated_at": when}
SHAPES: dict[str, Shape] = {
    "colleges": {"id": integer, "code": words, "name": words, "short_name": words, **STAMPS},
    "classes": {"id": integer, "college": integer, "college_name": words, "name": words, "code": text, **STAMPS},
    "sections": {"id": integer, "class_obj": integer, "class_name": words, "name": words, **STAMPS},
    "enrollments": {
        "id": integer, "user": integer, "user_name": words, "class_obj": integer, "class_name": words,
        "section": maybe(integer), "section_name": maybe(words), **STAMPS,
    },
}  # fmt: skip
PK = 'Invalid pk "{}" - object does not exist.'
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("academic"), notice_announce_delay_s=0) as found:
        yield found


def call(shared: Shared, by: User | str, method: str, path: str, status: int = 200, /, **body: Any) -> Any:
    """One call below `academic/`; its body. Another status fails the test."""
    headers = {"Origin": ORIGIN}
    with shared.api(by) as client:
        answer = client.request(method, f"academic/{path}", json=body if body or method == "POST" else None,
                                headers=headers)  # fmt: skip
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    if status >= 400:
        return check_refusal(answer, status)
    return answer.json() if answer.content else None


def listed(shared: Shared, by: User | str, path: str, /, **query: object) -> list[dict[str, Any]]:
    """The whole list."""
    parameters = {"page_size": "100"} | {name: str(value) for name, value in query.items()}
    with shared.api(by) as client:
        answer = client.get(f"academic/{path}/", params=parameters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    for item in found:
        check_shape(item, SHAPES[path])
    return found


def make(shared: Shared, by: User | str, path: str, /, **body: Any) -> dict[str, Any]:
    found: dict[str, Any] = call(shared, by, "POST", f"{path}/", 201, **body)
    check_shape(found, SHAPES[path])
    return found


def a_class(shared: Shared, user: User | str = "dean", **body: Any) -> dict[str, Any]:
    return make(shared, user, "classes", **{"name": f"Class {next(_numbers)}"} | body)


def a_section(shared: Shared, class_id: int, user: User | str = "dean") -> dict[str, Any]:
    return make(shared, user, "sections", class_obj=class_id, name=f"Section {next(_numbers)}")


def test_an_object_of_each_kind_is_made_read_changed_and_taken_away(shared: Shared) -> None:
    first = a_class(shared, code=" C1 ")
    assert (first["college"], first["college_name"], first["code"], first["is_active"]) == (1, "Campus", "C1", True)
    section = a_section(shared, first["id"])
    made = make(shared, "dean", "enrollments", user=shared["ann"].id, class_obj=first["id"], section=section["id"])
    assert (made["user_name"], made["section_name"]) == ("Ann", section["name"])
    college = make(shared, "boss", "colleges", code=f"C{next(_numbers)}", name="Evening college")
    assert college["short_name"] == "Evening college"
    for path, item, by in (
        ("classes", first, "dean"), ("sections", section, "dean"), ("enrollments", made, "dean"),
        ("colleges", college, "boss"),
    ):  # fmt: skip
        one = f"{path}/{item['id']}/"
        assert call(shared, by, "GET", one) == item
        # A PUT of the whole object, with a field that nobody knows, changes nothing, `updated_at` included.
        assert call(shared, by, "PUT", one, **item, unknown=1) == item
        assert call(shared, by, "PATCH", one, is_active=False)["is_active"] is False
        assert item["id"] not in [row["id"] for row in listed(shared, by, path)]
        assert item["id"] in [row["id"] for row in listed(shared, by, path, is_active="false")]
        assert call(shared, by, "PATCH", one, is_active=True)["is_active"] is True
        assert call(shared, by, "DELETE", one, 204) is None
    assert call(shared, "dean", "GET", f"enrollments/{made['id']}/", 404) == {"detail": "Not found."}
    for path, item in (("classes", first), ("sections", section)):
        assert call(shared, "dean", "GET", f"{path}/{item['id']}/")["is_active"] is False


def test_who_writes_and_what_is_in_reach(shared: Shared) -> None:
    own, foreign = a_class(shared), a_class(shared, "east_dean")
    assert foreign["college"] == shared.east
    for username in ("ann", "tara", "stan", "stella", "pat"):
        assert own in listed(shared, username, "classes")
        assert foreign not in listed(shared, username, "classes")
        call(shared, username, "POST", "classes/", 403, name="x")
        call(shared, username, "PATCH", f"classes/{own['id']}/", 403, name="x")
        call(shared, username, "DELETE", f"classes/{own['id']}/", 403)
        call(shared, username, "GET", f"classes/{foreign['id']}/", 404)
        assert [row["id"] for row in listed(shared, username, "colleges")] == [1]
        call(shared, username, "GET", f"colleges/{shared.east}/", 404)
    for method in ("GET", "PATCH", "DELETE"):
        call(shared, "dean", method, f"classes/{foreign['id']}/", 404)
    for method, path in (("POST", "colleges/"), ("PATCH", "colleges/1/"), ("DELETE", "colleges/1/")):
        call(shared, "dean", method, path, 403)
    assert call(shared, "dean", "POST", "sections/", 400, class_obj=foreign["id"], name="x") == {
        "class_obj": [PK.format(foreign["id"])]
    }
    refused = call(shared, "dean", "POST", "enrollments/", 400, user=shared["east_ann"].id, class_obj=own["id"])
    assert refused == {"user": [PK.format(shared["east_ann"].id)]}
    both = {own["id"], foreign["id"]}
    assert both <= {row["id"] for row in listed(shared, "manager", "classes")}
    with shared.api("manager") as client:
        answer = client.get("academic/classes/", headers={"X-College-ID": str(shared.east)}).json()
        assert {row["college"] for row in answer["results"]} == {shared.east}
        assert (
            client.get(f"academic/classes/{own['id']}/", headers={"X-College-ID": str(shared.east)}).status_code == 404
        )


def test_a_global_role_names_the_college_of_a_new_class(shared: Shared) -> None:
    def post(headers: dict[str, str], **body: object) -> httpx.Response:
        with shared.api("manager") as client:
            return client.post("academic/classes/", json={"name": f"M {next(_numbers)}", **body}, headers=headers)

    east = {"X-College-ID": str(shared.east)}
    assert post({}, college=shared.east).json()["college"] == shared.east
    assert post(east).json()["college"] == shared.east
    assert post({}).json() == {"college": ["This field is required."]}
    assert post(east, college=1).json() == {"college": ["X-College-ID names another college."]}
    assert post({}, college=999).json() == {"college": [PK.format(999)]}


def test_what_is_wrong_is_named(shared: Shared) -> None:
    first = a_class(shared)
    again = {"non_field_errors": ["The fields college, name must make a unique set."]}
    assert call(shared, "dean", "POST", "classes/", 400, name=first["name"].upper()) == again
    assert call(shared, "dean", "POST", "classes/", 400) == {"name": ["This field is required."]}
    assert call(shared, "dean", "POST", "classes/", 400, name=" ") == {"name": ["This field may not be blank."]}
    assert list(call(shared, "dean", "POST", "classes/", 400, name="x" * 101)) == ["name"]
    assert list(call(shared, "dean", "POST", "classes/", 400, name=5, code=[])) == ["name", "code"]
    assert call(shared, "boss", "POST", "colleges/", 400, code="campus", name="x") == {
        "code": ["A college with this code already exists."]
    }
    assert call(shared, "dean", "PATCH", f"classes/{first['id']}/", 400, college=shared.east) == {
        "college": ["A class stays in its college."]
    }
    section, other = a_section(shared, first["id"]), a_class(shared)
    body = {"user": shared["bob"].id, "class_obj": first["id"], "section": section["id"]}
    made = make(shared, "dean", "enrollments", **body)
    assert call(shared, "dean", "POST", "enrollments/", 400, **body) == {
        "non_field_errors": ["The fields user, class_obj, section must make a unique set."]
    }
    assert call(shared, "dean", "POST", "enrollments/", 400, **body | {"class_obj": other["id"]}) == {
        "section": ["This section is not of this class."]
    }
    assert call(shared, "dean", "PATCH", f"enrollments/{made['id']}/", 400, user=shared["cy"].id) == {
        "user": ["An enrolment stays its user's."]
    }


def test_filters_search_and_ordering(shared: Shared) -> None:
    first, second = a_class(shared, name="Ünïcode A"), a_class(shared, name="Ünïcode B")
    red, blue = a_section(shared, first["id"]), a_section(shared, first["id"])
    rows = [
        make(shared, "dean", "enrollments", user=shared[name].id, class_obj=class_id, section=section)
        for name, class_id, section in (
            ("cy", first["id"], red["id"]), ("stella", first["id"], blue["id"]), ("pat", second["id"], None),
        )
    ]  # fmt: skip

    def ids(path: str, **query: object) -> list[int]:
        return [row["id"] for row in listed(shared, "ann", path, **query)]

    of = [row["id"] for row in rows]
    assert ids("classes", search="ÜNÏCODE") == [first["id"], second["id"]]
    assert ids("classes", search="ünïcode", ordering="-name") == [second["id"], first["id"]]
    assert ids("classes", search="ünïcode", college=shared.east) == []
    assert sorted(ids("sections", class_obj=first["id"])) == [red["id"], blue["id"]]
    assert ids("sections", search=f"ünïcode {red['name'].split()[1]}", class_obj=first["id"]) == [red["id"]]
    assert ids("enrollments", class_obj=first["id"]) == of[1::-1], "the newest first"
    assert ids("enrollments", class_obj=first["id"], ordering="username") == of[:2]
    assert ids("enrollments", section=red["id"]) == of[:1]
    assert ids("enrollments", user=shared["pat"].id) == of[2:]
    assert ids("enrollments", search="stella ünïcode") == of[1:2]
    assert ids("enrollments", search="pat", class_obj=first["id"]) == []
    assert [row["id"] for row in listed(shared, "boss", "colleges", search="campus")] == [1]
    assert listed(shared, "ann", "enrollments", is_active="")
    call(shared, "ann", "GET", "enrollments/?user=x", 400)
    call(shared, "ann", "GET", "enrollments/?page=99", 404)


# Streams


def enroll(shared: Shared, user: User, class_id: int, section_id: int | None = None) -> dict[str, Any]:
    return make(shared, "dean", "enrollments", user=user.id, class_obj=class_id, section=section_id)


def reached(shared: Shared, *keys: str) -> int:
    """How many users hold one of these keys."""
    marks = ", ".join("?" * len(keys))
    return len(shared.sql(f"SELECT DISTINCT user_id FROM user_keys WHERE key IN ({marks})", keys))


def test_over_http_an_enrolment_changes_the_keys(shared: Shared) -> None:
    first = a_class(shared)
    section = a_section(shared, first["id"])
    made = enroll(shared, shared["ann"], first["id"], section["id"])
    assert reached(shared, f"class:{first['id']}") == reached(shared, f"section:{section['id']}") == 1
    call(shared, "dean", "DELETE", f"classes/{first['id']}/", 204)
    assert reached(shared, f"class:{first['id']}", f"section:{section['id']}") == 0
    call(shared, "dean", "PATCH", f"classes/{first['id']}/", is_active=True)
    assert reached(shared, f"class:{first['id']}", f"section:{section['id']}") == 1
    call(shared, "dean", "DELETE", f"enrollments/{made['id']}/", 204)
    assert reached(shared, f"class:{first['id']}", f"section:{section['id']}") == 0


@pytest.mark.parametrize("order", ["enrolment first", "notice first"])
def test_i9_an_enrolment_and_a_notice_in_one_batch_reach_an_open_stream_in_their_order(
    tmp_path: Path, order: str
) -> None:
    async def run() -> None:
        async with served(tmp_path) as inside:
            user_id, database = inside.user_id, inside.campus.database
            class_id = await database.write(lambda tx: classes.make(tx, 1, {"name": "1A"}, NOW))
            client = await inside.connect()
            await until(lambda: bool(inside.campus.hub.streams) and not inside.campus.hub.slow)

            def join(tx: Transaction) -> None:
                enrollments.create(tx, ADMIN, {"user": user_id, "class_obj": class_id})

            def notice(tx: Transaction) -> int:
                return log.append(tx, "notification", {}, [f"class:{class_id}"], NOW).id

            functions = [join, notice] if order == "enrolment first" else [notice, join]
            results = await one_batch(database, functions)
            notice_id = next(result for result in results if result is not None)
            after_id = await inside.tell(f"class:{class_id}")
            await client.read_event(after_id)
            assert client.ids == ([notice_id] if order == "enrolment first" else []) + [after_id]
            # The same from the log, for a client that comes back with a cursor from before it all.
            again = await inside.connect(cursor=0)
            await again.read_event(after_id)
            assert again.ids == client.ids
            await database.write(
                lambda tx: enrollments.update(tx, ADMIN, enrollment_of(tx, user_id), {"is_active": False})
            )
            await inside.tell(f"class:{class_id}")
            last_id = await inside.tell(f"user:{user_id}")
            await client.read_event(last_id)
            assert client.ids[-2:] == [after_id, last_id], "who has left hears nothing more"

    asyncio.run(run())


def enrollment_of(tx: Transaction, user_id: int) -> int:
    return int(tx.value("SELECT id FROM enrollments WHERE user_id = ?", (user_id,)))


def test_i9_who_joined_today_does_not_get_yesterdays_notice_with_yesterdays_cursor(tmp_path: Path) -> None:
    async def run() -> None:
        async with served(tmp_path) as inside:
            database = inside.campus.database
            class_id = await database.write(lambda tx: classes.make(tx, 1, {"name": "1A"}, NOW))
            yesterday = await inside.tell(f"user:{inside.user_id}")
            old = await inside.tell(f"class:{class_id}")
            values = {"user": inside.user_id, "class_obj": class_id}
            await database.write(lambda tx: enrollments.create(tx, ADMIN, values))
            new = await inside.tell(f"class:{class_id}")
            client = await inside.connect(cursor=yesterday)
            await client.read_event(new)
            assert old not in client.ids
            assert client.ids == [new]

    asyncio.run(run())


def test_i10_a_moved_user_hears_the_new_college_and_not_the_old_one(shared: Shared) -> None:
    (user,) = shared.add({"mover": ("student", "CAMPUS")})

    def announce(by: str) -> int:
        with shared.api(by) as client:
            answer = client.post("communication/announcements/", json={"title": by, "message": "m"})
            assert answer.status_code == 201, answer.text
            return int(answer.json()["id"])

    with Stream(shared.server, user) as stream, shared.api("boss") as boss:
        stream.wait_for("presence_snapshot")
        announce("dean")
        stream.wait_for("notification", title="dean")
        moved = boss.patch(f"accounts/users/{user.id}/", json={"college": shared.east})
        assert (moved.status_code, moved.json()["college"]) == (200, shared.east), moved.text
        announce("dean")
        announce("east_dean")
        stream.wait_for("notification", title="east_dean")
        assert [event.data["title"] for event in stream.events("notification")] == ["dean", "east_dean"]
        with shared.api(user) as client:
            assert client.get("accounts/users/me/").json()["college_name"] == "East"
