"""data/enrollments.py, data/keys.py: who hears what of a class, from when on, in the order of one batch (I9, I10)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from data import accounts, classes, colleges, enrollments, keys, log, sections, users
from data.asker import Asker, Moment
from data.errors import Invalid, NotFound
from data.listing import Asked
from data.outcome import Event, KeysChanged, Outcome
from data.transaction import Transaction
from data.users import NewUser
from tests.data.support import create, one_batch, opened

NOW = "2026-01-09T10:30:00.000000Z"
LATER = "2026-01-10T10:30:00.000000Z"
AT_LATER = Moment(LATER, "2026-01-10", ZoneInfo("UTC"), 0.0)
EVERYTHING = 1 << 40


def asker(user_type: str = "super_admin", college_id: int | None = None, user_id: int = 999) -> Asker:
    return Asker(user_id, user_type, college_id, college_id, AT_LATER)


ADMIN = asker()


class Campus:
    """A class with two sections, and a student, in college 1."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self.user = users.create(tx, NewUser("ann", first_name="Ann", college_id=1), NOW)
        self.cls = classes.make(tx, 1, {"name": "1A"}, NOW)
        self.red = sections.make(tx, self.cls, {"name": "Red"}, NOW)
        self.blue = sections.make(tx, self.cls, {"name": "Blue"}, NOW)

    def enroll(self, section: int | None = None, **values: Any) -> enrollments.Enrollment:
        values = {"user": self.user, "class_obj": self.cls, "section": section, **values}
        return enrollments.create(self.tx, ADMIN, values)

    def held(self) -> set[str]:
        """The keys of classes and sections that the student holds, by their names here."""
        names = {f"class:{self.cls}": "class", f"section:{self.red}": "red", f"section:{self.blue}": "blue"}
        return {names[key] for key in keys.held(self.tx, self.user) if key in names}

    def told(self) -> list[KeysChanged]:
        """What was told since the last time."""
        found = [item for item in self.tx.outcome if isinstance(item, KeysChanged)]
        self.tx.outcome.clear()
        return found


@pytest.fixture
def campus(tx: Transaction) -> Iterator[Campus]:
    found = Campus(tx)
    yield found
    # Whatever a test did, nobody holds a key that is not due.
    before = keys.held(tx, found.user)
    keys.settle(tx, found.user)
    assert keys.held(tx, found.user) == before


def test_an_enrolment_gives_keys_from_the_present_position_on(campus: Campus) -> None:
    event = log.append(campus.tx, "notification", {}, ["all"], NOW)
    assert campus.held() == set()
    campus.told()
    made = campus.enroll(campus.red)
    assert (made["user_name"], made["class_name"], made["section_name"]) == ("Ann", "1A", "Red")
    assert campus.held() == {"class", "red"}
    assert campus.told() == [
        KeysChanged(campus.user, ((f"class:{campus.cls}", event.id), (f"section:{campus.red}", event.id)))
    ]


def test_leaving_takes_what_no_other_enrolment_gives(campus: Campus) -> None:
    red, blue = campus.enroll(campus.red), campus.enroll(campus.blue)
    campus.told()
    enrollments.delete(campus.tx, ADMIN, red["id"])
    assert campus.held() == {"class", "blue"}
    assert campus.told() == [KeysChanged(campus.user, (), (f"section:{campus.red}",))]
    enrollments.update(campus.tx, ADMIN, blue["id"], {"is_active": False})
    assert campus.held() == set()
    with pytest.raises(NotFound):
        enrollments.one(campus.tx, ADMIN, red["id"])
    assert enrollments.page(campus.tx, ADMIN, Asked({"is_active": False}, "ann blue"))[0] == 1
    assert enrollments.page(campus.tx, ADMIN, Asked({"is_active": False}, "red"))[0] == 0


def test_what_was_published_while_one_was_out_is_no_news_after_coming_back(campus: Campus) -> None:
    made = campus.enroll()
    enrollments.update(campus.tx, ADMIN, made["id"], {"is_active": False})
    missed = log.append(campus.tx, "notification", {}, [f"class:{campus.cls}"], NOW)
    enrollments.update(campus.tx, ADMIN, made["id"], {"is_active": True})
    got = log.append(campus.tx, "notification", {}, [f"class:{campus.cls}"], NOW)
    held = keys.held(campus.tx, campus.user)
    assert held[f"class:{campus.cls}"] == missed.id
    assert [event.id for event in log.since(campus.tx, held, 0, EVERYTHING, EVERYTHING).events] == [got.id]


