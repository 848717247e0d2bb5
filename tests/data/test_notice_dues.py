"""When notices are told: days and zones to the second, and that a snapshot plus what follows is the next snapshot."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import clock, log, notice_dues, notices, users
from data.asker import Moment
from data.notices import Viewer
from data.session import command_transaction
from data.transaction import Transaction

KOLKATA = ZoneInfo("Asia/Kolkata")
NOON_S = clock.seconds("2026-03-10T06:30:00.000000Z")  # 12:00 in Kolkata
DAY_S = 86_400.0
MIDNIGHT_S = clock.seconds("2026-03-10T18:30:00.000000Z")
EVERYTHING = 1 << 30


def moment(wall_s: float, zone: ZoneInfo = KOLKATA, delay_s: float = 5.0) -> Moment:
    return Moment(clock.stamp(wall_s), clock.day(wall_s, zone), zone, delay_s)


def make_users(tx: Transaction) -> tuple[Viewer, Viewer]:
    """An author and a reader."""
    found = [
        users.create(tx, users.NewUser(name, user_type=role, college_id=1), clock.stamp(NOON_S))
        for name, role in (("tom", "teacher"), ("ann", "student"))
    ]
    return Viewer(found[0], False, 1), Viewer(found[1], False, 1)


def create(tx: Transaction, author: Viewer, at: Moment, **fields: Any) -> int:
    given = {"title": "t", "content": "c", "publish_date": "2026-03-01", "is_published": True} | fields
    return int(notices.create(tx, author.user_id, 1, given, at)["id"])


def events(tx: Transaction, user_id: int, after_id: int = 0) -> list[tuple[str, dict[str, Any]]]:
    page = log.since(tx, users.keys_of(tx, user_id), after_id, EVERYTHING, EVERYTHING)
    assert page.complete
    return [(event.event, json.loads(event.data)) for event in page.events]


def do_dues(tx: Transaction, at: Moment, most: int = 3) -> None:
    while notice_dues.is_due(tx, at.now):
        assert 0 < notice_dues.do_dues(tx, at.now, at.today, most) <= most


def names(tx: Transaction, user: Viewer) -> list[str]:
    return [name for name, _ in events(tx, user.user_id)]


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
        assert names(tx, reader) == names(tx, author) == so_far, stamp
        visible, _ = notices.page(tx, reader, notices.Filters(), (), at.today, 10, 0)
        assert visible == (so_far == ["notification"])


@pytest.mark.parametrize("delay_s", [0.0, 5.0])
def test_the_delay_counts_from_publishing_and_an_edit_does_not_put_it_off(tx: Transaction, delay_s: float) -> None:
    author, reader = make_users(tx)
    number = create(tx, author, moment(NOON_S, delay_s=delay_s))
    assert notice_dues.is_due(tx, clock.stamp(NOON_S)) is False
    assert names(tx, reader) == (["notification"] if delay_s == 0 else [])
    notices.update(tx, author, number, {"content": "other"}, moment(NOON_S + 4.9, delay_s=delay_s))
    do_dues(tx, moment(NOON_S + 4.999))
    assert names(tx, reader) == (["notification", "notice_updated"] if delay_s == 0 else [])
    do_dues(tx, moment(NOON_S + 5.0))
    assert names(tx, reader)[:1] == ["notification"]
    assert names(tx, reader).count("notification") == 1


def test_an_edit_of_what_was_announced_is_told_at_once(tx: Transaction) -> None:
    author, reader = make_users(tx)
    number = create(tx, author, moment(NOON_S))
    do_dues(tx, moment(NOON_S + 5))
    notices.update(tx, author, number, {"content": "other"}, moment(NOON_S + 6))
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
    notices.update(tx, author, number, {"publish_date": "2026-03-10"}, moment(NOON_S + 1))
    do_dues(tx, moment(NOON_S + 6))
    assert names(tx, reader) == ["notification"]


def test_an_edit_in_the_second_after_its_expiry_does_not_swallow_that_it_is_gone(tx: Transaction) -> None:
    author, reader = make_users(tx)
    number = create(tx, author, moment(NOON_S), expiry_date="2026-03-10")
    do_dues(tx, moment(NOON_S + 5))
    notices.update(tx, author, number, {"title": "late"}, moment(MIDNIGHT_S + 0.5))
    do_dues(tx, moment(MIDNIGHT_S + 1))
    assert names(tx, reader) == ["notification", "notice_removed"]


def test_who_saw_a_notice_in_the_second_before_it_was_news_hears_that_it_is_gone(tx: Transaction) -> None:
    author, reader = make_users(tx)
    number = create(tx, author, moment(NOON_S), publish_date="2026-03-11")
    assert number in snapshot(tx, reader, moment(MIDNIGHT_S + 0.5))
    notices.delete(tx, author, number, moment(MIDNIGHT_S + 0.6))
    do_dues(tx, moment(MIDNIGHT_S + 1))
    assert names(tx, reader) == ["notice_removed"]


def test_a_notice_that_expires_before_it_was_news_is_none_and_is_gone(tx: Transaction) -> None:
    author, reader = make_users(tx)
    number = create(tx, author, moment(MIDNIGHT_S - 2), expiry_date="2026-03-10")
    assert number in snapshot(tx, reader, moment(MIDNIGHT_S - 1))
    do_dues(tx, moment(MIDNIGHT_S + 10))
    assert names(tx, reader) == ["notice_removed"]


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


_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["a", "b"]),
        "is_urgent": st.booleans(),
        "is_published": st.booleans(),
        "publish_date": st.sampled_from(["2026-03-08", "2026-03-10", "2026-03-11", "2026-03-12"]),
        "expiry_date": st.sampled_from([None, "2026-03-12", "2026-03-13"]),
    },
)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), _FIELDS),
        st.tuples(st.just("update"), st.integers(0, 3), _FIELDS),
        st.tuples(st.just("delete"), st.integers(0, 3)),
        # The clock looks once a second: a change can come before what is due has been done.
        st.tuples(st.just("wait"), st.sampled_from([1.0, 4.0, 6.0, DAY_S / 2, DAY_S, 3 * DAY_S]), st.booleans()),
        st.tuples(st.just("look")),
    ),
    max_size=25,
)


@settings(max_examples=150)
@given(steps=_STEPS, delay_s=st.sampled_from([0.0, 5.0]))
def test_i3_a_snapshot_and_the_events_after_it_are_the_next_snapshot(steps: list[Any], delay_s: float) -> None:
    """Any interleaving of changes, days and looks; and whatever happens, a notice is news at most once."""
    with tempfile.TemporaryDirectory() as folder, command_transaction(Path(folder) / "realtime.sqlite3") as tx:
        author, reader = make_users(tx)
        wall_s = NOON_S
        made: list[int] = []
        snapshots = [(0, snapshot(tx, reader, moment(wall_s)))]
        for name, *values in steps:
            at = moment(wall_s, delay_s=delay_s)
            match name:
                case "create":
                    made.append(create(tx, author, at, **values[0]))
                case "update" if made:
                    change(tx, author, made[values[0] % len(made)], values[1], at)
                case "delete" if made:
                    change(tx, author, made[values[0] % len(made)], None, at)
                case "wait":
                    wall_s += values[0]
                    if values[1]:
                        do_dues(tx, moment(wall_s, delay_s=delay_s))
                case "look":
                    snapshots.append((log.position(tx), snapshot(tx, reader, at)))
        at = moment(wall_s + delay_s, delay_s=delay_s)
        do_dues(tx, at)
        for position, held in snapshots:
            assert client(tx, reader, held, position, at) == snapshot(tx, reader, at)
        news = [data["id"] for name, data in events(tx, reader.user_id) if name == "notification"]
        assert len(news) == len(set(news))


def change(tx: Transaction, author: Viewer, number: int, fields: dict[str, Any] | None, at: Moment) -> None:
    try:
        if fields is None:
            notices.delete(tx, author, number, at)
        else:
            notices.update(tx, author, number, fields, at)
    except notices.NotFound:
        pass  # deleted before


def snapshot(tx: Transaction, reader: Viewer, at: Moment) -> dict[int, dict[str, Any]]:
    _, found = notices.page(tx, reader, notices.Filters(), (), at.today, 100, 0)
    return {notice["id"]: notice for notice in found}


def client(
    tx: Transaction, reader: Viewer, held: dict[int, dict[str, Any]], position: int, at: Moment
) -> dict[int, dict[str, Any]]:
    """What a client holds that had `held` at `position`: it fetches what is news, stores and drops what it is told."""
    held = dict(held)
    for name, data in events(tx, reader.user_id, position):
        if name == "notice_updated":
            held[data["id"]] = data
        elif name == "notice_removed":
            held.pop(data["id"], None)
        else:
            try:
                held[data["id"]] = notices.one(tx, reader, data["data"]["notice_id"], at.today)
            except notices.NotFound:
                held.pop(data["id"], None)
    return held
