"""What a supervisor hears: it is ready when it listens, it lives, it stops; and of one that hangs nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from data import log
from realtime.supervisor import Supervisor
from tests.support.activated import Activated, Notices
from tests.support.inside import served
from tests.support.server import ServerFactory
from tests.support.waiting import until

WATCHDOG_S = 4.0

Factory = Callable[..., Activated]


@pytest.fixture
def activated(tmp_path: Path) -> Iterator[Factory]:
    """`activated(watchdog_s=4)` starts a server as a supervisor does; at the end its log is read for errors."""
    made: list[Activated] = []

    def factory(*flags: str, watchdog_s: float = 0.0, abstract: bool = False) -> Activated:
        folder = tmp_path / f"server{len(made)}"
        folder.mkdir()
        made.append(Activated(folder, flags, watchdog_s=watchdog_s, abstract=abstract))
        made[-1].start()
        return made[-1]

    yield factory
    for one in made:
        one.close()
        one.check_log()


@pytest.mark.parametrize("abstract", [False, True], ids=["file", "abstract"])
def test_ready_when_it_listens_and_stopping_when_it_ends(activated: Factory, abstract: bool) -> None:
    server = activated(abstract=abstract)
    server.notices.wait_for("READY=1")
    assert httpx.get(f"{server.url}/readyz").status_code == 200
    assert [one.text for one in server.notices.all()] == ["READY=1"], "nobody wants signs of life"
    assert server.stop() == 0
    server.notices.wait_for("STOPPING=1")
    assert [one.text for one in server.notices.all()] == ["READY=1", "STOPPING=1"]


def test_it_lives_at_half_of_the_interval_unless_it_hangs(activated: Factory) -> None:
    server = activated(watchdog_s=WATCHDOG_S)
    (ready,) = server.notices.wait_for("READY=1")
    beats = server.notices.wait_for("WATCHDOG=1", 3)
    times = [ready.at_s, *(one.at_s for one in beats)]
    waits = [after - before for before, after in pairwise(times)]
    assert max(waits) < WATCHDOG_S, "it would have been killed"
    assert sum(waits[1:]) / len(waits[1:]) > WATCHDOG_S / 2 - 1, "more is a waste"
    os.kill(server.pid, signal.SIGSTOP)
    heard = len(server.notices.all()) + 1  # one may have been on its way
    with pytest.raises(AssertionError, match="not after"):
        server.notices.wait(lambda found: len(found) > heard, WATCHDOG_S * 1.5)
    os.kill(server.pid, signal.SIGCONT)
    server.notices.wait(lambda found: len(found) > heard)


def test_the_signs_of_life_are_for_one_process(tmp_path: Path) -> None:
    """A process that inherited the variables of another says that it is ready, and no more."""
    notices = Notices(tmp_path)
    told = {"NOTIFY_SOCKET": notices.address, "WATCHDOG_USEC": "1"}

    async def live(own: bool) -> None:
        supervisor = Supervisor(told | {"WATCHDOG_PID": str(os.getpid() if own else os.getppid())})
        supervisor.ready(lambda: asyncio.sleep(0))
        for second in range(100, 104):
            supervisor.tick(float(second), 0.0)
            await asyncio.sleep(0)
        supervisor.close()
        supervisor.stopping()

    try:
        asyncio.run(live(own=False))
        notices.wait_for("STOPPING=1")
        assert [one.text for one in notices.all()] == ["READY=1", "STOPPING=1"]
        asyncio.run(live(own=True))
        notices.wait_for("STOPPING=1", 2)
        assert len(notices.all("WATCHDOG=1")) >= 1
    finally:
        notices.close()


def test_a_writer_that_hangs_is_as_bad(tmp_path: Path) -> None:
    """The loop turns and reads go on, but nothing can be stored."""
    notices = Notices(tmp_path)
    let_go = threading.Event()

    async def live() -> None:
        supervisor = Supervisor({"NOTIFY_SOCKET": notices.address, "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6))})
        async with served(tmp_path) as inside:
            database = inside.campus.database
            supervisor.ready(database.writer_answers)
            supervisor.tick(100.0, 0.0)
            await until(lambda: len(notices.all("WATCHDOG=1")) == 1)
            supervisor.tick(101.0, 0.0)
            holding = asyncio.create_task(database.write(lambda tx: let_go.wait(30)))
            await until(lambda: database._writer._task is not None)
            try:
                for second in range(102, 110):
                    supervisor.tick(float(second), 0.0)
                    await database.read(log.position)
                assert len(notices.all("WATCHDOG=1")) == 1
            finally:
                let_go.set()
            await holding
            await until(lambda: len(notices.all("WATCHDOG=1")) == 2)
            supervisor.tick(110.0, 0.0)
            await until(lambda: len(notices.all("WATCHDOG=1")) == 3)
            supervisor.close()

    try:
        asyncio.run(live())
    finally:
        notices.close()


@pytest.mark.expect_errors
def test_a_database_that_fails_still_answers(tmp_path: Path) -> None:
    """Another process would find the same disk: `/readyz` tells of it, and the streams stay."""

    async def live() -> None:
        async with served(tmp_path) as inside:
            await inside.campus.database.close()
            await inside.server.answers()

    asyncio.run(live())


def test_nobody_hears(server_factory: ServerFactory, tmp_path: Path) -> None:
    """A socket that is gone is a line in the log and no more."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as gone:
        gone.bind(str(tmp_path / "gone"))
    server = server_factory(env={"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "nonsense"})
    server.wait_log(r"WARNING realtime\.supervisor: the supervisor was not told READY=1: ")
    assert httpx.get(f"{server.url}/readyz").status_code == 200
