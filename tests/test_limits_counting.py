"""What limits count, by a clock that only the test moves: rates, the day's uploads, and what is logged of them."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from data import clock, files, migrate, users
from data.session import command_transaction
from realtime.api.allowance import DAY_S, Allowance
from realtime.api.bounds import Bounds
from realtime.api.problem import Problem
from realtime.api.rates import Rate
from realtime.api.turned_away import TurnedAway
from realtime.api.windows import Windows

BEGAN_S = 1_767_954_600.0  # 2026-01-09


class Clock:
    """Tells the time that it is told."""

    def __init__(self) -> None:
        self.now_s = BEGAN_S

    def __call__(self) -> float:
        return self.now_s


def bounds(**changed: float) -> Bounds:
    """The defaults' shape, with no limit but those that are given."""
    names = {name: 0 for name in Bounds.__slots__} | {"limits": True, "failed_logins": 5, **changed}
    return Bounds(**names)  # type: ignore[arg-type]


def wait_s(raising: Callable[[], object]) -> int:
    """The Retry-After of a refusal, which has one."""
    with pytest.raises(Problem) as refused:
        raising()
    assert refused.value.status == 429
    text = refused.value.headers["Retry-After"]
    assert text.isdecimal()
    assert int(text) >= 1
    return int(text)


# Rates


def test_after_retry_after_the_call_works_and_not_before() -> None:
    told = Clock()
    turned_away = TurnedAway(told)
    rate = Rate("requests", 3, "Too many.", turned_away, told)
    for _ in range(3):
        rate.count("user 1")
        told.now_s += 7.3
    wait = wait_s(lambda: rate.count("user 1"))
    assert wait == 39  # the window began 21.9 s ago
    rate.count("user 2")
    told.now_s += wait - 1.5
    assert wait_s(lambda: rate.count("user 1")) <= 2
    told.now_s += 1.5
    for _ in range(3):
        rate.count("user 1")
    wait_s(lambda: rate.count("user 1"))
    assert turned_away.counts["requests"] == 3


def test_zero_is_no_limit() -> None:
    rate = Rate("requests", 0, "Too many.", TurnedAway(Clock()), Clock())
    for _ in range(10_000):
        rate.count("user 1")


def test_windows_are_bounded_and_forgotten() -> None:
    told = Clock()
    windows = Windows(told, most=1000)
    for number in range(5000):
        windows.incr(f"user {number}", 60)
    assert len(windows) == 1000
    assert (windows.get("user 3999"), windows.get("user 4999")) == (0, 1)
    told.now_s += 61
    for number in range(200):
        windows.incr(f"late {number}", 60)
    assert len(windows) == 200, "what is over goes without anybody waiting for it"


def test_a_refusal_is_logged_once_a_minute_for_each(caplog: pytest.LogCaptureFixture) -> None:
    told = Clock()
    turned_away = TurnedAway(told)
    with caplog.at_level(logging.WARNING, "realtime.api.turned_away"):
        for _ in range(100):
            turned_away.note("messages", "user 7")
            turned_away.note("messages", "user 8")
        told.now_s += 61
        turned_away.note("messages", "user 7")
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"user {number} is at the limit for messages" for number in (7, 8, 7)]
    assert turned_away.counts == {"messages": 201}


# Uploads


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """An empty database with the users 1 and 2."""
    path = tmp_path / "realtime.sqlite3"
    migrate.migrate(path)
    with command_transaction(path) as tx:
        for name in ("ann", "bob"):
            users.create(tx, users.NewUser(name, college_id=1), clock.stamp(BEGAN_S))
    return path


class Uploads:
    """An allowance of 1,000 bytes a day over the rows of a database."""

    def __init__(self, path: Path, told: Clock) -> None:
        self.path = path
        self.told = told
        self.allowance = Allowance(
            bounds(upload_bytes_per_day=1000, max_upload_bytes=600), self._uploaded, TurnedAway(told), told
        )

    async def _uploaded(self, user_id: int, since: str, most_bytes: int) -> tuple[int, str | None]:
        with command_transaction(self.path) as tx:
            return files.uploaded(tx, user_id, since, most_bytes)

    def take(self, user_id: int, size_bytes: int | None) -> int:
        """As Allowance.take."""
        return asyncio.run(self.allowance.take(user_id, size_bytes))

    def store(self, user_id: int, size_bytes: int) -> None:
        """An upload from its announcement to its row."""
        taken = self.take(user_id, size_bytes)
        now = clock.stamp(self.told())
        key = f"{self.told():040.0f}"
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute(
                "INSERT INTO files (key, name, media_type, kind, size_bytes, etag, owner_id, created_at) "
                "VALUES (?, 'a', 'b', 'document', ?, 'c', ?, ?)",
                (key, size_bytes, user_id, now),
            )
        self.allowance.give_back(user_id, taken)


def test_the_days_uploads_are_those_of_24_hours(database: Path) -> None:
    told = Clock()
    uploads = Uploads(database, told)
    for size_bytes in (100, 300, 600):
        uploads.store(1, size_bytes)
        told.now_s += 3600
    for size_bytes, freed_by in ((50, 0), (100, 0), (101, 1), (400, 1), (401, 2), (1000, 2)):
        wait = wait_s(lambda size_bytes=size_bytes: uploads.take(1, size_bytes))  # type: ignore[misc]
        assert wait == DAY_S - 3 * 3600 + freed_by * 3600, size_bytes
    uploads.store(2, 1000)
    wait = wait_s(lambda: uploads.take(1, 200))
    told.now_s += wait - 1
    assert wait_s(lambda: uploads.take(1, 200)) == 1
    told.now_s += 1
    uploads.store(1, 200)


def test_a_new_server_knows_what_the_last_one_stored(database: Path) -> None:
    told = Clock()
    Uploads(database, told).store(1, 1000)
    again = Uploads(database, told)
    assert wait_s(lambda: again.take(1, 1)) == DAY_S
    again.take(2, 1000)


def test_what_is_on_its_way_counts(database: Path) -> None:
    uploads = Uploads(database, Clock())
    taken = uploads.take(1, 700)
    assert wait_s(lambda: uploads.take(1, 400)) == 1, "it may be over at any moment"
    uploads.allowance.give_back(1, taken)
    assert uploads.take(1, None) == 600, "a body that does not say how long it is may be as long as any"
    assert uploads.take(2, None) == 600
    wait_s(lambda: uploads.take(2, None))


def test_more_than_a_day_has_is_too_large_for_ever(database: Path) -> None:
    with pytest.raises(Problem) as refused:
        Uploads(database, Clock()).take(1, 1001)
    assert refused.value.status == 413


def test_without_limits_nothing_is_read(database: Path) -> None:
    async def uploaded(user_id: int, since: str, most_bytes: int) -> tuple[int, str | None]:
        raise AssertionError("nobody asked")

    off = bounds(upload_bytes_per_day=1, max_upload_bytes=600, limits=False)
    allowance = Allowance(off, uploaded, TurnedAway(Clock()), Clock())
    assert asyncio.run(allowance.take(1, 10**12)) == 0
