"""What is told of a notice: that it is new, what it is now, that it is gone; and what the log tells of it later.

A notice is announced once in its life (`announced_at`). Readers hold it while `is_shown`; its author and the admins
list it in any state, and hear of each change. Every event is appended in the transaction of what it tells of (I9).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from data import audiences, files, keys, log, notifications
from data.notice_rows import audience, is_out, keepers, to_object
from data.transaction import Transaction

WITHDRAWN = "This notice was withdrawn."


def announce(tx: Transaction, row: sqlite3.Row, now: str, today: str) -> None:
    """Give a notice to its readers: the first time as news, later as the object that it is now."""
    set_shown(tx, row["id"], True)
    if row["announced_at"] is not None:
        _rewrite(tx, row, now, today)  # its day may have come without a change of it
        tell_object(tx, row, (*audience(row), *keepers(row)), now)
        return
    tx.execute("UPDATE notices SET announced_at = ? WHERE id = ?", (now, row["id"]))
    notifications.notify(
        tx,
        title="New Notice",
        message=row["title"],
        notification_type="notice",
        data=_notification_data(row),
        keys=hearers(row),
        subject=_news_subject(row["id"]),
        now=now,
        college_id=row["college_id"],
        author_id=row["created_by"],
    )


def listers(row: sqlite3.Row) -> tuple[str, ...]:
    """The keys of those who list a notice: those who keep it, and its readers while they are shown it."""
    return (*audience(row), *keepers(row)) if row["is_shown"] else keepers(row)


def hearers(row: sqlite3.Row) -> tuple[str, ...]:
    """The keys of those to whom a notice is news: its readers, and its author, who may be none of them."""
    return (*audience(row), *keys.of_author(row))


def tell_object(tx: Transaction, row: sqlite3.Row, keys: tuple[str, ...], now: str) -> None:
    """Tell holders of these keys what a notice is now."""
    log.append(tx, "notice_updated", to_object(tx, row), keys, now, _object_subject(row["id"]))


def tell_removal(tx: Transaction, notice_id: int, keys: tuple[str, ...], now: str) -> None:
    """Tell holders of these keys that a notice is gone. Who sees it nevertheless is told after that, too."""
    if keys:
        log.append(tx, "notice_removed", {"id": notice_id}, keys, now)


def set_shown(tx: Transaction, notice_id: int, is_shown: bool) -> None:
    """Write down whether readers hold a notice."""
    tx.execute("UPDATE notices SET is_shown = ? WHERE id = ?", (is_shown, notice_id))


def notified(tx: Transaction, row: sqlite3.Row) -> tuple[str, ...]:
    """The keys of those who have a notification of it, without its author's."""
    return tuple(
        key for key in notifications.audience(tx, _news_subject(row["id"])) if key != f"user:{row['created_by']}"
    )


def is_other_news(before: sqlite3.Row, row: sqlite3.Row, today: str) -> bool:
    """Whether a change reaches the notification that its readers have."""
    if before["announced_at"] is None:
        return False
    told, told_before = _told(row, today), _told(before, today)
    return (told["title"], _notification_data(row), audience(row)) != (
        told_before["title"],
        _notification_data(before),
        audience(before),
    )


def correct_log(tx: Transaction, before: sqlite3.Row, row: sqlite3.Row, now: str, today: str) -> None:
    """Make earlier events say what it says now, to nobody but those whom it is still for: a replay never tells a text
    that was changed or withdrawn, nor others of it."""
    if (_told(row, today), _notification_data(row)) != (_told(before, today), _notification_data(before)):
        _rewrite(tx, row, now, today)
    if audience(row) != audience(before):

        def left(keys: tuple[str, ...]) -> tuple[str, ...]:
            kept = tuple(key for key in keys if key in keepers(row))
            readers = tuple(key for key in keys if key not in kept)
            return (*audiences.common(tx, readers, audience(row)), *kept)

        _narrow(tx, row["id"], left)


def forget(tx: Transaction, notice_id: int, user_keys: tuple[str, ...]) -> None:
    """Those who see a notice no more are told nothing of it by a replay, nor of what it says by then."""
    _narrow(tx, notice_id, lambda keys: tuple(key for key in keys if key not in user_keys))


def _narrow(tx: Transaction, notice_id: int, left: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
    log.narrow(tx, _object_subject(notice_id), left)
    notifications.narrow(tx, _news_subject(notice_id), left)


def _rewrite(tx: Transaction, row: sqlite3.Row, now: str, today: str) -> None:
    told = _told(row, today)
    log.rewrite(tx, _object_subject(row["id"]), told)
    changes, data = {"message": told["title"]}, _notification_data(row)
    notifications.rewrite(tx, _news_subject(row["id"]), changes, now, data=data)


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


def _news_subject(notice_id: int) -> str:
    return f"notice:{notice_id}"


def _object_subject(notice_id: int) -> str:
    # Not the news' own: both have a `title`, and a rewriting would put one into the other.
    return f"notice:{notice_id}/object"
