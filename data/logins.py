"""Logins: a right password becomes a token, another password ends the others. Hashing happens outside, before these."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from data import colleges, tokens, users
from data.errors import Conflict
from data.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Login:
    """What a new session is told: its token, its user's row, and the colleges that the user may look at."""

    token: str
    user: sqlite3.Row
    colleges: list[sqlite3.Row]


def begin(
    tx: Transaction, user_id: int, checked_hash: str, *, now: str, expires_at: str | None, address: str, user_agent: str
) -> Login | None:
    """A session for a user whose password was right for checked_hash; None if that is no longer what is stored.

    Between the check and this the password may have been changed or the account disabled: then nothing is begun.
    """
    user = users.by_id(tx, user_id)
    if user is None or not user["is_active"] or user["password_hash"] != checked_hash:
        return None
    _, token = tokens.create(tx, user_id, now=now, expires_at=expires_at, address=address, user_agent=user_agent)
    users.set_last_login(tx, user_id, now)
    user = users.by_id(tx, user_id)
    assert user is not None
    return Login(token, user, colleges.accessible(tx, user["user_type"], user["college_id"]))


def change_password(tx: Transaction, user_id: int, token_id: int, checked_hash: str, new_hash: str, now: str) -> None:
    """Another password, and the end of the user's other tokens. Raises Conflict if it was changed meanwhile."""
    user = users.by_id(tx, user_id)
    if user is None or user["password_hash"] != checked_hash:
        raise Conflict("The password was changed meanwhile.")
    users.set_password(tx, user_id, new_hash, now)
    tokens.revoke_user(tx, user_id, "revoked", except_id=token_id)
