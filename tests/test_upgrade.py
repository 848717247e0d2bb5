"""Databases of every earlier schema come to this program's with all that is in them, while clients already wait; one of
a later program is refused."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from data import migrate
from tests import databases
from tests.databases import rows
from tests.databases.rows import ANN, BOB, POSITION, PRUNED_THROUGH, ROOT
from tests.support.activated import Activated
from tests.support.follower import DATABASE_NAME
from tests.support.server import ServerFactory, ServerFailed
from tests.support.sse import Stream

VERSIONS = databases.versions()
CHATS = "communication/chats/"
NEW_MESSAGES = 10
REFUSED_WITHIN_S = 5.0
TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '*_search*'"
)

Rows = set[tuple[Any, ...]]


def contents(path: Path, columns: dict[str, list[str]] | None = None) -> tuple[dict[str, list[str]], dict[str, Rows]]:
    """The columns of each table, or those that are given, and the rows of them."""
    with closing(sqlite3.connect(path)) as connection:
        if columns is None:
            columns = {
                name: [column[1] for column in connection.execute(f"PRAGMA table_info({name})")]
                for (name,) in connection.execute(TABLES).fetchall()
            }
        return columns, {
            name: set(connection.execute(f"SELECT {', '.join(names)} FROM {name}")) for name, names in columns.items()
        }


def schema(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


def test_every_schema_has_a_file() -> None:
    assert list(range(1, migrate.newest() + 1)) == VERSIONS, "python -m tests.databases makes what is missing"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_row_is_there_afterwards(tmp_path: Path, version: int) -> None:
    path, fresh = tmp_path / "old", tmp_path / "fresh"
    databases.unpack(version, path)
    assert migrate.version(path) == version
    columns, before = contents(path)
    assert sum(map(len, before.values())) > 100
    assert migrate.migrate(path) == migrate.migrate(fresh) == migrate.newest()
    _, after = contents(path, columns)
    gone = {name: found - after[name] for name, found in before.items() if found - after[name]}
    assert not gone
    more = {name: after[name] - found for name, found in before.items() if after[name] - found}
    # What a global role gets with schema 3, and nothing else.
    assert more == ({"user_keys": {(ROOT.id, "global", POSITION)}} if version < 3 else {})
    assert schema(path) == schema(fresh), "the migrations have changed since the file was made"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.fixture
def activated(tmp_path: Path) -> Iterator[Activated]:
    server = Activated(tmp_path, ["--log-keep-days", "0", "--typing-interval-s", "0"])
    server.data_dir.mkdir()
    try:
        yield server
        server.check_log()
    finally:
        server.close()


def due(server: Activated, after_id: int) -> list[int]:
    """What Bob has to be told after that id, from the log itself."""
    with closing(sqlite3.connect(server.data_dir / DATABASE_NAME)) as connection:
        found = connection.execute(
            "SELECT DISTINCT a.event_id FROM event_audience AS a JOIN user_keys AS k ON k.key = a.key "
            "WHERE k.user_id = ? AND a.event_id > max(?, k.since_event_id) ORDER BY a.event_id",
            (BOB.id, after_id),
        )
        return [row[0] for row in found]


def stored(stream: Stream) -> list[int]:
    return [
        event.id for event in stream.events() if event.id is not None and event.event not in ("connected", "resync")
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_clients_that_wait_meanwhile_go_on_from_where_they_were(activated: Activated, version: int) -> None:
    databases.unpack(version, activated.data_dir / DATABASE_NAME)
    cursors = (PRUNED_THROUGH - 1, PRUNED_THROUGH, POSITION // 2, POSITION - 1, POSITION)
    with ExitStack() as stack, ThreadPoolExecutor(len(cursors) + 1) as pool:
        client = stack.enter_context(
            httpx.Client(
                base_url=f"{activated.url}/api/v1/", headers={"Authorization": f"Token {ANN.token}"}, timeout=60
            )
        )
        # They connect to a socket that nobody serves yet: the database is being brought up to date.
        opening = [pool.submit(Stream, activated, BOB, last_event_id=cursor) for cursor in cursors]
        sending = [
            pool.submit(client.post, CHATS, json={"receiver_id": BOB.id, "message": f"new {number}"})
            for number in range(NEW_MESSAGES)
        ]
        activated.start()
        streams = [stack.enter_context(one.result(60)) for one in opening]
        assert {one.result(60).status_code for one in sending} == {201}
        newest = max(due(activated, 0))
        for stream in streams:
            stream.wait_for("presence_snapshot")
            if (stream.last_event_id or 0) < newest:
                stream.wait_for(lambda event: (event.id or 0) >= newest)
        lost, *others = streams
        assert [event.data["reason"] for event in lost.events("resync")] == ["pruned"]
        for stream, cursor in zip(others, cursors[1:], strict=True):
            assert not stream.events("resync")
            assert stored(stream) == due(activated, cursor)
        assert len([event for event in others[-1].events("message")]) == NEW_MESSAGES
        check_what_people_see(client)


def check_what_people_see(client: httpx.Client) -> None:
    """Ann's lists have what was there, found by what it says, and what is new."""
    login = client.post("auth/login/", json={"username": "ann_lee", "password": rows.PASSWORD})
    assert login.status_code == 200
    (conversation,) = client.get(f"{CHATS}conversations/").json()
    assert conversation["other_user"]["id"] == BOB.id
    assert conversation["unread_count"] == len([n for n in range(rows.UNREAD_FROM, rows.MESSAGES + 1) if n % 2 == 0])
    page = client.get(f"{CHATS}conversation/{BOB.id}/", params={"limit": 200}).json()
    old = {message["id"]: message["message"] for message in page["messages"] if message["id"] <= rows.MESSAGES}
    expected = {number: f"Größe number {number}" for number in range(1, rows.MESSAGES + 1) if number != rows.DELETED}
    assert old == expected | {rows.EDITED: "edited"}
    assert client.get(f"{CHATS}search/", params={"q": "GRÖSSE"}).json()["count"] == len(expected) - 1
    assert [one["title"] for one in client.get("communication/notices/").json()["results"]] == ["Holidays", "Exams"]
    assert [one["title"] for one in client.get("communication/notifications/").json()["results"]] == ["Exams"]
    assert [one["title"] for one in client.get("communication/announcements/").json()["results"]] == ["Water"]
    found = client.get("accounts/users/", params={"search": "strasse"}).json()["results"]
    assert [one["username"] for one in found] == ["zoë"]


def test_a_database_of_a_later_program_is_refused_in_one_line(server_factory: ServerFactory) -> None:
    server = server_factory(start=False)
    server.data_dir.mkdir()
    path = server.data_dir / DATABASE_NAME
    databases.unpack(VERSIONS[-1], path)
    later = migrate.newest() + 1
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {later}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.read_bytes()
    begun_s = time.monotonic()
    with pytest.raises(ServerFailed) as caught:
        server.start()
    assert time.monotonic() - begun_s < REFUSED_WITHIN_S
    assert caught.value.code == 1
    line = f"The database {path} has schema version {later}, newer than this program, which knows {migrate.newest()}."
    assert caught.value.text == f"error: {line}\n"
    assert path.read_bytes() == before
