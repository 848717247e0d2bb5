"""`auth/`: login, logout, oneself, and one's password."""

from __future__ import annotations

from typing import Annotated, TypedDict

import msgspec
from msgspec import UNSET, UnsetType

from data import accounts, clock, logins, passwords, tokens, users
from realtime.api import people
from realtime.api.base import Handler
from realtime.api.operation import operation
from realtime.api.passwords import hash_of, is_right
from realtime.api.people import FullUser, OwnUser
from realtime.api.problem import Problem

DAY_S = 86400.0

Text = Annotated[str, msgspec.Meta(max_length=1000)]


class Login(msgspec.Struct):
    """The body of a login."""

    username: Text
    password: str


class Profile(msgspec.Struct):
    """What a user changes of the own account."""

    username: Text | UnsetType = UNSET
    email: Text | UnsetType = UNSET
    first_name: Text | UnsetType = UNSET
    last_name: Text | UnsetType = UNSET


class PasswordChange(msgspec.Struct):
    """The body of a change of password."""

    old_password: str
    new_password1: str
    new_password2: str


class CollegeInReach(TypedDict):
    """A college that a user may look at."""

    id: int
    code: str
    name: str
    short_name: str


class SignedIn(TypedDict):
    """A session's beginning. `access` is the same as `key`."""

    key: str
    access: str
    user: FullUser
    college_id: int | None
    accessible_colleges: list[CollegeInReach]


class Detail(TypedDict):
    """One sentence."""

    detail: str


class SessionHandler(Handler):
    """A handler that begins sessions."""

    open_to_all = True

    def terms(self) -> logins.Terms:
        """Those of a session that begins now."""
        wall_s, days = self.campus.wall_s(), self.campus.options.token_lifetime_days
        return logins.Terms(
            now=clock.stamp(wall_s),
            expires_at=clock.stamp(wall_s + days * DAY_S) if days else None,
            address=self.address,
            user_agent=self.request.headers.get("User-Agent", "")[:200],
        )


class LoginHandler(SessionHandler):
    """`POST auth/login/`."""

    @operation({200: SignedIn}, body=Login)
    async def post(self) -> None:
        """A token for a right pair; one answer, in one time, for every wrong one."""
        given = self.decode(Login)
        blank = {
            name: ["This field may not be blank."] for name in ("username", "password") if not getattr(given, name)
        }
        if blank:
            raise Problem(400, blank)
        user = await self.campus.database.read(users.by_username, given.username)
        stored = user["password_hash"] if user is not None and user["is_active"] else ""
        right = await is_right(self.campus, given.password, stored)
        login = None
        if right and user is not None:
            login = await self.campus.database.write(logins.begin, user["id"], stored, self.terms())
        if login is None:
            raise Problem(400, {"non_field_errors": ["Unable to log in with provided credentials."]})
        self.answer(
            {
                "key": login.token,
                "access": login.token,
                "user": people.to_full(login.user, self.campus.presence),
                "college_id": login.user["college_id"],
                "accessible_colleges": [dict(row) for row in login.colleges],
            }
        )


class LogoutHandler(Handler):
    """`POST auth/logout/`: answers the same with and without a token."""

    open_to_all = True

    @operation({200: Detail})
    async def post(self) -> None:
        """End the token and its streams."""
        token = self.given_token()
        caller = token and await self.campus.tokens.authenticate(token, self.campus.wall_s())
        if caller:
            await self.campus.database.write(tokens.revoke, [caller.token_id], "logout")
        self.answer({"detail": "Successfully logged out."})


class OwnUserHandler(Handler):
    """`auth/user/`: the caller's own account."""

    @operation({200: OwnUser})
    async def get(self) -> None:
        """The account."""
        row = await self.campus.database.read(users.by_id, self.caller.user_id)
        assert row is not None
        self.answer(people.to_self(row))

    @operation({200: OwnUser}, body=Profile)
    async def put(self) -> None:
        """Change it; the username is required."""
        await self._change(self.decode(Profile), requires_username=True)

    @operation({200: OwnUser}, body=Profile)
    async def patch(self) -> None:
        """Change what is given."""
        await self._change(self.decode(Profile), requires_username=False)

    async def _change(self, given: Profile, *, requires_username: bool) -> None:
        fields = {name: value for name, value in msgspec.structs.asdict(given).items() if value is not UNSET}
        if requires_username and "username" not in fields:
            raise Problem(400, {"username": ["This field is required."]})
        row = await self.campus.database.write(accounts.update_profile, self.caller.user_id, fields, self.asker().at)
        self.answer(people.to_self(row))


class NewPasswordHandler(Handler):
    """A handler by which callers set their own passwords."""

    async def change_password(
        self, old: str, new: str, *, names: tuple[str, str], problems: dict[str, list[str]]
    ) -> None:
        """Another password; the user's other tokens end with their streams. `problems` are known ones.

        `names` are the fields of the old and of the new one. Raises Problem 400, Conflict.
        """
        old_name, new_name = names
        if not problems and (found := passwords.problems(new, self.caller.username)):
            problems = {new_name: found}
        if problems:
            raise Problem(400, problems)
        row = await self.campus.database.read(users.by_id, self.caller.user_id)
        assert row is not None
        if not await is_right(self.campus, old, row["password_hash"]):
            raise Problem(400, {old_name: ["Your old password was entered incorrectly. Please enter it again."]})
        new_hash = await hash_of(self.campus, new)
        await self.campus.database.write(
            logins.change_password,
            self.caller.user_id,
            self.caller.token_id,
            row["password_hash"],
            new_hash,
            self.now,
        )


class PasswordChangeHandler(NewPasswordHandler):
    """`POST auth/password/change/`."""

    @operation({200: Detail}, body=PasswordChange, refusals={409})
    async def post(self) -> None:
        """Another password; the user's other tokens end with their streams."""
        given = self.decode(PasswordChange)
        differs = given.new_password1 != given.new_password2
        await self.change_password(
            given.old_password,
            given.new_password1,
            names=("old_password", "new_password2"),
            problems={"new_password2": ["The two password fields didn't match."]} if differs else {},
        )
        self.answer({"detail": "New password has been saved."})
