"""A command's transaction, alone and beside a running server."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from data.connection import connect
from data.errors import NotFound
from data.lock import FolderLock
from data.migrate import MigrationError, migrate, newest
from data.session import command_transaction
from tests.data.support import Function, create, note, opened, raise_in_the_middle, stored, texts

ROOT = Path(__file__).parents[2]


def test_a_command_commits_or_leaves_everything(tmp_path: Path) -> None:
    path = create(tmp_path)
    with command_transaction(path) as tx:
        note("a")(tx)

    def command(*acts: Function) -> None:
        with command_transaction(path) as tx:
            for act in acts:
                act(tx)

    with pytest.raises(NotFound):
        command(note("b"), raise_in_the_middle)
    with pytest.raises(sqlite3.IntegrityError):
        command(note("c"), lambda tx: tx.execute("INSERT INTO children (parent_id) VALUES (99)"))
    assert stored(path) == ["a"]


def test_a_command_beside_a_running_server(tmp_path: Path) -> None:
    path = create(tmp_path)
    lock = FolderLock(tmp_path)
    lock.acquire()

    def command(text: str) -> None:
        with command_transaction(path) as tx:
            note(text)(tx)

    async def run() -> None:
        async with opened(path) as database:
            writes = [database.write(note("server")) for _ in range(50)]
            commands = [asyncio.to_thread(command, "command") for _ in range(5)]
            await asyncio.gather(*writes, *commands)
            assert sorted(await database.read(texts)) == ["command"] * 5 + ["server"] * 50

    asyncio.run(run())
    lock.release()


def test_a_command_migrates_only_when_no_server_runs(tmp_path: Path) -> None:
    path = tmp_path / "realtime.sqlite3"
    lock = FolderLock(tmp_path)
    lock.acquire()
    with pytest.raises(MigrationError, match=rf"older .* in use by process {os.getpid()}"), command_transaction(path):
        pytest.fail("there is no schema")
    assert not path.exists()
    lock.release()
    with command_transaction(path) as tx:
        assert tx.value("PRAGMA user_version") == newest()
    lock.acquire()
    lock.release()


def test_a_command_refuses_a_database_from_the_future(tmp_path: Path) -> None:
    path = create(tmp_path)
    connection = connect(path)
    connection.execute(f"PRAGMA user_version = {newest() + 1}")
    connection.close()
    with pytest.raises(MigrationError, match="newer than this program"), command_transaction(path):
        pytest.fail("it is from the future")
    with pytest.raises(MigrationError, match="newer than this program"):
        migrate(path)
