"""data/backup.py: what changes while it runs. The command's tests have the rest, beside a real server."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from data import backup, backup_archive
from data.backup import Source
from data.backup_archive import BadBackup, Manifest
from data.backup_check import BrokenDatabase
from data.backup_pace import Pace
from data.connection import connect
from data.migrate import migrate

STAMP = "2026-01-09T10:30:00.000000Z"


class Campus:
    """A data folder that is written by its test, as a server would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "realtime.sqlite3"
        migrate(self.database)
        with closing(connect(self.database)) as connection:
            connection.execute(
                "INSERT INTO users (id, username, user_type, college_id, date_joined, created_at, updated_at) "
                "VALUES (1, 'ann', 'student', 1, ?1, ?1, ?1)",
                (STAMP,),
            )

    def add(self, content: bytes) -> str:
        """A file and its row; its key."""
        digest = hashlib.sha256(content).hexdigest()
        path = backup_archive.in_folder(self.folder / "files", key := digest[:40])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        with closing(connect(self.database)) as connection:
            connection.execute(
                "INSERT INTO files (key, name, media_type, kind, size_bytes, etag, owner_id, created_at) "
                "VALUES (?, 'a', 'image/png', 'image', ?, ?, 1, ?)",
                (key, len(content), digest[:32], STAMP),
            )
        return key

    def remove(self, key: str) -> None:
        """A file and its row, in the server's order."""
        with closing(connect(self.database)) as connection:
            connection.execute("DELETE FROM files WHERE key = ?", (key,))
        backup_archive.in_folder(self.folder / "files", key).unlink()

    def back_up(self, path: Path, progress: Callable[[str, int, int], None]) -> Manifest:
        scratch = path.with_name("scratch")
        with path.open("w+b") as target:
            source = Source(self.database, self.folder / "files", "")
            made = backup.make(source, target, scratch, wall_s=0.0, pace=Pace(0), progress=progress)
            target.flush()
            backup.check(path, target, scratch, Pace(0), progress)
        return made


@pytest.fixture
def campus(tmp_path: Path) -> Campus:
    (tmp_path / "data").mkdir()
    return Campus(tmp_path / "data")


def keys_in(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return sorted(name.rpartition("/")[2] for name in archive.namelist() if name.startswith("files/"))


def test_a_file_that_comes_and_one_that_goes_meanwhile(campus: Campus, tmp_path: Path) -> None:
    stays, goes = campus.add(b"stays"), campus.add(b"goes")
    comes: list[str] = []
    copies = 0

    def meanwhile(what: str, done: int, total: int) -> None:
        nonlocal copies
        if what == "files" and not comes:  # after the first pass over the files began
            comes.append(campus.add(b"comes"))
            comes.append(campus.add(b"comes and goes"))
        if what == "database" and done == total:
            copies += 1
            if copies == 1:  # their rows are in this copy, and the bytes of one were not taken yet
                campus.remove(comes[1])
                campus.remove(goes)

    made = campus.back_up(tmp_path / "b.zip", meanwhile)
    assert copies == 2, "copied anew, because a row of the first copy had lost its file"
    assert made.missing == []
    assert made.rows["files"] == 2
    assert set(keys_in(tmp_path / "b.zip")) == {stays, comes[0], goes}


def test_one_that_is_gone_for_good_does_not_keep_it_busy(campus: Campus, tmp_path: Path) -> None:
    key = campus.add(b"lost")
    backup_archive.in_folder(campus.folder / "files", key).unlink()
    copies = 0

    def count(what: str, done: int, total: int) -> None:
        nonlocal copies
        copies += what == "database" and done == total

    assert campus.back_up(tmp_path / "b.zip", count).missing == [key]
    assert copies == 1


def test_i2_a_copy_is_not_begun_anew_when_others_write(campus: Campus, tmp_path: Path) -> None:
    steps = 0

    def write(what: str, done: int, total: int) -> None:
        nonlocal steps
        if what == "database":
            steps += 1
            with closing(connect(campus.database)) as connection:
                connection.execute("UPDATE users SET first_name = ?", (str(steps),))

    made = campus.back_up(tmp_path / "b.zip", write)
    assert steps <= made.database_bytes // 4096 // backup.STEP_PAGES + 2
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        archive.extract("realtime.sqlite3", tmp_path)
    with closing(sqlite3.connect(tmp_path / "realtime.sqlite3")) as connection:
        assert connection.execute("SELECT first_name FROM users").fetchone() == ("",), "of the moment when it began"


def test_a_file_larger_than_a_piece_and_one_that_is_empty(campus: Campus, tmp_path: Path) -> None:
    large = campus.add(bytes(range(256)) * 10_000)
    empty = campus.add(b"")
    made = campus.back_up(tmp_path / "b.zip", lambda *_: None)
    assert (made.files, made.files_bytes) == (2, 2_560_000)
    assert keys_in(tmp_path / "b.zip") == sorted([large, empty])


def test_a_row_cannot_name_a_path(campus: Campus, tmp_path: Path) -> None:
    campus.add(b"one")
    with closing(connect(campus.database)) as connection:
        connection.execute("UPDATE files SET key = '../../../campus'")
    with pytest.raises(BrokenDatabase, match="is no file's key"):
        campus.back_up(tmp_path / "b.zip", lambda *_: None)


def test_the_check_finds_what_is_not_there(campus: Campus, tmp_path: Path) -> None:
    campus.add(b"one")
    path, scratch = tmp_path / "b.zip", tmp_path / "scratch"
    campus.back_up(path, lambda *_: None)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if not name.startswith("files/")}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    path.write_bytes(content.getvalue())
    with path.open("rb") as file, pytest.raises(BadBackup, match="is not in the backup"):
        backup.check(path, file, scratch, Pace(0), lambda *_: None)
