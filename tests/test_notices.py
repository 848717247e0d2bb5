"""Notices through a real server: who writes and sees them, and what the streams are told of them (I3, I9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from data.session import command_transaction
from tests.support.campus import User, api, create_user, create_users
from tests.support.server import ServerFactory, ServerProcess
from tests.support.sse import Event, Stream

NOTICES = "communication/notices/"
FIELDS = [
    "id", "college", "college_name", "title", "content", "publish_date", "expiry_date", "attachment", "is_urgent",
    "is_published", "is_active", "visibility", "created_at", "updated_at", "created_by", "updated_by",
]  # fmt: skip
TODAY = datetime.now(UTC).date()  # the default of the setting `timezone`
NOTICE_EVENTS = ("notification", "notice_updated", "notice_removed")


def day(offset: int) -> str:
    return (TODAY + timedelta(days=offset)).isoformat()


def body(**fields: Any) -> dict[str, Any]:
    return {"title": "Sports day", "content": "On the field.", "publish_date": day(-1), "is_published": True} | fields


def publish(server: ServerProcess, author: User, **fields: Any) -> dict[str, Any]:
    with api(server, author) as client:
        answer = client.post(NOTICES, json=body(**fields))
    assert answer.status_code == 201, answer.text
    notice: dict[str, Any] = answer.json()
    return notice


def change(server: ServerProcess, user: User, notice_id: int, **fields: Any) -> dict[str, Any]:
    with api(server, user) as client:
        answer = client.patch(f"{NOTICES}{notice_id}/", json=fields)
    assert answer.status_code == 200, answer.text
    notice: dict[str, Any] = answer.json()
    return notice


def listed(server: ServerProcess, user: User, headers: dict[str, str] | None = None, **query: str) -> list[str]:
    with api(server, user) as client:
        answer = client.get(NOTICES, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [notice["title"] for notice in answer.json()["results"]]


def told(stream: Stream) -> list[tuple[str, Any]]:
    """What a stream was told of notices: names and the ids of the notices."""
    return [
        (one.event, one.data["data"]["notice_id"] if one.event == "notification" else one.data["id"])
        for one in stream.events()
        if one.event in NOTICE_EVENTS
    ]


def wait_for_news(stream: Stream, notice_id: int) -> Event:
    """The notification of a notice."""
    return stream.wait_for(lambda one: one.event == "notification" and one.data["data"]["notice_id"] == notice_id)


def add_college(server: ServerProcess) -> int:
    """A second college, as a command would make it."""
    stamp = "2026-01-01T00:00:00.000000Z"
    with command_transaction(server.data_dir / "realtime.sqlite3") as tx:
        return tx.insert(
            "INSERT INTO colleges (code, name, short_name, created_at, updated_at) VALUES ('ARTS', 'Arts', 'A', ?, ?)",
            (stamp, stamp),
        )


def pass_days(server: ServerProcess, days: int) -> None:
    """Let days pass while the server is down: every date and every due time moves back by so many."""
    assert not server.running
    with command_transaction(server.data_dir / "realtime.sqlite3") as tx:
        for column in ("publish_date", "expiry_date"):
            tx.execute(f"UPDATE notices SET {column} = date({column}, ?)", (f"-{days} days",))
        tx.execute("UPDATE notice_dues SET due_at = strftime('%Y-%m-%dT%H:%M:%fZ', due_at, ?)", (f"-{days} days",))


@pytest.fixture
def prompt(server_factory: ServerFactory) -> ServerProcess:
    """A server that announces notices at once."""
    return server_factory(notice_announce_delay_s=0)


def test_i3_a_published_notice_reaches_its_college_and_its_author_once_each(prompt: ServerProcess) -> None:
    arts = add_college(prompt)
    boss = create_user(prompt, "boss", user_type="super_admin")  # of no college
    ann = create_user(prompt, "ann", college="CAMPUS")
    tom = create_user(prompt, "tom", user_type="teacher", college="CAMPUS")
    zoe = create_user(prompt, "zoe", college="ARTS")
    with (
        Stream(prompt, ann) as first, Stream(prompt, ann) as second, Stream(prompt, tom) as author,
        Stream(prompt, boss) as far_author, Stream(prompt, zoe) as foreign,
    ):  # fmt: skip
        for stream in (first, second, author, far_author, foreign):
            stream.wait_for("connected")
        notice = publish(prompt, tom, is_urgent=True)
        assert list(notice) == FIELDS
        for stream in (first, second, author):
            event = stream.wait_for("notification")
            assert event.id is not None
            assert event.data == {
                "id": 1,  # the notification's own, under which it is listed
                "title": "New Notice",
                "message": "Sports day",
                "notification_type": "notice",
                "data": {"notice_id": notice["id"], "is_urgent": True, "publish_date": day(-1)},
                "created_at": notice["created_at"],
            }
        other = publish(prompt, boss, college=arts)
        wait_for_news(far_author, other["id"])
        wait_for_news(foreign, other["id"])
        assert told(foreign) == [("notification", other["id"])]
        # A global role lists all colleges' notices, and so hears of them: none of it is news but its own.
        listed_too = [("notice_updated", notice["id"]), ("notice_updated", other["id"])]
        assert told(far_author) == [*listed_too, ("notification", other["id"])]
        assert told(first) == told(second) == told(author) == [("notification", notice["id"])]


def test_i9_what_happens_to_an_announced_notice_is_told_and_it_is_news_only_once(prompt: ServerProcess) -> None:
    tom, bea = create_users(prompt, "tom", "bea", user_type="teacher")
    (ann,) = create_users(prompt, "ann")
    with Stream(prompt, ann) as stream:
        stream.wait_for("connected")
        draft = publish(prompt, tom, is_published=False)
        number = draft["id"]
        change(prompt, tom, number, title="Still a draft")
        change(prompt, tom, number, is_published=True)
        stream.wait_for("notification", message="Still a draft")
        edited = change(prompt, tom, number, title="Sports day, 10:00", is_urgent=True)
        assert stream.wait_for("notice_updated").data == edited
        again = change(prompt, tom, number, title="Sports day, 10:00")
        assert again == edited, "what is the same changes nothing"
        change(prompt, tom, number, is_published=False)
        change(prompt, tom, number, title="Nobody reads this")
        back = change(prompt, tom, number, is_published=True)
        moved = change(prompt, tom, number, publish_date=day(3))
        assert moved["publish_date"] == day(3)
        change(prompt, tom, number, publish_date=day(-2), expiry_date=day(-1))
        change(prompt, tom, number, expiry_date=None)
        with api(prompt, tom) as client:
            gone = client.delete(f"{NOTICES}{number}/")
            assert (gone.status_code, gone.content) == (204, b"")
            assert client.delete(f"{NOTICES}{number}/").status_code == 404
        last = publish(prompt, bea)
        wait_for_news(stream, last["id"])
        assert told(stream) == [
            ("notification", number),
            ("notice_updated", number),
            ("notice_removed", number),
            ("notice_updated", number),  # published again
            ("notice_removed", number),  # moved to a day to come
            ("notice_removed", number),  # expired now, and its notification in their lists says another day
            ("notice_updated", number),  # and for every day from the day before yesterday
            ("notice_removed", number),
            ("notification", last["id"]),
        ]
        assert stream.events("notice_updated")[1].data == back


def test_a_notice_waits_its_delay_and_one_withdrawn_meanwhile_is_no_news(server_factory: ServerFactory) -> None:
    server = server_factory(notice_announce_delay_s=1)
    tom, bea = create_users(server, "tom", "bea", user_type="teacher")
    (ann,) = create_users(server, "ann")
    with Stream(server, ann) as stream:
        stream.wait_for("connected")
        withdrawn = publish(server, tom)["id"]
        edited = publish(server, tom)
        change(server, tom, withdrawn, is_published=False)
        change(server, tom, edited["id"], title="Sports day, 10:00")
        assert listed(server, ann) == [], "readers see it when it is announced"
        assert listed(server, tom) == ["Sports day, 10:00", "Sports day"]
        last = publish(server, bea)["id"]
        wait_for_news(stream, last)
        news = [event.data for event in stream.events("notification")]
        assert [one["data"]["notice_id"] for one in news] == [edited["id"], last]
        assert news[0]["message"] == "Sports day, 10:00"
        assert news[0]["created_at"] > edited["created_at"]
        assert listed(server, ann) == ["Sports day", "Sports day, 10:00"]
        # Nobody saw the other one before it was withdrawn.
        assert not stream.events("notice_removed") + stream.events("notice_updated")


def test_i9_a_notice_is_announced_once_over_restarts(server_factory: ServerFactory) -> None:
    server = server_factory(notice_announce_delay_s=1.5)
    (tom,) = create_users(server, "tom", user_type="teacher")
    (ann,) = create_users(server, "ann")
    first = publish(server, tom)["id"]
    server.kill()
    server.start()
    with Stream(server, ann, last_event_id=0) as stream:
        wait_for_news(stream, first)
    server.restart()
    second = publish(server, tom)["id"]
    with Stream(server, ann, last_event_id=0) as stream:
        wait_for_news(stream, second)
        assert told(stream) == [("notification", first), ("notification", second)]


def test_days_that_pass_while_the_server_is_down_are_caught_up_once(prompt: ServerProcess) -> None:
    (tom,) = create_users(prompt, "tom", user_type="teacher")
    (ann,) = create_users(prompt, "ann")
    with Stream(prompt, ann) as stream:
        stream.wait_for("connected")
        coming = publish(prompt, tom, title="Coming", publish_date=day(2))["id"]
        missed = publish(prompt, tom, title="Missed", publish_date=day(1), expiry_date=day(2))["id"]
        going = publish(prompt, tom, title="Going", expiry_date=day(1))["id"]
        dropped = publish(prompt, tom, title="Dropped", publish_date=day(2))["id"]
        change(prompt, tom, dropped, is_published=False)
        wait_for_news(stream, going)
    assert listed(prompt, ann) == ["Going"]
    assert set(listed(prompt, tom)) == {"Coming", "Missed", "Going", "Dropped"}
    prompt.stop()
    pass_days(prompt, 3)
    for _ in range(2):
        prompt.restart()
        with Stream(prompt, ann, last_event_id=0) as stream:
            stream.wait_for("notice_removed", id=going)
            wait_for_news(stream, coming)
            assert sorted(told(stream)) == sorted(
                [("notification", going), ("notice_removed", going), ("notification", coming)]
            ), f"not {missed}, which was over before anybody could be told"
        assert listed(prompt, ann) == ["Coming"]


def test_a_replay_never_tells_what_was_changed_or_withdrawn(prompt: ServerProcess) -> None:
    (tom,) = create_users(prompt, "tom", user_type="teacher")
    (ann,) = create_users(prompt, "ann")
    changed = publish(prompt, tom, title="secret-1", content="secret-2")["id"]
    change(prompt, tom, changed, title="secret-3", content="secret-4", attachment="/secret-5")
    change(prompt, tom, changed, title="In public", content="For all", attachment=None)
    withdrawn = publish(prompt, tom, title="secret-6", content="secret-7")["id"]
    change(prompt, tom, withdrawn, content="secret-8")
    change(prompt, tom, withdrawn, is_published=False)
    change(prompt, tom, withdrawn, title="secret-9")
    deleted = publish(prompt, tom, title="secret-10")["id"]
    with api(prompt, tom) as client:
        assert client.delete(f"{NOTICES}{deleted}/").status_code == 204
    with Stream(prompt, ann, last_event_id=0) as stream:
        stream.wait_for("notice_removed", id=deleted)
        assert b"secret" not in stream.raw
        news = {one.data["data"]["notice_id"]: one.data for one in stream.events("notification")}
        assert news[changed]["message"] == "In public"
        assert news[changed]["title"] == "New Notice"
        assert news[withdrawn]["message"] == news[deleted]["message"] == "This notice was withdrawn."
        assert [one.data["title"] for one in stream.events("notice_updated")][:2] == ["In public", "In public"]


def test_who_may_write_and_who_may_see(prompt: ServerProcess) -> None:
    add_college(prompt)
    people = {
        role: create_user(prompt, role, user_type=role, college="CAMPUS")
        for role in ("college_admin", "teacher", "staff", "store_manager", "student", "parent")
    }
    foreign = create_user(prompt, "zoe", user_type="college_admin", college="ARTS")
    teacher = people["teacher"]
    public = publish(prompt, teacher, title="Public")["id"]
    draft = publish(prompt, teacher, title="Draft", is_published=False)["id"]
    future = publish(prompt, teacher, title="Future", publish_date=day(2))["id"]
    over = publish(prompt, teacher, title="Over", publish_date=day(-3), expiry_date=day(-2))["id"]
    hidden = (draft, future, over)
    for role, user in people.items():
        with api(prompt, user) as client:
            sees_all = role in ("college_admin", "teacher")
            assert client.get(f"{NOTICES}{public}/").status_code == 200
            for number in hidden:
                answer = client.get(f"{NOTICES}{number}/")
                assert answer.status_code == (200 if sees_all else 404), (role, number)
            expected = {"Public", "Draft", "Future", "Over"} if sees_all else {"Public"}
            assert set(listed(prompt, user)) == expected, role
            writes = role in ("college_admin", "teacher", "staff")
            answer = client.post(NOTICES, json=body(title=role, is_published=False))
            assert answer.status_code == (201 if writes else 403), role
            for number, status in ((public, 403), (draft, 404 if writes else 403), (999, 404 if writes else 403)):
                expected_status = 200 if sees_all and number != 999 else status
                answer = client.patch(f"{NOTICES}{number}/", json={"is_urgent": role == "teacher"})
                assert answer.status_code == expected_status, (role, number, answer.text)
            if not sees_all:
                answer = client.delete(f"{NOTICES}{public}/")
                assert answer.status_code == 403
                assert answer.json() == {"detail": "You do not have permission to perform this action."}
    with api(prompt, foreign) as client:
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            answer = client.request(method, f"{NOTICES}{public}/", json=body() if method[0] == "P" else None)
            assert answer.status_code == 404, method
        assert client.get(NOTICES).json()["count"] == 0
    with api(prompt) as client:
        assert client.get(NOTICES).status_code == 401
    with api(prompt, people["student"]) as client:
        answer = client.patch(NOTICES)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")
        assert client.get(f"{NOTICES}{2**60}/").status_code == 404
        assert client.get(f"{NOTICES}0/").status_code == 404


def test_the_college_of_a_global_role(prompt: ServerProcess) -> None:
    at_home = create_user(prompt, "home", user_type="central_manager")  # the only college becomes the own
    arts = add_college(prompt)
    boss = create_user(prompt, "boss", user_type="super_admin")

    def post(user: User, headers: dict[str, str], **fields: Any) -> httpx.Response:
        with api(prompt, user) as client:
            return client.post(NOTICES, json=body(**fields), headers=headers)

    wanted = {
        (at_home, "", None): 1,
        (at_home, "all", None): 1,
        (at_home, str(arts), None): arts,
        (at_home, "", arts): arts,
        (boss, "1", None): 1,
        (boss, str(arts), arts): arts,
    }
    for (user, header, college), expected in wanted.items():
        fields = {} if college is None else {"college": college}
        answer = post(user, {"X-College-ID": header} if header else {}, title=f"{user.username} {header}", **fields)
        assert answer.json()["college"] == expected, answer.text
    assert post(boss, {}).json() == {"college": ["This field is required."]}
    missing = {"college": ['Invalid pk "77" - object does not exist.']}
    for headers, fields in (({"X-College-ID": "77"}, {}), ({}, {"college": 77})):
        answer = post(boss, headers, **fields)
        assert (answer.status_code, answer.json()) == (400, missing)
    assert post(boss, {"X-College-ID": "1"}, college=arts).json() == {
        "college": ["X-College-ID names another college."]
    }
    assert post(boss, {"X-College-ID": "abc"}).status_code == 400
    assert len(listed(prompt, boss)) == 6
    assert len(listed(prompt, boss, {"X-College-ID": "all"})) == 6
    assert len(listed(prompt, boss, {"X-College-ID": "1"})) == 3
    assert len(listed(prompt, boss, {"X-Tenant-ID": str(arts)})) == 3
    with api(prompt, boss) as client:
        assert client.get(f"{NOTICES}1/", headers={"X-College-ID": str(arts)}).status_code == 404


def test_put_takes_the_whole_object_back(prompt: ServerProcess) -> None:
    boss = create_user(prompt, "boss", user_type="super_admin")
    (tom,) = create_users(prompt, "tom", user_type="teacher")
    notice = publish(prompt, tom, expiry_date=day(9), attachment="https://files.example/a.pdf")
    sent = notice | {"id": 99, "college": 7, "created_by": 5, "is_active": False, "surprise": [1], "title": "Other"}
    with api(prompt, boss) as client:
        changed = client.put(f"{NOTICES}{notice['id']}/", json=sent).json()
        kept = {name: value for name, value in notice.items() if name not in ("title", "updated_at", "updated_by")}
        assert {name: changed[name] for name in kept} == kept
        assert (changed["title"], changed["updated_by"]) == ("Other", boss.id)
        answer = client.put(f"{NOTICES}{notice['id']}/", json={"title": "Alone"})
        required = ["This field is required."]
        assert (answer.status_code, answer.json()) == (400, {"content": required, "publish_date": required})
        form = {"title": "By form", "content": "c", "publish_date": day(0), "is_urgent": "true", "expiry_date": ""}
        by_form = client.post(NOTICES, data=form).json()
        assert (by_form["is_urgent"], by_form["is_published"], by_form["expiry_date"]) == (True, False, None)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("title", ["", " \n", "x" * 301, 5, None, "a\0b", ["a"]]),
        ("content", ["", "x" * 100_001, False, None, "\0"]),
        ("publish_date", ["", "09.01.2026", "2026-02-30", "20260109", "2026-W02-5", "2026-1-9", "0001-01-01", 20260109,
                          None, "2026-01-09T10:00:00Z"]),
        ("expiry_date", ["soon", "2026-13-01", 5, {}]),
        ("attachment", ["ftp://x/y", "javascript:alert(1)", "//elsewhere/x", "x.pdf", "http://", "http://[", "/a b",
                        "https://x/" + "y" * 2000, 7, "http:///x"]),
        ("is_urgent", ["yes", 1, None]),
        ("is_published", ["", 0, []]),
        ("visibility", [[{"target_type": "class", "class_obj": 1}], [{}], ["all"], "all", [[[[]]]],
                        [{"target_type": "college"}], [{"target_type": "section", "class_obj": 1}],
                        [{"target_type": "section", "section": 1}], [{"target_type": "all"}] * 501]),
        ("college", [0, -1, "x", 2**53, 1.5]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(prompt: ServerProcess, field: str, values: list[Any]) -> None:
    boss = create_user(prompt, "boss", user_type="super_admin")
    with api(prompt, boss) as client:
        for value in values:
            answer = client.post(NOTICES, json=body(**{field: value}))
            assert answer.status_code == 400, (value, answer.text)
            assert list(answer.json()) == [field], value
            assert all(isinstance(message, str) for message in answer.json()[field])
        assert client.get(NOTICES).json()["count"] == 0


def test_what_is_right_but_unusual_is_taken(prompt: ServerProcess) -> None:
    boss = create_user(prompt, "boss", user_type="super_admin")
    with api(prompt, boss) as client:
        for fields in (
            {"title": "t" * 300, "content": "😀" * 50_000},
            {"attachment": "/media/a.pdf"},
            {"attachment": "HTTPS://files.example/%C3%A4?x=1#p"},
            {"visibility": [{"target_type": "all", "class_obj": None, "section": None}]},
            {"visibility": []},
            {"publish_date": "9999-12-31", "expiry_date": "9999-12-31"},
            {"publish_date": day(0), "expiry_date": day(0)},
            {"title": "line\r\nfeeds \u2028 and \u202e marks", "expiry_date": "9999-12-31"},
        ):
            answer = client.post(NOTICES, json=body(**fields))
            assert answer.status_code == 201, (fields, answer.text)
            stored = answer.json()
            assert stored["visibility"] == fields.get("visibility", [])
            assert all(stored[name] == value for name, value in fields.items() if name != "visibility")
            assert client.get(f"{NOTICES}{stored['id']}/").json() == stored
        across = {"non_field_errors": ["The expiry date must not be before the publish date."]}
        answer = client.post(NOTICES, json=body(publish_date=day(2), expiry_date=day(1)))
        assert (answer.status_code, answer.json()) == (400, across)
        answer = client.patch(f"{NOTICES}{stored['id']}/", json={"expiry_date": day(-5)})
        assert (answer.status_code, answer.json()) == (400, across)
        assert client.post(NOTICES, content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
        assert client.post(NOTICES, content=b"x", headers={"Content-Type": "text/plain"}).status_code == 415


def test_the_list(prompt: ServerProcess) -> None:
    (tom,) = create_users(prompt, "tom", user_type="teacher")
    with api(prompt, tom) as client:
        for number, title in enumerate(("Straße gesperrt", "Urgent: water", "Cafeteria ab Montag")):
            fields = {"is_urgent": number == 1, "publish_date": day(-number), "is_published": number != 2}
            assert client.post(NOTICES, json=body(title=title, content=f"Text {number}", **fields)).status_code == 201
        street, water, lunch = "Straße gesperrt", "Urgent: water", "Cafeteria ab Montag"
        for query, expected in (
            ({}, [street, water, lunch]),
            ({"ordering": "publish_date"}, [lunch, water, street]),
            ({"ordering": "-created_at,title"}, [lunch, water, street]),
            ({"ordering": "nonsense"}, [street, water, lunch]),
            ({"search": "STRASSE"}, [street]),
            ({"search": "text 1"}, [water]),
            ({"search": "te"}, [street, water, lunch]),
            ({"search": "zebra"}, []),
            ({"is_urgent": "true"}, [water]),
            ({"is_published": "false"}, [lunch]),
            ({"publish_date": day(-1), "is_urgent": ""}, [water]),
            ({"is_active": "false"}, []),
            ({"page_size": "2", "unknown": "x"}, [street, water]),
            ({"page_size": "2", "page": "2"}, [lunch]),
        ):
            assert listed(prompt, tom, **query) == expected, query
        assert client.delete(f"{NOTICES}2/").status_code == 204
        assert client.get(f"{NOTICES}2/").status_code == 404
        assert listed(prompt, tom) == [street, lunch]
        assert listed(prompt, tom, is_active="false") == [water]
        page = client.get(NOTICES, params={"page_size": 1})
        assert (page.json()["count"], page.json()["has_next"]) == (2, True)
        position = page.headers["X-Last-Event-ID"]
        assert client.get(f"{NOTICES}1/").headers["X-Last-Event-ID"] == position
        for query in ({"is_urgent": "maybe"}, {"publish_date": "1.1."}, {"page_size": "x"}, {"search": "a\0b"}):
            answer = client.get(NOTICES, params=query)
            assert (answer.status_code, list(answer.json())) == (400, list(query))
        assert client.get(NOTICES, params={"page": "9"}).json() == {"detail": "Invalid page."}
        with Stream(prompt, tom, last_event_id=position) as stream:
            stream.wait_for("connected")
            again = publish(prompt, tom)
            assert stream.wait_for("notification").data["data"]["notice_id"] == again["id"], "no gap, and nothing twice"
