"""Opening and closing a database: all of it or none, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from data.database import Database
from data.errors import StorageError
from tests.data.support import (
    Gate,
    count,
    create,
    entered,
    note,
    opened,
    stored,
    until,
)

ROOT = Path(__file__).parents[2]


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_open_and_close_leave_nothing_behind(tmp_path: Path) -> None:
    path = create(tmp_path)

    async def run() -> None:
        before = descriptors()
        for _ in range(20):
            async with opened(path) as database:
                await asyncio.gather(*(database.write(note("a")) for _ in range(3)), database.read(count))
            await database.close()
            with pytest.raises(StorageError, match="closed"):
                await database.write(note("b"))
            with pytest.raises(StorageError, match="closed"):
                await database.read(count)
            with pytest.raises(StorageError, match="closed"):
                await database.changed_outside()
        assert until(lambda: threading.active_count() == threads)
        assert descriptors() == before

    threads = threading.active_count()
    asyncio.run(run())
    assert len(stored(path)) == 60
    assert [file.name for file in tmp_path.iterdir()] == [path.name], "the log is written back"


def test_close_waits_for_reads(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(create(tmp_path)) as database:
            gate = Gate()
            held = [asyncio.create_task(database.read(gate)) for _ in range(50)]
            await entered(gate)
            closing = asyncio.create_task(database.close())
            await asyncio.sleep(0)
            gate.through.set()
            await asyncio.gather(closing, *held)

    asyncio.run(run())


def test_an_open_that_fails_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    """Descriptors run out at every place of open() in turn: each time all of it is open, or none."""
    path = create(tmp_path)
    threads = threading.active_count()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    outcomes = []

    async def attempt(spare: int) -> bool:
        before = descriptors()
        database = Database(path, on_commit=lambda outcome: None)
        resource.setrlimit(resource.RLIMIT_NOFILE, (before - 1 + spare, hard))
        try:
            await database.open()
        except StorageError:
            return False
        else:
            await database.close()
            return True
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert until(lambda: threading.active_count() == threads)
            assert descriptors() == before

    for spare in range(12):
        outcomes.append(asyncio.run(attempt(spare)))
    assert outcomes[0] is False
    assert outcomes[-1] is True
    assert outcomes == sorted(outcomes)


@pytest.mark.parametrize("kind", ["missing", "folder", "text"])
def test_what_is_no_database_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "realtime.sqlite3"
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("Dear diary, " * 1_000)

    async def run() -> None:
        with pytest.raises(StorageError, match="database file"):
            async with opened(path):
                pytest.fail("it was opened")

    asyncio.run(run())
    assert path.exists() == (kind != "missing")


def test_a_process_that_fails_after_open_ends(tmp_path: Path) -> None:
    """aiosqlite's threads are no daemons: one that is forgotten keeps the process for ever."""
    program = (
        "import asyncio, pathlib, sys; from tests.data.support import opened\n"
        "async def run():\n"
        "    async with opened(pathlib.Path(sys.argv[1])): raise LookupError\n"
        "asyncio.run(run())"
    )
    command = [sys.executable, "-c", program, str(create(tmp_path))]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert run.stderr.endswith("LookupError\n")