@pytest.mark.parametrize("how", ["delete", "update"])
def test_an_inactive_class_or_section_gives_nothing(campus: Campus, how: str) -> None:
    campus.enroll(campus.red)
    other = users.create(campus.tx, NewUser("bob", college_id=1), NOW)
    campus.enroll(user=other)

    def end(resource: Any, row_id: int) -> None:
        if how == "delete":
            resource.delete(campus.tx, ADMIN, row_id)
        else:
            resource.update(campus.tx, ADMIN, row_id, {"is_active": False})

    campus.told()
    end(sections, campus.red)
    assert campus.held() == {"class"}
    end(classes, campus.cls)
    assert campus.held() == set()
    assert f"class:{campus.cls}" not in keys.held(campus.tx, other)
    assert {change.user_id for change in campus.told()} == {campus.user, other}
    classes.update(campus.tx, ADMIN, campus.cls, {"is_active": True})
    assert campus.held() == {"class"}
    sections.update(campus.tx, ADMIN, campus.red, {"is_active": True})
    assert campus.held() == {"class", "red"}


def test_another_class_ends_the_section_of_the_old_one(campus: Campus) -> None:
    made = campus.enroll(campus.red)
    second = classes.make(campus.tx, 1, {"name": "2B"}, NOW)
    changed = enrollments.update(campus.tx, ADMIN, made["id"], {"class_obj": second})
    assert (changed["class_name"], changed["section"]) == ("2B", None)
    assert campus.held() == set()
    assert f"class:{second}" in keys.held(campus.tx, campus.user)


def refused(campus: Campus, values: dict[str, Any], by: Asker = ADMIN) -> dict[str, list[str]]:
    whole = {"user": campus.user, "class_obj": campus.cls, "section": None, **values}
    with pytest.raises(Invalid) as caught:
        enrollments.create(campus.tx, by, whole)
    return caught.value.fields


def test_what_does_not_fit_together_is_refused(campus: Campus) -> None:
    tx = campus.tx
    north = colleges.create(tx, ADMIN, {"code": "NORTH", "name": "North"})["id"]
    norths = classes.make(tx, north, {"name": "1A"}, NOW)
    other = classes.make(tx, 1, {"name": "2B"}, NOW)
    assert list(refused(campus, {"user": 99})) == ["user"]
    assert list(refused(campus, {"class_obj": 99})) == ["class_obj"]
    assert list(refused(campus, {"section": 99})) == ["section"]
    assert refused(campus, {"class_obj": other, "section": campus.red}) == {
        "section": ["This section is not of this class."]
    }
    assert refused(campus, {"class_obj": norths}) == {
        "non_field_errors": ["The user and the class are not of one college."]
    }
    assert list(refused(campus, {}, asker("college_admin", north))) == ["user", "class_obj"]
    sections.delete(tx, ADMIN, campus.red)
    assert list(refused(campus, {"section": campus.red})) == ["section"]
    classes.delete(tx, ADMIN, other)
    assert list(refused(campus, {"class_obj": other})) == ["class_obj"]
    campus.enroll()
    campus.enroll(campus.blue)
    for section in (None, campus.blue):
        assert refused(campus, {"section": section}) == {
            "non_field_errors": ["The fields user, class_obj, section must make a unique set."]
        }
    assert campus.held() == {"class", "blue"}


def test_a_new_role_or_college_changes_the_keys(campus: Campus) -> None:
    tx = campus.tx
    north = colleges.create(tx, ADMIN, {"code": "NORTH", "name": "North"})["id"]
    made = campus.enroll(campus.red)
    event = log.append(tx, "notification", {}, ["all"], NOW)
    campus.told()
    accounts.update(tx, ADMIN, campus.user, {"user_type": "teacher"})
    assert campus.told() == [
        KeysChanged(campus.user, (("college:1/type:teacher", event.id),), ("college:1/type:student",))
    ]
    accounts.update(tx, ADMIN, campus.user, {"college": north})
    assert set(keys.held(tx, campus.user)) == {
        f"user:{campus.user}", "all", f"college:{north}", f"college:{north}/type:teacher",
    }  # fmt: skip
    assert enrollments.one(tx, ADMIN, made["id"])["is_active"] is False
    with pytest.raises(Invalid):
        enrollments.update(tx, ADMIN, made["id"], {"is_active": True})
    accounts.update(tx, ADMIN, campus.user, {"college": 1})
    assert campus.held() == set(), "who comes back is not in a class again by that"


