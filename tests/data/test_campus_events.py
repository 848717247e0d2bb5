"""Events of the campus and who comes, below the interface: deadlines to the second, places, and what the log tells."""

from __future__ import annotations

import json
import tempfile
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import campus_event_rows, campus_events, clock, keys, log, registration_rows, registrations, users
from data.asker import Asker, Moment
from data.errors import DataError, Forbidden, Invalid, NotFound
from data.listing import Asked
from data.session import command_transaction
from data.transaction import Transaction

KOLKATA = ZoneInfo("Asia/Kolkata")
NOON = "2026-03-10T06:30:00.000000Z"  # 12:00 in Kolkata
EVERYTHING = 1 << 30
ALL = Asked(filters={"is_active": True}, limit=100)
EVENT = {
    "title": "Open day",
    "description": "All labs.",
    "event_date": date(2026, 3, 20),
    "start_time": "10:30",
    "end_time": "12:00:00",
}


def moment(stamp: str = NOON) -> Moment:
    return Moment(stamp, clock.day(clock.seconds(stamp), KOLKATA), KOLKATA, 5.0)


def make(tx: Transaction, username: str, role: str, stamp: str = NOON) -> Asker:
    user_id = users.create(tx, users.NewUser(username, user_type=role, college_id=1), NOON)
    return Asker(user_id, role, 1, 1, moment(stamp))


def at(asker: Asker, stamp: str) -> Asker:
    return Asker(asker.user_id, asker.user_type, asker.college_id, asker.home_id, moment(stamp))


def events(tx: Transaction, asker: Asker, after_id: int = 0) -> list[tuple[str, dict[str, Any]]]:
    page = log.since(tx, keys.held(tx, asker.user_id), after_id, EVERYTHING, EVERYTHING)
    assert page.complete
    return [(event.event, json.loads(event.data)) for event in page.events]


def register(tx: Transaction, asker: Asker, event_id: int, **values: Any) -> int:
    return int(registrations.create(tx, asker, {"event": event_id, **values})["id"])


def refusal(call: Any, *args: Any) -> Any:
    """What a call is refused for, or the kind of the refusal."""
    try:
        call(*args)
    except Invalid as error:
        return error.fields
    except DataError as error:
        return type(error)
    return None


@pytest.mark.parametrize(
    ("given", "stored", "last", "late"),
    [
        # A date is the campus's day: Kolkata's midnight is 18:30 in UTC.
        ("2026-03-10", "2026-03-10", "2026-03-10T18:29:59.999999Z", "2026-03-10T18:30:00.000000Z"),
        ("2026-03-10T08:00:00Z", "2026-03-10T08:00:00.000000Z", "2026-03-10T08:00:00.000000Z",
         "2026-03-10T08:00:00.000001Z"),
        ("2026-03-10T13:30:00+05:30", "2026-03-10T08:00:00.000000Z", "2026-03-10T08:00:00.000000Z",
         "2026-03-10T08:00:00.000001Z"),
        # As `datetime-local` fields give it.
        ("2026-03-10T13:30", "2026-03-10T08:00:00.000000Z", "2026-03-10T08:00:00.000000Z",
         "2026-03-10T08:00:00.000001Z"),
    ],
)  # fmt: skip
def test_a_deadline_is_a_day_of_the_campus_or_a_moment(
    tx: Transaction, given: str, stored: str, last: str, late: str
) -> None:
    tom, ann, bob = make(tx, "tom", "teacher"), make(tx, "ann", "student"), make(tx, "bob", "student")
    event = campus_events.create(tx, tom, {**EVENT, "registration_deadline": given})
    assert event["registration_deadline"] == stored
    register(tx, at(ann, last), event["id"])
    over = {"non_field_errors": ["The registration deadline of this event has passed."]}
    assert refusal(register, tx, at(bob, late), event["id"]) == over
    assert refusal(register, tx, at(tom, late), event["id"]) == over, "for authors as well"
    (mine,) = registration_rows.page(tx, ann, ALL)[1]
    registrations.update(tx, at(ann, late), mine["id"], {"status": "cancelled"})
    assert refusal(registrations.update, tx, at(ann, late), mine["id"], {"status": "registered"}) == over
    # Who was there is noted afterwards.
    assert registrations.update(tx, at(tom, late), mine["id"], {"status": "attended"})["status"] == "attended"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", " \n"), ("title", "x" * 301), ("title", "\ud800"), ("description", ""),
        ("description", "x" * 20_001), ("venue", "x" * 301), ("organizer", "a\0b"),
        ("start_time", "10:3"), ("start_time", "24:00"), ("start_time", "10:30:60"), ("start_time", "10:30\n"),
        ("start_time", "10:30:00Z"), ("start_time", "1٠:30"), ("end_time", ""), ("image", "javascript:alert(1)"),
        ("image", "//evil.example/x.png"), ("image", "https://"), ("image", "https://a b/"), ("image", "x"),
        ("image", "/\\evil.example"),
        ("registration_deadline", "soon"), ("registration_deadline", "2026-02-30"),
        ("registration_deadline", "20260310"), ("registration_deadline", "2026-03-10T25:00"),
        ("registration_deadline", "2026-W10-2"), ("registration_deadline", "2026-03-10\n"),
        ("registration_deadline", "0001-01-01T00:00+10:00"), ("registration_deadline", "2026-03-10x10:00"),
    ],
)  # fmt: skip
def test_values_that_no_event_can_have(tx: Transaction, name: str, value: str) -> None:
    tom = make(tx, "tom", "teacher")
    found = refusal(campus_events.create, tx, tom, {**EVENT, name: value})
    assert list(found) == [name]
    assert len(found[name]) == 1
    event = campus_events.create(tx, tom, EVENT)
    assert refusal(campus_events.update, tx, tom, event["id"], {name: value}) == found


