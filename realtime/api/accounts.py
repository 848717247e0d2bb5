"""`accounts/users/`: who is there to talk to, and their accounts. Everybody sees the own college's users; oneself and
admins change them, by the rules of data/accounts.py."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, get_args

import msgspec
from msgspec import UNSET, UnsetType

from data import accounts, passwords, roles, users
from realtime.api import body, media, pages, params, people
from realtime.api.base import Handler
from realtime.api.body import Id, path_id
from realtime.api.keeping import kept
from realtime.api.operation import operation
from realtime.api.passwords import hash_of
from realtime.api.people import FullUser, Role, UserItem
from realtime.api.problem import Problem
from realtime.api.resource import given

ENCODED_AT_ONCE = 500

Text = Annotated[str, msgspec.Meta(max_length=1000)]
Day = Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]


class UsersQuery(pages.ActiveQuery):
    """Filters of the users."""

    user_type: Role | None = None
    is_verified: bool | None = None
    is_staff: bool | None = None
    college: Id | None = None
    gender: params.Text | None = None


class ByTypeQuery(msgspec.Struct):
    """Which of a role's users."""

    is_active: bool = True


class UserChange(msgspec.Struct, kw_only=True):
    """A PATCH. The last four fields are for admins, of others' accounts; with one's own they are ignored.

    `avatar` is a file of a form; null takes it away, and an address, as objects show it, is ignored.
    """

    username: Text | UnsetType = UNSET
    email: Text | UnsetType = UNSET
    first_name: Text | UnsetType = UNSET
    last_name: Text | UnsetType = UNSET
    phone: Text | UnsetType = UNSET
    gender: Text | UnsetType = UNSET
    date_of_birth: Day | UnsetType | None = UNSET
    avatar: str | UnsetType | None = UNSET
    user_type: Role | UnsetType = UNSET
    college: Id | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
    is_verified: bool | UnsetType = UNSET


class UserWhole(UserChange, kw_only=True):
    """A PUT: a user as it was fetched and changed."""

    username: Text


class NewUser(UserWhole, kw_only=True):
    """A POST. Without a password nobody can log in to the account until one is set."""

    password: str | None = None


class UsersHandler(Handler):
    """`accounts/users/`."""

    @operation({200: pages.Page[UserItem]}, query=UsersQuery)
    async def get(self) -> None:
        """A page of users, the newest first unless told otherwise."""
        asked = self.params(UsersQuery).asked()
        count, rows = await self.campus.database.read(users.page, self.college(), asked)
        self.answer_page(asked, count, [people.to_item(row, self.campus.presence) for row in rows])

    @operation({201: FullUser}, body=NewUser, roles=roles.ADMIN_ROLES)
    async def post(self) -> None:
        """Make an account: 201. Its role is not above the caller's, its college the caller's unless that is global."""
        wanted = self.decode(NewUser)
        if wanted.password and (found := passwords.problems(wanted.password, wanted.username)):
            raise Problem(400, {"password": found})
        stored = await hash_of(self.campus, wanted.password) if wanted.password else ""
        row = await self.campus.database.write(accounts.create, self.asker(), values(wanted), stored)
        self.answer(people.to_full(row, self.campus.presence), 201)


class MeHandler(Handler):
    """`GET accounts/users/me/`."""

    @operation({200: FullUser})
    async def get(self) -> None:
        """The caller."""
        row = await self.campus.database.read(users.by_id, self.caller.user_id)
        assert row is not None
        self.answer(people.to_full(row, self.campus.presence))


class UsersByTypeHandler(Handler):
    """`GET accounts/users/by-type/{type}/`."""

    path_names = ("type",)

    @operation({200: list[UserItem]}, query=ByTypeQuery)
    async def get(self, user_type: str) -> None:
        """All users of a role, by username. Not in pages; 404 for what is no role."""
        if user_type not in get_args(Role):
            raise Problem(404, "Not found.")
        is_active = self.params(ByTypeQuery).is_active
        rows = await self.campus.database.read(users.of_type, self.college(), user_type, is_active)
        # A campus has 20,000 students: encoded in one go they would keep every stream waiting.
        parts = []
        for start in range(0, len(rows), ENCODED_AT_ONCE):
            some = [people.to_item(row, self.campus.presence) for row in rows[start : start + ENCODED_AT_ONCE]]
            parts.append(body.encode(some)[1:-1])
            await asyncio.sleep(0)
        self.answer(msgspec.Raw(b"[" + b",".join(parts) + b"]"))


class UserHandler(Handler):
    """`accounts/users/{id}/`."""

    @operation({200: FullUser})
    async def get(self, user_id: str) -> None:
        """One user of a college in reach; 404 for all others."""
        row = await self.campus.database.read(accounts.in_reach, self.asker(), path_id(user_id))
        self.answer(people.to_full(row, self.campus.presence))

    @operation({200: FullUser}, body=UserWhole, refusals={403})
    async def put(self, user_id: str) -> None:
        """The whole user, as it was fetched and changed."""
        changes = values(self.decode(UserWhole))
        changes.pop("avatar", None)
        row = await self.campus.database.write(accounts.update, self.asker(), path_id(user_id), changes)
        self.answer(people.to_full(row, self.campus.presence))

    @operation({200: FullUser}, body=UserChange, files=("avatar",), refusals={403})
    async def patch(self, user_id: str) -> None:
        """Some fields of a user, or another picture."""
        asker, number, changes = self.asker(), path_id(user_id), values(self.decode(UserChange))
        received = await self.file("avatar")
        if received is not None and media.detect(received.head)[1] != "image":
            raise Problem(400, {"avatar": ["Upload a valid image."]})
        async with kept(self.campus, received) as file:
            row = await self.campus.database.write(accounts.update, asker, number, changes, file)
        self.answer(people.to_full(row, self.campus.presence))

    @operation({204: None}, roles=roles.ADMIN_ROLES, refusals={400})
    async def delete(self, user_id: str) -> None:
        """Disable an account: its streams end at once. The row stays, and can be made active again."""
        await self.campus.database.write(accounts.deactivate, self.asker(), path_id(user_id))
        self.answer_nothing()


def values(wanted: UserChange) -> dict[str, Any]:
    """What a body has of a user. Clients that have no date of birth send an empty text."""
    found = given(wanted)
    if found.get("date_of_birth") == "":
        found["date_of_birth"] = None
    if found.get("avatar") is not None:
        del found["avatar"]
    return found
