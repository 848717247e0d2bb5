"""A commit that fails: what was answered is stored, what was refused is not, nothing else is (I1)."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from data.connection import connect
from data.errors import StorageError, StorageFull
from data.outcome import Outcome
from data.transaction import Transaction
from tests.data.support import (
    Function,
    counted,
    create,
    note,
    one_batch,
    opened,
    stored,
    told,
)

ROOT = Path(__file__).parents[2]


def big_row(tx: Transaction) -> None:
    note("big")(tx)
    tx.execute("INSERT INTO notes (text) VALUES (?)", ("x" * 100_000,))


def big_rows(tx: Transaction) -> None:
    note("big")(tx)
    tx.execute(f"INSERT INTO notes (text) VALUES {', '.join(['(?)'] * 50)}", ["x" * 3_000] * 50)


def big_rows_by_executemany(tx: Transaction) -> None:
    note("big")(tx)
    tx.executemany("INSERT INTO notes (text) VALUES (?)", [("x" * 3_000,)] * 50)


def big_row_and_on(tx: Transaction) -> None:
    """Catches the error and goes on, as a careless function might."""
    note("big")(tx)
    try:
        tx.execute("INSERT INTO notes (text) VALUES (?)", ("x" * 100_000,))
    except sqlite3.OperationalError:
        tx.execute("INSERT INTO notes (text) VALUES ('after the end')")


def big_row_and_silence(tx: Transaction) -> str:
    """Catches the error and returns as if all were well, with nothing of it left."""
    note("big")(tx)
    try:
        tx.execute("INSERT INTO notes (text) VALUES (?)", ("x" * 100_000,))
    except sqlite3.OperationalError:
        return "stored"
    return "stored"


def orphan(tx: Transaction) -> None:
    """Its foreign key is looked at by COMMIT and not before."""
    note("orphan")(tx)
    tx.execute("INSERT INTO children (parent_id) VALUES (99)")


def limit_pages(tx: Transaction, more: int) -> None:
    tx.value(f"PRAGMA max_page_count = {tx.value('PRAGMA page_count') + more}")


@pytest.mark.parametrize(
    ("filler", "reruns"),
    [
        (big_row, True),  # SQLite rolls everything back
        (big_rows, False),  # SQLite rolls the statement back
        (big_rows_by_executemany, True),
        (big_row_and_on, True),
        (big_row_and_silence, True),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 3])
def test_i1_no_room_in_the_middle_of_a_batch(tmp_path: Path, filler: Function, reruns: bool, place: int) -> None:
    path = create(tmp_path)
    batches: list[list[Outcome]] = []
    runs: Counter[str] = Counter()

    async def run() -> list[Any]:
        async with opened(path, batches.append) as database:
            await database.write(limit_pages, 4)
            functions = [counted(runs, name) for name in "abc"]
            functions.insert(place, filler)
            results = await one_batch(database, functions)
            await database.write(limit_pages, 1_000)
            await database.write(note("afterwards"))
            await database.write(filler)
            return results

    results = asyncio.run(run())
    assert type(results.pop(place)) is StorageFull
    assert results == [None] * 3
    rows = stored(path)
    assert rows[:5] == ["a", "b", "c", "afterwards", "big"]
    assert set(rows[5:]) <= {"x" * 100_000, "x" * 3_000}, "the filler's own rows, once there was room"
    assert [text for batch in told(batches) for text in batch] == ["a", "b", "c", "afterwards", "big"]
    assert told(batches)[0] == (["a"] if reruns else ["a", "b", "c"])
    before = "abc"[:place] if reruns else ""
    assert runs == {name: 2 if name in before else 1 for name in "abc"}, (
        "what came after the end did not run in the batch"
    )


def test_i1_a_commit_that_fails(tmp_path: Path) -> None:
    path = create(tmp_path)
    batches: list[list[Outcome]] = []

    async def run() -> list[Any]:
        async with opened(path, batches.append) as database:
            results = await one_batch(database, [note("a"), orphan, note("c"), note("d")])
            await database.write(note("afterwards"))
            return results

    results = asyncio.run(run())
    assert isinstance(results[1], sqlite3.IntegrityError)
    assert [results[0], *results[2:]] == [1, 2, 3]
    assert stored(path) == ["a", "c", "d", "afterwards"]
    assert told(batches) == [["a"], ["c"], ["d"], ["afterwards"]]


@pytest.mark.parametrize("megabytes", [4, 24])
@pytest.mark.parametrize("away", ["here", "away"])
def test_i1_a_disk_that_fails(tmp_path: Path, megabytes: int, away: str) -> None:
    """A file that may not grow: 4 MB fail in COMMIT, 24 MB in their own statement, for they don't fit the cache."""
    path = create(tmp_path)
    command = [sys.executable, "-m", "tests.data.small_disk", str(path), str(megabytes), away]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    if away == "away":  # the file was not where it belongs when it was to be opened again
        assert said["batch"] == ["StorageError"] * 4
        assert said["last"] == "The database file cannot be opened (unable to open database file)."
        assert stored(path) == ["first", "afterwards"]
    else:
        assert said["batch"] == ["ok", "StorageError", "ok", "ok"]
        assert stored(path) == ["first", "a", "c", "d", "afterwards"]
    assert said["afterwards"] == "ok"
    assert said["told"] == stored(path)
    assert said["alone"], "a thread is left"


def test_a_lock_that_stays_fails_the_batch_once(tmp_path: Path) -> None:
    path = create(tmp_path)

    async def run() -> None:
        other = connect(path)
        try:
            async with opened(path) as database:
                await database.write(lambda tx: tx.value("PRAGMA busy_timeout = 50"))
                other.execute("BEGIN IMMEDIATE")
                results = await asyncio.gather(*map(database.write, map(note, "abc")), return_exceptions=True)
                assert [type(one) for one in results] == [StorageError] * 3
                assert "locked" in str(results[0])
                other.execute("COMMIT")
                await database.write(note("d"))
        finally:
            other.close()

    asyncio.run(run())
    assert stored(path) == ["d"]
