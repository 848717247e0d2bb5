"""`auth/`: login, logout, oneself, and one's password."""

from __future__ import annotations

from typing import Annotated, TypedDict

import msgspec
from msgspec import UNSET, UnsetType

from data import accounts, clock, logins, passwords, sessions, user_fields, users
from data.audit import Act
from data.errors import Conflict
from realtime.api import origin, people
from realtime.api.base import Handler
from realtime.api.hashing import KNOWN
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

    @operation({200: SignedIn}, body=Login, refusals={429})
    async def post(self) -> None:
        """A token for a right pair; one answer, in one time, for every wrong one.

        Who fails too often has to wait: on that account, and from that address. Others do not.
        """
        given = self.decode(Login)
        blank = {
            name: ["This field may not be blank."] for name in ("username", "password") if not getattr(given, name)
        }
        if blank:
            raise Problem(400, blank)
        login, user_id = await self._log_in(given)
        self.campus.meter.count_login(login is not None)
        if login is None:
            self.campus.wrong_logins.note(user_id, self.address, self.now, self.campus.mono_s())
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

    async def _log_in(self, given: Login) -> tuple[logins.Login | None, int | None]:
        """The login, None for a wrong pair; and the id of whoever has that name. Raises Problem 429, 503."""
        campus, place, password = self.campus, origin.place(self.address), given.password
        account = user_fields.canonical_username(given.username).lower()
        campus.limits.guesses.check(account, place)  # before anything that costs
        user, is_known = await campus.database.read(logins.candidate, given.username, self.address)
        stored = user["password_hash"] if user is not None and user["is_active"] else ""
        lane = KNOWN if is_known else place
        with campus.limits.guesses.attempt(account, place, is_known=is_known) as attempt:
            attempt.is_right = await is_right(campus, password, stored, lane)
        if user is None or not attempt.is_right:
            return None, None if user is None else user["id"]
        better = ""
        if passwords.cost_of(stored) < campus.options.bcrypt_cost:
            better = await hash_of(campus, password, lane)
        return await campus.database.write(logins.begin, user["id"], stored, self.terms(), better), user["id"]


class LogoutHandler(Handler):
    """`POST auth/logout/`: answers the same with and without a token."""

    open_to_all = True

    @operation({200: Detail})
    async def post(self) -> None:
        """End the token and its streams."""
        token = self.given_token()
        caller = token and await self.campus.tokens.authenticate(token, self.campus.wall_s())
        if caller:
            act = Act(caller.user_id, self.address, self.now)
            await self.campus.database.write(sessions.sign_out, act, caller.token_id)
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
        row = await self.campus.database.write(accounts.update_profile, self.asker(), fields)
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
        checked = await self._check(old, old_name)
        new_hash = await hash_of(self.campus, new)
        try:
            await self._write(checked, new_hash)
        except Conflict:
            # Perhaps a login has stored the same password at a higher cost meanwhile; then it is right again.
            if passwords.cost_of(await self._stored()) <= passwords.cost_of(checked):
                raise
            await self._write(await self._check(old, old_name), new_hash)

    async def _check(self, old: str, name: str) -> str:
        """The stored form of the caller's password, if that is the old one. Raises Problem 400, 429, 503."""
        stored = await self._stored()
        account, place = self.caller.username.lower(), origin.place(self.address)
        with self.campus.limits.guesses.attempt(account, place, is_known=True) as attempt:
            attempt.is_right = await is_right(self.campus, old, stored, KNOWN)
        if not attempt.is_right:
            raise Problem(400, {name: ["Your old password was entered incorrectly. Please enter it again."]})
        return stored

    async def _stored(self) -> str:
        row = await self.campus.database.read(users.by_id, self.caller.user_id)
        assert row is not None
        return str(row["password_hash"])

    async def _write(self, checked: str, new_hash: str) -> None:
        await self.campus.database.write(logins.change_password, self.act(), self.caller.token_id, checked, new_hash)


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
