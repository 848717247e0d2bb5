"""Notifications in the database: who has them since when, what they cost, and how they go with changes of keys (I9)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from data import classes, enrollments, keys, log, notices, notifications, sections, users
from data.asker import Asker, Moment
from data.connection import connect
from data.errors import NotFound
from data.listing import Asked
from data.migrate import MIGRATIONS, migrate
from data.transaction import Transaction
from tests.data.support import one_batch
from tests.support.inside import Inside, served

NOW = "2026-03-10T06:30:00.000000Z"
AT = Moment(NOW, "2026-03-10", ZoneInfo("UTC"), 0.0)
DEAN = Asker(1, "college_admin", 1, 1, AT)


def make_user(tx: Transaction, name: str, role: str = "student") -> Asker:
    return Asker(users.create(tx, users.NewUser(name, user_type=role, college_id=1), NOW), role, 1, 1, AT)


def tell(tx: Transaction, title: str, *audience: str) -> int:
    return notifications.notify(
        tx,
        title=title,
        message=f"About {title}",
        notification_type="announcement",
        data={"n": 1},
        keys=audience,
        subject=f"announcement:{title}",
        now=NOW,
    )


def titles(tx: Transaction, asker: Asker, **filters: Any) -> list[str]:
    count, found = notifications.page(tx, asker, Asked(filters, limit=100))
    assert count == len(found)
    return [one["title"] for one in found]


def replayed(tx: Transaction, asker: Asker) -> list[str]:
    """The news that a stream with no cursor to speak of is told, the newest first."""
    page = log.since(tx, keys.held(tx, asker.user_id), 0, 1 << 30, 1 << 30)
    return [json.loads(event.data)["title"] for event in page.events if event.event == "notification"][::-1]


def test_a_key_counts_from_the_moment_in_which_it_was_gained(tx: Transaction) -> None:
    ann = make_user(tx, "ann")
    tell(tx, "old", "college:1", "all")
    bob = make_user(tx, "bob")
    room = classes.create(tx, DEAN, {"name": "Red"})["id"]
    section = sections.create(tx, DEAN, {"name": "A", "class_obj": room})["id"]
    tell(tx, "to an empty class", f"class:{room}", f"section:{section}")
    row = enrollments.create(tx, DEAN, {"user": bob.user_id, "class_obj": room, "section": section})["id"]
    tell(tx, "to both", f"class:{room}", f"section:{section}", f"user:{bob.user_id}", "college:1")
    tell(tx, "to the section", f"section:{section}")
    tell(tx, "to ann", f"user:{ann.user_id}")
    assert titles(tx, ann) == replayed(tx, ann) == ["to ann", "to both", "old"]
    assert titles(tx, bob) == replayed(tx, bob) == ["to the section", "to both"], "once, whatever the keys"
    assert (notifications.unread_count(tx, ann), notifications.unread_count(tx, bob)) == (3, 2)
    enrollments.delete(tx, DEAN, row)
    assert titles(tx, bob) == replayed(tx, bob) == ["to both"]
    assert notifications.unread_count(tx, bob) == 1
    enrollments.create(tx, DEAN, {"user": bob.user_id, "class_obj": room, "section": section})
    assert titles(tx, bob) == ["to both"], "who comes back has missed what was told meanwhile, and before"


def test_marks_are_of_ones_own_and_hold_for_what_was_there(tx: Transaction) -> None:
    ann, bob = make_user(tx, "ann"), make_user(tx, "bob")
    first, second = tell(tx, "first", "college:1"), tell(tx, "second", "college:1")
    other = tell(tx, "other", f"user:{bob.user_id}")
    assert notifications.mark_read(tx, ann, [first, other, 99]) == 1
    assert titles(tx, ann, is_read=True) == ["first"]
    assert titles(tx, bob, is_read=True) == []
    assert notifications.mark_read(tx, ann, None) == 1
    assert notifications.mark_read(tx, ann, [first, second]) == 0
    tell(tx, "third", "college:1")
    assert titles(tx, ann, is_read=False) == ["third"]
    assert notifications.one(tx, ann, second)["is_read"] is True
    with pytest.raises(NotFound):
        notifications.one(tx, ann, other)


def test_what_is_rewritten_is_found_by_its_new_text_alone(tx: Transaction) -> None:
    ann = make_user(tx, "ann")
    number = tell(tx, "secret", "college:1")
    tell(tx, "another", "college:1")
    notifications.rewrite(tx, "announcement:secret", {"title": "public", "message": "for all"}, NOW)
    assert titles(tx, ann) == replayed(tx, ann) == ["another", "public"]
    assert notifications.page(tx, ann, Asked(search="secret"))[0] == 0
    assert notifications.page(tx, ann, Asked(search="for all"))[0] == 1
    notifications.narrow(tx, "announcement:secret", lambda held: ("user:1", "class:9"))
    assert titles(tx, ann) == replayed(tx, ann) == ["another", "public"], "she is user 1"
    bob = make_user(tx, "bob")
    notifications.narrow(tx, "announcement:secret", lambda held: ("class:9",))
    assert titles(tx, ann) == replayed(tx, ann) == ["another"]
    assert titles(tx, bob) == []
    assert tx.value("SELECT count(*) FROM notification_audience WHERE notification_id = ?", (number,)) == 1


@pytest.mark.parametrize("member_first", [True, False])
def test_i9_an_enrolment_and_a_notice_to_its_class_in_one_batch(tmp_path: Path, member_first: bool) -> None:
    """Whoever is a member first gets the notice, live and in the list; the reverse order: not, nor at a return."""

    async def run(inside: Inside) -> None:
        dean = Asker(inside.user_id, "college_admin", 1, 1, AT)
        write = inside.campus.database.write
        room = (await write(classes.create, dean, {"name": "Red"}))["id"]
        client = await inside.connect()
        await client.read_until(lambda one: any(event.event == "presence_snapshot" for event in one.events))

        def enrol(tx: Transaction) -> None:
            enrollments.create(tx, dean, {"user": inside.user_id, "class_obj": room})

        def publish(tx: Transaction) -> None:
            author = make_user(tx, "tom", "teacher")
            target = {"target_type": "class", "class_obj": room}
            given = {"title": "t", "content": "c", "publish_date": AT.today, "is_published": True}
            notices.create(tx, author, {**given, "visibility": [target]})

        order: list[Callable[[Transaction], None]] = [enrol, publish] if member_first else [publish, enrol]
        assert await one_batch(inside.campus.database, order) == [None, None]
        last = await inside.tell(f"user:{inside.user_id}")
        await client.read_event(last)
        again = await inside.connect(cursor=0)
        await again.read_event(last)
        # Who comes after it hears that there is something in the list now, and not as news.
        names = ["notification", "notification"] if member_first else ["notice_updated", "notification"]
        for side in (client, again):
            assert side.ids == [last - 1, last]
            assert [event.event for event in side.events if event.id is not None][-2:] == names
        count, _ = await inside.campus.database.read(notifications.page, dean, Asked())
        assert count == member_first

    async def with_server() -> None:
        async with served(tmp_path) as inside:
            await run(inside)

    asyncio.run(with_server())


def test_telling_a_crowd_writes_a_row_a_key_and_lists_take_no_time(tx: Transaction) -> None:
    """The limit is several times what was measured on a slow machine: it is for what grows with the crowd."""
    tom = make_user(tx, "tom", "teacher")
    ann = make_user(tx, "ann")
    tx.executemany(
        "INSERT INTO user_keys (user_id, key, since_event_id) SELECT ?1, 'class:' || ?2, 0",
        [(ann.user_id, number) for number in range(1, 6)],
    )
    given = {"title": "notice", "content": "lorem ipsum " * 20, "publish_date": AT.today, "is_published": True}
    for _ in range(3_000):
        notices.create(tx, tom, given)
    before = tx.value("SELECT count(*) FROM notification_audience")
    started_s = time.perf_counter()
    notices.create(tx, tom, given)
    assert tx.value("SELECT count(*) FROM notification_audience") == before + 2
    for ask in (
        lambda: notifications.page(tx, ann, Asked()),
        lambda: notifications.page(tx, ann, Asked({"is_read": False}, search="notice")),
        lambda: notifications.unread_count(tx, ann),
    ):
        assert ask()
    took_ms = (time.perf_counter() - started_s) * 1000
    assert took_ms < 200


def test_what_the_log_has_from_before_there_was_a_list_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "realtime.sqlite3"
    old = tmp_path / "migrations"
    old.mkdir()
    (old / "0001_core.sql").write_text((MIGRATIONS / "0001_core.sql").read_text(encoding="utf-8"), encoding="utf-8")
    assert migrate(path, old) == 1
    connection = connect(path)
    try:
        data = {
            "id": 7,
            "title": "Straße",
            "message": "m\u2028",
            "notification_type": "announcement",
            "data": {"a": "ä"},
        }
        connection.execute("BEGIN")
        tx = Transaction(connection)
        tx.execute(
            "INSERT INTO users (username, user_type, college_id, date_joined, created_at, updated_at) "
            "VALUES ('ann', 'student', 1, '', '', '')"
        )
        tx.execute("INSERT INTO user_keys VALUES (1, 'college:1', 0)")
        log.append(tx, "notice_removed", {"id": 7}, ["college:1"], NOW)
        event = log.append(tx, "notification", data, ["college:1", "user:1"], NOW, "announcement:7")
        connection.execute("COMMIT")
        migrate(path)
        connection.execute("BEGIN")
        ann = Asker(1, "student", 1, 1, AT)
        _, (found,) = notifications.page(tx, ann, Asked(search="STRASSE"))
        assert {name: found[name] for name in data if name != "id"} == {  # type: ignore[literal-required]
            name: value for name, value in data.items() if name != "id"
        }
        assert (found["id"], found["created_at"], found["created_by"]) == (1, NOW, None)
        text = tx.value("SELECT data FROM event_log WHERE id = ?", (event.id,))
        assert (json.loads(text), text.isascii()) == (data | {"id": 1}, True), "as it is told again"
        connection.execute("COMMIT")
    finally:
        connection.close()
