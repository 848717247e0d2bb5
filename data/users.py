"""Users: the people with an account, their roles and what each may hear.

Writes a row of users, its searchable fields and its keys in one transaction (I9). A change that open streams must know
of goes to `tx.outcome`. Never sees a password, only its stored form; knows no HTTP and no clock.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from data import listing, log, search, texts
from data.errors import Invalid, NotFound
from data.listing import Asked, Condition, Listing
from data.outcome import UserChanged
from data.transaction import Transaction

ROLES: dict[str, str] = {
    "super_admin": "Super Admin",
    "central_manager": "Central Manager",
    "college_admin": "College Admin",
    "teacher": "Teacher",
    "staff": "Staff",
    "store_manager": "Store Manager",
    "student": "Student",
    "parent": "Parent",
}
GLOBAL_ROLES = frozenset({"super_admin", "central_manager"})
ADMIN_ROLES = GLOBAL_ROLES | {"college_admin"}
PROFILE_FIELDS = ("username", "email", "first_name", "last_name")
ORDERINGS = ("username", "email", "date_joined", "last_login")

_MOST_CHARACTERS = {"username": 150, "email": 254, "first_name": 150, "last_name": 150, "phone": 32, "gender": 32}
_EMAIL = re.compile(r"[^@\s]+@([^@\s.]+(\.[^@\s.]+)+|localhost)")
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
    is_verified: bool = False


def is_staff(user_type: str) -> bool:
    """Whether this role administers."""
    return user_type in ADMIN_ROLES


def is_superuser(user_type: str) -> bool:
    """Whether this role may do everything."""
    return user_type == "super_admin"


def full_name(row: sqlite3.Row | Mapping[str, str]) -> str:
    """First and last name, the username if both are empty: never an empty text."""
    return f"{row['first_name']} {row['last_name']}".strip() or str(row["username"])


def canonical_username(text: str) -> str:
    """A username as it is stored and looked for: NFKC, so that one that looks the same is the same."""
    return unicodedata.normalize("NFKC", text)


def keys_for(user_id: int, user_type: str, college_id: int | None) -> tuple[str, ...]:
    """The keys that an account holds by itself."""
    own = (f"user:{user_id}", "all")
    if college_id is None:
        return own
    return (*own, f"college:{college_id}", f"college:{college_id}/type:{user_type}")


def keys_of(tx: Transaction, user_id: int) -> dict[str, int]:
    """All keys that a user holds now, each with the event since which it is held."""
    held = tx.rows("SELECT key, since_event_id FROM user_keys WHERE user_id = ?", (user_id,))
    return {row["key"]: row["since_event_id"] for row in held}


def check(tx: Transaction, new: NewUser) -> None:
    """Raise Invalid, with every reason, if `create` would refuse this user."""
    problems = _problems(tx, {name: getattr(new, name) for name in _MOST_CHARACTERS}, None)
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
    user_id = tx.insert(
        "INSERT INTO users (username, password_hash, email, first_name, last_name, phone, gender, date_of_birth, "
        "user_type, college_id, is_verified, date_joined, created_at, updated_at) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12, ?12)",
        (
            canonical_username(new.username), new.password_hash, new.email, new.first_name.strip(),
            new.last_name.strip(), new.phone, new.gender, new.date_of_birth, new.user_type, new.college_id,
            new.is_verified, now,
        ),
    )  # fmt: skip
    _index(tx, user_id)
    position = log.position(tx)
    tx.executemany(
        "INSERT INTO user_keys (user_id, key, since_event_id) VALUES (?, ?, ?)",
        [
            (user_id, key, 0 if key.startswith("user:") else position)
            for key in keys_for(user_id, new.user_type, new.college_id)
        ],
    )
    return user_id


def by_id(tx: Transaction, user_id: int) -> sqlite3.Row | None:
    """One user, active or not: all columns and college_name."""
    return tx.row(f"{_SELECT} WHERE u.id = ?", (user_id,))


def by_username(tx: Transaction, username: str) -> sqlite3.Row | None:
    """One user, active or not, as by_id; ASCII case does not count."""
    if not texts.storable(username):
        return None
    return tx.row(f"{_SELECT} WHERE u.username = ?", (canonical_username(username),))


def page(tx: Transaction, college_id: int | None, asked: Asked) -> tuple[int, list[sqlite3.Row]]:
    """How many users of a college (None: of all) there are, and those from offset on, rows as by_id."""
    scope = Condition() if college_id is None else Condition("u.college_id = ?", (college_id,))
    return listing.page(tx, _LISTING, scope, asked)


def update_profile(tx: Transaction, user_id: int, fields: Mapping[str, str], now: str) -> sqlite3.Row:
    """Change some of PROFILE_FIELDS; other names are ignored. The user's row after it. Raises NotFound, Invalid."""
    if by_id(tx, user_id) is None:
        raise NotFound("There is no such user.")
    given = {name: fields[name] for name in PROFILE_FIELDS if name in fields}
    problems = _problems(tx, given, user_id)
    if problems:
        raise Invalid(problems)
    for name, text in given.items():
        stored = canonical_username(text) if name == "username" else text.strip()
        tx.execute(f"UPDATE users SET {name} = ?, updated_at = ? WHERE id = ?", (stored, now, user_id))
    _index(tx, user_id)
    tx.outcome.append(UserChanged(user_id))
    row = by_id(tx, user_id)
    assert row is not None
    return row


def set_password(tx: Transaction, user_id: int, password_hash: str, now: str) -> None:
    """Store another password's stored form. Which of the user's tokens end is the caller's decision."""
    tx.execute("UPDATE users SET password_hash = ?, updated_at = ? WHERE id = ?", (password_hash, now, user_id))


def set_last_login(tx: Transaction, user_id: int, now: str) -> None:
    """Note a login."""
    tx.execute("UPDATE users SET last_login = ? WHERE id = ?", (now, user_id))


def set_last_seen(tx: Transaction, seen: Iterable[tuple[int, str]]) -> None:
    """Note when users were last online: (user id, stamp) each."""
    tx.executemany("UPDATE users SET last_seen = ?2 WHERE id = ?1", seen)


def _index(tx: Transaction, user_id: int) -> None:
    row = tx.row("SELECT username, email, first_name, last_name, phone FROM users WHERE id = ?", (user_id,))
    assert row is not None
    search.put(tx, "users_search", user_id, tuple(row))


def _problems(tx: Transaction, values: Mapping[str, str], own_id: int | None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, text in values.items():
        problem = texts.problem(text, _MOST_CHARACTERS[name])
        if problem:
            found[name] = [problem]
        elif name == "email" and text and not _EMAIL.fullmatch(text):
            found[name] = ["Enter a valid email address."]
        elif name == "username" and (problem := _username_problem(tx, canonical_username(text), own_id)):
            found[name] = [problem]
    return found


def _username_problem(tx: Transaction, username: str, own_id: int | None) -> str | None:
    if not username:
        return "This field may not be blank."
    # Marks are letters' parts in most scripts of India and South-East Asia.
    if not all(character in "@.+-_" or unicodedata.category(character)[0] in "LMN" for character in username):
        return "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
    if tx.row("SELECT 1 FROM users WHERE username = ? AND id IS NOT ?", (username, own_id)) is not None:
        return "A user with that username already exists."
    return None
