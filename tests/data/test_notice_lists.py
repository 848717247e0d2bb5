"""What a list held and the events after it are the list as it is now, whatever happens to notices, to those whom they
are for, and to the clock: for readers in and out of classes, their author, the college's admin and a global role.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from data import (
    accounts,
    classes,
    enrollments,
    log,
    notice_rows,
    notice_visibility,
    notices,
    notifications,
    sections,
    users,
)
from data.asker import Asker, Moment
from data.errors import Forbidden, Invalid, NotFound
from data.listing import Asked
from data.roles import GLOBAL_ROLES
from data.session import command_transaction
from data.transaction import Transaction
from tests.data.test_notice_dues import (
    CLASS_1,
    CLASS_2,
    DAY_S,
    EVERYBODY,
    NOON_S,
    SECTION_1,
    do_dues,
    events,
    make_readers,
    moment,
)

_TARGET = st.sampled_from([CLASS_1, CLASS_2, SECTION_1, EVERYBODY])
_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["a", "b"]),
        "is_urgent": st.booleans(),
        "is_published": st.booleans(),
        "publish_date": st.sampled_from(["2026-03-08", "2026-03-10", "2026-03-11", "2026-03-12"]),
        "expiry_date": st.sampled_from([None, "2026-03-12", "2026-03-13"]),
        "visibility": st.lists(_TARGET, max_size=2),
    },
)
_SOME = st.integers(0, 6)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), _FIELDS),
        st.tuples(st.just("update"), _SOME, _FIELDS),
        st.tuples(st.just("delete"), _SOME),
        st.tuples(st.just("add"), _SOME, _TARGET),
        st.tuples(st.just("drop"), _SOME),
        st.tuples(st.just("enrol"), _SOME, st.sampled_from([(1, None), (1, 1), (2, None)])),
        st.tuples(st.just("leave"), _SOME),
        st.tuples(st.just("class"), st.sampled_from([1, 2]), st.booleans()),
        st.tuples(st.just("section"), st.booleans()),
        st.tuples(st.just("account"), _SOME, st.sampled_from(["student", "teacher", "college_admin"]), _SOME),
        # The clock looks once a second: a change can come before what is due has been done.
        st.tuples(st.just("wait"), st.sampled_from([1.0, 4.0, 6.0, DAY_S / 2, DAY_S, 3 * DAY_S]), st.booleans()),
        st.tuples(st.just("look")),
    ),
    max_size=25,
)


class Campus:
    """A college with classes, an author and readers, and another college to which one can be moved."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self.author, readers = make_readers(tx)
        tx.insert("INSERT INTO colleges (code, name, short_name, created_at, updated_at) VALUES ('E', 'E', '', '', '')")
        dean = users.create(tx, users.NewUser("dean", user_type="college_admin", college_id=1), "")
        self.boss = users.create(tx, users.NewUser("boss", user_type="super_admin"), "")
        self.movable = [self.author, *readers.values(), dean]
        self.everybody = [*self.movable, self.boss]
        self.made: list[int] = []

    def step(self, name: str, values: list[Any], at: Moment) -> None:
        """Do one thing. What can't be done any more is refused, and changes nothing."""
        self.tx.execute("SAVEPOINT step")
        try:
            self._do(name, values, at)
        except (NotFound, Invalid, Forbidden):
            self.tx.execute("ROLLBACK TO step")
        self.tx.execute("RELEASE step")

    def _do(self, name: str, values: list[Any], at: Moment) -> None:
        if name == "create":
            given = {"title": "t", "content": "c", "publish_date": "2026-03-01", "is_published": True} | values[0]
            self.made.append(notices.create(self.tx, reading(self.tx, self.author, at), given)["id"])
        elif name in ("enrol", "leave", "class", "section", "account"):
            self._people(name, values, Asker(self.boss, "super_admin", None, None, at))
        elif self.made:
            writer = self.boss if values[0] % 2 else self.author
            self._notice(name, values, reading(self.tx, writer, at))

    def _notice(self, name: str, values: list[Any], asker: Asker) -> None:
        number = self.made[values[0] % len(self.made)]
        match name:
            case "update":
                notices.update(self.tx, asker, number, values[1])
            case "delete":
                notices.delete(self.tx, asker, number)
            case "add":
                notice_visibility.create(self.tx, asker, {"notice": number, **values[1]})
            case "drop":
                _, rows = notice_visibility.page(self.tx, asker, Asked({"is_active": True}))
                if rows:
                    notice_visibility.delete(self.tx, asker, rows[values[0] % len(rows)]["id"])

    def _people(self, name: str, values: list[Any], boss: Asker) -> None:
        match name:
            case "enrol":
                user_id, (class_id, section_id) = self.movable[values[0]], values[1]
                columns = {"user": user_id, "class_obj": class_id, "section": section_id}
                enrollments.create(self.tx, boss, columns)
            case "leave":
                _, rows = enrollments.page(self.tx, boss, Asked(limit=100))
                if rows:
                    enrollments.delete(self.tx, boss, rows[values[0] % len(rows)]["id"])
            case "class":
                classes.update(self.tx, boss, values[0], {"is_active": values[1]})
            case "section":
                sections.update(self.tx, boss, 1, {"is_active": values[0]})
            case "account":
                college_id = 2 if values[2] >= 5 else 1
                accounts.update(self.tx, boss, self.movable[values[0]], {"user_type": values[1], "college": college_id})


