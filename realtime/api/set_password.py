"""`/set-password/?key=SECRET`: the form behind a one-time link that an administrator has handed to a user."""

from __future__ import annotations

from collections.abc import Mapping

from data import logins
from realtime.api.browser import NEW_PASSWORD, LinkHandler, password_problems

PATH = "/set-password/"


class SetPasswordPageHandler(LinkHandler):
    """Works once. All sessions of the user end."""

    template = "set_password.html"
    no_link = "set_password_no_link.html"
    fields = NEW_PASSWORD
    required = frozenset({"password1", "password2"})

    async def opened(self, key: str) -> Mapping[str, str]:
        """Whose password it is."""
        user = await self.campus.database.read(logins.user_of_link, key, self.now)
        return {"username": user["username"]}

    async def problems(self, typed: Mapping[str, str], about: Mapping[str, str]) -> dict[str, list[str]]:
        """Those of the password."""
        return password_problems(typed, about["username"])

    async def done(self, key: str, typed: Mapping[str, str], password_hash: str) -> None:
        """Set it."""
        await self.campus.database.write(logins.set_password_by_link, key, password_hash, self.address, self.now)
        self.show("set_password_done.html")
