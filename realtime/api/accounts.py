"""`accounts/users/`: who is there to talk to. Everybody sees the own college's users."""

from __future__ import annotations

import sqlite3

from data import users
from data.errors import NotFound
from data.transaction import Transaction
from realtime.api import pages, params, people
from realtime.api.base import Handler
from realtime.api.body import Id, path_id
from realtime.api.operation import operation
from realtime.api.people import FullUser, Role, UserItem


class UsersQuery(pages.ActiveQuery):
    """Filters of the users."""

    user_type: Role | None = None
    is_verified: bool | None = None
    is_staff: bool | None = None
    college: Id | None = None
    gender: params.Text | None = None


class UsersHandler(Handler):
    """`GET accounts/users/`."""

    @operation({200: pages.Page[UserItem]}, query=UsersQuery)
    async def get(self) -> None:
        """A page of users, the newest first unless told otherwise."""
        asked = self.params(UsersQuery).asked()
        count, rows = await self.campus.database.read(users.page, self.college(), asked)
        self.answer_page(asked, count, [people.to_item(row, self.campus.presence) for row in rows])


class MeHandler(Handler):
    """`GET accounts/users/me/`."""

    @operation({200: FullUser})
    async def get(self) -> None:
        """The caller."""
        row = await self.campus.database.read(users.by_id, self.caller.user_id)
        assert row is not None
        self.answer(people.to_full(row, self.campus.presence))


class UserHandler(Handler):
    """`GET accounts/users/{id}/`."""

    @operation({200: FullUser})
    async def get(self, user_id: str) -> None:
        """One user of a college in reach; 404 for all others."""
        row = await self.campus.database.read(_in_reach, path_id(user_id), self.college(), self.caller.user_id)
        self.answer(people.to_full(row, self.campus.presence))


def _in_reach(tx: Transaction, user_id: int, college_id: int | None, caller_id: int) -> sqlite3.Row:
    row = users.by_id(tx, user_id)
    if row is None or (college_id is not None and row["college_id"] != college_id and user_id != caller_id):
        raise NotFound("Not found.")
    return row
