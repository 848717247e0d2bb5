"""Faults while users send and read: a short form of `python -m tests.chaos`, and what it found."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from data.errors import StorageError
from realtime.storage.incoming import Incoming
from tests.chaos.__main__ import run
from tests.chaos.harness import Asked
from tests.chaos.host import Host
from tests.chaos.judge import Verdict, told
from tests.chaos.ledger import Ledger
from tests.chaos.plan import KINDS, deeds, rounds
from tests.chaos.reader import Reader
from tests.support.campus import User, create_user
from tests.support.sse import Stream

HOUR_S = 3600


def test_a_plan_is_a_function_of_its_seed() -> None:
    assert rounds(7, 600) == rounds(7, 600)
    assert rounds(7, 600) != rounds(8, 600)
    assert deeds(7, 60, 10, 8.0) == deeds(7, 60, 10, 8.0)
    faults = [fault for one in rounds(7, 1800) for fault in one.faults]
    assert {fault.kind for fault in faults} == set(KINDS)


def test_the_judge_sees_what_is_lost_doubled_and_out_of_order(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            "CREATE TABLE event_log (id INTEGER PRIMARY KEY AUTOINCREMENT, event, data, audience);"
            "CREATE TABLE user_keys (user_id, key, since_event_id); INSERT INTO user_keys VALUES (1, 'user:1', 0);"
        )
        for _ in range(5):
            database.execute("INSERT INTO event_log (event, data, audience) VALUES ('message', '{}', 'user:1')")
        database.commit()
        ledger = Ledger(lambda: sqlite3.connect(path))
        ledger.look()
        reader = Reader("a reader", User(1, "jane_smith", ""))
        reader.take("connected", {}, 0)
        for number in (1, 3, 2, 3, 5):
            reader.take("message", {}, number)
        verdict = Verdict()
        told(verdict, [reader], ledger, database)
    assert (verdict.lost, verdict.doubled, verdict.disordered) == (1, 1, 1)
    assert any(text.endswith("was not told 1 events: 4") for text in verdict.evidence)


@pytest.mark.timeout(240)
def test_nothing_is_lost_doubled_or_out_of_order_while_the_server_breaks(tmp_path: Path) -> None:
    said: list[str] = []
    verdict = run(tmp_path, Asked(seconds=14, seed=4, users=8, per_s=8), said.append)
    assert not verdict.evidence, "\n".join([*verdict.evidence, *said])
    assert (verdict.lost, verdict.doubled, verdict.disordered) == (0, 0, 0)


def test_a_clock_that_is_set_back_holds_no_heartbeat_up(tmp_path: Path) -> None:
    assert shutil.which("faketime"), "the server's clock is Debian's libfaketime: tools/need faketime"
    with closing(Host(tmp_path, 0)) as host:
        host.server.start()
        with Stream(host.server, create_user(host.server, "jane_smith")) as stream:
            before = stream.wait_for("heartbeat")
            host.set_clock(-2 * HOUR_S)
            earlier = stream.wait_for(
                lambda e: e.event == "heartbeat" and e.data["timestamp"] < before.data["timestamp"]
            )
            stream.wait_count(earlier.index + 4, timeout_s=30)
            host.set_clock(2 * HOUR_S)
            stream.wait_for(
                lambda e: e.event == "heartbeat" and e.data["timestamp"] > before.data["timestamp"] + HOUR_S
            )
        assert host.server.stop() == 0


def test_a_request_that_outlasts_a_stop_finds_the_files_threads_ended(tmp_path: Path) -> None:
    async def run() -> None:
        incoming = Incoming(tmp_path / "incoming")
        await incoming.run(incoming.clear)
        kept = incoming.new_path()
        await incoming.run(kept.touch)
        incoming.close()
        incoming.later(kept.unlink)
        with pytest.raises(StorageError, match="stopping"):
            await incoming.run(kept.unlink)
        assert kept.exists(), "the next start removes it"

    asyncio.run(run())
