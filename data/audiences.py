"""Audiences: from what a publisher chose to the keys of the log and the hub, and how many people that is.

Keys decide who hears of something and who may read it later; nothing else does. Reads only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from data import colleges
from data.errors import Invalid
from data.roles import ROLES
from data.transaction import Transaction

MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Audience:
    """What was chosen: everybody; or all of some classes, sections and roles, and some users, all by their ids. Union,
    not intersection."""

    everybody: bool = False
    user_types: Sequence[str] = ()
    users: Sequence[int] = ()
    classes: Sequence[int] = ()
    sections: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """An audience's keys, its author's own among them, and how many active users hold any of them."""

    keys: tuple[str, ...] = field(default=())
    reached: int = 0


def resolve(tx: Transaction, audience: Audience, college_id: int | None, author_id: int) -> Reach:
    """The keys and the count of an audience in one college, or in all (None). Raises Invalid.

    10,000 people of several keys cost 3 ms (SQLite 3.40): this belongs into a read and not between others' writes.
    """
    college = None if college_id is None else colleges.by_id(tx, college_id)
    if college_id is not None and (college is None or not college["is_active"]):
        raise Invalid({"college": [f'Invalid pk "{college_id}" - object does not exist.']})
    unknown = [name for name in audience.user_types if name not in ROLES]
    if unknown:
        raise Invalid({"audience": [f"Unknown user types: {_named(unknown)}."]})
    if not (audience.everybody or any((audience.user_types, audience.users, audience.classes, audience.sections))):
        raise Invalid({"audience": ["This audience selects nobody."]})
    strangers = [
        f"There are no such {kind}: {_named(unknown_ids)}."
        for kind, ids in (("users", audience.users), ("classes", audience.classes), ("sections", audience.sections))
        if (unknown_ids := _strangers(tx, kind, ids, college_id))
    ]
    if strangers:
        raise Invalid({"audience": strangers})
    groups = _groups(tx, audience, college_id)
    # With everybody in it, an audience needs no other key.
    people = () if audience.everybody else audience.users
    return reach(tx, [*groups, *(f"user:{user_id}" for user_id in people)], author_id)


def reach(tx: Transaction, keys: Iterable[str], author_id: int) -> Reach:
    """These keys and the author's, and how many people hold any of them."""
    unique = tuple(dict.fromkeys([*keys, f"user:{author_id}"]))
    return Reach(unique, _count(tx, unique))


def common(tx: Transaction, some: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """The keys of those who hold a key of either: who holds a class's or a section's also holds the wider ones."""
    in_others = [key for key in some if _is_within(tx, key, others)]
    return tuple(dict.fromkeys([*in_others, *(key for key in others if _is_within(tx, key, some))]))


def beyond(tx: Transaction, some: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """Those of some keys that are not within the others. Their holders may hold one of the others, too."""
    return tuple(key for key in some if not _is_within(tx, key, others))


def _is_within(tx: Transaction, key: str, keys: Sequence[str]) -> bool:
    return key in keys or any(wider in keys for wider in _wider(tx, key))


def _wider(tx: Transaction, key: str) -> list[str]:
    """What everybody who holds the key of a user, a class, a section or a role holds, too."""
    college, _, role = key.partition("/")
    if role:
        return [college]
    kind, _, number = key.partition(":")
    if kind == "user":
        rows = tx.rows("SELECT key FROM user_keys WHERE user_id = ? AND key <> ?", (int(number), key))
        return [row[0] for row in rows]
    if kind == "class":
        rows = tx.rows("SELECT 'college:' || college_id FROM classes WHERE id = ?", (int(number),))
        return [row[0] for row in rows]
    if kind == "section":
        rows = tx.rows("SELECT 'class:' || class_id FROM sections WHERE id = ?", (int(number),))
        return [wider for row in rows for wider in (row[0], *_wider(tx, row[0]))]
    return []


def _groups(tx: Transaction, audience: Audience, college_id: int | None) -> list[str]:
    if audience.everybody:
        return ["all" if college_id is None else f"college:{college_id}"]
    rooms = chain(
        (f"class:{number}" for number in audience.classes), (f"section:{number}" for number in audience.sections)
    )
    return [*rooms, *_roles(tx, list(dict.fromkeys(audience.user_types)), college_id)]


def _roles(tx: Transaction, types: Sequence[str], college_id: int | None) -> list[str]:
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


_KNOWN = {
    "users": "SELECT u.id FROM users AS u WHERE u.id IN (SELECT value FROM json_each(?1)) AND u.is_active = 1 "
    "AND (?2 IS NULL OR u.college_id = ?2)",
    "classes": "SELECT c.id FROM classes AS c WHERE c.id IN (SELECT value FROM json_each(?1)) AND c.is_active = 1 "
    "AND (?2 IS NULL OR c.college_id = ?2)",
    "sections": "SELECT s.id FROM sections AS s JOIN classes AS c ON c.id = s.class_id "
    "WHERE s.id IN (SELECT value FROM json_each(?1)) AND s.is_active = 1 AND c.is_active = 1 "
    "AND (?2 IS NULL OR c.college_id = ?2)",
}


def _strangers(tx: Transaction, kind: str, ids: Sequence[int], college_id: int | None) -> list[int]:
    """Those of the ids that are no active users, classes or sections of the college."""
    known = {row[0] for row in tx.rows(_KNOWN[kind], (json.dumps(list(ids)), college_id))}
    return [number for number in dict.fromkeys(ids) if number not in known]


def _count(tx: Transaction, keys: Sequence[str]) -> int:
    widest = [key for key in keys if not any(wider in keys for wider in _wider(tx, key))]
    if len(widest) == 1:  # whoever is in it is in it once: 10,000 people cost 0.3 ms and not 3
        return int(
            tx.value(
                "SELECT (SELECT count(*) FROM user_keys WHERE key = ?1) - (SELECT count(*) FROM users AS u "
                "JOIN user_keys AS k ON k.user_id = u.id AND k.key = ?1 WHERE u.is_active = 0)",
                widest,
            )
        )
    return int(
        tx.value(
            "SELECT count(DISTINCT k.user_id) FROM user_keys AS k JOIN users AS u ON u.id = k.user_id "
            "WHERE k.key IN (SELECT value FROM json_each(?)) AND u.is_active = 1",
            (json.dumps(widest),),
        )
    )


def _named(values: Sequence[object]) -> str:
    more = f" and {len(values) - MOST_NAMED} more" if len(values) > MOST_NAMED else ""
    return ", ".join(str(value)[:80] for value in values[:MOST_NAMED]) + more
