"""The benchmarks that count events, compare files or stand beside a bare handler, in tiny sizes, and what needs no
installed peer of the peers. What they measure here says nothing."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bench import driver, peers, plot
from bench.asker import Asker
from bench.bare import Bare
from bench.measures import fanout, grow, idle, login, profile, resume, slow
from bench.measures import open as opening
from bench.options import Options
from bench.peers import peer
from bench.peers.peer import Peer, Unavailable
from bench.report import Column, Failed, Report
from bench.rows import Size
from bench.served import Served
from bench.shares import WHOSE
from bench.subject import MARK
from commands.folder import DATABASE_NAME
from data.session import command_transaction
from data.tokens import digest
from realtime.api.tokens import MOST_LEARNT, newest

SHOUT = """
import http.server, sys
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


class Python(Peer):
    """A peer that is there already: a program of the standard library."""

    name = "python"
    edition = "1"

    def __init__(self, program: str) -> None:
        self._program = program
        self.installs = 0

    def install(self, folder: Path) -> str:
        self.installs += 1
        return "1.2"

    def command(self, folder: Path, work: Path, port: int) -> list[str]:
        return [sys.executable, "-c", self._program, str(port)]


class Missing(Python):
    """One that can't be had."""

    def install(self, folder: Path) -> str:
        return peer.call(["false"], folder)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "campus-realtime-bench"


def test_a_bare_handler_answers_posts_and_is_gone_afterwards() -> None:
    with Bare() as bare:
        with Asker(bare.port) as asker:
            for _ in range(3):
                status, answer = asker.ask("/api/v1/communication/chats/", {"receiver_id": 1, "message": "hello"})
                assert status == 201
                assert answer["id"]
        (pid,) = bare.pids
    assert not Path(f"/proc/{pid}").exists()


class Interrupted(subprocess.Popen[Any]):
    """A process in whose beginning a ^C comes."""

    started: ClassVar[list[int]] = []

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.started.append(self.pid)
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("kind", ["bare", "server", "peer"])
def test_what_is_interrupted_while_it_begins_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    begin: Callable[[], AbstractContextManager[object]] = {
        "bare": Bare,
        "server": lambda: Served(tmp_path / "served", 1),
        "peer": lambda: Python(SHOUT).start(tmp_path / "peer", 1),
    }[kind]
    one = begin()
    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt), one:
        raise AssertionError("it started")
    assert not Path(f"/proc/{Interrupted.started[-1]}").exists()


def test_a_server_that_does_not_start_says_why_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="did not start: ") as failed, Served(tmp_path, 1, flags=["--no-such-flag"]):
        raise AssertionError("it started")
    assert "\n" not in str(failed.value)
    assert "--no-such-flag" in str(failed.value)


def test_cold_tokens_are_none_of_those_that_a_server_learns(tmp_path: Path) -> None:
    served = Served(tmp_path, 3)
    opening._add_tokens(served)
    before_id, learnt = 1 << 62, set[bytes]()
    with command_transaction(served.data_dir / DATABASE_NAME) as tx:
        while before_id and len(learnt) < MOST_LEARNT:
            page = newest(tx, before_id, "2026-01-01T00:00:00.000000Z")
            learnt |= page.callers.keys()
            before_id = page.before_id
    assert len(learnt) == MOST_LEARNT
    for person in served.people:
        assert [digest(token) in learnt for token in person.tokens] == [False, True]


def test_a_server_without_heartbeats_is_no_idle_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "BEAT_S", 0.05)  # as if twenty were due in a second
    driver.build(tmp_path)
    with pytest.raises(Failed, match="heartbeats in 1 s; 4 streams should have had 72 at least"):
        idle.run(Options(tmp_path, quick=True, streams=(4,), seconds=1.0))


def test_slow_streams_have_everything_in_the_end(tmp_path: Path) -> None:
    driver.build(tmp_path)
    quick, beside = slow.run(Options(tmp_path, quick=True, streams=(10,), seconds=1.0)).rows
    assert (quick["caught_up_s"], beside["slow"]) == (None, 1)
    assert float(beside["caught_up_s"] or 0) > 0


def test_a_profile_says_whose_the_time_is(tmp_path: Path) -> None:
    driver.build(tmp_path)
    report = profile.run(Options(tmp_path, quick=True, streams=(10,)))
    assert [row["what"] for row in report.rows] == ["a delivery", "an opening", "a message"]
    for row in report.rows:
        assert sum(float(row[f"{whose}_percent"] or 0) for whose in WHOSE) == pytest.approx(100.0)
        assert all(float(row[f"{whose}_percent"] or 0) > 0 for whose in ("kernel", "tornado", "asyncio", "server"))


