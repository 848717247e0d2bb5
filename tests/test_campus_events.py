"""Events of the campus through a real server: who writes and sees them, and what the streams are told (I3, I9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.shared import Shared, running
from tests.support.sse import Stream

EVENTS = "communication/events/"
REGISTRATIONS = "communication/event-registrations/"
FIELDS = [
    "id", "college", "college_name", "title", "description", "event_date", "start_time", "end_time", "venue",
    "organizer", "max_participants", "registration_required", "registration_deadline", "image", "registered_count",
    "is_active", "created_at", "updated_at", "created_by", "updated_by",
]  # fmt: skip


def body(**fields: Any) -> dict[str, Any]:
    return {
        "title": "Open day", "description": "All labs.", "event_date": "2026-01-09", "start_time": "10:30:00",
        "end_time": "12:00:00",
    } | fields  # fmt: skip


def create(shared: Shared, username: str, headers: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    with shared.api(username) as client:
        answer = client.post(EVENTS, json=body(**fields), headers=headers)
    assert answer.status_code == 201, answer.text
    event: dict[str, Any] = answer.json()
    return event


def fetched(shared: Shared, username: str, **query: Any) -> httpx.Response:
    with shared.api(username) as client:
        answer = client.get(EVENTS, params=query)
    assert answer.status_code == 200, answer.text
    return answer


def titles(shared: Shared, username: str, **query: Any) -> list[str]:
    return [event["title"] for event in fetched(shared, username, **query).json()["results"]]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("events")) as found:
        yield found


def test_i3_a_new_event_is_news_for_its_college_and_its_author_once_each(shared: Shared) -> None:
    names = ("ann", "tara", "boss", "east_ann")
    streams = [Stream(shared.server, shared[name]) for name in names]
    for stream in streams:
        stream.wait_for("connected")
    event = create(shared, "tara", venue="Hall A", organizer="Physics", max_participants=20)
    assert list(event) == FIELDS
    assert (event["college"], event["college_name"], event["created_by"]) == (1, "Campus", shared["tara"].id)
    east = create(shared, "boss", college=shared.east, title="Far away")
    student, author, boss, foreign = streams
    for stream in (student, author):
        news = stream.wait_for("notification")
        assert news.id is not None
        data = {"event_id": event["id"], "event_date": "2026-01-09", "start_time": "10:30:00", "venue": "Hall A"}
        assert news.data == {
            "id": news.data["id"], "title": "New Event", "message": "Open day", "notification_type": "event",
            "data": data, "created_at": event["created_at"],
        }  # fmt: skip
        assert stream.wait_for("event_updated").data == event
    for stream in (boss, foreign):
        assert stream.wait_for("notification").data["data"]["event_id"] == east["id"]
    last = create(shared, "dean", title="Last")  # behind it nothing of the others can come any more
    student.wait_for("event_updated", id=last["id"])
    told = [one.data["id"] for one in student.events("event_updated")]
    assert told == [event["id"], last["id"]]
    for stream in streams:
        stream.close()


def test_changes_registrations_and_the_end_are_told(shared: Shared) -> None:
    event = create(shared, "tara", title="Draft of a title")
    path = f"{EVENTS}{event['id']}/"
    position = fetched(shared, "ann").headers["X-Last-Event-ID"]
    with Stream(shared.server, shared["ann"], last_event_id=position) as stream, shared.api("tara") as tara:
        changed = tara.patch(path, json={"title": "The title", "end_time": "13:00"})
        assert changed.status_code == 200
        assert stream.wait_for("event_updated").data == changed.json()
        assert (changed.json()["title"], changed.json()["end_time"]) == ("The title", "13:00:00")
        with shared.api("bob") as bob:
            mine = bob.post(REGISTRATIONS, json={"event": event["id"]})
            assert mine.status_code == 201, mine.text
        counted = stream.wait_for("event_updated", registered_count=1)
        assert counted.data == tara.get(path).json()
        whole = tara.put(path, json=counted.data | {"unknown": 1, "id": 7, "registered_count": 9})
        assert whole.json() == counted.data, "what was fetched changes nothing when it is sent back"
        assert tara.delete(path).status_code == 204
        assert stream.wait_for("event_removed").data == {"id": event["id"]}
        assert tara.get(path).status_code == 404
        assert tara.delete(path).status_code == 404
    with Stream(shared.server, shared["ann"], last_event_id=0) as stream:
        stream.wait_for("event_removed", id=event["id"])
        told = [one for one in stream.events() if one.event in ("event_updated", "notification")]
        assert not any("title" in one.text and "Draft" in one.text for one in told)
        assert not any("The title" in one.text for one in told), "nor what was withdrawn"


def test_is_active_false_is_a_deletion(shared: Shared) -> None:
    event = create(shared, "tara", title="To be called off")
    with Stream(shared.server, shared["ann"]) as stream, shared.api("tara") as tara:
        stream.wait_for("connected")
        answer = tara.patch(f"{EVENTS}{event['id']}/", json={"is_active": False, "venue": "nowhere"})
        assert (answer.status_code, answer.json()["is_active"]) == (200, False)
        stream.wait_for("event_removed", id=event["id"])
        assert not stream.events("event_updated")
    assert "To be called off" in titles(shared, "tara", is_active="false")
    assert "To be called off" in titles(shared, "dean", is_active="false")
    assert titles(shared, "ann", is_active="false") == titles(shared, "stan", is_active="false") == []


def test_who_writes_and_who_reads(shared: Shared) -> None:
    theirs, east = create(shared, "tara"), create(shared, "east_dean")
    for username, own, foreign in (
        ("boss", 200, 200), ("dean", 200, 404), ("tara", 200, 404), ("stan", 403, 404), ("ann", 403, 403),
        ("stella", 403, 403), ("pat", 403, 403),
    ):  # fmt: skip
        with shared.api(username) as client:
            statuses = [client.patch(f"{EVENTS}{one['id']}/", json={"venue": username}).status_code
                        for one in (theirs, east)]  # fmt: skip
            assert statuses == [own, foreign], username
            seen = 200 if username == "boss" else 404
            assert [client.get(f"{EVENTS}{one['id']}/").status_code for one in (theirs, east)] == [200, seen]
            made = client.post(EVENTS, json=body(college=1)).status_code
            assert made == (201 if username in ("boss", "dean", "tara", "stan") else 403), username


def test_in_which_college_an_event_is(shared: Shared) -> None:
    assert create(shared, "tara", college=shared.east)["college"] == 1, "others than global roles don't choose"
    in_east = {"X-College-ID": str(shared.east)}
    assert create(shared, "manager", in_east)["college"] == shared.east
    with shared.api("manager") as client:
        for headers, fields in (({}, {}), ({}, {"college": 99}), (in_east, {"college": 1})):
            answer = client.post(EVENTS, json=body(**fields), headers=headers)
            assert (answer.status_code, list(answer.json())) == (400, ["college"])
        event = create(shared, "manager", college=shared.east)
        there = f"{EVENTS}{event['id']}/"
        assert client.get(there, headers=in_east).status_code == 200
        assert client.get(there, headers={"X-College-ID": "1"}).status_code == 404


def test_bad_bodies(shared: Shared) -> None:
    with shared.api("tara") as client:
        missing = client.post(EVENTS, json={})
        assert missing.status_code == 400
        required = ["title", "description", "event_date", "start_time", "end_time"]
        assert missing.json() == {name: ["This field is required."] for name in required}
        for name, value in (
            ("title", " "), ("title", None), ("title", 5), ("title", "a\0b"), ("title", "x" * 301), ("description", ""),
            ("event_date", "2026-02-30"), ("event_date", "9.1.2026"), ("event_date", "2026-01-09T10:00:00"),
            ("event_date", None), ("start_time", "25:00"), ("start_time", 10), ("end_time", "soon"),
            ("max_participants", 0), ("max_participants", -1), ("max_participants", 2**53), ("max_participants", "ten"),
            ("max_participants", True), ("registration_required", "yes"), ("registration_deadline", "tomorrow"),
            ("image", "data:text/html,x"), ("image", 7), ("college", 0),
        ):  # fmt: skip
            answer = client.post(EVENTS, json=body(**{name: value}))
            assert (answer.status_code, list(answer.json())) == (400, [name]), (name, value, answer.text)
        answer = client.post(EVENTS, json=body(end_time="10:30"))
        assert answer.json() == {"non_field_errors": ["The end time must be after the start time."]}
        form = {**body(), "registration_required": "true", "max_participants": "", "registration_deadline": ""}
        answer = client.post(EVENTS, data=form)
        assert (answer.status_code, answer.json()["registration_required"]) == (201, True), answer.text


def test_the_list(shared: Shared) -> None:
    (author,) = shared.add({"lister": ("college_admin", "EAST")})
    with shared.api(author) as client:
        for number, title in enumerate(("Straßenfest", "Concert", "Lecture on water")):
            fields = {"title": title, "event_date": f"2027-05-0{9 - number}", "registration_required": number == 1}
            more = {"organizer": "Müller AG", "description": f"Text {number}"}
            assert client.post(EVENTS, json=body(**fields, **more)).status_code == 201
        street, concert, lecture = "Straßenfest", "Concert", "Lecture on water"
        for query, expected in (
            ({"search": "müller"}, [street, concert, lecture]),
            ({"search": "müller", "ordering": "event_date"}, [lecture, concert, street]),
            ({"search": "müller", "ordering": "-created_at,title"}, [lecture, concert, street]),
            ({"search": "STRASSE mü"}, [street]),
            ({"search": "müller text 2"}, [lecture]),
            ({"search": "zebra"}, []),
            ({"event_date": "2027-05-08"}, [concert]),
            ({"event_date": "2027-05-09", "registration_required": "true"}, []),
            ({"search": "müller", "registration_required": "true"}, [concert]),
            ({"search": "müller", "page_size": "2", "page": "2"}, [lecture]),
        ):
            assert [one["title"] for one in client.get(EVENTS, params=query).json()["results"]] == expected, query
        for query in ({"event_date": "1.1."}, {"registration_required": "x"}, {"is_active": "2"}):
            answer = client.get(EVENTS, params=query)
            assert (answer.status_code, list(answer.json())) == (400, list(query))
        assert client.get(EVENTS, params={"page": "99"}).json() == {"detail": "Invalid page."}
        (first,) = client.get(EVENTS, params={"search": "straßenfest"}).json()["results"]
        assert client.patch(f"{EVENTS}{first['id']}/", json={"title": "Another"}).status_code == 200
        assert client.get(EVENTS, params={"search": "straßenfest"}).json()["count"] == 0
