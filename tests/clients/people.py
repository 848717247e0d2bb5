"""A running server and people on it, made by its own interface: a new one costs a few milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import httpx

from tests.support.campus import User, api, create_user
from tests.support.server import ServerProcess

PASSWORD = "seven green lamps"


class Campus:
    """A server, and an administrator's calls."""

    def __init__(self, server: ServerProcess, admin: httpx.Client) -> None:
        self.server = server
        self.admin = admin
        self._count = count(1)

    def person(self) -> User:
        """Somebody new."""
        username = f"person_{next(self._count)}"
        fields = {"username": username, "user_type": "student", "password": PASSWORD, "college": 1}
        made = self.admin.post("accounts/users/", json=fields)
        assert made.status_code == 201, made.text
        return User(made.json()["id"], username, self.token(username))

    def token(self, username: str) -> str:
        """Another token of theirs."""
        with api(self.server) as client:
            answer = client.post("auth/login/", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        key: str = answer.json()["key"]
        return key

    def revoke(self, token: str) -> None:
        """Sign it out."""
        with api(self.server) as client:
            answer = client.post("auth/logout/", headers={"Authorization": f"Token {token}"})
        assert answer.status_code == 200, answer.text

    def streams_of(self, user: User) -> int:
        """How many streams the server holds open for the user."""
        answer = self.admin.get("admin/streams/", params={"user": user.id})
        assert answer.status_code == 200, answer.text
        found: int = answer.json()["count"]
        return found


@contextmanager
def campus_on(server: ServerProcess) -> Iterator[Campus]:
    """People on that server."""
    with api(server, create_user(server, "dean", user_type="super_admin")) as admin:
        yield Campus(server, admin)
