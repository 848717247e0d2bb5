"""Users: the people with an account. How an account is changed is in data/accounts.py.

Writes a row of users, its searchable fields and its keys in one transaction (I9). Never sees a password, only its
stored form; knows no HTTP and no clock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from data import keys, listing, rows, search, texts, user_fields
from data.errors import Invalid
from data.listing import Asked, Condition, Listing
from data.roles import ADMIN_ROLES, GLOBAL_ROLES, ROLES
from data.transaction import Transaction

ORDERINGS = ("username", "email", "date_joined", "last_login")

_SELECT = "SELECT u.*, c.name AS college_name FROM users AS u LEFT JOIN colleges AS c ON c.id = u.college_id"
_LISTING = Listing(
    select=_SELECT,
    source="users AS u",
    id="u.id",
    filters={
        "is_active": "u.is_active = ?",
        "user_type": "u.user_type = ?",
        "is_verified": "u.is_verified = ?",
        "is_staff": f"(u.user_type IN {tuple(sorted(ADMIN_ROLES))}) = ?",
        "college": "u.college_id = ?",
        "gender": "u.gender = ?",
    },
    orderings={name: f"u.{name}" for name in ORDERINGS},
    default="-date_joined",
    search_table="users_search",
)


@dataclass(frozen=True, slots=True)
class NewUser:
    """An account to be made. An empty password_hash is an account that can't log in with a password yet."""

    username: str
    user_type: str = "student"
    college_id: int | None = None
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    password_hash: str = ""
    phone: str = ""
    gender: str = ""
    date_of_birth: str | None = None
    is_active: bool = True
    is_verified: bool = False


def full_name(row: sqlite3.Row | Mapping[str, str]) -> str:
    """First and last name, the username if both are empty: never an empty text."""
    return f"{row['first_name']} {row['last_name']}".strip() or str(row["username"])


def check(tx: Transaction, new: NewUser) -> None:
    """Raise Invalid, with every reason, if `create` would refuse this user."""
    names = (*user_fields.MOST_CHARACTERS, "date_of_birth")
    problems = user_fields.problems(tx, {name: getattr(new, name) for name in names}, None)
    if new.user_type not in ROLES:
        problems["user_type"] = [f'"{new.user_type}" is not a valid choice.']
    elif new.college_id is None and new.user_type not in GLOBAL_ROLES:
        problems["college"] = ["This field is required."]
    if new.college_id is not None and tx.row("SELECT 1 FROM colleges WHERE id = ?", (new.college_id,)) is None:
        problems["college"] = [f'Invalid pk "{new.college_id}" - object does not exist.']
    if problems:
        raise Invalid(problems)


def create(tx: Transaction, new: NewUser, now: str) -> int:
    """Make an account; its id. Raises Invalid. What was published before is not news to it (`since_event_id`)."""
    check(tx, new)
    fields = {name: user_fields.stored(name, getattr(new, name)) for name in user_fields.MOST_CHARACTERS}
    columns = {
        "password_hash": new.password_hash,
        "date_of_birth": new.date_of_birth,
        "user_type": new.user_type,
        "college_id": new.college_id,
        "is_active": new.is_active,
        "is_verified": new.is_verified,
        "date_joined": now,
        "created_at": now,
        "updated_at": now,
    }
    user_id = rows.insert(tx, "users", fields | columns)
    index(tx, user_id)
    keys.begin(tx, user_id)
    return user_id


def by_id(tx: Transaction, user_id: int) -> sqlite3.Row | None:
    """One user, active or not: all columns and college_name."""
    return tx.row(f"{_SELECT} WHERE u.id = ?", (user_id,))


def by_username(tx: Transaction, username: str) -> sqlite3.Row | None:
    """One user, active or not, as by_id; ASCII case does not count."""
    if not texts.storable(username):
        return None
    return tx.row(f"{_SELECT} WHERE u.username = ?", (user_fields.canonical_username(username),))


def page(tx: Transaction, college_id: int | None, asked: Asked) -> tuple[int, list[sqlite3.Row]]:
    """How many users of a college (None: of all) there are, and those from offset on, rows as by_id."""
    scope = Condition() if college_id is None else Condition("u.college_id = ?", (college_id,))
    return listing.page(tx, _LISTING, scope, asked)


def of_type(tx: Transaction, college_id: int | None, user_type: str, is_active: bool) -> list[sqlite3.Row]:
    """All users of a role in a college (None: in all), by their usernames; rows as by_id."""
    return tx.rows(
        f"{_SELECT} WHERE u.user_type = ?1 AND u.is_active = ?2 AND (?3 IS NULL OR u.college_id = ?3) "
        "ORDER BY u.username",
        (user_type, is_active, college_id),
    )


def set_password(tx: Transaction, user_id: int, password_hash: str, now: str) -> None:
    """Store another password's stored form. Which of the user's tokens end is the caller's decision."""
    tx.execute("UPDATE users SET password_hash = ?, updated_at = ? WHERE id = ?", (password_hash, now, user_id))


def set_hash(tx: Transaction, user_id: int, password_hash: str) -> None:
    """Store the same password's hash at another cost: nothing of the account has changed."""
    tx.execute("UPDATE users SET password_hash = ? WHERE id = ?", (password_hash, user_id))


def set_last_login(tx: Transaction, user_id: int, now: str) -> None:
    """Note a login."""
    tx.execute("UPDATE users SET last_login = ? WHERE id = ?", (now, user_id))


def set_last_seen(tx: Transaction, seen: Iterable[tuple[int, str]]) -> None:
    """Note when users were last online: (user id, stamp) each."""
    tx.executemany("UPDATE users SET last_seen = ?2 WHERE id = ?1", seen)


def index(tx: Transaction, user_id: int) -> None:
    """Make a user's fields searchable as they are now."""
    row = tx.row("SELECT username, email, first_name, last_name, phone FROM users WHERE id = ?", (user_id,))
    assert row is not None
    search.put(tx, "users_search", user_id, tuple(row))
