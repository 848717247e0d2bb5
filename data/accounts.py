"""Accounts as they are changed: by their owners, who have their own fields, and by admins, who have all of them.

Who is in reach: the college that the asker is held to, and oneself. Nobody changes or makes an account of a higher role
than the own one. A change, the keys and the ends of streams that it brings are in one transaction (I9, I10). Knows no
HTTP and no clock; the stored form of a password is made outside.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from data import (
    audit,
    colleges,
    conversations,
    enrollment_index,
    enrollments,
    files,
    keys,
    links,
    log,
    moves,
    placement,
    roles,
    rows,
    tokens,
    user_fields,
    users,
)
from data.asker import Asker, Moment
from data.audit import Act
from data.errors import Forbidden, Invalid, NotFound
from data.files import NewFile
from data.outcome import UserChanged
from data.transaction import Transaction
from data.users import NewUser

CHECKED = (*user_fields.MOST_CHARACTERS, "date_of_birth")
PROFILE_FIELDS = CHECKED
OFFICE_FIELDS = ("user_type", "college", "is_active", "is_verified")

_COLUMNS = {"college": "college_id"}
_SEARCHED = {"username", "email", "first_name", "last_name", "phone"}
_SHOWN = {"username", "first_name", "last_name", "avatar"}


def in_reach(tx: Transaction, asker: Asker, user_id: int) -> sqlite3.Row:
    """A user whom the asker may look at, active or not; as users.by_id. Raises NotFound."""
    row = users.by_id(tx, user_id)
    if row is None or (user_id != asker.user_id and asker.college_id not in (None, row["college_id"])):
        raise NotFound("Not found.")
    return row


def administered(tx: Transaction, asker: Asker, user_id: int) -> sqlite3.Row:
    """Another user whose account the asker may change. Raises NotFound, Forbidden; Invalid for oneself."""
    row = in_reach(tx, asker, user_id)
    if user_id == asker.user_id:
        raise Invalid({"non_field_errors": ["This is your own account."]})
    _check_rank(asker, row["user_type"])
    return row


def create(tx: Transaction, asker: Asker, values: Mapping[str, Any], password_hash: str) -> sqlite3.Row:
    """A new account of PROFILE_FIELDS and OFFICE_FIELDS; its row. Raises Forbidden, Invalid."""
    user_type = values.get("user_type", "student")
    _check_rank(asker, user_type)
    columns = {name: value for name, value in values.items() if name in {field.name for field in fields(NewUser)}}
    college_id = _college_of_new(tx, asker, user_type, values)
    new = NewUser(**columns | {"user_type": user_type, "college_id": college_id, "password_hash": password_hash})
    row = users.by_id(tx, users.create(tx, new, asker.at.now))
    assert row is not None
    audit.append_of(tx, Act.of(asker), "user_created", row, detail=user_type)
    return row


def for_registration(tx: Transaction, new: NewUser, college_id: int | None) -> NewUser:
    """The account that somebody may make alone: a student of that college, or of the only one. Raises Invalid."""
    if college_id is None:
        only = colleges.only(tx)
        if only is None:
            raise Invalid({"college": ["This field is required."]})
        college_id = only["id"]
    elif (problem := _college_problem(tx, college_id)) is not None:
        raise Invalid({"college": [problem]})
    student = replace(new, user_type="student", college_id=college_id)
    users.check(tx, student)
    return student


def update(
    tx: Transaction, asker: Asker, user_id: int, values: Mapping[str, Any], avatar: NewFile | None = None
) -> sqlite3.Row:
    """Change an account; its row. Of one's own only PROFILE_FIELDS count. Raises NotFound, Forbidden, Invalid.

    `avatar` is another picture; `values` may have one that is None, which takes the picture away.
    """
    before = in_reach(tx, asker, user_id)
    given = {name: values[name] for name in (*PROFILE_FIELDS, *OFFICE_FIELDS) if name in values}
    if user_id == asker.user_id:
        given = {name: value for name, value in given.items() if name in PROFILE_FIELDS}
    else:
        _check_office(asker, before, given)
    row = change(tx, before, given, asker.at)
    audit.append_changes(tx, asker, before, row)
    if avatar is None and ("avatar" not in values or before["avatar"] is None):
        return row
    files.remove_link(tx, before["avatar"])
    link = None if avatar is None else files.add_link(tx, avatar, user_id, asker.at.now)
    return change(tx, row, {"avatar": link}, asker.at)


def update_profile(tx: Transaction, asker: Asker, values: Mapping[str, Any]) -> sqlite3.Row:
    """Change some of one's own PROFILE_FIELDS; other names are ignored. The row. Raises NotFound, Invalid."""
    before = users.by_id(tx, asker.user_id)
    if before is None:
        raise NotFound("There is no such user.")
    row = change(tx, before, {name: values[name] for name in PROFILE_FIELDS if name in values}, asker.at)
    audit.append_changes(tx, asker, before, row)
    return row


def deactivate(tx: Transaction, asker: Asker, user_id: int) -> None:
    """Disable an account: its streams end, and its tokens are good for nothing. Raises as administered."""
    before = administered(tx, asker, user_id)
    audit.append_changes(tx, asker, before, change(tx, before, {"is_active": False}, asker.at))


