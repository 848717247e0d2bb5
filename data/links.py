"""One-time links: a secret in an address that lets its holder do one thing once, within its time.

Two purposes: `first_admin` makes the first administrator of an empty database, `set_password` sets a user's password.
Only the secret's SHA-256 is stored. A link that was used is deleted in the transaction of what it was used for.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3

from data import clock
from data.errors import NotFound
from data.transaction import Transaction

FIRST_ADMIN = "first_admin"
SET_PASSWORD = "set_password"
LIFETIME_S = 24 * 3600.0


def create(tx: Transaction, purpose: str, user_id: int | None, now: str, lifetime_s: float) -> str:
    """A new link's secret, safe in an address, good until lifetime_s after now. Links that are over are swept."""
    secret = secrets.token_urlsafe(32)
    tx.execute("DELETE FROM one_time_links WHERE expires_at <= ?", (now,))
    tx.execute(
        "INSERT INTO one_time_links (hash, purpose, user_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
        (_digest(secret), purpose, user_id, now, clock.later(now, lifetime_s)),
    )
    return secret


def valid(tx: Transaction, secret: str, purpose: str, now: str) -> sqlite3.Row | None:
    """The link (purpose, user_id, created_at, expires_at) if it would work now, else None. Does not use it."""
    return tx.row(
        "SELECT purpose, user_id, created_at, expires_at FROM one_time_links "
        "WHERE hash = ? AND purpose = ? AND expires_at > ?",
        (_digest(secret), purpose, now),
    )


def use(tx: Transaction, secret: str, purpose: str, now: str) -> sqlite3.Row:
    """The link, which is gone now. Raises NotFound if it is unknown, used, over or for another purpose."""
    link = valid(tx, secret, purpose, now)
    if link is None:
        raise NotFound("This link is not valid any more.")
    tx.execute("DELETE FROM one_time_links WHERE hash = ?", (_digest(secret),))
    return link


def replace_first_admin(tx: Transaction, now: str) -> str:
    """The secret of a new first-administrator link; all earlier ones end. Good for LIFETIME_S."""
    tx.execute("DELETE FROM one_time_links WHERE purpose = ?", (FIRST_ADMIN,))
    return create(tx, FIRST_ADMIN, None, now, LIFETIME_S)


def replace_set_password(tx: Transaction, user_id: int, now: str) -> tuple[str, str]:
    """A user's new link to set a password: its secret and when it ends. The user's earlier ones end."""
    end_of_user(tx, user_id)
    return create(tx, SET_PASSWORD, user_id, now, LIFETIME_S), clock.later(now, LIFETIME_S)


def end_of_user(tx: Transaction, user_id: int) -> None:
    """No link of this user works any more."""
    tx.execute("DELETE FROM one_time_links WHERE user_id = ?", (user_id,))


def has_users(tx: Transaction) -> bool:
    """Whether anybody has an account. While nobody has, a first-administrator link may be made and used."""
    return bool(tx.value("SELECT EXISTS (SELECT 1 FROM users)"))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
