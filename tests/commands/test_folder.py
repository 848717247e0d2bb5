"""Commands beside a server, and on folders that are not what they should be."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from data.lock import FolderLock
from data.session import command_transaction
from tests.commands.support import Run, database


def test_commands_work_beside_who_holds_the_folder(run: Run, folder: Path) -> None:
    run("create-user", "ann")
    with FolderLock(folder), sqlite3.connect(database(folder)) as watching:
        before = watching.execute("PRAGMA data_version").fetchone()
        run("create-user", "ben")
        assert watching.execute("PRAGMA data_version").fetchone() != before
        run("set-password", "ben", "--password-stdin", input="securePassword123")
        run("create-token", "ben")
    watching.close()
    with command_transaction(database(folder)) as tx:
        assert tx.value("SELECT count(*) FROM event_log") == 0


def test_nobody_migrates_under_who_holds_the_folder(run: Run, folder: Path) -> None:
    folder.mkdir()
    with FolderLock(folder):
        assert "in use" in run("create-user", "ann", code=1).stderr
    run("create-user", "ann")
    connection = sqlite3.connect(database(folder))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert "newer than this program" in run("create-user", "ben", code=1).stderr


def test_a_damaged_database_and_an_impossible_folder_are_told(run: Run, folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    database(folder).write_text("this is no database, and it is long enough to be looked at" * 20)
    assert run("create-user", "ann", code=1).stderr.count("\n") == 1
    (tmp_path / "file").write_text("")
    err = run("--data-dir", str(tmp_path / "file" / "campus"), "create-user", "ann", code=1).stderr
    assert "can't be made: Not a directory" in err
