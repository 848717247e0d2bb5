"""Logins: a right password becomes a token, another password ends the others. Hashing happens outside, before these."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from data import accounts, audit, colleges, links, tokens, users
from data.audit import Act
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


def candidate(tx: Transaction, username: str, address: str) -> tuple[sqlite3.Row | None, bool]:
    """Who may want to log in: the user's row as users.by_username, and whether that one has a session from there."""
    user = users.by_username(tx, username)
    session = "SELECT 1 FROM tokens WHERE user_id = ? AND address = ?"
    return user, tx.row(session, (0 if user is None else user["id"], address)) is not None


def begin(tx: Transaction, user_id: int, checked_hash: str, terms: Terms, better_hash: str = "") -> Login | None:
    """A session for a user whose password was right for checked_hash; None if that is no longer what is stored.

    Between the check and this the password may have been changed or the account disabled: then nothing is begun.
    `better_hash` is of the same password and takes the place of checked_hash.
    """
    user = users.by_id(tx, user_id)
    if user is None or not user["is_active"] or user["password_hash"] != checked_hash:
        return None
    if better_hash:
        users.set_hash(tx, user_id, better_hash)
    _, token = tokens.create(
        tx,
        user_id,
        now=terms.now,
        expires_at=terms.expires_at,
        address=terms.address,
        user_agent=terms.user_agent,
    )
    users.set_last_login(tx, user_id, terms.now)
    audit.append_of(tx, Act(user_id, terms.address, terms.now), "sign_in", user)
    user = users.by_id(tx, user_id)
    assert user is not None
    return Login(token, user, colleges.accessible(tx, user["user_type"], user["college_id"]))


def register(tx: Transaction, new: users.NewUser, college_id: int | None, terms: Terms) -> Login:
    """An account that somebody makes alone, and its first session. Raises Invalid."""
    user_id = users.create(tx, accounts.for_registration(tx, new, college_id), terms.now)
    user = users.by_id(tx, user_id)
    assert user is not None
    audit.append_of(tx, Act(user_id, terms.address, terms.now), "user_registered", user)
    login = begin(tx, user_id, new.password_hash, terms)
    assert login is not None
    return login


def change_password(tx: Transaction, act: Act, token_id: int, checked_hash: str, new_hash: str) -> None:
    """Another password, and the end of the user's other tokens. Raises Conflict if it was changed meanwhile."""
    user_id = act.user_id
    user = None if user_id is None else users.by_id(tx, user_id)
    if user is None or user["password_hash"] != checked_hash:
        raise Conflict("The password was changed meanwhile.")
    users.set_password(tx, user["id"], new_hash, act.now)
    tokens.revoke_user(tx, user["id"], "revoked", except_id=token_id)
    links.end_of_user(tx, user["id"])
    audit.append_of(tx, act, "password_changed", user)


def user_of_link(tx: Transaction, secret: str, now: str) -> sqlite3.Row:
    """The active user whose password a link may set; does not use it. Raises NotFound."""
    link = links.valid(tx, secret, links.SET_PASSWORD, now)
    user = None if link is None else users.by_id(tx, link["user_id"])
    if user is None or not user["is_active"]:
        raise NotFound("This link is not valid any more.")
    return user


def set_password_by_link(tx: Transaction, secret: str, new_hash: str, address: str, now: str) -> None:
    """Use the link: another password, and the end of all the user's tokens. Raises NotFound."""
    user = user_of_link(tx, secret, now)
    links.use(tx, secret, links.SET_PASSWORD, now)
    users.set_password(tx, user["id"], new_hash, now)
    tokens.revoke_user(tx, user["id"], "revoked")
    audit.append_of(tx, Act(user["id"], address, now), "password_link_used", user)
