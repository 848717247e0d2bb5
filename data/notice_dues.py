"""What readers are told of a notice, and when: now, or from a due row that the clock does later, restarts or not.

A notice is announced once in its life (`announced_at`). One that comes back after it was withdrawn, was moved to
another day or is for others now is told as `notice_updated` and not as news. `is_shown` says that readers may hold it,
so that its going is told once. Its author lists it in any state, and is told so. Every event is appended in the
transaction of the change that it tells of (I9).
"""

from __future__ import annotations

import sqlite3
from typing import Any

from data import audiences, clock, files, log, notifications
from data.asker import Moment
from data.notice_rows import Notice, audience, by_id, is_out, is_visible, to_object
from data.transaction import Transaction

ANNOUNCE = "announce"
EXPIRE = "expire"
WITHDRAWN = "This notice was withdrawn."

# A due row that comes before its day was made under another `timezone` setting: it looks again so much later.
LOOK_AGAIN_S = 60.0
_LAST_DAY = "9999-12-31"


def settle(tx: Transaction, before: sqlite3.Row | None, notice_id: int, at: Moment, *, at_once: bool = False) -> Notice:
    """After a notice was made (`before` is None) or changed: tell its readers, and plan what is to be told later.

    `at_once` announces it without the delay, if it is not waiting already. Returns its object as it is now.
    """
    row = by_id(tx, notice_id)
    delay_s = 0.0 if at_once else at.announce_delay_s
    was_shown = before is not None and bool(before["is_shown"] or is_visible(before, at.today))
    if before is not None:
        _correct_log(tx, before, row, at)
    if is_visible(row, at.today):
        gone = audiences.beyond(tx, audience(before), audience(row)) if before is not None and was_shown else ()
        _tell_removal(tx, row, gone, at.now)
        if gone and row["announced_at"] is None:
            _tell_object(
                tx, row, at.now
            )  # who holds a key of both was told that it is gone, and sees it before it is news
        _show(tx, row, at.now, delay_s)
    else:
        if before is not None and was_shown:
            _remove(tx, row, audience(before), at.now)
        else:
            # What readers don't see any more is still in their notifications, which have just changed with it.
            readers = audience(before) if before is not None and _is_other_news(before, row, at.today) else ()
            if row["is_active"]:
                _tell_removal(tx, row, readers, at.now)
            _tell_author(tx, row, at.now, readers)
        _plan_announcement(tx, row, at, delay_s)
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
            if is_visible(row, today):
                _announce(tx, row, now)
            elif _is_ahead(row, today):
                _plan(tx, notice_id, ANNOUNCE, clock.later(now, LOOK_AGAIN_S))
        elif is_visible(row, today):
            _plan(tx, notice_id, EXPIRE, clock.later(now, LOOK_AGAIN_S))
        elif row["is_shown"]:
            _remove(tx, row, audience(row), now)
    return len(dues)


def _show(tx: Transaction, row: sqlite3.Row, now: str, delay_s: float) -> None:
    if row["announced_at"] is not None or delay_s <= 0:
        _unplan(tx, row["id"], ANNOUNCE)
        _announce(tx, row, now)
        return
    _set_shown(tx, row["id"], True)
    # The earlier time holds: an edit while a notice waits does not put it off.
    tx.execute(
        "INSERT INTO notice_dues (notice_id, action, due_at) VALUES (?, ?, ?) "
        "ON CONFLICT (notice_id, action) DO UPDATE SET due_at = min(due_at, excluded.due_at)",
        (row["id"], ANNOUNCE, clock.later(now, delay_s)),
    )


def _announce(tx: Transaction, row: sqlite3.Row, now: str) -> None:
    """Give a visible notice to its readers: the first time as news, later as the object that it is now."""
    _set_shown(tx, row["id"], True)
    if row["announced_at"] is not None:
        _tell_object(tx, row, now)
        return
    tx.execute("UPDATE notices SET announced_at = ? WHERE id = ?", (now, row["id"]))
    notifications.notify(
        tx,
        title="New Notice",
        message=row["title"],
        notification_type="notice",
        data=_notification_data(row),
        keys=_keys(row),
        subject=_news_subject(row),
        now=now,
        college_id=row["college_id"],
        author_id=row["created_by"],
    )


