"""Announcements through a real server: whom they reach, who sees them again, and how many that was (I3, I9)."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from data import users
from data.session import command_transaction
from tests.support.campus import User, api, create_tokens, create_user, create_users
from tests.support.server import ServerProcess
from tests.support.sse import Stream

ANNOUNCEMENTS = "communication/announcements/"
FIELDS = [
    "id", "college", "title", "message", "audience", "data", "reached", "online", "is_active", "created_at",
    "updated_at", "created_by", "updated_by",
]  # fmt: skip
STAMP = "2026-01-01T00:00:00.000000Z"
CROWD = 10_000


def say(server: ServerProcess, author: User, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    with api(server, author) as client:
        return client.post(ANNOUNCEMENTS, json={"title": "Hello", "message": "All of you", **fields}, headers=headers)


def said(server: ServerProcess, author: User, headers: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    answer = say(server, author, headers, **fields)
    assert answer.status_code == 201, answer.text
    stored: dict[str, Any] = answer.json()
    return stored


def titles(server: ServerProcess, user: User, headers: dict[str, str] | None = None) -> list[str]:
    with api(server, user) as client:
        answer = client.get(ANNOUNCEMENTS, headers=headers)
    assert answer.status_code == 200, answer.text
    return [one["title"] for one in answer.json()["results"]]


def add_college(server: ServerProcess, code: str) -> int:
    """Another college, as a command would make it."""
    with command_transaction(server.data_dir / "realtime.sqlite3") as tx:
        return tx.insert(
            "INSERT INTO colleges (code, name, short_name, created_at, updated_at) VALUES (?1, ?1, ?1, ?2, ?2)",
            (code, STAMP),
        )


def deactivate(server: ServerProcess, user: User) -> None:
    with command_transaction(server.data_dir / "realtime.sqlite3") as tx:
        tx.execute("UPDATE users SET is_active = 0 WHERE id = ?", (user.id,))


def heard(stream: Stream) -> list[str]:
    return [event.data["title"] for event in stream.events("notification")]


@pytest.fixture
def campus(server: ServerProcess) -> dict[str, User]:
    """Two colleges: CAMPUS with a teacher, two students and a parent; ARTS with a student; a boss of none."""
    add_college(server, "ARTS")
    people = {"tom": "teacher", "ann": "student", "bob": "student", "pam": "parent"}
    found = {name: create_user(server, name, user_type=role, college="CAMPUS") for name, role in people.items()}
    found["zoe"] = create_user(server, "zoe", college="ARTS")
    found["boss"] = create_user(server, "boss", user_type="super_admin")
    return found


def test_i3_an_announcement_reaches_its_audience_and_its_author_once(
    server: ServerProcess, campus: dict[str, User]
) -> None:
    tom, ann, pam, zoe, boss = (campus[name] for name in ("tom", "ann", "pam", "zoe", "boss"))
    streams = {name: Stream(server, user) for name, user in campus.items()}
    second = Stream(server, ann)
    for stream in (*streams.values(), second):
        stream.wait_for("presence_snapshot")
    given = {"room": "A1", "announcement_id": 999, "deep": {"list": [1, None, "ä\u2028"]}}
    to_all = said(server, tom, title="all", data=given)
    assert list(to_all) == FIELDS
    expected = {"college": 1, "audience": {"all": True}, "data": given, "reached": 4, "online": 4, "created_by": tom.id}
    assert {name: to_all[name] for name in expected} == expected
    event = streams["bob"].wait_for("notification")
    assert event.data == {
        "id": 1,  # the notification's own, under which it is listed
        "title": "all",
        "message": "All of you",
        "notification_type": "announcement",
        "data": given | {"announcement_id": to_all["id"]},
        "created_at": to_all["created_at"],
    }
    assert event.id is not None
    for title, author, headers, audience, college, reached in (
        ("students", tom, {}, {"user_types": ["student", "student"]}, 1, 3),
        ("one", tom, {}, {"users": [ann.id, ann.id]}, 1, 2),
        ("both", tom, {}, {"user_types": ["student"], "users": [pam.id, ann.id], "all": False}, 1, 4),
        ("more than all", tom, {}, {"all": True, "users": [ann.id], "user_types": ["parent"]}, 1, 4),
        ("arts", boss, {"X-College-ID": "2"}, {"all": True}, 2, 2),
        ("the campus", boss, {}, {"all": True}, None, 6),
        ("all students", boss, {"X-College-ID": "all"}, {"user_types": ["student", "super_admin"]}, None, 4),
        ("across", boss, {}, {"users": [ann.id, zoe.id]}, None, 3),
    ):
        stored = said(server, author, headers, title=title, audience=audience)
        assert (stored["college"], stored["reached"], stored["online"]) == (college, reached, reached), title
    said(server, boss, title="end", audience={"users": [user.id for user in campus.values()]})
    for stream in (*streams.values(), second):
        stream.wait_for("notification", title="end")
    of_all = ["all", "more than all", "the campus"]
    hears = {
        "tom": ["all", "students", "one", "both", "more than all", "the campus"],
        "ann": ["all", "students", "one", "both", "more than all", "the campus", "all students", "across"],
        "bob": ["all", "students", "both", "more than all", "the campus", "all students"],
        "pam": ["all", "both", "more than all", "the campus"],
        "zoe": ["arts", "the campus", "all students", "across"],
        "boss": ["arts", "the campus", "all students", "across"],
    }
    assert set(of_all) <= set(hears["pam"])
    for name, expected_titles in hears.items():
        assert heard(streams[name]) == [*expected_titles, "end"], name
        # What was said to somebody can be read again; who administers reads everything.
        if name != "boss":
            assert titles(server, campus[name]) == ["end", *expected_titles[::-1]], name
    assert heard(second) == heard(streams["ann"])
    assert len(titles(server, boss)) == 10
    assert titles(server, boss, {"X-College-ID": "2"}) == ["end", "across", "all students", "the campus", "arts"]
    for stream in (*streams.values(), second):
        stream.close()


def test_the_college_of_a_global_role(server: ServerProcess) -> None:
    at_home = create_user(server, "home", user_type="central_manager")  # the only college becomes the own
    add_college(server, "ARTS")
    assert said(server, at_home)["college"] == 1
    assert said(server, at_home, {"X-College-ID": "2"})["college"] == 2
    for header in ({"X-College-ID": "all"}, {"X-Tenant-ID": "ALL"}):
        stored = said(server, at_home, header)
        assert (stored["college"], stored["reached"]) == (None, 1)
    answer = say(server, at_home, {"X-College-ID": "9"})
    assert (answer.status_code, answer.json()) == (400, {"college": ['Invalid pk "9" - object does not exist.']})


def test_who_may_announce_and_read(server: ServerProcess, campus: dict[str, User]) -> None:
    admin = create_user(server, "admin", user_type="college_admin", college="CAMPUS")
    keeper = create_user(server, "keeper", user_type="store_manager", college="CAMPUS")
    for name in ("ann", "pam", "zoe"):
        answer = say(server, campus[name])
        assert answer.status_code == 403
        assert answer.json() == {"detail": "You do not have permission to perform this action."}
    assert say(server, keeper).status_code == 403
    to_ann = said(server, campus["tom"], title="to ann", audience={"users": [campus["ann"].id]})
    arts = said(server, campus["boss"], {"X-College-ID": "2"}, title="arts")
    assert titles(server, admin) == ["to ann"]
    assert titles(server, keeper) == []
    for user, number, status in (
        (campus["ann"], to_ann["id"], 200), (campus["bob"], to_ann["id"], 404), (admin, to_ann["id"], 200),
        (admin, arts["id"], 404), (campus["zoe"], arts["id"], 200), (campus["boss"], 77, 404),
    ):  # fmt: skip
        with api(server, user) as client:
            answer = client.get(f"{ANNOUNCEMENTS}{number}/")
            assert answer.status_code == status, (user, number)
            if status == 200:
                assert answer.json() in (to_ann, arts)
                assert answer.headers["X-Last-Event-ID"] == "2"
    with api(server, campus["boss"]) as client:
        assert client.delete(f"{ANNOUNCEMENTS}{arts['id']}/").status_code == 405
    with api(server) as client:
        assert client.post(ANNOUNCEMENTS, json={}).status_code == 401


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("title", ["", "  ", "x" * 301, 5, None, "a\0b"]),
        ("message", ["", "\n", "x" * 10_001, [], "\0"]),
        ("data", [[], "x", 5, {"a": "\0"}, {"a\0": 1}, {"a": "x" * (16 << 10)}, {"a": "😀" * 1400}, {"a": ["\0"]}]),
        ("audience", [{}, [], "all", 5, {"all": False}, {"all": "yes"}, {"users": []}, {"users": ["x"]}, {"users": [0]},
                      {"users": [2**60]}, {"users": [77]}, {"users": list(range(1, 502))}, {"users": 5}, {"al": True},
                      {"user_types": ["wizard"]}, {"user_types": ["student", "x" * 5000]}, {"user_types": [5]},
                      {"user_types": "student"}, {"classes": [1]}, {"sections": [1], "all": True}]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(server: ServerProcess, field: str, values: list[Any]) -> None:
    admin = create_user(server, "admin", user_type="college_admin")
    for value in values:
        answer = say(server, admin, **{field: value})
        assert answer.status_code == 400, (value, answer.text)
        assert list(answer.json()) == [field], value
        assert len(answer.content) < 2000
    assert titles(server, admin) == []


def test_strangers_are_named(server: ServerProcess, campus: dict[str, User]) -> None:
    deactivate(server, campus["bob"])
    strangers = [campus["zoe"].id, campus["bob"].id, 4711]
    answer = say(server, campus["tom"], audience={"users": [campus["ann"].id, *strangers]})
    message = f"There are no such users: {', '.join(map(str, strangers))}."
    assert (answer.status_code, answer.json()) == (400, {"audience": [message]})
    answer = say(server, campus["tom"], audience={"classes": [1]})
    assert answer.json() == {"audience": ["There are no such classes: 1."]}
    assert said(server, campus["tom"])["reached"] == 3, "tom, ann and pam: bob is not active any more"


def test_what_is_right_but_unusual_is_taken(server: ServerProcess) -> None:
    admin = create_user(server, "admin", user_type="college_admin")
    nested: Any = 1
    for _ in range(63):
        nested = {"a": nested}
    for fields in (
        {"data": {}}, {"data": None}, {"audience": None}, {"data": {"big": 2**64, "small": -1.5e-9, "": ""}},
        {"title": "x" * 300, "message": "😀" * 10_000, "data": {"a": "x" * 16_000}}, {"data": {"a": nested}},
        {"audience": {"all": True, "classes": [], "sections": None, "users": None}},
    ):  # fmt: skip
        stored = said(server, admin, **fields)
        assert stored["data"] == (fields.get("data") or {})
        assert stored["audience"]["all"] is True
    deep = b'{"title":"t","message":"m","data":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}"
    with api(server, admin) as client:
        answer = client.post(ANNOUNCEMENTS, json={"title": "t", "message": "m", "data": {"a": {"a": nested}}})
        assert (answer.status_code, list(answer.json())) == (400, ["data"])
        for raw in (deep, deep.replace(b'"m","data"', b'"m","audience"'), b"[]", b"\xff", b'{"title":'):
            answer = client.post(ANNOUNCEMENTS, content=raw, headers={"Content-Type": "application/json"})
            assert answer.status_code == 400, answer.text


def test_ten_thousand_people_do_not_make_an_announcement_slow(server: ServerProcess) -> None:
    """The work of a POST, without the fan-out to open streams. The limit is ten times what it may take."""
    (admin,) = create_users(server, "admin", user_type="college_admin")
    server.stop()
    with command_transaction(server.data_dir / "realtime.sqlite3") as tx:
        for number in range(CROWD):
            users.create(tx, users.NewUser(f"student{number}", college_id=1), STAMP)
    server.start()
    (student,) = create_tokens(server, ["student7"])
    took_s = []
    with api(server, admin) as client, Stream(server, student) as stream:
        stream.wait_for("presence_snapshot")
        for _ in range(20):
            started_s = time.perf_counter()
            answer = client.post(ANNOUNCEMENTS, json={"title": "t", "message": "m"})
            took_s.append(time.perf_counter() - started_s)
            assert (answer.json()["reached"], answer.json()["online"]) == (CROWD + 1, 1)
        stream.wait_count(20, "notification")
    median_ms = sorted(took_s)[10] * 1000
    print(f"an announcement to {CROWD} people: {median_ms:.1f} ms, the request included")
    assert median_ms < 100