def test_renamed_people_classes_and_sections_are_found_by_their_names_of_now(campus: Campus) -> None:
    tx = campus.tx
    campus.enroll(campus.red)

    def found(resource: Any, text: str) -> int:
        count: int = resource.page(tx, ADMIN, Asked({"is_active": True}, text))[0]
        return count

    assert found(enrollments, "ann 1a red") == found(sections, "red 1a") == found(classes, "1a") == 1
    accounts.update_profile(tx, Asker(campus.user, "student", 1, 1, AT_LATER), {"first_name": "Zoë"})
    classes.update(tx, ADMIN, campus.cls, {"name": "Grüne Klasse"})
    sections.update(tx, ADMIN, campus.red, {"name": "Rot"})
    assert found(enrollments, "ZOË grüne ROT") == found(sections, "rot GRÜNE") == found(classes, "GRÜNE") == 1
    # The username is still `ann`.
    assert found(enrollments, "red") == found(sections, "1a") == found(classes, "1a") == 0


def test_classes_stay_in_their_college_and_sections_in_their_class(campus: Campus) -> None:
    tx = campus.tx
    north = colleges.create(tx, ADMIN, {"code": "NORTH", "name": "North"})["id"]
    other = classes.make(tx, 1, {"name": "2B"}, NOW)
    with pytest.raises(Invalid, match="college"):
        classes.update(tx, ADMIN, campus.cls, {"college": north})
    with pytest.raises(Invalid, match="class_obj"):
        sections.update(tx, ADMIN, campus.red, {"class_obj": other})
    with pytest.raises(Invalid, match="college, name must make a unique set"):
        classes.update(tx, ADMIN, other, {"name": "1a"})
    with pytest.raises(Invalid, match="class_obj, name must make a unique set"):
        sections.make(tx, campus.cls, {"name": "RED"}, NOW)
    same = classes.update(tx, ADMIN, campus.cls, {"name": "1A", "college": 1, "is_active": True})
    assert same["updated_at"] == NOW, "nothing was changed"


async def batch(folder: Path, order: tuple[str, str]) -> tuple[list[Outcome], set[int], int]:
    """Both in one batch in that order: what it told, the events that the member's keys reach, the notice's id."""
    told: list[list[Outcome]] = []
    async with opened(create(folder), on_commit=told.append) as database:
        campus: dict[str, int] = {}

        def prepare(tx: Transaction) -> None:
            made = Campus(tx)
            campus.update(user=made.user, cls=made.cls)

        await database.write(prepare)

        def enroll(tx: Transaction) -> None:
            enrollments.create(tx, ADMIN, {"user": campus["user"], "class_obj": campus["cls"], "section": None})

        def notice(tx: Transaction) -> int:
            return log.append(tx, "notification", {}, [f"class:{campus['cls']}"], NOW).id

        functions = {"enroll": enroll, "notice": notice}
        results = await one_batch(database, [functions[name] for name in order])
        event_id = next(result for result in results if result is not None)

        def reached(tx: Transaction) -> set[int]:
            page = log.since(tx, keys.held(tx, campus["user"]), 0, EVERYTHING, EVERYTHING)
            return {event.id for event in page.events}

        return told[-1], await database.read(reached), event_id


def test_an_enrolment_and_then_a_notice_in_one_batch(tmp_path: Path) -> None:
    told, reached, event_id = asyncio.run(batch(tmp_path, ("enroll", "notice")))
    assert [type(item) for item in told] == [KeysChanged, Event]
    assert reached == {event_id}


def test_a_notice_and_then_an_enrolment_in_one_batch(tmp_path: Path) -> None:
    told, reached, _ = asyncio.run(batch(tmp_path, ("notice", "enroll")))
    assert [type(item) for item in told] == [Event, KeysChanged]
    assert reached == set()
