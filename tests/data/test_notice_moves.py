"""What is told of notices when something else than the notice changes: its day comes, its author moves, its rows are
made anew. And what is not told: to other classes, and to other colleges.
"""

from __future__ import annotations

import json
from datetime import date

from data import accounts, campus_events, enrollments, keys, log, notice_visibility, notices, notifications
from data.asker import Asker, Moment
from data.listing import Asked
from data.transaction import Transaction
from tests.data.test_notice_dues import (
    CLASS_1,
    DAY_S,
    MIDNIGHT_S,
    NOON_S,
    asking,
    create,
    do_dues,
    events,
    make_readers,
    make_users,
    moment,
    names,
    snapshot,
    update,
)

SECRET = "a secret of the college"


def boss(at: Moment) -> Asker:
    """A global role; somebody has to be named as who changed it."""
    return Asker(1, "super_admin", None, None, at)


def messages(tx: Transaction, user_id: int, at: Moment) -> list[str]:
    """What a user's notifications say."""
    _, found = notifications.page(tx, asking(user_id, at), Asked(limit=100))
    return [one["message"] for one in found]


def replayed(tx: Transaction, user_id: int) -> str:
    page = log.since(tx, keys.held(tx, user_id), 0, 1 << 30, 1 << 30)
    return json.dumps([json.loads(event.data) for event in page.events])


def move(tx: Transaction, user_id: int, college_id: int, at: Moment) -> None:
    accounts.change(tx, accounts.in_reach(tx, boss(at), user_id), {"college": college_id}, at)


def second_college(tx: Transaction) -> int:
    return tx.insert(
        "INSERT INTO colleges (code, name, short_name, created_at, updated_at) VALUES ('E', 'E', '', '', '')"
    )


def test_a_notification_says_again_what_its_notice_says_when_the_day_has_come(tx: Transaction) -> None:
    author, reader = make_users(tx)
    at = moment(NOON_S, delay_s=0.0)
    number = create(tx, author, at, title="Hello")
    update(tx, author, number, {"publish_date": "2026-03-12"}, at)
    assert messages(tx, reader, at) == ["This notice was withdrawn."]
    then = moment(MIDNIGHT_S + DAY_S, delay_s=0.0)
    do_dues(tx, then)
    assert messages(tx, reader, then) == ["Hello"]
    assert number in snapshot(tx, reader, then)
    assert "withdrawn" not in replayed(tx, reader)


def test_one_that_is_published_again_waits_for_its_rows_as_a_new_one_does(tx: Transaction) -> None:
    author, readers = make_readers(tx)
    number = create(tx, author, moment(NOON_S), title="for class 1", visibility=[CLASS_1])
    update(tx, author, number, {"is_published": False}, moment(NOON_S + 1))
    (row,) = notice_visibility.page(tx, asking(author, moment(NOON_S + 2)), Asked())[1]
    notice_visibility.delete(tx, asking(author, moment(NOON_S + 2)), row["id"])
    position = log.position(tx)
    update(tx, author, number, {"is_published": True, "content": SECRET}, moment(NOON_S + 3))
    update(tx, author, number, {"is_urgent": True}, moment(NOON_S + 4))
    notice_visibility.create(tx, asking(author, moment(NOON_S + 5)), {"notice": number, **CLASS_1})
    do_dues(tx, moment(NOON_S + 7.9))
    assert SECRET not in json.dumps([events(tx, user_id, position) for user_id in readers.values()])
    do_dues(tx, moment(NOON_S + 8))
    assert names(tx, readers["one"])[-1] == "notice_updated", "seen again, and no news"
    for name in ("two", "none"):
        assert SECRET not in replayed(tx, readers[name])
        assert number not in snapshot(tx, readers[name], moment(NOON_S + 8))


def test_the_last_row_may_make_room_for_another(tx: Transaction) -> None:
    author, readers = make_readers(tx)
    number = create(tx, author, moment(NOON_S), content=SECRET, visibility=[CLASS_1])
    (row,) = notice_visibility.page(tx, asking(author, moment(NOON_S)), Asked())[1]
    notice_visibility.delete(tx, asking(author, moment(NOON_S + 1)), row["id"])
    assert names(tx, readers["one"]) == ["notification", "notice_removed"]
    notice_visibility.create(tx, asking(author, moment(NOON_S + 2)), {"notice": number, **CLASS_1})
    do_dues(tx, moment(NOON_S + 6))
    # Twice, as their notification of it has changed twice.
    assert names(tx, readers["one"]) == ["notification", "notice_removed", "notice_removed", "notice_updated"]
    assert events(tx, readers["two"]) == []
    (row,) = notice_visibility.page(tx, asking(author, moment(NOON_S)), Asked({"is_active": True}))[1]
    notice_visibility.delete(tx, asking(author, moment(NOON_S + 7)), row["id"])
    do_dues(tx, moment(NOON_S + 12))
    assert names(tx, readers["two"]) == ["notice_updated"], "none came: it is for the whole college"


def test_an_author_who_has_left_the_college_hears_nothing_of_it(tx: Transaction) -> None:
    author, _ = make_users(tx)
    at = moment(NOON_S, delay_s=0.0)
    shown = create(tx, author, at)
    draft = create(tx, author, at, is_published=False)
    given = {
        "title": "e",
        "description": "d",
        "event_date": date(2026, 4, 1),
        "start_time": "10:00",
        "end_time": "11:00",
    }
    event = campus_events.create(tx, asking(author, at), given)["id"]
    move(tx, author, second_college(tx), at)
    position = log.position(tx)
    for number in (shown, draft):
        notices.update(tx, boss(at), number, {"title": SECRET})
    campus_events.update(tx, boss(at), event, {"title": SECRET})
    assert events(tx, author, position) == []
    assert SECRET not in replayed(tx, author)
    assert messages(tx, author, at) == []


def test_who_has_left_a_class_is_told_nothing_that_its_notices_say_later(tx: Transaction) -> None:
    author, readers = make_readers(tx)
    at = moment(NOON_S, delay_s=0.0)
    number = create(tx, author, at, visibility=[CLASS_1])
    joined = enrollments.create(tx, boss(at), {"user": readers["none"], "class_obj": 1})
    assert names(tx, readers["none"]) == ["notice_updated"]
    enrollments.delete(tx, boss(at), joined["id"])
    notices.update(tx, boss(at), number, {"title": SECRET})
    assert names(tx, readers["none"]) == ["notice_removed"]
    assert SECRET not in replayed(tx, readers["none"])
