"""Tokens: who may speak as whom, and until when. A session is a token.

A token is 40 lowercase hexadecimal digits that its owner sees once; the database has only its SHA-256, so a stolen
copy of the file opens nothing. Its 160 bits are random, so a slow hash would add no safety. What ends tokens says so
in `tx.outcome`, and their streams end with the commit (I10).
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable, Sequence

from data.outcome import TokensRevoked
from data.transaction import Transaction

TOKEN_BYTES = 20
_WITH_USER = (
    "SELECT t.hash, t.id AS token_id, t.expires_at, t.last_used_at, u.* FROM tokens AS t "
    "JOIN users AS u ON u.id = t.user_id"
)


def digest(token: str) -> bytes:
    """What the database has of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def create(
    tx: Transaction, user_id: int, *, now: str, expires_at: str | None, address: str = "", user_agent: str = ""
) -> tuple[int, str]:
    """A new token of a user: its id and the token itself. expires_at None is for ever."""
    token = secrets.token_hex(TOKEN_BYTES)
    token_id = tx.insert(
        "INSERT INTO tokens (hash, user_id, created_at, expires_at, address, user_agent) VALUES (?, ?, ?, ?, ?, ?)",
        (digest(token), user_id, now, expires_at, address, user_agent),
    )
    return token_id, token


def create_many(tx: Transaction, user_ids: Iterable[int], *, now: str, expires_at: str | None) -> list[tuple[int, str]]:
    """A new token for each of the users, in their order: (id, token). 20,000 take about a third of a second."""
    return [create(tx, user_id, now=now, expires_at=expires_at) for user_id in user_ids]


def find(tx: Transaction, token: str) -> sqlite3.Row | None:
    """A token and its user: token_id, expires_at, last_used_at and all columns of users; None if there is none.

    Expired tokens and disabled users are found as well: the caller knows the time and which answer each gets.
    """
    return tx.row(f"{_WITH_USER} WHERE t.hash = ?", (digest(token),))


def newest(tx: Transaction, before_id: int, now: str, limit: int) -> list[sqlite3.Row]:
    """Valid tokens of active users with ids below before_id, newest first: as `find` has them, and hash."""
    return tx.rows(
        f"{_WITH_USER} WHERE t.id < ? AND (t.expires_at IS NULL OR t.expires_at > ?) AND u.is_active "
        "ORDER BY t.id DESC LIMIT ?",
        (before_id, now, limit),
    )


def sessions(tx: Transaction, user_id: int, now: str) -> list[sqlite3.Row]:
    """A user's valid tokens, newest first: id, created_at, expires_at, last_used_at, address, user_agent."""
    return tx.rows(
        "SELECT id, created_at, expires_at, last_used_at, address, user_agent FROM tokens "
        "WHERE user_id = ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY id DESC",
        (user_id, now),
    )


def touch(tx: Transaction, uses: Iterable[tuple[int, str]]) -> None:
    """Note the last use of tokens: (token id, stamp) each. A stamp before the noted one changes nothing."""
    tx.executemany(
        "UPDATE tokens SET last_used_at = ?2 WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)", uses
    )


def revoke(tx: Transaction, token_ids: Sequence[int], reason: str) -> None:
    """End these tokens. `reason` is what their streams are told: logout, expired, disabled, revoked."""
    if token_ids:
        tx.executemany("DELETE FROM tokens WHERE id = ?", [(token_id,) for token_id in token_ids])
        tx.outcome.append(TokensRevoked(tuple(token_ids), reason))


def revoke_user(tx: Transaction, user_id: int, reason: str, except_id: int | None = None) -> None:
    """End all tokens of a user, but for one if it is named."""
    held = tx.rows("SELECT id FROM tokens WHERE user_id = ? AND id IS NOT ?", (user_id, except_id))
    revoke(tx, [row["id"] for row in held], reason)


def suspend_user(tx: Transaction, user_id: int) -> None:
    """End the streams of a user who was disabled. The tokens stay known, so that whoever comes with one is told why;
    they must be gone (`revoke_user`) before the user is active again.
    """
    held = tx.rows("SELECT id FROM tokens WHERE user_id = ?", (user_id,))
    if held:
        tx.outcome.append(TokensRevoked(tuple(row["id"] for row in held), "disabled"))


def revoke_expired(tx: Transaction, now: str, most: int) -> int:
    """End at most `most` tokens whose time is over; returns how many went."""
    over = tx.rows("SELECT id FROM tokens WHERE expires_at <= ? LIMIT ?", (now, most))
    revoke(tx, [row["id"] for row in over], "expired")
    return len(over)