def test_every_stream_is_told_what_it_missed_once_and_in_order(tmp_path: Path) -> None:
    report = resume.run(Options(tmp_path, quick=True, streams=(20,)), each=5)
    plain, resumed = report.rows
    assert (plain["wrong"], resumed["wrong"]) == (0, 0)
    assert (resumed["streams"], resumed["missed"]) == (20, 5)
    assert len(report.goals) == 3
    assert all(goal.reached for goal in report.goals)


def test_growing_asks_the_same_of_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grow, "QUICK", Size(users=60, messages=200, notices=60))
    monkeypatch.setattr(grow, "SMALL", Size(users=40, messages=60, notices=40))
    report = grow.run(Options(tmp_path, quick=True, rounds=1))
    calls = list(dict.fromkeys(str(row["call"]) for row in report.rows))
    assert calls[0] == "POST /api/v1/communication/chats/"
    assert len(calls) > 30
    assert {"/api/v1/communication/chats/", "/api/v1/communication/chats/search/?q=science"} <= set(calls)
    assert all(float(row["small_ms"] or 0) > 0 and float(row["big_ms"] or 0) > 0 for row in report.rows)
    assert report.goals == [], "nothing is judged by such sizes"
    grow._judge(report)
    assert len(report.goals) == 3


def test_logins_are_measured_beside_a_quiet_turn() -> None:
    found = {
        login.QUIET: login.Found(1.0, [], [0.001, 0.003], [2.0]),
        login.CROWDED: login.Found(2.0, [0.5], [0.01, 0.02], [9.0]),
    }
    report = Report("login", "", login.COLUMNS, "")
    login._add(report, 5, found)
    quiet, crowded = report.rows
    assert (quiet["logins_per_s"], quiet["login_ms"]) == (0, None)
    assert (crowded["logins_per_s"], crowded["login_ms"], crowded["lag_ms"]) == (0.5, 500.0, 9.0)


def test_a_peer_is_installed_once_and_started_with_its_version(tmp_path: Path, cache: Path) -> None:
    one = Python(SHOUT)
    for turn in range(2):
        with one.start(tmp_path / f"run{turn}", 5) as running:
            assert running.name == "python 1.2"
            assert running.pids
            assert running.stream_paths(2) == [peer.STREAM_PATH] * 2
            head, _, body = running.broadcast().partition(b"\r\n\r\n")
            assert f"Content-Length: {len(body)}".encode() in head
            assert json.loads(body)["message"].count(MARK) == 1
        assert not Path(f"/proc/{running.pid}").exists()
    assert one.installs == 1
    assert (cache / "python-1" / ".version").read_text() == "1.2"


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (Missing(SHOUT), "false: exit code 1"),
        (Python("raise SystemExit('no licence')"), "python ended with 1: no licence"),
    ],
)
def test_a_peer_that_cannot_be_had_says_why(tmp_path: Path, one: Peer, why: str) -> None:
    with pytest.raises(Unavailable, match=why), one.start(tmp_path / "run", 5):
        raise AssertionError("it started")


def test_a_missing_peer_is_a_row_and_a_reason_in_the_table(tmp_path: Path) -> None:
    report = Report("fanout", "", (Column("streams", "streams"), Column("server", "server")), "")
    fanout._excuse(report, "nchan", 50, Unavailable("there is no apt-get"))
    assert report.rows == [{"streams": 50, "server": "nchan: not measured"}]
    assert report.notes == ["nchan with 50 streams: there is no apt-get"]


def test_all_peers_are_known_by_their_names() -> None:
    assert list(peers.STARTS) == ["nchan", "better-sse", "aiohttp-sse", "sse-starlette", "django-eventstream"]


def test_a_plot_needs_figures_of_a_fanout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"machine": {}, "reports": []}))
    assert plot.main([str(other), str(tmp_path / "plot.png")]) == 1
    assert "has nothing of fanout" in capsys.readouterr().err
    assert plot.main([str(tmp_path / "no.json"), "x.png"]) == 1
    assert plot.main([]) == 2


def test_a_plot_is_a_picture_of_what_was_measured(tmp_path: Path) -> None:
    rows = [
        {"streams": count, "server": name, "delivery_us": us, "stream_kb": kb}
        for count in (10, 20)
        for name, us, kb in (("floor", 5.0, 0.0), ("this server", 6.0, 5.0), ("nchan 1", None, None))
    ]
    path = tmp_path / "plot.png"
    if importlib.util.find_spec("matplotlib") is None:  # it is not among what the tests install
        with pytest.raises(Failed, match="matplotlib"):
            plot.check()
        return
    plot.draw({"name": "fanout", "rows": rows}, "here and now", path)
    assert path.read_bytes().startswith(b"\x89PNG")
