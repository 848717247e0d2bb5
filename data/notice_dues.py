"""When a notice is told of: now, or from a due row that the clock does later, restarts or not.

Readers see a notice from when it is announced until it expires or is taken back; one that comes back after it was
withdrawn, was moved to another day or is for others now is told as `notice_updated` and not as news. What is told is in
data/notice_news.py; every event is appended in the transaction of the change that it tells of (I9).
"""

from __future__ import annotations

import sqlite3

from data import audiences, clock
from data import notice_news as news
from data.asker import Moment
from data.notice_rows import Notice, audience, by_id, is_current, keepers, to_object
from data.transaction import Transaction

ANNOUNCE = "announce"
EXPIRE = "expire"

# A due row that comes before its day was made under another `timezone` setting: it looks again so much later.
LOOK_AGAIN_S = 60.0
_LAST_DAY = "9999-12-31"


def settle(
    tx: Transaction,
    before: sqlite3.Row | None,
    notice_id: int,
    at: Moment,
    *,
    at_once: bool = False,
    waits: bool = False,
) -> Notice:
    """After a notice was made (`before` is None) or changed: tell of it, and plan what is to be told later.

    What is published waits for its visibility rows, and with `waits` what is shown already does; `at_once` says that
    they are there. Returns its object as it is now.
    """
    row = by_id(tx, notice_id)
    holders = _holders(tx, before, row, at)
    if before is not None:
        news.correct_log(tx, before, row, at.now, at.today)
    delay_s = 0.0 if at_once else at.announce_delay_s
    if not is_current(row, at.today):
        _end(tx, row, holders, at.now)
        _plan_announcement(tx, row, at, delay_s)
    elif delay_s > 0 and (waits or _is_new(tx, before, row)):
        _end(tx, row, holders, at.now)
        _plan_earlier(tx, notice_id, clock.later(at.now, delay_s))
    else:
        _show(tx, holders, row, at)
    _plan_expiry(tx, row, at)
    return to_object(tx, row)


def is_due(tx: Transaction, now: str) -> bool:
    """Whether `do_dues` has anything to do."""
    return bool(tx.value("SELECT EXISTS (SELECT 1 FROM notice_dues WHERE due_at <= ?)", (now,)))


def do_dues(tx: Transaction, now: str, today: str, most: int) -> int:
    """Do at most `most` of what is due, the oldest first; how many there were.

    What a due row says counts for nothing but the time: the notice may be another one by now, so its row decides.
    """
    dues = tx.rows(
        "SELECT notice_id, action FROM notice_dues WHERE due_at <= ? ORDER BY due_at, notice_id, action LIMIT ?",
        (now, most),
    )
    for notice_id, action in dues:
        _unplan(tx, notice_id, action)
        row = by_id(tx, notice_id)
        if action == ANNOUNCE:
            if is_current(row, today):
                news.announce(tx, row, now, today)
            elif _is_ahead(row, today):
                _plan(tx, notice_id, ANNOUNCE, clock.later(now, LOOK_AGAIN_S))
        elif is_current(row, today):
            _plan(tx, notice_id, EXPIRE, clock.later(now, LOOK_AGAIN_S))
        elif row["is_shown"]:
            _end(tx, row, audience(row), now)
    return len(dues)


def _is_new(tx: Transaction, before: sqlite3.Row | None, row: sqlite3.Row) -> bool:
    """Whether it was never news, is published again, or waits already."""
    if before is None or row["announced_at"] is None or not before["is_published"]:
        return True
    sql = "SELECT EXISTS (SELECT 1 FROM notice_dues WHERE notice_id = ? AND action = ?)"
    return not before["is_shown"] and bool(tx.value(sql, (row["id"], ANNOUNCE)))


def _holders(tx: Transaction, before: sqlite3.Row | None, row: sqlite3.Row, at: Moment) -> tuple[str, ...]:
    """The keys of those who hold it, or a notification of it that has just changed, without its author's."""
    if before is not None and before["is_shown"]:
        return audience(before)
    if before is not None and news.is_other_news(before, row, at.today):
        return news.notified(tx, row)
    return ()


def _show(tx: Transaction, holders: tuple[str, ...], row: sqlite3.Row, at: Moment) -> None:
    """Give it to its readers, and take it from whom it is not for any more."""
    news.tell_removal(tx, row["id"], audiences.beyond(tx, holders, audience(row)), at.now)
    if row["announced_at"] is None:
        # Those of its keepers who don't hear the news have it in their lists as well.
        news.tell_object(tx, row, audiences.beyond(tx, keepers(row), news.hearers(row)), at.now)
    _unplan(tx, row["id"], ANNOUNCE)
    news.announce(tx, row, at.now, at.today)


def _end(tx: Transaction, row: sqlite3.Row, readers: tuple[str, ...], now: str) -> None:
    """It is not for readers, not any more or not yet: tell them, and those who keep it what it is now, unless it is
    gone for all."""
    news.set_shown(tx, row["id"], False)
    if row["is_active"]:
        news.tell_removal(tx, row["id"], readers, now)
        news.tell_object(tx, row, keepers(row), now)
    else:
        news.tell_removal(tx, row["id"], (*readers, *keepers(row)), now)


def _plan_announcement(tx: Transaction, row: sqlite3.Row, at: Moment, delay_s: float) -> None:
    if _is_ahead(row, at.today):
        day_begins = clock.day_begins(row["publish_date"], at.zone)
        _plan(tx, row["id"], ANNOUNCE, max(day_begins, clock.later(at.now, delay_s)))
    else:
        _unplan(tx, row["id"], ANNOUNCE)


def _plan_expiry(tx: Transaction, row: sqlite3.Row, at: Moment) -> None:
    day = row["expiry_date"]
    if row["is_published"] and row["is_active"] and day is not None and at.today <= day < _LAST_DAY:
        _plan(tx, row["id"], EXPIRE, clock.day_begins(clock.day_after(day), at.zone))
    else:
        _unplan(tx, row["id"], EXPIRE)


def _plan(tx: Transaction, notice_id: int, action: str, due_at: str) -> None:
    tx.execute(
        "INSERT OR REPLACE INTO notice_dues (notice_id, action, due_at) VALUES (?, ?, ?)", (notice_id, action, due_at)
    )


def _plan_earlier(tx: Transaction, notice_id: int, due_at: str) -> None:
    """The earlier time holds: an edit while a notice waits does not put it off."""
    tx.execute(
        "INSERT INTO notice_dues (notice_id, action, due_at) VALUES (?, ?, ?) "
        "ON CONFLICT (notice_id, action) DO UPDATE SET due_at = min(due_at, excluded.due_at)",
        (notice_id, ANNOUNCE, due_at),
    )


def _unplan(tx: Transaction, notice_id: int, action: str) -> None:
    tx.execute("DELETE FROM notice_dues WHERE notice_id = ? AND action = ?", (notice_id, action))


def _is_ahead(row: sqlite3.Row, today: str) -> bool:
    return bool(row["is_published"] and row["is_active"]) and row["publish_date"] > today
