"""For whom a notice is, through a real server: rows in the same request or in one of their own, whom they reach, and
who may write and read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.support.shared import Shared, running
from tests.support.sse import Stream
from tests.support.waiting import eventually

NOTICES = "communication/notices/"
ROWS = "communication/notice-visibility/"
FIELDS = [
    "id", "college", "notice", "notice_title", "target_type", "class_obj", "class_name", "section", "section_name",
    "is_active", "created_at", "updated_at", "created_by", "updated_by",
]  # fmt: skip
YESTERDAY = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
DELAY_S = 1
RED, BLUE = {"target_type": "class", "class_obj": 1}, {"target_type": "class", "class_obj": 2}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """Ann is in class 1 (Red) and its section 1, Bob in class 1, Cy in class 2 (Blue); class 3 is of the East."""
    with running(tmp_path_factory.mktemp("visibility"), notice_announce_delay_s=DELAY_S) as found:
        ann, bob, cy = (found[name].id for name in ("ann", "bob", "cy"))
        make(found, "dean", "academic/classes/", name="Red")
        make(found, "dean", "academic/classes/", name="Blue")
        make(found, "east_dean", "academic/classes/", name="Red")
        make(found, "dean", "academic/sections/", name="A", class_obj=1)
        make(found, "dean", "academic/sections/", name="B", class_obj=2)
        make(found, "dean", "academic/enrollments/", user=ann, class_obj=1, section=1)
        make(found, "dean", "academic/enrollments/", user=bob, class_obj=1)
        make(found, "dean", "academic/enrollments/", user=cy, class_obj=2)
        yield found


def make(shared: Shared, username: str, where: str, **fields: Any) -> dict[str, Any]:
    with shared.api(username) as client:
        answer = client.post(where, json=fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def publish(shared: Shared, username: str = "tara", **fields: Any) -> int:
    given = {"title": "Sports day", "content": "c", "publish_date": YESTERDAY, "is_published": True} | fields
    return int(make(shared, username, NOTICES, **given)["id"])


def told(stream: Stream, number: int) -> list[str]:
    """The names of what a stream was told of a notice."""
    return [
        one.event
        for one in stream.events()
        if (one.event == "notification" and one.data["data"].get("notice_id") == number)
        or (one.event.startswith("notice_") and one.data["id"] == number)
    ]


def seen(shared: Shared, number: int) -> set[str]:
    """Which of some people see a notice."""
    found = set()
    for name in ("tara", "dean", "ann", "bob", "cy", "pat", "east_ann", "east_dean"):
        with shared.api(name) as client:
            before = client.get(f"{NOTICES}{number}/")
            listed = [one["id"] for one in client.get(NOTICES, params={"page_size": 100}).json()["results"]]
            answer = client.get(f"{NOTICES}{number}/")
        if before.status_code == answer.status_code:  # else it was announced in between
            assert (answer.status_code == 200) is (number in listed), name
        if number in listed:
            found.add(name)
    return found


@pytest.mark.parametrize(
    ("targets", "readers"),
    [
        ([RED], {"ann", "bob"}),
        ([BLUE], {"cy"}),
        ([RED, BLUE, RED], {"ann", "bob", "cy"}),
        ([{"target_type": "section", "section": 1}], {"ann"}),
        ([{"target_type": "section", "section": 1, "class_obj": 1}, BLUE], {"ann", "cy"}),
        ([{"target_type": "section", "section": 2}], set()),
        ([RED, {"target_type": "all"}], {"ann", "bob", "cy", "pat"}),
        ([], {"ann", "bob", "cy", "pat"}),
    ],
)
def test_readers_see_what_is_for_them(shared: Shared, targets: list[dict[str, Any]], readers: set[str]) -> None:
    number = publish(shared, visibility=targets)
    eventually(lambda: seen(shared, number) == readers | {"tara", "dean"}, "they see it once it is announced")


def test_a_visibility_in_the_request_is_told_at_once_and_to_nobody_else(shared: Shared) -> None:
    with Stream(shared.server, shared["bob"]) as bob, Stream(shared.server, shared["cy"]) as cy:
        bob.wait_for("connected")
        cy.wait_for("connected")
        number = publish(shared, visibility=[RED])
        event = bob.wait_for(lambda one: one.event == "notification" and one.data["data"]["notice_id"] == number)
        assert event.data["message"] == "Sports day"
        other = publish(shared, visibility=[BLUE])
        cy.wait_for(lambda one: one.event == "notification" and one.data["data"]["notice_id"] == other)
        assert (told(bob, other), told(cy, number)) == ([], [])


def test_rows_of_a_second_request_decide_whom_the_first_is_announced_to(shared: Shared) -> None:
    with Stream(shared.server, shared["ann"]) as ann, Stream(shared.server, shared["cy"]) as cy:
        ann.wait_for("connected")
        cy.wait_for("connected")
        number = publish(shared, title="For Red alone", content="secret")
        assert seen(shared, number) == {"tara", "dean"}, "nobody else sees what is not announced"
        row = make(shared, "tara", ROWS, notice=number, **RED)
        assert list(row) == FIELDS
        assert (row["notice_title"], row["class_name"], row["section"], row["section_name"]) == (
            "For Red alone", "Red", None, None,
        )  # fmt: skip
        ann.wait_for(lambda one: one.event == "notification" and one.data["data"]["notice_id"] == number)
        last = publish(shared, visibility=[BLUE])
        cy.wait_for(lambda one: one.event == "notification" and one.data["data"]["notice_id"] == last)
        assert told(cy, number) == []
        assert b"For Red alone" not in cy.raw
        assert b"secret" not in cy.raw
    assert seen(shared, number) == {"ann", "bob", "tara", "dean"}
    with shared.api("cy") as client:
        answer = client.get("communication/notifications/", params={"search": "red alone"})
        assert answer.json()["count"] == 0


def test_other_rows_of_an_announced_notice(shared: Shared) -> None:
    number = publish(shared, visibility=[RED])
    with Stream(shared.server, shared["bob"]) as bob, Stream(shared.server, shared["cy"]) as cy:
        bob.wait_for("connected")
        cy.wait_for("connected")
        with shared.api("tara") as client:
            notice = client.get(f"{NOTICES}{number}/").json()
            assert notice["visibility"] == [{"target_type": "class", "class_obj": 1, "section": None}]
            changed = client.put(f"{NOTICES}{number}/", json=notice | {"visibility": [BLUE], "title": "Moved"}).json()
            assert changed["visibility"] == [{"target_type": "class", "class_obj": 2, "section": None}]
            assert cy.wait_for("notice_updated").data == changed
            assert bob.wait_for("notice_removed").data == {"id": number}
            same = client.patch(f"{NOTICES}{number}/", json={"visibility": [BLUE, BLUE]}).json()
            assert same == changed, "what is the same changes nothing"
            assert client.patch(f"{NOTICES}{number}/", json={"visibility": None}).json() == changed
            everybody = client.patch(f"{NOTICES}{number}/", json={"visibility": []}).json()
            assert everybody["visibility"] == []
        assert bob.wait_for("notice_updated").data == everybody
        assert (told(bob, number), told(cy, number)) == (["notice_removed", "notice_updated"], ["notice_updated"] * 2)
    with Stream(shared.server, shared["cy"], last_event_id=0) as again:
        again.wait_for("notice_updated", title="Moved")
        assert "notification" not in told(again, number), "seen, and no news"


def test_a_row_is_made_changed_and_taken_away(shared: Shared) -> None:
    number = publish(shared, is_published=False)
    with shared.api("tara") as client:
        row = client.post(ROWS, json={"notice": number, "target_type": "section", "section": 1}).json()
        assert (row["class_obj"], row["class_name"], row["section_name"]) == (1, "Red", "A")
        path = f"{ROWS}{row['id']}/"
        moved = client.patch(path, json={"section": 2}).json()
        assert (moved["class_obj"], moved["section_name"]) == (2, "B")
        assert client.put(path, json=moved | {"target_type": "all"}).json()["class_obj"] is None
        answer = client.patch(path, json={"notice": publish(shared)})
        assert (answer.status_code, list(answer.json())) == (400, ["notice"])
        assert client.delete(path).status_code == 204
        assert client.get(path).status_code == client.delete(path).status_code == 404
        assert client.get(ROWS, params={"notice": number}).json()["count"] == 0
        (gone,) = client.get(ROWS, params={"notice": number, "is_active": "false"}).json()["results"]
        assert gone["id"] == row["id"]
        assert client.get(f"{NOTICES}{number}/").json()["visibility"] == []


def test_the_list_and_its_filters(shared: Shared) -> None:
    number = publish(shared, visibility=[RED, {"target_type": "section", "section": 2}])
    draft = publish(shared, is_published=False, visibility=[RED])
    with shared.api("tara") as client:
        for query, expected in (
            ({}, [(2, 2), (1, None)]),
            ({"ordering": "created_at"}, [(1, None), (2, 2)]),
            ({"target_type": "class"}, [(1, None)]),
            ({"class_obj": "2"}, [(2, 2)]),
            ({"section": "2"}, [(2, 2)]),
            ({"section": "1"}, []),
            ({"target_type": "all"}, []),
        ):
            page = client.get(ROWS, params={"notice": str(number), **query}).json()
            assert [(one["class_obj"], one["section"]) for one in page["results"]] == expected, query
        answer = client.get(ROWS, params={"target_type": "college", "notice": "x"})
        assert (answer.status_code, sorted(answer.json())) == (400, ["notice", "target_type"])
        assert "X-Last-Event-ID" in client.get(ROWS).headers
    for name, count in (("bob", 2), ("pat", 0), ("east_dean", 0), ("dean", 2), ("boss", 2)):
        with shared.api(name) as client:
            assert client.get(ROWS, params={"notice": number}).json()["count"] == count, name
            assert client.get(ROWS, params={"notice": draft}).json()["count"] == (name in ("dean", "boss")), name


@pytest.mark.parametrize(
    ("target", "field"),
    [
        ({"target_type": "class"}, "class_obj"),
        ({"target_type": "class", "class_obj": 3}, "class_obj"),  # the East's
        ({"target_type": "class", "class_obj": 99}, "class_obj"),
        ({"target_type": "class", "class_obj": "1"}, "class_obj"),
        ({"target_type": "section"}, "section"),
        ({"target_type": "section", "class_obj": 1}, "section"),
        ({"target_type": "section", "section": 99}, "section"),
        ({"target_type": "section", "section": 1, "class_obj": 2}, "section"),
        ({"target_type": "college"}, "target_type"),
        ({"target_type": None}, "target_type"),
        ({}, "target_type"),
        ({"target_type": "all", "notice": 10**9}, "notice"),
        ({"target_type": "all", "notice": None}, "notice"),
    ],
)
def test_what_is_wrong_is_named(shared: Shared, target: dict[str, Any], field: str) -> None:
    number = publish(shared, is_published=False)
    with shared.api("tara") as client:
        answer = client.post(ROWS, json={"notice": number, **target})
        assert (answer.status_code, list(answer.json())) == (400, [field]), answer.text
        if "notice" not in target:
            answer = client.patch(f"{NOTICES}{number}/", json={"visibility": [target]})
            assert (answer.status_code, list(answer.json())) == (400, ["visibility"]), answer.text


def test_previews_count_and_write_nothing(shared: Shared) -> None:
    def preview(name: str, **given: Any) -> httpx.Response:
        with shared.api(name) as client:
            return client.post(f"{NOTICES}preview/", json=given)

    with Stream(shared.server, shared["ann"]) as stream, shared.api("tara") as client:
        stream.wait_for("presence_snapshot")
        before = client.get(NOTICES).headers["X-Last-Event-ID"]
        for given, expected in (
            ({"visibility": [RED]}, (3, 1)),  # the author is told, too
            ({"visibility": [BLUE]}, (2, 0)),
            ({"visibility": [{"target_type": "section", "section": 1}]}, (2, 1)),
            ({"audience": {"classes": [1, 2]}}, (4, 1)),
            ({"audience": {"sections": [1], "users": [shared["cy"].id]}}, (3, 1)),
        ):
            answer = preview("tara", **given)
            assert (answer.status_code, answer.json()) == (200, {"reached": expected[0], "online": expected[1]}), given
        whole = preview("tara").json()
        assert whole == preview("tara", visibility=[{"target_type": "all"}]).json()
        assert whole == preview("boss", college=1).json() | {"reached": whole["reached"]}
        assert client.get(NOTICES).headers["X-Last-Event-ID"] == before
        said = client.post("communication/announcements/preview/", json={"audience": {"classes": [1]}})
        assert said.json() == {"reached": 3, "online": 1}
    assert preview("tara", visibility=[RED], audience={"all": True}).json().keys() == {"non_field_errors"}
    assert preview("tara", visibility=[{"target_type": "class", "class_obj": 3}]).json().keys() == {"visibility"}
    assert preview("tara", audience={"classes": [1, 3, 77]}).json() == {
        "audience": ["There are no such classes: 3, 77."]
    }
    assert preview("tara", audience={"sections": list(range(1, 502))}).json() == {
        "audience": ["Name at most 500 sections."]
    }
    assert preview("ann").status_code == 403
    assert preview("boss", audience={"all": True}).json().keys() == {"college"}, "of two one must be named"


def test_announcements_to_classes_and_sections(shared: Shared) -> None:
    with (
        Stream(shared.server, shared["ann"]) as ann, Stream(shared.server, shared["bob"]) as bob,
        Stream(shared.server, shared["cy"]) as cy, shared.api("tara") as client,
    ):  # fmt: skip
        for stream in (ann, bob, cy):
            stream.wait_for("presence_snapshot")
        for title, audience, counted in (
            ("red", {"classes": [1]}, (3, 2)),
            ("section", {"sections": [1]}, (2, 1)),
            ("union", {"classes": [2], "sections": [1], "users": [shared["ann"].id]}, (3, 2)),
            ("end", {"classes": [1, 2]}, (4, 3)),
        ):
            answer = client.post(
                "communication/announcements/", json={"title": title, "message": "m", "audience": audience}
            )
            assert (answer.json()["reached"], answer.json()["online"]) == counted, title
            assert answer.json()["audience"] == audience
        heard = {}
        for name, stream in (("ann", ann), ("bob", bob), ("cy", cy)):
            stream.wait_for("notification", title="end")
            heard[name] = [
                one.data["title"]
                for one in stream.events("notification")
                if one.data["notification_type"] == "announcement"
            ]
        assert heard == {"ann": ["red", "section", "union", "end"], "bob": ["red", "end"], "cy": ["union", "end"]}
        for wrong, message in (
            ({"classes": [3]}, "There are no such classes: 3."),
            ({"sections": [99], "classes": [1]}, "There are no such sections: 99."),
        ):
            answer = client.post("communication/announcements/", json={"title": "t", "message": "m", "audience": wrong})
            assert (answer.status_code, answer.json()) == (400, {"audience": [message]})
