"""Registrations for events through a real server: whose they are, and that the places hold when all come at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.campus import User
from tests.support.shared import Shared, running
from tests.support.sse import Stream
from tests.test_campus_events import EVENTS, REGISTRATIONS, create

FIELDS = [
    "id", "college", "event", "event_title", "user", "user_name", "registration_date", "status", "is_active",
    "created_at", "updated_at", "created_by", "updated_by",
]  # fmt: skip
PLACES, CROWD = 10, 50


def register(shared: Shared, username: str, event_id: int, **fields: Any) -> httpx.Response:
    with shared.api(username) as client:
        return client.post(REGISTRATIONS, json={"event": event_id, **fields})


def registered(shared: Shared, username: str, event_id: int, **fields: Any) -> dict[str, Any]:
    answer = register(shared, username, event_id, **fields)
    assert answer.status_code == 201, answer.text
    one: dict[str, Any] = answer.json()
    return one


def listed(shared: Shared, username: str, **query: Any) -> list[int]:
    with shared.api(username) as client:
        answer = client.get(REGISTRATIONS, params=query)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["results"]]


async def all_at_once(shared: Shared, users: list[User], event_id: int) -> list[httpx.Response]:
    """Every user's request, each on a connection of its own that is open before the first is sent."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=shared.server.url + "/api/v1/", limits=limits, timeout=30, trust_env=False
    ) as client:
        await asyncio.gather(*(client.get(EVENTS, headers=user.headers) for user in users))
        return await asyncio.gather(
            *(client.post(REGISTRATIONS, json={"event": event_id}, headers=user.headers) for user in users)
        )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("registrations")) as found:
        yield found


def test_fifty_at_once_for_ten_places_are_ten(shared: Shared) -> None:
    users = shared.add({f"comer_{number}": ("student", "CAMPUS") for number in range(CROWD)})
    event = create(shared, "tara", max_participants=PLACES)
    with Stream(shared.server, shared["ann"]) as stream:
        stream.wait_for("connected")
        answers = asyncio.run(all_at_once(shared, users, event["id"]))
        assert Counter(answer.status_code for answer in answers) == {201: PLACES, 400: CROWD - PLACES}
        full = {"non_field_errors": ["This event is full: it has no places left."]}
        assert all(answer.json() == full for answer in answers if answer.status_code == 400)
        assert len(listed(shared, "tara", event=event["id"])) == PLACES
        stream.wait_for("event_updated", registered_count=PLACES)
        told = [one.data["registered_count"] for one in stream.events("event_updated")]
        assert told == list(range(1, PLACES + 1))
    (count,) = shared.sql("SELECT count(*) FROM event_registrations WHERE event_id = ?", (event["id"],))
    assert count == (PLACES,)


def test_the_same_user_fifty_times_at_once_is_registered_once(shared: Shared) -> None:
    event = create(shared, "tara")
    answers = asyncio.run(all_at_once(shared, [shared["bob"]] * CROWD, event["id"]))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 400: CROWD - 1}
    unique = {"non_field_errors": ["The fields event, user must make a unique set."]}
    assert all(answer.json() == unique for answer in answers if answer.status_code == 400)


def test_one_registers_cancels_comes_back_and_leaves(shared: Shared) -> None:
    event = create(shared, "tara", title="Chess")
    mine = registered(shared, "ann", event["id"])
    assert list(mine) == FIELDS
    assert (mine["event_title"], mine["user"], mine["user_name"]) == ("Chess", shared["ann"].id, "Ann")
    assert (mine["status"], mine["registration_date"]) == ("registered", mine["created_at"][:10])
    path = f"{REGISTRATIONS}{mine['id']}/"
    with shared.api("ann") as ann:
        got = ann.get(path)
        assert (got.json(), "X-Last-Event-ID" in got.headers) == (mine, True)
        assert ann.put(path, json=mine).json() == mine
        cancelled = ann.patch(path, json={"status": "cancelled"})
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
        assert ann.get(f"{EVENTS}{event['id']}/").json()["registered_count"] == 0
        assert register(shared, "ann", event["id"]).status_code == 400, "there is one, though cancelled"
        assert ann.patch(path, json={"status": "registered"}).status_code == 200
        assert ann.delete(path).status_code == 204
        assert ann.get(path).status_code == ann.delete(path).status_code == 404
        assert mine["id"] not in listed(shared, "ann")
        assert mine["id"] in listed(shared, "ann", is_active="false")
        assert registered(shared, "ann", event["id"])["id"] == mine["id"]


