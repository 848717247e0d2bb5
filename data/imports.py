"""Imports: the people of a roster become accounts, all of them or none.

In two steps, as hours of hashing may lie between: `check` finds every line that would be refused, and `make` writes in
one transaction, which looks at everything again. Whoever imports is an operator with a command, who may everything, or
an admin, who makes nobody of a higher role and nobody in a college out of reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from data import audit, colleges, roles, users
from data.asker import Asker
from data.audit import COMMAND, Act
from data.errors import Forbidden, Invalid
from data.roster import BadRoster, Person, Problem
from data.roster_classes import RosterClasses
from data.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Terms:
    """Who imports (None: an operator), and whether classes and sections that are missing are made.

    `option` is what whoever imports says the latter by.
    """

    asker: Asker | None = None
    create_classes: bool = False
    option: str = "create_classes"


@dataclass(frozen=True, slots=True)
class Made:
    """How many accounts there are now, and how many classes and sections with them."""

    users: int
    rooms: int


def check(tx: Transaction, people: Iterable[Person], problems: Iterable[Problem], terms: Terms, now: str) -> None:
    """Raise BadRoster with the problems of all lines, those that are known already among them. Writes nothing."""
    rooms = RosterClasses(tx, now, create=terms.create_classes, option=terms.option)
    found = list(problems)
    for person in people:
        try:
            new = _new_user(tx, person, "", terms.asker)
            users.check(tx, new)
            if person.class_name or person.section_name:
                rooms.check(new.college_id, person.class_name, person.section_name)
        except Invalid as error:
            found += _problems(person, error)
    if found:
        raise BadRoster(found)


def make(tx: Transaction, people: Iterable[Person], hashes: Mapping[int, str], terms: Terms, now: str) -> Made:
    """Create everyone; `hashes` are the stored passwords by line. Raises BadRoster, which rolls everything back, and
    Forbidden if the admin is none any more."""
    _check_still_admin(tx, terms.asker)
    rooms = RosterClasses(tx, now, create=terms.create_classes, option=terms.option)
    found: list[Problem] = []
    count = 0
    for person in people:
        try:
            new = _new_user(tx, person, hashes.get(person.line, ""), terms.asker)
            user_id = users.create(tx, new, now)
            if person.class_name or person.section_name:
                rooms.enroll(user_id, new.college_id, person.class_name, person.section_name)
        except Invalid as error:
            found += _problems(person, error)
        count += 1
    if found:
        raise BadRoster(found)
    asker = terms.asker
    act = Act(None, COMMAND, now) if asker is None else Act(asker.user_id, asker.address, now)
    college_id = None if asker is None else asker.college_id
    audit.append(tx, act, "users_imported", detail=f"{count} account{'' if count == 1 else 's'}", college_id=college_id)
    return Made(count, rooms.made)


def _problems(person: Person, error: Invalid) -> list[Problem]:
    return [(person.line, f"{name}: {' '.join(found)}") for name, found in error.fields.items()]


def _new_user(tx: Transaction, person: Person, password_hash: str, asker: Asker | None) -> users.NewUser:
    return users.NewUser(
        username=person.username,
        user_type=person.user_type,
        college_id=_college(tx, person, asker),
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        password_hash=password_hash,
    )


def _college(tx: Transaction, person: Person, asker: Asker | None) -> int | None:
    """The college of a new account. Raises Invalid for one, or a role, that the asker may not give."""
    if asker is not None and roles.rank(person.user_type) > roles.rank(asker.user_type):
        raise Invalid({"user_type": [f'You may not make a "{person.user_type}".']})
    if asker is None or asker.college_id is None:
        return colleges.choose(tx, person.college, person.user_type)
    own = colleges.by_id(tx, asker.college_id)
    if own is None or not own["is_active"]:
        raise Invalid({"college": ["Your college is not active."]})
    named = own if not person.college else colleges.by_code(tx, person.college)
    if named is None or named["id"] != own["id"]:
        raise Invalid({"college": [f'Accounts can be made in "{own["code"]}" only, and not in "{person.college}".']})
    return asker.college_id


def _check_still_admin(tx: Transaction, asker: Asker | None) -> None:
    """Whoever began may have been disabled or moved while passwords were hashed."""
    if asker is None:
        return
    row = users.by_id(tx, asker.user_id)
    is_same = row is not None and (row["user_type"], row["college_id"]) == (asker.user_type, asker.home_id)
    if row is None or not is_same or not row["is_active"]:
        raise Forbidden("Whoever began this import may not make accounts any more.")
