"""People: thousands of accounts with tokens, made at once in a new database by the server's own functions."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from commands.folder import DATABASE_NAME
from data import clock, tokens, users
from data.session import command_transaction
from data.users import NewUser


@dataclass(frozen=True, slots=True)
class Person:
    """An account and its tokens."""

    id: int
    username: str
    tokens: tuple[str, ...]

    @property
    def token(self) -> str:
        """The first."""
        return self.tokens[0]


def make(data_dir: Path, count: int) -> tuple[Person, list[Person]]:
    """An administrator of the one college, and so many students, who cannot log in. 10,000 take about two seconds."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = clock.stamp(time.time())
    with command_transaction(data_dir / DATABASE_NAME) as tx:
        named = [("boss", "college_admin"), *((f"student{number}", "student") for number in range(1, count + 1))]
        ids = [
            users.create(tx, NewUser(username=name, user_type=kind, college_id=1, first_name=name), now)
            for name, kind in named
        ]
        made = tokens.create_many(tx, ids, now=now, expires_at=None)
    people = [Person(user_id, name, (token,)) for user_id, (name, _), (_, token) in zip(ids, named, made, strict=True)]
    return people[0], people[1:]
