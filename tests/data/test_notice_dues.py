"""When notices are told: days and zones to the second, and that a snapshot plus what follows is the next snapshot."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from data import (
    clock,
    enrollments,
    keys,
    log,
    notice_dues,
    notice_rows,
    notice_visibility,
    notices,
    users,
)
from data.asker import Asker, Moment
from data.listing import Asked
from data.transaction import Transaction

KOLKATA = ZoneInfo("Asia/Kolkata")
NOON_S = clock.seconds("2026-03-10T06:30:00.000000Z")  # 12:00 in Kolkata
DAY_S = 86_400.0
MIDNIGHT_S = clock.seconds("2026-03-10T18:30:00.000000Z")
MOST = 1 << 30


def moment(wall_s: float, zone: ZoneInfo = KOLKATA, delay_s: float = 5.0) -> Moment:
    return Moment(clock.stamp(wall_s), clock.day(wall_s, zone), zone, delay_s)


def make_users(tx: Transaction) -> tuple[int, int]:
    """An author and a reader."""
    tom, ann = [
        users.create(tx, users.NewUser(name, user_type=role, college_id=1), clock.stamp(NOON_S))
        for name, role in (("tom", "teacher"), ("ann", "student"))
    ]
    return tom, ann


def asking(user_id: int, at: Moment) -> Asker:
    """An author of college 1, without an admin's rights."""
    return Asker(user_id, "teacher", 1, 1, at)


def create(tx: Transaction, author: int, at: Moment, **fields: Any) -> int:
    given = {"title": "t", "content": "c", "publish_date": "2026-03-01", "is_published": True} | fields
    return int(notices.create(tx, asking(author, at), given)["id"])


def update(tx: Transaction, author: int, number: int, fields: dict[str, Any], at: Moment) -> None:
    notices.update(tx, asking(author, at), number, fields)


def events(tx: Transaction, user_id: int, after_id: int = 0) -> list[tuple[str, dict[str, Any]]]:
    page = log.since(tx, keys.held(tx, user_id), after_id, MOST, MOST)
    assert page.complete
    return [(event.event, json.loads(event.data)) for event in page.events]


def do_dues(tx: Transaction, at: Moment, most: int = 3) -> None:
    while notice_dues.is_due(tx, at.now):
        assert 0 < notice_dues.do_dues(tx, at.now, at.today, most) <= most


def names(tx: Transaction, user_id: int) -> list[str]:
    return [name for name, _ in events(tx, user_id)]


def test_a_notice_is_news_at_its_days_first_moment_and_gone_at_the_first_after_it(tx: Transaction) -> None:
    author, reader = make_users(tx)
    create(tx, author, moment(NOON_S), publish_date="2026-03-12", expiry_date="2026-03-13")
    for stamp, so_far in (
        ("2026-03-11T18:29:59.999999Z", []),
        ("2026-03-11T18:30:00.000000Z", ["notification"]),  # midnight in Kolkata
        ("2026-03-13T18:29:59.999999Z", ["notification"]),
        ("2026-03-13T18:30:00.000000Z", ["notification", "notice_removed"]),
        ("2027-03-13T18:30:00.000000Z", ["notification", "notice_removed"]),
    ):
        at = moment(clock.seconds(stamp))
        do_dues(tx, at)
        assert names(tx, reader) == so_far, stamp
        # Its author lists it in any state.
        own = ["notice_updated", *so_far]
        assert names(tx, author) == ([*own, "notice_updated"] if len(so_far) == 2 else own)
        assert len(snapshot(tx, reader, at)) == (so_far == ["notification"])
        assert len(snapshot(tx, author, at)) == 1


@pytest.mark.parametrize("delay_s", [0.0, 5.0])
def test_the_delay_counts_from_publishing_and_an_edit_does_not_put_it_off(tx: Transaction, delay_s: float) -> None:
    author, reader = make_users(tx)
    number = create(tx, author, moment(NOON_S, delay_s=delay_s))
    assert notice_dues.is_due(tx, clock.stamp(NOON_S)) is False
    assert names(tx, reader) == (["notification"] if delay_s == 0 else [])
    update(tx, author, number, {"content": "other"}, moment(NOON_S + 4.9, delay_s=delay_s))
    do_dues(tx, moment(NOON_S + 4.999))
    assert names(tx, reader) == (["notification", "notice_updated"] if delay_s == 0 else [])
    do_dues(tx, moment(NOON_S + 5.0))
    assert names(tx, reader)[:1] == ["notification"]
    assert names(tx, reader).count("notification") == 1


