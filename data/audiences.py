"""Audiences: from what a publisher chose to the keys of the log and the hub, and how many people that is.

Keys decide who hears of something and who may read it later; nothing else does. Reads only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from data import colleges
from data.errors import Invalid
from data.transaction import Transaction
from data.users import ROLES

MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Audience:
    """What was chosen: everybody, or all of some roles and some users by their ids. Union, not intersection."""

    everybody: bool = False
    user_types: Sequence[str] = ()
    users: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """An audience's keys, its author's own among them, and how many active users hold any of them."""

    keys: tuple[str, ...] = field(default=())
    reached: int = 0


def resolve(tx: Transaction, audience: Audience, college_id: int | None, author_id: int) -> Reach:
    """The keys and the count of an audience in one college, or in all (None). Raises Invalid.

    10,000 people cost 3 ms (SQLite 3.40), so this belongs into a read and not between others' writes.
    """
    college = None if college_id is None else colleges.by_id(tx, college_id)
    if college_id is not None and (college is None or not college["is_active"]):
        raise Invalid({"college": [f'Invalid pk "{college_id}" - object does not exist.']})
    unknown = [name for name in audience.user_types if name not in ROLES]
    if unknown:
        raise Invalid({"audience": [f"Unknown user types: {_named(unknown)}."]})
    if not (audience.everybody or audience.user_types or audience.users):
        raise Invalid({"audience": ["This audience selects nobody."]})
    strangers = _strangers(tx, audience.users, college_id)
    if strangers:
        raise Invalid({"audience": [f"There are no such users: {_named(strangers)}."]})
    groups = _groups(tx, audience, college_id)
    # With everybody in it, an audience needs no other key.
    people = () if audience.everybody else audience.users
    keys = tuple(dict.fromkeys([*groups, *(f"user:{user_id}" for user_id in [*people, author_id])]))
    return Reach(keys, _count(tx, keys))


def _groups(tx: Transaction, audience: Audience, college_id: int | None) -> list[str]:
    if audience.everybody:
        return ["all" if college_id is None else f"college:{college_id}"]
    types = list(dict.fromkeys(audience.user_types))
    if college_id is not None:
        return [f"college:{college_id}/type:{name}" for name in types]
    if not types:
        return []
    numbers = [row[0] for row in tx.rows("SELECT id FROM colleges ORDER BY id")]
    # Who is of no college holds no key of a type.
    homeless = tx.rows(
        "SELECT id FROM users WHERE college_id IS NULL AND is_active = 1 "
        "AND user_type IN (SELECT value FROM json_each(?))",
        (json.dumps(types),),
    )
    return [f"college:{number}/type:{name}" for number in numbers for name in types] + [
        f"user:{row[0]}" for row in homeless
    ]


def _strangers(tx: Transaction, user_ids: Sequence[int], college_id: int | None) -> list[int]:
    """Those of the ids that are no active user of the college."""
    known = {
        row[0]
        for row in tx.rows(
            "SELECT id FROM users WHERE id IN (SELECT value FROM json_each(?1)) AND is_active = 1 "
            "AND (?2 IS NULL OR college_id = ?2)",
            (json.dumps(list(user_ids)), college_id),
        )
    }
    return [user_id for user_id in dict.fromkeys(user_ids) if user_id not in known]


def _count(tx: Transaction, keys: Sequence[str]) -> int:
    return int(
        tx.value(
            "SELECT count(DISTINCT k.user_id) FROM user_keys AS k JOIN users AS u ON u.id = k.user_id "
            "WHERE k.key IN (SELECT value FROM json_each(?)) AND u.is_active = 1",
            (json.dumps(list(keys)),),
        )
    )


def _named(values: Sequence[object]) -> str:
    more = f" and {len(values) - MOST_NAMED} more" if len(values) > MOST_NAMED else ""
    return ", ".join(str(value)[:80] for value in values[:MOST_NAMED]) + more
