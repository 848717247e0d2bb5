"""`/setup/?key=SECRET`: the form behind the one-time link of an empty database. It makes the first administrator."""

from __future__ import annotations

from collections.abc import Mapping

from data import audit, links, user_fields, users
from data.audit import Act
from data.errors import Invalid, NotFound
from data.transaction import Transaction
from realtime.api.browser import NEW_PASSWORD, Field, LinkHandler, password_problems

FIRST_COLLEGE_ID = 1


class SetupHandler(LinkHandler):
    """Works once, and only while nobody has an account."""

    template = "setup.html"
    no_link = "setup_no_link.html"
    fields = (
        Field("username", "Username", "text", "username", "Letters, digits and @ . + - _"),
        Field("first_name", "First name", "text", "given-name"),
        Field("last_name", "Last name", "text", "family-name"),
        Field("email", "E-mail address", "email", "email"),
        *NEW_PASSWORD,
    )
    required = frozenset({"username", "password1", "password2"})

    async def opened(self, key: str) -> Mapping[str, str]:
        """Nothing to show."""
        await self.campus.database.read(_check, key, self.now)
        return {}

    async def problems(self, typed: Mapping[str, str], about: Mapping[str, str]) -> dict[str, list[str]]:
        """Those of the account and of its password."""
        found = await self.campus.database.read(_problems, _user(typed, ""))
        return found | password_problems(typed, typed["username"])

    async def done(self, key: str, typed: Mapping[str, str], password_hash: str) -> None:
        """Make the account."""
        await self.campus.database.write(_make, key, _user(typed, password_hash), self.address, self.now)
        self.show("setup_done.html", username=user_fields.canonical_username(typed["username"]))


def _user(typed: Mapping[str, str], password_hash: str) -> users.NewUser:
    return users.NewUser(
        username=typed["username"],
        user_type="super_admin",
        college_id=FIRST_COLLEGE_ID,
        email=typed["email"],
        first_name=typed["first_name"],
        last_name=typed["last_name"],
        password_hash=password_hash,
    )


def _check(tx: Transaction, key: str, now: str) -> None:
    if links.has_users(tx) or links.valid(tx, key, links.FIRST_ADMIN, now) is None:
        raise NotFound("This link is not valid any more.")


def _make(tx: Transaction, key: str, new: users.NewUser, address: str, now: str) -> None:
    _check(tx, key, now)
    links.use(tx, key, links.FIRST_ADMIN, now)
    user = users.by_id(tx, users.create(tx, new, now))
    assert user is not None
    audit.append_of(tx, Act(None, address, now), "user_created", user, detail=new.user_type)


def _problems(tx: Transaction, new: users.NewUser) -> dict[str, list[str]]:
    """Why this can't be an account, by field."""
    try:
        users.check(tx, new)
    except Invalid as error:
        return error.fields
    return {}