def test_values_as_they_are_stored(tx: Transaction) -> None:
    tom = make(tx, "tom", "teacher")
    event = campus_events.create(tx, tom, EVENT)
    assert (event["start_time"], event["end_time"], event["event_date"]) == ("10:30:00", "12:00:00", "2026-03-20")
    assert (event["venue"], event["organizer"], event["image"], event["max_participants"]) == ("", "", None, None)
    across = {"non_field_errors": ["The end time must be after the start time."]}
    for times in ({"end_time": "10:30"}, {"end_time": "10:29:59"}, {"start_time": "12:00"}, {"start_time": "23:59"}):
        assert refusal(campus_events.create, tx, tom, EVENT | times) == across
        assert refusal(campus_events.update, tx, tom, event["id"], times) == across
    values = {"venue": "Hall A", "image": "/media/a.png", "max_participants": 3, "registration_deadline": "2026-03-10"}
    changed = campus_events.update(tx, at(tom, "2026-03-11T06:30:00.000000Z"), event["id"], values)
    assert {name: changed[name] for name in values} == values  # type: ignore[literal-required]
    nothing = {"venue": None, "image": "", "max_participants": None, "registration_deadline": ""}
    changed = campus_events.update(tx, tom, event["id"], nothing)
    assert [changed[name] for name in nothing] == ["", None, None, None]  # type: ignore[literal-required]
    position = log.position(tx)
    again = campus_events.update(tx, at(tom, "2026-03-12T06:30:00.000000Z"), event["id"], changed | EVENT)
    assert again == changed, "what is the same changes nothing"
    assert log.position(tx) == position


def test_the_log_forgets_texts_that_were_changed_or_withdrawn(tx: Transaction) -> None:
    tom, ann = make(tx, "tom", "teacher"), make(tx, "ann", "student")
    event = campus_events.create(tx, tom, EVENT | {"title": "Secret party", "venue": "Roof"})
    register(tx, ann, event["id"])
    campus_events.update(tx, tom, event["id"], {"title": "Open day", "venue": "Hall"})
    told = json.dumps(events(tx, ann))
    assert "Secret" not in told
    assert "Roof" not in told
    assert [name for name, _ in events(tx, ann)] == ["event_updated", "notification", "event_updated", "event_updated"]
    (news,) = [data for name, data in events(tx, ann) if name == "notification"]
    assert news["message"] == "Open day"
    assert news["data"] == {
        "event_id": event["id"], "event_date": "2026-03-20", "start_time": "10:30:00", "venue": "Hall",
    }  # fmt: skip
    campus_events.delete(tx, tom, event["id"])
    told = json.dumps(events(tx, ann))
    assert "Open day" not in told
    assert "Hall" not in told
    assert "labs" not in told
    assert events(tx, ann)[-1] == ("event_removed", {"id": event["id"]})
    stored = tx.rows("SELECT message, data FROM notifications")
    assert [row["message"] for row in stored] == ["This event was withdrawn."]
    assert "Hall" not in stored[0]["data"]


