"""Notifications through a real server: what one was told, as a list that can be read, marked and searched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.shared import Shared, running
from tests.support.sse import Stream

NOTIFICATIONS = "communication/notifications/"
ANNOUNCEMENTS = "communication/announcements/"
NOTICES = "communication/notices/"
FIELDS = [
    "id", "college", "title", "message", "notification_type", "data", "is_read", "is_active", "created_at",
    "updated_at", "created_by", "updated_by",
]  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("notifications"), notice_announce_delay_s=0) as found:
        yield found


def say(shared: Shared, *titles: str) -> None:
    with shared.api("tara") as client:
        for title in titles:
            answer = client.post(ANNOUNCEMENTS, json={"title": title, "message": f"About {title}"})
            assert answer.status_code == 201, answer.text


def test_the_list_has_what_the_stream_told(shared: Shared) -> None:
    (ann,) = shared.add({"new_ann": ("student", "CAMPUS")})
    with Stream(shared.server, ann) as stream, shared.api(ann) as client:
        stream.wait_for("connected")
        assert client.get(NOTIFICATIONS).json()["count"] == 0, "yesterday's news is none to who joins today"
        say(shared, "one", "two")
        with shared.api("dean") as dean:
            body = {"title": "Board", "content": "c", "publish_date": "2026-01-09", "is_published": True}
            notice = dean.post(NOTICES, json=body).json()
            event = {"title": "Fair", "description": "d", "event_date": "2026-01-09", "start_time": "10:00",
                     "end_time": "11:00"}  # fmt: skip
            assert dean.post("communication/events/", json=event).status_code == 201
        stream.wait_for("notification", notification_type="event")
        page = client.get(NOTIFICATIONS)
        results = page.json()["results"]
        assert [list(one) for one in results] == [FIELDS] * 4
        common = ("id", "title", "message", "notification_type", "data", "created_at")
        assert [{name: one[name] for name in common} for one in results[::-1]] == [
            one.data for one in stream.events("notification")
        ]
        assert [one["notification_type"] for one in results] == ["event", "notice", "announcement", "announcement"]
        assert results[1]["data"] == {"notice_id": notice["id"], "is_urgent": False, "publish_date": "2026-01-09"}
        assert (results[1]["college"], results[1]["created_by"]) == (1, shared["dean"].id)
        assert int(page.headers["X-Last-Event-ID"]) == stream.last_event_id
        one = client.get(f"{NOTIFICATIONS}{results[0]['id']}/")
        assert one.json() == results[0]
        assert one.headers["X-Last-Event-ID"] == page.headers["X-Last-Event-ID"]
    with shared.api("east_ann") as client:
        assert client.get(f"{NOTIFICATIONS}{results[0]['id']}/").status_code == 404


def test_marking_as_read_is_ones_own(shared: Shared) -> None:
    ann, bob = shared.add({"marking_ann": ("student", "CAMPUS"), "marking_bob": ("student", "CAMPUS")})
    say(shared, "a", "b", "c")
    with shared.api(ann) as client, shared.api(bob) as other, shared.api("east_ann") as stranger:
        ids = [one["id"] for one in client.get(NOTIFICATIONS).json()["results"]]

        def mark(by: Any, **body: Any) -> tuple[int, Any]:
            answer = by.post(f"{NOTIFICATIONS}mark-read/", json=body)
            return answer.status_code, answer.json()

        assert mark(client, ids=[ids[0], ids[0], 10**9]) == (200, {"success": True, "marked_count": 1})
        assert mark(client, ids=ids[:2])[1]["marked_count"] == 1
        assert mark(client, ids=[])[1]["marked_count"] == 0
        assert mark(stranger, ids=ids)[1]["marked_count"] == 0
        assert client.get(f"{NOTIFICATIONS}unread-count/").json() == {"unread_count": 1}
        assert other.get(f"{NOTIFICATIONS}unread-count/").json() == {"unread_count": 3}
        states = [(one["title"], one["is_read"]) for one in client.get(NOTIFICATIONS).json()["results"]]
        assert states == [("c", True), ("b", True), ("a", False)]
        for is_read, expected in (("true", ["c", "b"]), ("false", ["a"]), ("", ["c", "b", "a"])):
            found = client.get(NOTIFICATIONS, params={"is_read": is_read}).json()["results"]
            assert [one["title"] for one in found] == expected
        assert mark(client, all=True) == (200, {"success": True, "marked_count": 1})
        assert mark(client, all=True)[1]["marked_count"] == 0
        assert client.get(f"{NOTIFICATIONS}unread-count/").json() == {"unread_count": 0}
        assert client.get(f"{NOTIFICATIONS}{ids[2]}/").json()["is_read"] is True
        say(shared, "d")
        assert client.get(f"{NOTIFICATIONS}unread-count/").json() == {"unread_count": 1}
        assert [one["title"] for one in client.get(NOTIFICATIONS, params={"is_read": "false"}).json()["results"]] == [
            "d"
        ]
        assert other.get(f"{NOTIFICATIONS}unread-count/").json() == {"unread_count": 4}
        for body in ({}, {"all": False}, {"ids": ids, "all": True}, {"ids": None}):
            status, answer = mark(client, **body)
            assert (status, list(answer)) == (400, ["non_field_errors"]), body
        for body in ({"ids": ["x"]}, {"ids": [0]}, {"ids": 5}, {"ids": list(range(1, 502))}):
            status, answer = mark(client, **body)
            assert (status, list(answer)) == (400, ["ids"]), body


def test_filters_search_order_and_pages(shared: Shared) -> None:
    (ann,) = shared.add({"searching_ann": ("student", "CAMPUS")})
    say(shared, "Straße", "Water", "Lunch")
    with shared.api("dean") as client:
        body = {"title": "Water again", "content": "c", "publish_date": "2026-01-09", "is_published": True}
        assert client.post(NOTICES, json=body).status_code == 201
    with shared.api(ann) as client:
        for query, expected in (
            ({}, ["New Notice", "Lunch", "Water", "Straße"]),
            ({"ordering": "created_at"}, ["Straße", "Water", "Lunch", "New Notice"]),
            ({"notification_type": "notice"}, ["New Notice"]),
            ({"search": "STRASSE"}, ["Straße"]),
            ({"search": "water"}, ["New Notice", "Water"]),
            ({"search": "about lu"}, ["Lunch"]),
            ({"search": "zebra"}, []),
            ({"page_size": "2", "page": "2"}, ["Water", "Straße"]),
        ):
            found = client.get(NOTIFICATIONS, params=query).json()["results"]
            assert [one["title"] for one in found] == expected, query
        answer = client.get(NOTIFICATIONS, params={"is_read": "maybe", "notification_type": "news", "page_size": "x"})
        assert (answer.status_code, sorted(answer.json())) == (400, ["is_read", "notification_type", "page_size"])
        for method in ("POST", "PUT", "DELETE"):
            assert client.request(method, NOTIFICATIONS).status_code == 405


def test_an_edited_or_withdrawn_notice_is_rewritten_in_the_list(shared: Shared) -> None:
    (ann,) = shared.add({"rewritten_ann": ("student", "CAMPUS")})
    with shared.api("dean") as dean, shared.api(ann) as client:
        body = {"title": "secret", "content": "c", "publish_date": "2026-01-09", "is_published": True}
        number = dean.post(NOTICES, json=body).json()["id"]
        first = client.get(NOTIFICATIONS).json()["results"][0]
        assert (first["message"], first["updated_at"]) == ("secret", first["created_at"])
        dean.patch(f"{NOTICES}{number}/", json={"title": "public", "is_urgent": True})
        edited = client.get(NOTIFICATIONS).json()["results"][0]
        assert (edited["id"], edited["message"], edited["data"]["is_urgent"]) == (first["id"], "public", True)
        assert edited["updated_at"] > edited["created_at"]
        assert client.get(NOTIFICATIONS, params={"search": "secret"}).json()["count"] == 0
        dean.delete(f"{NOTICES}{number}/")
        assert client.get(NOTIFICATIONS).json()["results"][0]["message"] == "This notice was withdrawn."
        assert client.get(NOTIFICATIONS, params={"search": "public"}).json()["count"] == 0


def test_who_leaves_a_class_does_not_list_its_news_any_more(shared: Shared) -> None:
    (ann,) = shared.add({"leaving_ann": ("student", "CAMPUS")})
    with shared.api("dean") as dean, shared.api(ann) as client:
        room = dean.post("academic/classes/", json={"name": "Leaving"}).json()["id"]

        def say_to_class(title: str) -> None:
            given = {"title": title, "message": "m", "audience": {"classes": [room]}}
            assert dean.post(ANNOUNCEMENTS, json=given).status_code == 201

        def titles() -> list[str]:
            return [one["title"] for one in client.get(NOTIFICATIONS).json()["results"]]

        say_to_class("before")
        enrolled = dean.post("academic/enrollments/", json={"user": ann.id, "class_obj": room}).json()
        assert titles() == []
        say_to_class("as a member")
        assert titles() == ["as a member"]
        dean.delete(f"academic/enrollments/{enrolled['id']}/")
        say_to_class("after")
        assert titles() == []
        assert client.get(f"{NOTIFICATIONS}unread-count/").json() == {"unread_count": 0}
