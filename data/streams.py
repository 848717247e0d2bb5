"""What a stream that opens needs to know, in one read: whether its token is still good, what its user may hear, who
its partners are, and the first page of what it missed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from data import conversations, log, roles, users
from data import keys as user_keys
from data.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Opening:
    """One snapshot. `keys` maps each key to its since_event_id; `page` begins after the cursor."""

    full_name: str
    keys: dict[str, int]
    partners: list[int]
    page: log.Page


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who has a stream open, as administrators see them."""

    username: str
    full_name: str
    is_global: bool


def opening(tx: Transaction, token_id: int, after_id: int, through_id: int, most_bytes: int) -> Opening | None:
    """Everything for the stream of a token; None when the token or its user is no longer good."""
    user = tx.row(
        "SELECT u.id, u.username, u.first_name, u.last_name FROM tokens AS t JOIN users AS u ON u.id = t.user_id "
        "WHERE t.id = ? AND u.is_active",
        (token_id,),
    )
    if user is None:
        return None
    keys = user_keys.held(tx, user["id"])
    page = log.since(tx, keys, after_id, through_id, most_bytes)
    return Opening(users.full_name(user), keys, conversations.partners(tx, user["id"]), page)


def listeners(tx: Transaction, user_ids: Iterable[int], college_id: int | None) -> dict[int, Listener]:
    """Those of the users who belong to a college; all of them for None. 10,000 cost 20 ms (SQLite 3.40)."""
    rows = tx.rows(
        "SELECT id, username, first_name, last_name, user_type FROM users "
        "WHERE id IN (SELECT value FROM json_each(?1)) AND (?2 IS NULL OR college_id = ?2)",
        (json.dumps(list(user_ids)), college_id),
    )
    return {
        row["id"]: Listener(row["username"], users.full_name(row), row["user_type"] in roles.GLOBAL_ROLES)
        for row in rows
    }


def good_tokens(tx: Transaction, token_ids: Iterable[int]) -> dict[int, bool]:
    """Which of these tokens exist, each with whether its user is active."""
    found = {}
    for token_id in token_ids:
        active = tx.value(
            "SELECT u.is_active FROM tokens AS t JOIN users AS u ON u.id = t.user_id WHERE t.id = ?", (token_id,)
        )
        if active is not None:
            found[token_id] = bool(active)
    return found


def keys_of_users(tx: Transaction, user_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """What each of these users may hear now."""
    return {user_id: user_keys.held(tx, user_id) for user_id in user_ids}
