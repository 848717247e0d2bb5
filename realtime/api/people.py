"""People as the interface shows them: from a row of users to JSON."""

from __future__ import annotations

import sqlite3
from typing import Literal, TypedDict

from data import files, roles, users
from realtime.presence import Presence

Role = Literal[
    "super_admin",
    "central_manager",
    "college_admin",
    "teacher",
    "staff",
    "store_manager",
    "student",
    "parent",
]


class UserItem(TypedDict):
    """A user in a list."""

    id: int
    username: str
    email: str
    full_name: str
    first_name: str
    last_name: str
    avatar: str | None
    is_online: bool
    user_type: str
    user_type_display: str
    college: int | None
    college_name: str | None
    is_active: bool
    is_verified: bool
    date_joined: str


class FullUser(UserItem):
    """A user alone, with everything."""

    phone: str
    gender: str
    date_of_birth: str | None
    is_staff: bool
    is_superuser: bool
    last_login: str | None
    created_at: str
    updated_at: str


class OwnUser(TypedDict):
    """The five fields of `auth/user/`."""

    pk: int
    username: str
    email: str
    first_name: str
    last_name: str


def to_item(row: sqlite3.Row, presence: Presence) -> UserItem:
    """A user in a list."""
    return {
        "id": row["id"],
        "username": row["username"],
        "email": row["email"],
        "full_name": users.full_name(row),
        "first_name": row["first_name"],
        "last_name": row["last_name"],
        "avatar": files.shown(row["avatar"]),
        "is_online": presence.is_online(row["id"]),
        "user_type": row["user_type"],
        "user_type_display": roles.ROLES[row["user_type"]],
        "college": row["college_id"],
        "college_name": row["college_name"],
        "is_active": bool(row["is_active"]),
        "is_verified": bool(row["is_verified"]),
        "date_joined": row["date_joined"],
    }


def to_full(row: sqlite3.Row, presence: Presence) -> FullUser:
    """A user alone, with everything."""
    return {
        **to_item(row, presence),
        "phone": row["phone"],
        "gender": row["gender"],
        "date_of_birth": row["date_of_birth"],
        "is_staff": roles.is_staff(row["user_type"]),
        "is_superuser": roles.is_superuser(row["user_type"]),
        "last_login": row["last_login"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def to_self(row: sqlite3.Row) -> OwnUser:
    """The five fields of `auth/user/`."""
    return {
        "pk": row["id"],
        "username": row["username"],
        "email": row["email"],
        "first_name": row["first_name"],
        "last_name": row["last_name"],
    }
