"""Migrations: in order, each whole or not at all, and a clear line when they cannot run."""

from __future__ import annotations

import os
import sqlite3
from contextlib import nullcontext
from pathlib import Path

import pytest

from data.connection import connect
from data.migrate import MIGRATIONS, MigrationError, migrate, newest, statements, version


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_one.sql").write_text("CREATE TABLE one (id INTEGER PRIMARY KEY);\nINSERT INTO one VALUES (1);\n")
    return folder


def dump(path: Path) -> list[str]:
    connection = connect(path)
    try:
        return [*connection.iterdump(), str(connection.execute("PRAGMA user_version").fetchone()[0])]
    finally:
        connection.close()


def test_the_schema_of_this_program(tmp_path: Path) -> None:
    path = tmp_path / "realtime.sqlite3"
    assert version(path) == 0
    assert not path.exists()
    assert migrate(path) == newest() == version(path) == len(list(MIGRATIONS.glob("*.sql")))
    before = dump(path)
    assert migrate(path) == newest()
    assert dump(path) == before
    connection = connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert [tuple(row) for row in connection.execute("SELECT id, name FROM colleges")] == [(1, "Campus")]
    finally:
        connection.close()


def test_only_what_is_missing_runs(tmp_path: Path, files: Path) -> None:
    path = tmp_path / "realtime.sqlite3"
    assert migrate(path, files) == 1
    (files / "0002_two.sql").write_text("INSERT INTO one VALUES (2);")
    (files / "0003_three.sql").write_text("INSERT INTO one VALUES (3)")
    assert migrate(path, files) == 3
    assert migrate(path, files) == 3
    assert [line for line in dump(path) if line.startswith("INSERT")] == [
        f'INSERT INTO "one" VALUES({number});' for number in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("script", "where", "error"),
    [
        ("INSERT INTO one VALUES (2);\n\nINSERT INTO nowhere VALUES (1);\n", "line 3", "no such table: nowhere"),
        ("DROP TABLE one; CREATE TABLE two (id); SELEKT 1;", "line 1", 'near "SELEKT": syntax error'),
        ("INSERT INTO one VALUES (2);\nCREATE TABLE two (\n", "line 2", "incomplete input"),
        ("INSERT INTO one VALUES (2);\nCOMMIT;\nINSERT INTO one VALUES (3);", "line 2", "not authorized"),
        ("INSERT INTO one VALUES (2);\nINSERT INTO one VALUES (1);", "line 2", "UNIQUE constraint failed: one.id"),
    ],
)
def test_a_bad_migration_leaves_the_database_as_it_was(
    tmp_path: Path, files: Path, script: str, where: str, error: str
) -> None:
    path = tmp_path / "realtime.sqlite3"
    migrate(path, files)
    before = dump(path)
    bad = files / "0002_bad.sql"
    bad.write_text(script)
    with pytest.raises(MigrationError) as caught:
        migrate(path, files)
    assert str(caught.value) == f"0002_bad.sql, {where}: {error}."
    assert dump(path) == before
    bad.write_text("INSERT INTO one VALUES (2);")
    assert migrate(path, files) == 2


def test_a_migration_that_breaks_references_is_undone(tmp_path: Path, files: Path) -> None:
    path = tmp_path / "realtime.sqlite3"
    (files / "0002_two.sql").write_text("CREATE TABLE two (one_id REFERENCES one (id)); INSERT INTO two VALUES (1);")
    migrate(path, files)
    before = dump(path)
    (files / "0003_three.sql").write_text("DELETE FROM one;")
    with pytest.raises(MigrationError, match=r"0003_three\.sql: a row of two refers to a row of one that is gone"):
        migrate(path, files)
    assert dump(path) == before
    (files / "0003_three.sql").write_text(
        "CREATE TABLE new_one (id INTEGER PRIMARY KEY, name TEXT);\n"
        "INSERT INTO new_one SELECT id, 'x' FROM one;\nDROP TABLE one;\nALTER TABLE new_one RENAME TO one;\n"
    )
    assert migrate(path, files) == 3, "a table that others refer to can be rebuilt"


def test_a_database_from_the_future_is_refused(tmp_path: Path, files: Path) -> None:
    path = tmp_path / "realtime.sqlite3"
    (files / "0002_two.sql").write_text("CREATE TABLE two (id);")
    migrate(path, files)
    (files / "0002_two.sql").unlink()
    with pytest.raises(MigrationError, match="has schema version 2, newer than this program, which knows 1"):
        migrate(path, files)


@pytest.mark.parametrize("name", ["0003_gap.sql", "two.sql", "0001_again.sql", "0002-two.sql"])
def test_a_badly_numbered_file_is_refused(tmp_path: Path, files: Path, name: str) -> None:
    (files / name).write_text("SELECT 1;")
    with pytest.raises(MigrationError, match="numbered without gaps"):
        migrate(tmp_path / "realtime.sqlite3", files)
    assert not (tmp_path / "realtime.sqlite3").exists()


@pytest.mark.parametrize("kind", ["no folder", "a folder", "text"])
def test_what_cannot_be_a_database(tmp_path: Path, files: Path, kind: str) -> None:
    path = tmp_path / ("nowhere/realtime.sqlite3" if kind == "no folder" else "realtime.sqlite3")
    if kind == "a folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("Dear diary, " * 1_000)
    with pytest.raises(MigrationError) as caught:
        migrate(path, files)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_database_that_cannot_be_written_is_refused(tmp_path: Path, files: Path) -> None:
    path = tmp_path / "realtime.sqlite3"
    migrate(path, files)
    path.chmod(0o444)
    with nullcontext() if os.geteuid() == 0 else pytest.raises(MigrationError, match="readonly"):
        migrate(path, files)
    with pytest.raises(MigrationError, match="cannot be opened"):  # no user may make a file there, root included
        migrate(Path("/proc/realtime.sqlite3"), files)


def test_statements_are_split_where_sqlite_ends_them() -> None:
    script = (
        "-- a comment; with a semicolon\nCREATE TABLE a (text DEFAULT ';'); /* another; */ SELECT 1;\n\n"
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM a; SELECT ';';\nEND;\n-- the end; really\n"
    )
    pieces = list(statements(script))
    assert [line for line, _ in pieces] == [1, 2, 4, 7]
    connection = sqlite3.connect(":memory:")
    try:
        for _, statement in pieces:
            connection.execute(statement)
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (2,)
    finally:
        connection.close()
    assert list(statements(" \n ")) == []
