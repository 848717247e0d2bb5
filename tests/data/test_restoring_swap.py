"""data/restoring_swap.py: a crash at any rename, and the next start ends with the restored data in its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from data import restoring_swap
from data.errors import StorageError
from data.restoring_swap import PARTIAL, READY
from data.session import command_transaction
from tests.data.support import create

MOMENT = "2026-01-09T10:30:00.000000Z"
OLD = {"realtime.sqlite3": "old", "realtime.sqlite3-wal": "old log", "realtime.sqlite3-shm": "old index"}


class Crash(BaseException):
    """The machine stopped."""


def prepare(folder: Path) -> Path:
    """Data and what is to take its place; where the data will be kept."""
    for name, text in OLD.items():
        (folder / name).write_text(text)
    (folder / "files/ab").mkdir(parents=True)
    (folder / "files/ab/abc").write_text("old file")
    (folder / PARTIAL / "files/cd").mkdir(parents=True)
    (folder / PARTIAL / "files/cd/cde").write_text("new file")
    (folder / PARTIAL / "realtime.sqlite3").write_text("new")
    kept = restoring_swap.name_kept(folder, folder / PARTIAL, MOMENT)
    (folder / PARTIAL).rename(folder / READY)
    return kept


def check(folder: Path, kept: Path) -> None:
    found = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert found == {"realtime.sqlite3": "new", "files/cd/cde": "new file"} | {
        f"{kept.name}/{name}": text for name, text in (OLD | {"files/ab/abc": "old file"}).items()
    }
    assert not (folder / READY).exists()


@pytest.mark.parametrize("after", range(12))
def test_after_a_crash_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    kept = prepare(tmp_path)
    left = after

    def crash_at(event: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Crash(event)

    with monkeypatch.context() as patch:
        for name in ("rename", "rmdir", "unlink"):
            real = getattr(os, name)

            def failing(*args: object, real: object = real, name: str = name, **options: object) -> object:
                crash_at(name)
                return real(*args, **options)  # type: ignore[operator]

            patch.setattr(os, name, failing)
        try:
            restoring_swap.finish(tmp_path)
            crashed = False
        except Crash:
            crashed = True
    assert crashed == (after < 8), "the renames and removals that there are"
    if crashed:
        assert restoring_swap.finish(tmp_path) == (kept if after < 7 else None)
    check(tmp_path, kept)
    assert restoring_swap.finish(tmp_path) is None


def test_a_command_finishes_it_before_it_makes_an_empty_database(tmp_path: Path) -> None:
    (tmp_path / READY).mkdir()
    create(tmp_path / READY)
    restoring_swap.name_kept(tmp_path, tmp_path / READY, MOMENT)
    with command_transaction(tmp_path / "realtime.sqlite3") as tx:
        assert tx.value("SELECT count(*) FROM notes") == 0, "the table of the restored database"


def test_what_cannot_be_moved_is_told(tmp_path: Path) -> None:
    (tmp_path / READY / "files").mkdir(parents=True)
    with pytest.raises(StorageError, match="cannot be put in its place"):
        restoring_swap.finish(tmp_path)


def test_two_restores_in_one_second_keep_both(tmp_path: Path) -> None:
    (tmp_path / PARTIAL).mkdir()
    first = restoring_swap.name_kept(tmp_path, tmp_path / PARTIAL, MOMENT)
    first.mkdir()
    assert restoring_swap.name_kept(tmp_path, tmp_path / PARTIAL, MOMENT) != first
