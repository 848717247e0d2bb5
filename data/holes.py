"""Holes: the stretches of the log's ids that no event has, since a backup was restored.

Between the backup's last id and the id at which the restored log goes on lies what was told after the backup and is
lost. A client whose cursor is in there has seen what nobody knows any more: it must fetch again (I7). Both ends are
good cursors: the lower one is the backup's last event, the upper one the position right after the restore.
"""

from __future__ import annotations

from data.transaction import Transaction


def record(tx: Transaction, after_id: int, through_id: int, now: str) -> None:
    """Ids above after_id and up to through_id are nobody's."""
    tx.execute("INSERT INTO log_holes (through_id, after_id, made_at) VALUES (?, ?, ?)", (through_id, after_id, now))


def has(tx: Transaction, cursor: int) -> bool:
    """Whether this cursor is of a past that was lost."""
    found = tx.value("SELECT after_id FROM log_holes WHERE through_id > ? ORDER BY through_id LIMIT 1", (cursor,))
    return found is not None and bool(cursor > found)


def ids_between(tx: Transaction, first_id: int, last_id: int) -> int:
    """How many of the ids from first_id to last_id, both of them events, are in no hole."""
    left_out = tx.value(
        "SELECT total(through_id - after_id) FROM log_holes WHERE after_id >= ? AND through_id < ?", (first_id, last_id)
    )
    return last_id - first_id + 1 - int(left_out)


def newest_but(tx: Transaction, position: int, count: int) -> int:
    """The id after which the newest `count` ids up to position are, holes not counted. May be below 0."""
    oldest = position - count
    for hole in tx.rows("SELECT after_id, through_id FROM log_holes ORDER BY through_id DESC"):
        if hole["through_id"] <= oldest:
            break
        oldest -= hole["through_id"] - hole["after_id"]
    return int(oldest)
