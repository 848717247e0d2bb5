"""What readers are told of a notice, and when: now, or from a due row that the clock does later, restarts or not.

A notice is announced once in its life (`announced_at`). One that comes back after it was withdrawn, or was moved to
another day, is told as `notice_updated` and not as news. `is_shown` says that readers may hold it, so that its going
is told once. Every event is appended in the transaction of the change that it tells of (I9).
"""

from __future__ import annotations

import sqlite3
from typing import Any

from data import clock, log
from data.asker import Moment
from data.notice_rows import Notice, by_id, is_out, is_visible, to_object
from data.transaction import Transaction

ANNOUNCE = "announce"
EXPIRE = "expire"
WITHDRAWN = "This notice was withdrawn."

# A due row that comes before its day was made under another `timezone` setting: it looks again so much later.
LOOK_AGAIN_S = 60.0
_LAST_DAY = "9999-12-31"


def settle(tx: Transaction, before: sqlite3.Row | None, notice_id: int, at: Moment) -> Notice:
    """After a notice was made (`before` is None) or changed: tell its readers, and plan what is to be told later.

    Returns its object as it is now.
    """
    row = _row(tx, notice_id)
    was_shown = before is not None and bool(before["is_shown"] or is_visible(before, at.today))
    if before is not None and before["announced_at"] is not None:
        told = _told(row, at.today)
        if told != _told(before, at.today):
            _rewrite_log(tx, row, told)
    if is_visible(row, at.today):
        _show(tx, row, at)
    else:
        if was_shown:
            _remove(tx, row, at.now)
        _plan_announcement(tx, row, at)
    _plan_expiry(tx, row, at)
    return to_object(row)


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
        row = _row(tx, notice_id)
        if action == ANNOUNCE:
            if is_visible(row, today):
                _announce(tx, row, now)
            elif _is_ahead(row, today):
                _plan(tx, notice_id, ANNOUNCE, clock.later(now, LOOK_AGAIN_S))
        elif is_visible(row, today):
            _plan(tx, notice_id, EXPIRE, clock.later(now, LOOK_AGAIN_S))
        elif row["is_shown"]:
            _remove(tx, row, now)
    return len(dues)


def _show(tx: Transaction, row: sqlite3.Row, at: Moment) -> None:
    if row["announced_at"] is not None or at.announce_delay_s <= 0:
        _unplan(tx, row["id"], ANNOUNCE)
        _announce(tx, row, at.now)
        return
    _set_shown(tx, row["id"], True)
    # The earlier time holds: an edit while a notice waits does not put it off.
    tx.execute(
        "INSERT INTO notice_dues (notice_id, action, due_at) VALUES (?, ?, ?) "
        "ON CONFLICT (notice_id, action) DO UPDATE SET due_at = min(due_at, excluded.due_at)",
        (row["id"], ANNOUNCE, clock.later(at.now, at.announce_delay_s)),
    )


def _announce(tx: Transaction, row: sqlite3.Row, now: str) -> None:
    """Give a visible notice to its readers: the first time as news, later as the object that it is now."""
    _set_shown(tx, row["id"], True)
    if row["announced_at"] is not None:
        log.append(tx, "notice_updated", to_object(row), _keys(row), now, _object_subject(row))
        return
    tx.execute("UPDATE notices SET announced_at = ? WHERE id = ?", (now, row["id"]))
    notification = {
        "id": row["id"],
        "title": "New Notice",
        "message": row["title"],
        "notification_type": "notice",
        "data": _notification_data(row),
        "created_at": now,
    }
    log.append(tx, "notification", notification, _keys(row), now, _news_subject(row))


def _remove(tx: Transaction, row: sqlite3.Row, now: str) -> None:
    _set_shown(tx, row["id"], False)
    log.append(tx, "notice_removed", {"id": row["id"]}, _keys(row), now)


def _plan_announcement(tx: Transaction, row: sqlite3.Row, at: Moment) -> None:
    if _is_ahead(row, at.today):
        day_begins = clock.day_begins(row["publish_date"], at.zone)
        _plan(tx, row["id"], ANNOUNCE, max(day_begins, clock.later(at.now, at.announce_delay_s)))
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


def _unplan(tx: Transaction, notice_id: int, action: str) -> None:
    tx.execute("DELETE FROM notice_dues WHERE notice_id = ? AND action = ?", (notice_id, action))


def _is_ahead(row: sqlite3.Row, today: str) -> bool:
    return bool(row["is_published"] and row["is_active"]) and row["publish_date"] > today


def _told(row: sqlite3.Row, today: str) -> dict[str, Any]:
    """What the log may tell of a notice now: nothing that was withdrawn."""
    if not is_out(row, today):
        return {"title": WITHDRAWN, "content": "", "attachment": None}
    return {name: row[name] for name in ("title", "content", "attachment")}


def _rewrite_log(tx: Transaction, row: sqlite3.Row, told: dict[str, Any]) -> None:
    """Make earlier events say that, so that a replay never tells a text that was changed or withdrawn."""
    log.rewrite(tx, _news_subject(row), {"message": told["title"]})
    log.rewrite(tx, _object_subject(row), told)


def _notification_data(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "notice_id": row["id"],
        "is_urgent": bool(row["is_urgent"]),
        "publish_date": row["publish_date"],
    }


def _keys(row: sqlite3.Row) -> tuple[str, ...]:
    """Who hears of a notice: its college, and its author, who may be of none."""
    return (f"college:{row['college_id']}", f"user:{row['created_by']}")


def _news_subject(row: sqlite3.Row) -> str:
    return f"notice:{row['id']}"


def _object_subject(row: sqlite3.Row) -> str:
    # Not the news' own: both have a `title`, and a rewriting would put one into the other.
    return f"notice:{row['id']}/object"


def _set_shown(tx: Transaction, notice_id: int, is_shown: bool) -> None:
    tx.execute("UPDATE notices SET is_shown = ? WHERE id = ?", (is_shown, notice_id))


def _row(tx: Transaction, notice_id: int) -> sqlite3.Row:
    row = by_id(tx, notice_id)
    assert row is not None
    return row
