"""Shared: one server for all tests of a module, with a campus of every role, and the few ways in which tests call it.

What a test changes there must not matter to the next one: each makes the messages, and mostly the users, that it needs.
"""

from __future__ import annotations

import csv
import io
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.campus import User, create_tokens
from tests.support.server import ServerProcess, as_flags

PASSWORD = "correct horse 7 battery"
DATABASE = "realtime.sqlite3"
ORIGIN = "http://localhost:3000"
CHATS = "communication/chats/"

# Username: role and the college's code. `boss` and `manager` reach both colleges.
PEOPLE = {
    "boss": ("super_admin", ""),
    "manager": ("central_manager", ""),
    "dean": ("college_admin", "CAMPUS"),
    "tara": ("teacher", "CAMPUS"),
    "stan": ("staff", "CAMPUS"),
    "stella": ("store_manager", "CAMPUS"),
    "ann": ("student", "CAMPUS"),
    "bob": ("student", "CAMPUS"),
    "cy": ("student", "CAMPUS"),
    "pat": ("parent", "CAMPUS"),
    "gone": ("student", "CAMPUS"),
    "east_dean": ("college_admin", "EAST"),
    "east_ann": ("student", "EAST"),
}


@dataclass(frozen=True, slots=True)
class Shared:
    """The server and its people. `east` is the id of the second college; `gone` is disabled."""

    server: ServerProcess
    people: Mapping[str, User]
    east: int

    def __getitem__(self, username: str) -> User:
        return self.people[username]

    def api(self, user: User | str | None = None, base: str = "/api/v1/") -> httpx.Client:
        """A client as that user. Close it, or use `with`. Unlike campus.api's it costs nothing: tests make many."""
        found = self.people[user] if isinstance(user, str) else user
        return httpx.Client(
            base_url=self.server.url + base,
            headers=found.headers if found else None,
            timeout=30,
            trust_env=False,
            verify=False,  # plain HTTP: loading the system's certificates would take 15 ms each time
        )

    def sql(self, statement: str, parameters: tuple[object, ...] | Mapping[str, object] = ()) -> list[tuple[Any, ...]]:
        """What an operator does with sqlite3 beside the server."""
        return sql(self.server, statement, parameters)

    def add(self, rows: Mapping[str, tuple[str, str]]) -> list[User]:
        """More people, as PEOPLE has them."""
        return add_people(self.server, rows)


def sql(
    server: ServerProcess, statement: str, parameters: tuple[object, ...] | Mapping[str, object] = ()
) -> list[tuple[Any, ...]]:
    """Run one statement on the server's database from outside."""
    with closing(sqlite3.connect(server.data_dir / DATABASE, isolation_level=None, timeout=10)) as connection:
        return connection.execute(statement, parameters).fetchall()


def add_people(server: ServerProcess, rows: Mapping[str, tuple[str, str]]) -> list[User]:
    """Accounts with PASSWORD, and a token of each, in the order of the names; `jane_smith` is Jane Smith."""
    columns = ["username", "first_name", "last_name", "email", "user_type", "password", "college", "class", "section"]
    table = io.StringIO()
    writer = csv.DictWriter(table, columns, restval="")
    writer.writeheader()
    for username, (role, college) in rows.items():
        first, _, last = username.replace("_", " ").title().partition(" ")
        row = {"username": username, "first_name": first, "last_name": last, "user_type": role, "college": college}
        writer.writerow(row | {"email": f"{username}@campus.example", "password": PASSWORD})
    path = server.data_dir.parent / "people.csv"
    path.write_text(table.getvalue(), encoding="utf-8")
    server.command("import-users", str(path))
    return create_tokens(server, list(rows))


@contextmanager
def running(folder: Path, *, env: Mapping[str, str] | None = None, **settings: object) -> Iterator[Shared]:
    """A started server with PEOPLE; at the end it is stopped, and its log read for errors."""
    server = ServerProcess(folder, as_flags(settings), env=env)
    server.start()
    try:
        now = "2026-01-09T10:30:00.000000Z"
        statement = (
            "INSERT INTO colleges (code, name, short_name, created_at, updated_at) VALUES ('EAST', 'East', 'E', ?, ?)"
        )
        sql(server, statement, (now, now))
        (row,) = sql(server, "SELECT id FROM colleges WHERE code = 'EAST'")
        people = {user.username: user for user in add_people(server, PEOPLE)}
        sql(server, "UPDATE users SET is_active = 0 WHERE username = 'gone'")
        yield Shared(server, people, row[0])
        if server.running:
            code = server.stop()
            assert code == 0, f"SIGTERM ended it with {code}"
        server.check_log()
    finally:
        if server.running:
            server.kill()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came over the wire. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def raw(server: ServerProcess, request: bytes, *more: bytes, timeout_s: float = 30.0) -> Answer:
    """Send these very bytes and read one answer, for what no HTTP library would send."""
    with socket.create_connection(("127.0.0.1", server.port), timeout_s) as connection:
        for piece in (request, *more):
            try:
                connection.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                break  # refused early: the answer is there to be read
        return read_answer(connection)


def read_answer(connection: socket.socket) -> Answer:
    """One answer with a Content-Length, or up to the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            break
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", -1))
    while length < 0 or len(body) < length:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            break
        if not piece:
            break
        body += piece
    assert status_line.startswith("HTTP/1.1 "), data[:200]
    return Answer(int(status_line.split(" ")[1]), headers, body)