def test_whose_registrations_one_sees_and_changes(shared: Shared) -> None:
    event, other = create(shared, "tara"), create(shared, "stan")
    anns, bobs = (registered(shared, name, event["id"])["id"] for name in ("ann", "bob"))
    elsewhere = registered(shared, "ann", other["id"])["id"]
    for username, expected in (
        ("ann", [elsewhere, anns]), ("bob", [bobs]), ("tara", [bobs, anns]), ("stan", [elsewhere]),
        ("dean", [elsewhere, bobs, anns]), ("boss", [elsewhere, bobs, anns]), ("cy", []), ("east_dean", []),
    ):  # fmt: skip
        seen = set(listed(shared, username, page_size=100))
        assert [number for number in (elsewhere, bobs, anns) if number in seen] == expected, username
        keeps = username in ("tara", "dean", "boss")
        with shared.api(username) as client:
            path = f"{REGISTRATIONS}{anns}/"
            assert client.get(path).status_code == (200 if keeps or username == "ann" else 404), username
            for status in ("confirmed", "no_show"):
                answer = client.patch(path, json={"status": status})
                assert answer.status_code == (200 if keeps else 403 if username == "ann" else 404), username
            assert client.patch(path, json={"status": "lost"}).status_code == 400
    assert listed(shared, "tara", event=event["id"], status="no_show") == [anns]
    assert listed(shared, "tara", event=event["id"], user=shared["bob"].id) == [bobs]
    assert listed(shared, "tara", event=event["id"], status="pending") == []
    with shared.api("ann") as ann:
        assert ann.delete(f"{REGISTRATIONS}{anns}/").status_code == 403, "what its keeper has said stays said"
        assert ann.delete(f"{REGISTRATIONS}{bobs}/").status_code == 404
        for query in ({"event": "x"}, {"status": "lost"}, {"user": "0"}, {"is_active": "?"}):
            answer = ann.get(REGISTRATIONS, params=query)
            assert (answer.status_code, list(answer.json())) == (400, list(query))


def test_who_registers_whom(shared: Shared) -> None:
    event, foreign = create(shared, "tara"), create(shared, "east_dean")
    bob, east_ann, gone = (shared[name].id for name in ("bob", "east_ann", "gone"))
    assert register(shared, "ann", event["id"], user=bob).status_code == 403
    assert register(shared, "tara", event["id"], user=bob).status_code == 403, "only admins name another"
    assert register(shared, "ann", event["id"], status="confirmed").status_code == 403
    by_dean = registered(shared, "dean", event["id"], user=bob, status="confirmed", registration_date="2026-01-02")
    assert (by_dean["user"], by_dean["status"], by_dean["registration_date"]) == (bob, "confirmed", "2026-01-02")
    assert by_dean["created_by"] == shared["dean"].id
    for username, fields, wrong in (
        ("dean", {"event": event["id"], "user": east_ann}, "user"),
        ("dean", {"event": event["id"], "user": 10**6}, "user"),
        ("dean", {"event": event["id"], "user": gone}, "user"),
        ("boss", {"event": event["id"], "user": east_ann}, "user"),
        ("ann", {"event": foreign["id"]}, "event"), ("dean", {"event": foreign["id"]}, "event"),
        ("ann", {"event": 10**6}, "event"), ("ann", {}, "event"), ("ann", {"event": "x"}, "event"),
        ("ann", {"event": event["id"], "registration_date": "x"}, "registration_date"),
    ):  # fmt: skip
        with shared.api(username) as client:
            answer = client.post(REGISTRATIONS, json=fields)
        assert (answer.status_code, list(answer.json())) == (400, [wrong]), (username, fields, answer.text)


def test_the_deadline(shared: Shared) -> None:
    over = {"non_field_errors": ["The registration deadline of this event has passed."]}
    for deadline, status in (("2020-01-01", 400), ("2020-01-01T10:00:00Z", 400), ("2999-01-01", 201)):
        event = create(shared, "tara", registration_deadline=deadline)
        answer = register(shared, "ann", event["id"])
        assert answer.status_code == status
        assert status == 201 or answer.json() == over
