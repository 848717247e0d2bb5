"""Passwords below `accounts/users/`: one's own, and others', set by an admin or handed over as a one-time link."""

from __future__ import annotations

from typing import TypedDict
from urllib.parse import urlencode

import msgspec

from data import accounts, passwords, roles
from realtime.api.auth import NewPasswordHandler
from realtime.api.base import Handler
from realtime.api.body import path_id
from realtime.api.operation import operation
from realtime.api.passwords import hash_of
from realtime.api.problem import Problem
from realtime.api.set_password import PATH


class OwnPassword(msgspec.Struct):
    """The body of a change of one's own password."""

    old_password: str
    new_password: str
    new_password_confirm: str


class OthersPassword(msgspec.Struct):
    """A password, or nothing for a link."""

    password: str | None = None


class Said(TypedDict):
    """One sentence."""

    message: str


class PasswordSet(TypedDict):
    """What was done. `link` sets the password once, until `expires_at`; both are null where it is set already."""

    message: str
    link: str | None
    expires_at: str | None


class ChangePasswordHandler(NewPasswordHandler):
    """`POST accounts/users/change_password/`."""

    @operation({200: Said}, body=OwnPassword, refusals={409})
    async def post(self) -> None:
        """Another password; the user's other tokens end with their streams."""
        given = self.decode(OwnPassword)
        differs = given.new_password != given.new_password_confirm
        await self.change_password(
            given.old_password,
            given.new_password,
            names=("old_password", "new_password"),
            problems={"new_password_confirm": ["The two password fields didn't match."]} if differs else {},
        )
        self.answer({"message": "Password changed successfully."})


class SetPasswordHandler(Handler):
    """`POST accounts/users/{id}/set-password/`."""

    @operation({200: PasswordSet}, body=OthersPassword, roles=roles.ADMIN_ROLES)
    async def post(self, user_id: str) -> None:
        """Set another's password, or make a one-time link by which they set it themselves.

        With the password all of the user's tokens end, and the user's earlier links.
        """
        password, asker, number = self.decode(OthersPassword).password, self.asker(), path_id(user_id)
        if not password:
            secret, expires_at = await self.campus.database.write(accounts.password_link, asker, number)
            link = f"{self.base_url}{PATH}?{urlencode({'key': secret})}"
            self.answer({"message": "The link works once.", "link": link, "expires_at": expires_at})
            return
        user = await self.campus.database.read(accounts.administered, asker, number)
        if found := passwords.problems(password, user["username"]):
            raise Problem(400, {"password": found})
        stored = await hash_of(self.campus, password)
        await self.campus.database.write(accounts.set_password, asker, number, stored)
        self.answer({"message": "The password is set.", "link": None, "expires_at": None})