def reading(tx: Transaction, user_id: int, at: Moment) -> Asker:
    """A user as they are now."""
    row = users.by_id(tx, user_id)
    assert row is not None
    college_id = None if row["user_type"] in GLOBAL_ROLES else row["college_id"]
    return Asker(user_id, row["user_type"], college_id, row["college_id"], at)


class Lists:
    """A client's two lists: fetched once, then kept by events. It fetches what is news, stores and drops as told."""

    def __init__(self, tx: Transaction, user_id: int, at: Moment) -> None:
        asker = reading(tx, user_id, at)
        _, shown = notice_rows.page(tx, asker, Asked({"is_active": True}, limit=100))
        _, sent = notifications.page(tx, asker, Asked(limit=100))
        self.user_id, self.position = user_id, log.position(tx)
        self.notices = {one["id"]: dict(one) for one in shown}
        self.notifications = {one["id"]: dict(one) for one in sent}

    def catch_up(self, tx: Transaction, at: Moment) -> None:
        """Take in all events after it."""
        asker = reading(tx, self.user_id, at)
        for name, data in events(tx, self.user_id, self.position):
            match name:
                case "notice_updated":
                    self.notices[data["id"]] = data
                    self._about(tx, asker, data["id"])
                case "notice_removed":
                    self.notices.pop(data["id"], None)
                    self._about(tx, asker, data["id"])
                case "notification":
                    self._fetch(tx, asker, data["id"])
                    with contextlib.suppress(NotFound):
                        number = data["data"]["notice_id"]
                        self.notices.pop(number, None)
                        self.notices[number] = dict(notice_rows.one(tx, asker, number))
                case "notifications_removed":
                    for number in data["ids"]:
                        self.notifications.pop(number, None)

    def _about(self, tx: Transaction, asker: Asker, notice_id: int) -> None:
        for number, one in list(self.notifications.items()):
            if one["data"]["notice_id"] == notice_id:
                self._fetch(tx, asker, number)

    def _fetch(self, tx: Transaction, asker: Asker, number: int) -> None:
        self.notifications.pop(number, None)
        with contextlib.suppress(NotFound):
            self.notifications[number] = dict(notifications.one(tx, asker, number))


@settings(max_examples=200)
@given(steps=_STEPS, delay_s=st.sampled_from([0.0, 5.0]))
def test_i3_lists_and_the_events_after_them_are_the_next_lists(steps: list[Any], delay_s: float) -> None:
    """Whatever happens, a notice is news at most once, and nobody holds a notification of one that is for others."""
    with tempfile.TemporaryDirectory() as folder, command_transaction(Path(folder) / "realtime.sqlite3") as tx:
        campus, wall_s = Campus(tx), NOON_S
        looks = [Lists(tx, user_id, moment(wall_s)) for user_id in campus.everybody]
        for name, *values in steps:
            at = moment(wall_s, delay_s=delay_s)
            if name == "wait":
                wall_s += values[0]
                if values[1]:
                    do_dues(tx, moment(wall_s, delay_s=delay_s))
            elif name == "look":
                looks += [Lists(tx, user_id, at) for user_id in campus.everybody]
            else:
                campus.step(name, values, at)
        at = moment(wall_s + delay_s, delay_s=delay_s)
        do_dues(tx, at)
        for held in looks:
            fresh = Lists(tx, held.user_id, at)
            held.catch_up(tx, at)
            assert held.notices == fresh.notices
            assert held.notifications == fresh.notifications
        for user_id in campus.everybody:
            news = [data["id"] for name, data in events(tx, user_id) if name == "notification"]
            assert len(news) == len(set(news))
            assert set(Lists(tx, user_id, at).notifications) == set(news), "what a replay tells is what the list has"