def _tell_object(tx: Transaction, row: sqlite3.Row, now: str) -> None:
    log.append(tx, "notice_updated", to_object(tx, row), _keys(row), now, _object_subject(row))


def _remove(tx: Transaction, row: sqlite3.Row, readers: tuple[str, ...], now: str) -> None:
    _set_shown(tx, row["id"], False)
    if row["is_active"]:
        _tell_removal(tx, row, readers, now)
    _tell_author(tx, row, now, readers)


def _tell_removal(tx: Transaction, row: sqlite3.Row, keys: tuple[str, ...], now: str) -> None:
    """Tell holders of these keys that it is gone. Whoever of them sees it nevertheless is told after that, too."""
    if keys:
        log.append(tx, "notice_removed", {"id": row["id"]}, keys, now)


def _tell_author(tx: Transaction, row: sqlite3.Row, now: str, readers: tuple[str, ...] = ()) -> None:
    """What readers don't see is still in its author's list, until it is deleted: then it is gone for all."""
    own = f"user:{row['created_by']}"
    if row["is_active"]:
        log.append(tx, "notice_updated", to_object(tx, row), (own,), now, _object_subject(row))
    else:
        _tell_removal(tx, row, (*readers, own), now)


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


def _unplan(tx: Transaction, notice_id: int, action: str) -> None:
    tx.execute("DELETE FROM notice_dues WHERE notice_id = ? AND action = ?", (notice_id, action))


def _is_ahead(row: sqlite3.Row, today: str) -> bool:
    return bool(row["is_published"] and row["is_active"]) and row["publish_date"] > today


def _is_other_news(before: sqlite3.Row, row: sqlite3.Row, today: str) -> bool:
    """Whether a change reaches the notification that its readers have."""
    if before["announced_at"] is None:
        return False
    told, told_before = _told(row, today), _told(before, today)
    return (told["title"], _notification_data(row), audience(row)) != (
        told_before["title"],
        _notification_data(before),
        audience(before),
    )


def _correct_log(tx: Transaction, before: sqlite3.Row, row: sqlite3.Row, at: Moment) -> None:
    """Make earlier events say what it says now, to nobody but those whom it is still for: a replay never tells a text
    that was changed or withdrawn, nor others of it."""
    told, news = _told(row, at.today), _notification_data(row)
    if (told, news) != (_told(before, at.today), _notification_data(before)):
        log.rewrite(tx, _object_subject(row), told)
        notifications.rewrite(tx, _news_subject(row), {"message": told["title"]}, at.now, data=news)
    if audience(row) != audience(before):
        own = f"user:{row['created_by']}"

        def left(keys: tuple[str, ...]) -> tuple[str, ...]:
            readers = tuple(key for key in keys if key != own)
            return (*audiences.common(tx, readers, audience(row)), own)

        log.narrow(tx, _object_subject(row), left)
        notifications.narrow(tx, _news_subject(row), left)


def _told(row: sqlite3.Row, today: str) -> dict[str, Any]:
    """What the log may tell of a notice now: nothing that was withdrawn."""
    if not is_out(row, today):
        return {"title": WITHDRAWN, "content": "", "attachment": None}
    return {"title": row["title"], "content": row["content"], "attachment": files.shown(row["attachment"])}


def _notification_data(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "notice_id": row["id"],
        "is_urgent": bool(row["is_urgent"]),
        "publish_date": row["publish_date"],
    }


def _keys(row: sqlite3.Row) -> tuple[str, ...]:
    """Who hears of a notice: those whom it is for, and its author, who may be none of them."""
    return (*audience(row), f"user:{row['created_by']}")


def _news_subject(row: sqlite3.Row) -> str:
    return f"notice:{row['id']}"


def _object_subject(row: sqlite3.Row) -> str:
    # Not the news' own: both have a `title`, and a rewriting would put one into the other.
    return f"notice:{row['id']}/object"


def _set_shown(tx: Transaction, notice_id: int, is_shown: bool) -> None:
    tx.execute("UPDATE notices SET is_shown = ? WHERE id = ?", (is_shown, notice_id))
