"""`auth/registration/`: people make their own accounts, where the campus wants that."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, TypedDict

import msgspec

from data import accounts, logins, passwords, users
from realtime.api import origin, people, problem
from realtime.api.auth import SessionHandler
from realtime.api.body import Id
from realtime.api.operation import operation
from realtime.api.passwords import hash_of
from realtime.api.people import FullUser
from realtime.api.problem import Problem

Text = Annotated[str, msgspec.Meta(max_length=1000)]


class Registration(msgspec.Struct):
    """The body of a registration. `college` is needed where there is not exactly one."""

    username: Text
    password1: str
    password2: str
    email: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    college: Id | None = None


class Registered(TypedDict):
    """A new account and its first session."""

    key: str
    user: FullUser


class SignUpHandler(SessionHandler):
    """`POST auth/registration/`."""

    @operation({201: Registered}, body=Registration, refusals={403, 429})
    async def post(self) -> None:
        """Make a student's account, signed in: 201. 403 unless the setting `registration` is on."""
        if not self.campus.options.registration:
            raise Problem(403, problem.FORBIDDEN)
        given = self.decode(Registration)
        problems: dict[str, list[str]] = {}
        if given.password1 != given.password2:
            problems["password2"] = ["The two password fields didn't match."]
        elif found := passwords.problems(given.password1, given.username):
            problems["password1"] = found
        if problems:
            raise Problem(400, problems)
        new = users.NewUser(
            username=given.username, email=given.email, first_name=given.first_name, last_name=given.last_name
        )
        place = origin.place(self.address)
        self.campus.limits.registrations.count(f"address {place}")
        # A name that is taken must not cost a hash.
        await self.campus.database.read(accounts.for_registration, new, given.college)
        new = replace(new, password_hash=await hash_of(self.campus, given.password1, place))
        login = await self.campus.database.write(logins.register, new, given.college, self.terms())
        self.answer({"key": login.token, "user": people.to_full(login.user, self.campus.presence)}, 201)