def test_an_edit_of_what_was_announced_is_told_at_once(tx: Transaction) -> None:
    author, reader = make_users(tx)
    number = create(tx, author, moment(NOON_S))
    do_dues(tx, moment(NOON_S + 5))
    update(tx, author, number, {"content": "other"}, moment(NOON_S + 6))
    assert names(tx, reader) == ["notification", "notice_updated"]
    assert not notice_dues.is_due(tx, moment(NOON_S + DAY_S).now)


def test_the_delay_also_holds_just_before_midnight(tx: Transaction) -> None:
    author, reader = make_users(tx)
    create(tx, author, moment(MIDNIGHT_S - 1), publish_date="2026-03-11")
    do_dues(tx, moment(MIDNIGHT_S + 3.9))
    assert names(tx, reader) == []
    do_dues(tx, moment(MIDNIGHT_S + 4.0))
    assert names(tx, reader) == ["notification"]


def test_a_notice_brought_forward_does_not_wait_for_its_old_day(tx: Transaction) -> None:
    author, reader = make_users(tx)
    number = create(tx, author, moment(NOON_S), publish_date="2026-12-24")
    update(tx, author, number, {"publish_date": "2026-03-10"}, moment(NOON_S + 1))
    do_dues(tx, moment(NOON_S + 6))
    assert names(tx, reader) == ["notification"]


def test_an_edit_in_the_second_after_its_expiry_does_not_swallow_that_it_is_gone(tx: Transaction) -> None:
    author, reader = make_users(tx)
    number = create(tx, author, moment(NOON_S), expiry_date="2026-03-10")
    do_dues(tx, moment(NOON_S + 5))
    update(tx, author, number, {"title": "late"}, moment(MIDNIGHT_S + 0.5))
    do_dues(tx, moment(MIDNIGHT_S + 1))
    assert names(tx, reader) == ["notification", "notice_removed"]


def test_a_notice_that_is_deleted_before_it_was_news_was_never_there(tx: Transaction) -> None:
    author, reader = make_users(tx)
    number = create(tx, author, moment(NOON_S), publish_date="2026-03-11")
    assert number not in snapshot(tx, reader, moment(MIDNIGHT_S + 0.5))
    notices.delete(tx, asking(author, moment(MIDNIGHT_S + 0.6)), number)
    do_dues(tx, moment(MIDNIGHT_S + 1))
    assert names(tx, reader) == []
    assert names(tx, author) == ["notice_updated", "notice_removed"]


def test_a_notice_that_expires_before_it_was_news_is_none(tx: Transaction) -> None:
    author, reader = make_users(tx)
    number = create(tx, author, moment(MIDNIGHT_S - 2), expiry_date="2026-03-10")
    assert number not in snapshot(tx, reader, moment(MIDNIGHT_S - 1))
    do_dues(tx, moment(MIDNIGHT_S + 10))
    assert names(tx, reader) == []
    assert names(tx, author) == ["notice_updated"]


def test_a_campus_that_moved_to_another_zone_waits_for_its_own_day(tx: Transaction) -> None:
    author, reader = make_users(tx)
    hawaii = ZoneInfo("Pacific/Honolulu")
    create(tx, author, moment(NOON_S), publish_date="2026-03-11", expiry_date="2026-03-11")
    for stamp, so_far in (
        ("2026-03-10T18:30:00.000000Z", []),  # the 11th in Kolkata, the 10th in Hawaii
        ("2026-03-11T10:01:00.000000Z", ["notification"]),
        ("2026-03-12T09:59:00.000000Z", ["notification"]),
        ("2026-03-12T10:01:00.000000Z", ["notification", "notice_removed"]),
    ):
        do_dues(tx, moment(clock.seconds(stamp), hawaii))
        assert names(tx, reader) == so_far, stamp


def snapshot(tx: Transaction, user_id: int, at: Moment) -> dict[int, dict[str, Any]]:
    """What a user's list holds."""
    _, found = notice_rows.page(tx, asking(user_id, at), Asked({"is_active": True}, limit=100))
    return {notice["id"]: dict(notice) for notice in found}


def make_classes(tx: Transaction, *members: tuple[int, tuple[str, ...]]) -> None:
    """Classes 1 and 2, of which 1 has section 1, and who is in which of them."""
    for number in (1, 2):
        tx.execute(
            "INSERT INTO classes (id, college_id, name, created_at, updated_at) VALUES (?1, 1, 'class ' || ?1, '', '')",
            (number,),
        )
    tx.execute("INSERT INTO sections (id, class_id, name, created_at, updated_at) VALUES (1, 1, 'A', '', '')")
    for user_id, held in members:
        for key in held:
            number = int(key.removeprefix("class:")) if key.startswith("class:") else 1
            where = {"user_id": user_id, "class_id": number, "section_id": None if key.startswith("class:") else 1}
            enrollments.enroll(tx, 1, {**where, "is_active": True}, clock.stamp(NOON_S))


