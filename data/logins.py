"""Logins: a right password becomes a token, another password ends the others. Hashing happens outside, before these."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from data import accounts, colleges, links, tokens, users
from data.errors import Conflict, NotFound
from data.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Login:
    """What a new session is told: its token, its user's row, and the colleges that the user may look at."""

    token: str
    user: sqlite3.Row
    colleges: list[sqlite3.Row]


@dataclass(frozen=True, slots=True)
class Terms:
    """When a session begins and ends (None: never), and from where it is."""

    now: str
    expires_at: str | None
    address: str
    user_agent: str


def begin(tx: Transaction, user_id: int, checked_hash: str, terms: Terms) -> Login | None:
    """A session for a user whose password was right for checked_hash; None if that is no longer what is stored.

    Between the check and this the password may have been changed or the account disabled: then nothing is begun.
    """
    user = users.by_id(tx, user_id)
    if user is None or not user["is_active"] or user["password_hash"] != checked_hash:
        return None
    _, token = tokens.create(
        tx,
        user_id,
        now=terms.now,
        expires_at=terms.expires_at,
        address=terms.address,
        user_agent=terms.user_agent,
    )
    users.set_last_login(tx, user_id, terms.now)
    user = users.by_id(tx, user_id)
    assert user is not None
    return Login(token, user, colleges.accessible(tx, user["user_type"], user["college_id"]))


def register(tx: Transaction, new: users.NewUser, college_id: int | None, terms: Terms) -> Login:
    """An account that somebody makes alone, and its first session. Raises Invalid."""
    user_id = users.create(tx, accounts.for_registration(tx, new, college_id), terms.now)
    login = begin(tx, user_id, new.password_hash, terms)
    assert login is not None
    return login


def change_password(tx: Transaction, user_id: int, token_id: int, checked_hash: str, new_hash: str, now: str) -> None:
    """Another password, and the end of the user's other tokens. Raises Conflict if it was changed meanwhile."""
    user = users.by_id(tx, user_id)
    if user is None or user["password_hash"] != checked_hash:
        raise Conflict("The password was changed meanwhile.")
    users.set_password(tx, user_id, new_hash, now)
    tokens.revoke_user(tx, user_id, "revoked", except_id=token_id)
    links.end_of_user(tx, user_id)


def user_of_link(tx: Transaction, secret: str, now: str) -> sqlite3.Row:
    """The active user whose password a link may set; does not use it. Raises NotFound."""
    link = links.valid(tx, secret, links.SET_PASSWORD, now)
    user = None if link is None else users.by_id(tx, link["user_id"])
    if user is None or not user["is_active"]:
        raise NotFound("This link is not valid any more.")
    return user


def set_password_by_link(tx: Transaction, secret: str, new_hash: str, now: str) -> None:
    """Use the link: another password, and the end of all the user's tokens. Raises NotFound."""
    user = user_of_link(tx, secret, now)
    links.use(tx, secret, links.SET_PASSWORD, now)
    users.set_password(tx, user["id"], new_hash, now)
    tokens.revoke_user(tx, user["id"], "revoked")
