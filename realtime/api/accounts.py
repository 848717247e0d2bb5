"""`accounts/users/`: who is there to talk to. Everybody sees the own college's users."""

from __future__ import annotations

import sqlite3

from data import users
from data.errors import NotFound
from data.transaction import Transaction
from realtime.api import pages, people
from realtime.api.base import Handler
from realtime.api.body import MOST_INTEGER


class UsersHandler(Handler):
    """`GET accounts/users/`."""

    async def get(self) -> None:
        """A page of users, the newest first unless told otherwise."""
        query = self.query
        at = pages.wanted(query)
        active = query.boolean("is_active")
        filters = users.Filters(
            is_active=active is not False,
            user_type=query.choice("user_type", users.ROLES),
            is_verified=query.boolean("is_verified"),
            is_staff=query.boolean("is_staff"),
            college_id=query.integer("college"),
            gender=query.text("gender") or None,
            search=query.text("search"),
        )
        ordering = query.ordering()
        query.check()
        count, rows = await self.campus.database.read(
            users.page,
            pinned_college_id=self.college(),
            filters=filters,
            ordering=ordering,
            limit=at.size,
            offset=at.offset,
        )
        self.answer_page(at, count, [people.to_item(row, self.campus.presence) for row in rows])


class MeHandler(Handler):
    """`GET accounts/users/me/`."""

    async def get(self) -> None:
        """The caller."""
        row = await self.campus.database.read(users.by_id, self.caller.user_id)
        assert row is not None
        self.answer(people.to_full(row, self.campus.presence))


class UserHandler(Handler):
    """`GET accounts/users/{id}/`."""

    async def get(self, user_id: str) -> None:
        """One user of a college in reach; 404 for all others."""
        number = int(user_id[:17])
        row = await self.campus.database.read(_in_reach, min(number, MOST_INTEGER), self.college(), self.caller.user_id)
        self.answer(people.to_full(row, self.campus.presence))


def _in_reach(tx: Transaction, user_id: int, college_id: int | None, caller_id: int) -> sqlite3.Row:
    row = users.by_id(tx, user_id)
    if row is None or (college_id is not None and row["college_id"] != college_id and user_id != caller_id):
        raise NotFound("Not found.")
    return row
