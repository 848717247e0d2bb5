"""Users and their tokens, made as an operator makes them: by the commands, beside a running server or before it."""

from __future__ import annotations

import csv
import io
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from tests.support.server import ServerProcess

_COLUMNS = ["username", "first_name", "last_name", "email", "user_type", "password", "college", "class", "section"]


@dataclass(frozen=True, slots=True)
class User:
    """An account and one token of it."""

    id: int
    username: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What authenticates a request."""
        return {"Authorization": f"Token {self.token}"}


def create_users(server: ServerProcess, *usernames: str, user_type: str = "student") -> list[User]:
    """Accounts without a password, in the order of the names. Two commands, whatever their number.

    Their names are made of the username: `jane_smith` is Jane Smith.
    """
    table = io.StringIO()
    rows = csv.DictWriter(table, _COLUMNS, restval="")
    rows.writeheader()
    for username in usernames:
        first, _, last = username.replace("_", " ").title().partition(" ")
        rows.writerow({"username": username, "first_name": first, "last_name": last, "user_type": user_type})
    path = server.data_dir.parent / "users.csv"
    path.write_text(table.getvalue(), encoding="utf-8")
    server.command("import-users", str(path))
    return create_tokens(server, usernames)


def create_user(server: ServerProcess, username: str, password: str | None = None, **options: str) -> User:
    """One account; `first_name="Ann"` and the like are create-user's options."""
    args = [word for name, value in options.items() for word in ("--" + name.replace("_", "-"), value)]
    if password is not None:
        args.append("--password-stdin")
    server.command("create-user", username, *args, input=password)
    return create_tokens(server, [username])[0]


def create_tokens(server: ServerProcess, usernames: Sequence[str]) -> list[User]:
    """A new token for each of these, in the order of the names."""
    done = server.command("create-token", "-", input="".join(f"{username}\n" for username in usernames))
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    found = {username: User(int(user_id), username, token) for user_id, username, token in rows}
    return [found[username] for username in usernames]


def api(server: ServerProcess, user: User | None = None, *, tls: ssl.SSLContext | None = None) -> httpx.Client:
    """A client of `/api/v1/` as that user: `api(server, ann).get("accounts/users/")`. Close it, or use `with`."""
    return httpx.Client(
        base_url=server.url + "/api/v1/",
        headers=user.headers if user else None,
        verify=tls or True,
        timeout=30,
        trust_env=False,  # a proxy of the machine has no business with 127.0.0.1
    )


def send(client: httpx.Client, receiver: User, message: str, **fields: object) -> dict[str, object]:
    """Send a message; the stored one. Anything but 201 fails the test."""
    answer = client.post("communication/chats/", json={"receiver_id": receiver.id, "message": message, **fields})
    assert answer.status_code == 201, f"{answer.status_code} {answer.text}"
    stored: dict[str, object] = answer.json()
    return stored