def test_no_more_register_than_there_are_places(tx: Transaction) -> None:
    tom = make(tx, "tom", "teacher")
    people = [make(tx, f"user{number}", "student") for number in range(4)]
    event_id = campus_events.create(tx, tom, EVENT | {"max_participants": 2})["id"]
    first, second = (register(tx, asker, event_id) for asker in people[:2])
    full = {"non_field_errors": ["This event is full: it has no places left."]}
    assert refusal(register, tx, people[2], event_id) == full
    assert refusal(register, tx, people[0], event_id) == {
        "non_field_errors": ["The fields event, user must make a unique set."]
    }
    registrations.update(tx, people[0], first, {"status": "cancelled"})
    third = register(tx, people[2], event_id)
    assert refusal(registrations.update, tx, people[0], first, {"status": "registered"}) == full
    assert refusal(registrations.update, tx, tom, first, {"status": "attended"}) == full
    registrations.update(tx, tom, third, {"status": "no_show"})
    registrations.update(tx, people[0], first, {"status": "registered"})
    assert refusal(registrations.update, tx, tom, third, {"status": "confirmed"}) == full
    registrations.delete(tx, people[1], second)
    assert campus_event_rows.one(tx, tom, event_id)["registered_count"] == 1
    assert register(tx, people[1], event_id) == second, "one of an event and user, ever"
    assert refusal(register, tx, people[3], event_id) == full
    # Fewer places than are taken put nobody out.
    assert campus_events.update(tx, tom, event_id, {"max_participants": 1})["registered_count"] == 2
    registrations.delete(tx, people[1], second)
    assert refusal(register, tx, people[1], event_id) == full


def test_what_its_keeper_has_said_of_a_registration_stays_said(tx: Transaction) -> None:
    tom, ann, tim = make(tx, "tom", "teacher"), make(tx, "ann", "student"), make(tx, "tim", "teacher")
    event_id = campus_events.create(tx, tom, EVENT)["id"]
    assert refusal(register, tx, tim, event_id) is None, "a teacher is nobody special at others' events"
    number = register(tx, ann, event_id)
    for status in ("confirmed", "attended", "no_show"):
        assert refusal(registrations.update, tx, ann, number, {"status": status}) is Forbidden
        assert refusal(registrations.update, tx, tim, number, {"status": status}) is NotFound
        registrations.update(tx, tom, number, {"status": status})
        mine = {"status": status, "event": event_id, "user": ann.user_id}
        assert registrations.update(tx, ann, number, mine)["status"] == status, "the same as before is no change"
    assert refusal(registrations.update, tx, ann, number, {"status": "cancelled"}) is Forbidden
    assert refusal(registrations.delete, tx, ann, number) is Forbidden
    registrations.update(tx, tom, number, {"status": "confirmed"})
    assert refusal(registrations.update, tx, ann, number, {"registration_date": date(2020, 1, 1)}) is Forbidden
    for fixed in ({"event": event_id + 1}, {"user": tom.user_id}):
        assert list(refusal(registrations.update, tx, tom, number, fixed)) == list(fixed)
    registrations.update(tx, ann, number, {"status": "cancelled"})
    campus_events.delete(tx, tom, event_id)
    assert list(refusal(registrations.update, tx, ann, number, {"status": "registered"})) == ["event"]
    registrations.delete(tx, ann, number)
    assert refusal(register, tx, ann, event_id) == {"event": [f'Invalid pk "{event_id}" - object does not exist.']}