CLASS_1 = {"target_type": "class", "class_obj": 1}
CLASS_2 = {"target_type": "class", "class_obj": 2}
SECTION_1 = {"target_type": "section", "section": 1}
EVERYBODY = {"target_type": "all"}


def make_readers(tx: Transaction) -> tuple[int, dict[str, int]]:
    """An author; and readers of class 1 and its section, of class 1, of class 2, of both, of none."""
    author = make_users(tx)[0]
    held = {
        "section": ("section:1",),
        "one": ("class:1",),
        "two": ("class:2",),
        "both": ("class:1", "class:2"),
        "none": (),
    }
    readers = {name: users.create(tx, users.NewUser(name, college_id=1), clock.stamp(NOON_S)) for name in held}
    make_classes(tx, *((readers[name], keys) for name, keys in held.items()))
    return author, readers


def test_rows_that_come_in_a_second_request_decide_whom_it_is_announced_to(tx: Transaction) -> None:
    author, readers = make_readers(tx)
    number = create(tx, author, moment(NOON_S))
    notice_visibility.create(tx, asking(author, moment(NOON_S + 1)), {"notice": number, **CLASS_1})
    notice_visibility.create(tx, asking(author, moment(NOON_S + 2)), {"notice": number, **SECTION_1})
    do_dues(tx, moment(NOON_S + 4.9))
    assert "notification" not in names(tx, readers["one"])
    do_dues(tx, moment(NOON_S + 5))
    for name in ("section", "one", "both"):
        assert names(tx, readers[name]).count("notification") == 1, name
        assert number in snapshot(tx, readers[name], moment(NOON_S + 5))
    for name in ("two", "none"):
        # Not even its number: nobody saw it before it was announced.
        assert events(tx, readers[name]) == [], name
        assert snapshot(tx, readers[name], moment(NOON_S + 5)) == {}
    assert names(tx, author).count("notification") == 1


def test_a_visibility_in_the_request_leaves_nothing_to_wait_for(tx: Transaction) -> None:
    author, readers = make_readers(tx)
    create(tx, author, moment(NOON_S), visibility=[CLASS_1])
    assert names(tx, readers["both"]) == names(tx, author) == ["notification"]
    assert names(tx, readers["two"]) == names(tx, readers["none"]) == []
    create(tx, author, moment(NOON_S), visibility=[])
    assert names(tx, readers["one"]) == ["notification"], "none is no visibility: it may come yet"
    create(tx, author, moment(MIDNIGHT_S - 1), publish_date="2026-03-11", visibility=[CLASS_2])
    do_dues(tx, moment(MIDNIGHT_S - 0.1))
    assert names(tx, readers["two"]) == ["notification"], "the second one's, for all"
    do_dues(tx, moment(MIDNIGHT_S))
    assert names(tx, readers["two"]) == ["notification"] * 2
    draft = create(tx, author, moment(MIDNIGHT_S), is_published=False, visibility=[CLASS_2])
    update(tx, author, draft, {"is_published": True, "visibility": [CLASS_2]}, moment(MIDNIGHT_S + 1))
    assert names(tx, readers["two"]) == ["notification"] * 3


def test_an_announced_notice_that_is_for_others_now_is_no_second_news(tx: Transaction) -> None:
    author, readers = make_readers(tx)
    at = moment(NOON_S, delay_s=0.0)
    number = create(tx, author, at, title="secret", visibility=[CLASS_1, CLASS_2])
    update(tx, author, number, {"content": "secret"}, at)
    (row,) = [row for row in notice_visibility.page(tx, asking(author, at), Asked())[1] if row["class_obj"] == 2]
    told = {name: names(tx, user_id) for name, user_id in readers.items()}
    assert told["one"] == told["two"] == told["both"] == ["notification", "notice_updated"]
    position = log.position(tx)
    notice_visibility.delete(tx, asking(author, at), row["id"])
    assert [name for name, _ in events(tx, readers["two"], position)] == ["notice_removed"]
    assert [name for name, _ in events(tx, readers["both"], position)] == ["notice_removed", "notice_updated"]
    assert [name for name, _ in events(tx, readers["one"], position)] == ["notice_updated"]
    # Whoever comes back later is not told what is not for them any more.
    assert events(tx, readers["two"]) == [("notice_removed", {"id": number})]
    assert names(tx, readers["one"]) == ["notification", "notice_updated", "notice_updated"]
    position = log.position(tx)
    update(tx, author, number, {"visibility": [EVERYBODY]}, at)
    for name in readers:
        assert [event for event, _ in events(tx, readers[name], position)] == ["notice_updated"], name
    assert names(tx, readers["none"]) == ["notice_updated"], "seen, and no news"
