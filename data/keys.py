"""Keys: what a user may hear, and since when. The one place that writes `user_keys`.

An account gives keys by itself, each active enrolment gives its class's and its section's. `settle` brings what is
stored to that and tells the difference, in the transaction of the change that made it (I9, I10). What was published
before a key was gained is not news to its holder: `since_event_id` is the log's position at that moment.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from data import log
from data.outcome import KeysChanged
from data.roles import GLOBAL_ROLES
from data.transaction import Transaction

GLOBAL = "global"

_ENROLLED = (
    "SELECT c.id AS class_id, CASE WHEN s.is_active = 1 THEN s.id END AS section_id FROM enrollments AS e "
    "JOIN classes AS c ON c.id = e.class_id LEFT JOIN sections AS s ON s.id = e.section_id "
    "WHERE e.user_id = ? AND e.is_active = 1 AND c.is_active = 1"
)


def of_account(user_id: int, user_type: str, college_id: int | None) -> tuple[str, ...]:
    """The keys that an account holds by itself."""
    own: tuple[str, ...] = (f"user:{user_id}", "all")
    if user_type in GLOBAL_ROLES:
        own = (*own, GLOBAL)
    if college_id is None:
        return own
    return (*own, f"college:{college_id}", f"college:{college_id}/type:{user_type}")


def of_admins(college_id: int) -> tuple[str, ...]:
    """The keys of those who administer a college: they list what is in it, whoever it is for."""
    return f"college:{college_id}/type:college_admin", GLOBAL


def of_author(row: sqlite3.Row) -> tuple[str, ...]:
    """The key of who made something, as long as they belong to its college or to all: others don't see it any more.

    The row has created_by and college_id, and of its author author_type and author_college_id.
    """
    is_there = row["author_type"] in GLOBAL_ROLES or row["author_college_id"] == row["college_id"]
    return (f"user:{row['created_by']}",) if is_there else ()


def held(tx: Transaction, user_id: int) -> dict[str, int]:
    """All keys that a user holds now, each with the event since which it is held."""
    found = tx.rows("SELECT key, since_event_id FROM user_keys WHERE user_id = ?", (user_id,))
    return {row["key"]: row["since_event_id"] for row in found}


def begin(tx: Transaction, user_id: int) -> None:
    """Give a new user the keys that are due. Nobody listens yet, so nobody is told."""
    _settle(tx, user_id)


def settle(tx: Transaction, user_id: int) -> None:
    """Give the user the keys that are due and take the others. What stays keeps its `since_event_id`."""
    gained, lost = _settle(tx, user_id)
    if gained or lost:
        tx.outcome.append(KeysChanged(user_id, tuple(gained.items()), tuple(lost)))


def settle_all(tx: Transaction, user_ids: Iterable[int]) -> None:
    """The same for several."""
    for user_id in user_ids:
        settle(tx, user_id)


def _settle(tx: Transaction, user_id: int) -> tuple[dict[str, int], list[str]]:
    due, before = _due(tx, user_id), held(tx, user_id)
    position = log.position(tx)
    # Nothing older than an account was ever for its own key, so that one needs no such border.
    gained = {key: 0 if key.startswith("user:") else position for key in due if key not in before}
    lost = [key for key in before if key not in due]
    tx.executemany("DELETE FROM user_keys WHERE user_id = ? AND key = ?", [(user_id, key) for key in lost])
    tx.executemany(
        "INSERT INTO user_keys (user_id, key, since_event_id) VALUES (?, ?, ?)",
        [(user_id, key, since_id) for key, since_id in gained.items()],
    )
    return gained, lost


def _due(tx: Transaction, user_id: int) -> dict[str, None]:
    user = tx.row("SELECT user_type, college_id FROM users WHERE id = ?", (user_id,))
    assert isinstance(user, sqlite3.Row)
    found = dict.fromkeys(of_account(user_id, user["user_type"], user["college_id"]))
    for row in tx.rows(_ENROLLED, (user_id,)):
        found[f"class:{row['class_id']}"] = None
        if row["section_id"] is not None:
            found[f"section:{row['section_id']}"] = None
    return found