def change(tx: Transaction, before: sqlite3.Row, values: Mapping[str, Any], at: Moment) -> sqlite3.Row:
    """Change what differs, and all that follows from it; the row after it. Raises Invalid. Who may is checked."""
    changes = _differing(tx, before, values)
    if not changes:
        return before
    user_id, columns = before["id"], {**changes, "updated_at": at.now}
    if changes.keys() & {"user_type", "college_id"}:
        with moves.told(tx, [user_id], at):
            rows.update(tx, "users", user_id, columns)
            enrollments.leave_other_colleges(tx, user_id, {**dict(before), **changes}["college_id"], at.now)
            keys.settle(tx, user_id)
    else:
        rows.update(tx, "users", user_id, columns)
    if changes.keys() & _SEARCHED:
        users.index(tx, user_id)
        enrollment_index.of_user(tx, user_id)
    if changes.get("is_active") is False:
        tokens.suspend_user(tx, user_id)
        links.end_of_user(tx, user_id)
    elif "is_active" in changes:
        tokens.revoke_user(tx, user_id, "disabled")
    tx.outcome.append(UserChanged(user_id))
    row = users.by_id(tx, user_id)
    assert row is not None
    if changes.keys() & _SHOWN:
        _tell(tx, row, at.now)
    return row


def set_password(tx: Transaction, asker: Asker, user_id: int, password_hash: str) -> None:
    """Another's password, and the end of all their tokens and links. Raises as administered."""
    user = administered(tx, asker, user_id)
    users.set_password(tx, user_id, password_hash, asker.at.now)
    tokens.revoke_user(tx, user_id, "revoked")
    links.end_of_user(tx, user_id)
    audit.append_of(tx, Act.of(asker), "password_set", user)


def password_link(tx: Transaction, asker: Asker, user_id: int) -> tuple[str, str]:
    """A one-time link for another to set a password: secret and end. Raises as administered, Invalid if disabled."""
    user = administered(tx, asker, user_id)
    if not user["is_active"]:
        raise Invalid({"non_field_errors": ["This account is disabled."]})
    audit.append_of(tx, Act.of(asker), "password_link_created", user)
    return links.replace_set_password(tx, user_id, asker.at.now)


def _differing(tx: Transaction, before: sqlite3.Row, values: Mapping[str, Any]) -> dict[str, Any]:
    """What is other than it is, as columns. Raises Invalid."""
    wanted = {
        _COLUMNS.get(name, name): user_fields.stored(name, value) if name in user_fields.MOST_CHARACTERS else value
        for name, value in values.items()
    }
    changes = rows.differing(dict(before), wanted)
    # As they were given: white space around an address is a mistake that is told, around a name it is dropped.
    checked = {name: values[name] for name in CHECKED if name in values and values[name] != before[name]}
    problems = user_fields.problems(tx, checked, before["id"])
    problems |= _office_problems(tx, {**dict(before), **changes}, changes)
    if problems:
        raise Invalid(problems)
    return changes


def _tell(tx: Transaction, row: sqlite3.Row, now: str) -> None:
    """Tell a user, and those who share a conversation with them, what they are called now."""
    shown = {
        "id": row["id"],
        "username": row["username"],
        "full_name": users.full_name(row),
        "avatar": files.shown(row["avatar"]),
    }
    people = (row["id"], *conversations.partners(tx, row["id"]))
    log.append(tx, "user_updated", shown, (f"user:{user_id}" for user_id in people), now)


def _check_office(asker: Asker, before: sqlite3.Row, given: Mapping[str, Any]) -> None:
    if not asker.is_admin:
        raise Forbidden("Only admins change other accounts.")
    _check_rank(asker, before["user_type"])
    _check_rank(asker, given.get("user_type", ""))
    if not asker.is_global and given.get("college", before["college_id"]) != before["college_id"]:
        raise Forbidden("Only a global role moves somebody to another college.")


def _check_rank(asker: Asker, user_type: str) -> None:
    if not asker.is_admin or roles.rank(user_type) > roles.rank(asker.user_type):
        raise Forbidden("Only an admin of that rank may do this.")


def _college_of_new(tx: Transaction, asker: Asker, user_type: str, values: Mapping[str, Any]) -> int | None:
    given = values.get("college")
    if not asker.is_global and given not in (None, asker.home_id):
        raise Forbidden("Only a global role makes accounts in another college.")
    if given is None and "college" in values and user_type in roles.GLOBAL_ROLES:
        return None
    return placement.college_of_new(tx, asker, given)


def _office_problems(tx: Transaction, whole: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if whole["user_type"] not in roles.ROLES:
        found["user_type"] = [f'"{whole["user_type"]}" is not a valid choice.']
    elif whole["college_id"] is None and whole["user_type"] not in roles.GLOBAL_ROLES:
        found["college"] = ["This field is required."]
    if changes.get("college_id") is not None and (problem := _college_problem(tx, changes["college_id"])):
        found["college"] = [problem]
    return found


def _college_problem(tx: Transaction, college_id: int) -> str | None:
    college = colleges.by_id(tx, college_id)
    is_there = college is not None and college["is_active"]
    return None if is_there else f'Invalid pk "{college_id}" - object does not exist.'