_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["a", "b"]),
        "venue": st.sampled_from(["", "Hall"]),
        "max_participants": st.sampled_from([None, 1, 2]),
        "registration_deadline": st.sampled_from([None, "2026-03-09", "2026-03-20"]),
        "is_active": st.just(False),
    },
)
_PLACE, _PERSON = st.integers(0, 2), st.integers(0, 2)
_STATUS = st.sampled_from(["registered", "pending", "confirmed", "cancelled", "attended", "no_show"])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), _FIELDS),
        st.tuples(st.just("update"), _PLACE, _FIELDS),
        st.tuples(st.just("delete"), _PLACE),
        st.tuples(st.just("register"), _PLACE, _PERSON, _STATUS),
        st.tuples(st.just("status"), _PLACE, _PERSON, _STATUS, st.booleans()),
        st.tuples(st.just("leave"), _PLACE, _PERSON),
        st.tuples(st.just("look")),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(steps=_STEPS)
def test_i3_a_list_and_the_events_after_it_are_a_fresh_list(steps: list[Any]) -> None:
    """Any interleaving of changes and registrations, by authors and users; and nowhere more than there are places."""
    with tempfile.TemporaryDirectory() as folder, command_transaction(Path(folder) / "realtime.sqlite3") as tx:
        tom, reader = make(tx, "tom", "teacher"), make(tx, "reader", "parent")
        people = [make(tx, f"user{number}", "student") for number in range(3)]
        made: list[int] = []
        snapshots = [(0, listed(tx, reader))]
        for name, *values in steps:
            if name == "create":
                fields = {key: value for key, value in values[0].items() if key != "is_active"}
                made.append(campus_events.create(tx, tom, EVENT | fields)["id"])
            elif name == "look":
                snapshots.append((log.position(tx), listed(tx, reader)))
            elif made:
                before = listed(tx, reader)
                refusal(do, tx, name, tom, people, made[values[0] % len(made)], values[1:])
                for event_id, event in listed(tx, reader).items():
                    was = before.get(event_id, event)
                    places = event["max_participants"]
                    if places is not None and event["registered_count"] > was["registered_count"]:
                        assert event["registered_count"] <= places
        for position, held in snapshots:
            for name, data in events(tx, reader, position):
                if name == "event_updated":
                    held[data["id"]] = data
                elif name == "event_removed":
                    held.pop(data["id"], None)
            assert held == listed(tx, reader)
        news = [data["data"]["event_id"] for name, data in events(tx, reader) if name == "notification"]
        assert news == made, "each is news once"


def do(tx: Transaction, name: str, tom: Asker, people: list[Asker], event_id: int, values: list[Any]) -> None:
    if name == "update":
        campus_events.update(tx, tom, event_id, values[0])
    elif name == "delete":
        campus_events.delete(tx, tom, event_id)
    elif name == "register":
        registrations.create(tx, people[values[0]], {"event": event_id, "status": values[1]})
    else:
        asker = people[values[0]]
        row = registration_rows.of_user(tx, event_id, asker.user_id)
        if row is not None and name == "leave":
            registrations.delete(tx, asker, row["id"])
        elif row is not None:
            registrations.update(tx, tom if values[2] else asker, row["id"], {"status": values[1]})


def listed(tx: Transaction, asker: Asker) -> dict[int, dict[str, Any]]:
    return {event["id"]: dict(event) for event in campus_event_rows.page(tx, asker, ALL)[1]}


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        (f"SELECT count(*) FROM event_registrations WHERE event_id = 5 AND {campus_event_rows.COUNTED}",
         "COVERING INDEX event_registrations_counted"),
        ("SELECT id FROM events WHERE college_id = 1 AND is_active = 1 ORDER BY event_date DESC, id DESC LIMIT 20",
         "events_by_college"),
    ],
)  # fmt: skip
def test_the_plan_of_what_every_list_asks(tx: Transaction, sql: str, index: str) -> None:
    plan = " ".join(row["detail"] for row in tx.rows(f"EXPLAIN QUERY PLAN {sql}"))
    assert index in plan
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan
