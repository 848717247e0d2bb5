"""The benchmarks run from end to end and say what they found in a shape that other programs can read. In tiny sizes:
what they measure here says nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import ROOT

LIMIT_S = 60.0
LOOK_S = 0.02
LATENCIES = ("p50_ms", "p90_ms", "p99_ms", "max_ms")


def bench(*args: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`python -m bench ARGS`."""
    command = [sys.executable, "-W", "default", "-m", "bench", *map(str, args)]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | (env or {}), capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the three that the others are made of wrote."""
    path = tmp_path_factory.mktemp("bench") / "found.json"
    done = bench("fanout", "open", "dm", "--quick", "--streams", 24, "--json", path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    written: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert [report["title"] in done.stdout for report in written["reports"]] == [True] * 3
    return written


def test_the_figures_say_where_and_how_they_were_made(found: dict[str, Any]) -> None:
    assert found["command"].startswith("python -m bench fanout open dm --quick --streams 24")
    assert found["failures"] == []
    names = {"date", "processor", "cores", "memory", "kernel", "python", "sqlite", "tornado"}
    assert set(found["machine"]) == names
    assert all(found["machine"].values())


def test_each_report_is_a_table_with_a_baseline(found: dict[str, Any]) -> None:
    assert [report["name"] for report in found["reports"]] == ["fanout", "open", "dm"]
    for report in found["reports"]:
        assert report["baseline"]
        names = [column["name"] for column in report["columns"]]
        assert report["rows"]
        assert all(list(row) == names for row in report["rows"])


def test_fanout_has_the_floor_and_the_server(found: dict[str, Any]) -> None:
    floor, server = found["reports"][0]["rows"]
    assert (floor["server"], floor["ratio"], floor["streams"]) == ("floor", 1.0, 24)
    assert (server["server"], server["streams"]) == ("this server", 24)
    assert 0 < floor["delivery_us"] < server["delivery_us"]
    assert 0 < server["first_ms"] <= server["last_ms"] <= server["worst_ms"]


def test_open_has_each_kind_of_token(found: dict[str, Any]) -> None:
    rows = found["reports"][1]["rows"]
    assert [row["tokens"] for row in rows] == [None, "cold", "learnt", "warm"]
    assert all(row["opened_per_s"] >= row["live_per_s"] > 0 for row in rows)
    assert all(row["lag_ms"] > 0 for row in rows[1:])


def test_dm_loses_nothing(found: dict[str, Any]) -> None:
    paced, bare, flat = found["reports"][2]["rows"]
    assert bare["server"] == "bare Tornado handler"
    assert paced["sent"] == 100
    for row in (paced, flat):
        assert row["lost"] == 0
        assert min(row["sent"], row["answered_per_s"]) > 0
        latencies = [row[name] for name in LATENCIES]
        assert 0 < latencies[0] <= latencies[-1]
        assert latencies == sorted(latencies)


def test_a_name_that_is_none_is_an_error() -> None:
    done = bench("fan-out")
    assert done.returncode == 2
    assert "there is no benchmark fan-out; there are" in done.stderr


def test_without_a_compiler_it_says_what_to_install() -> None:
    done = bench("fanout", "--quick", env={"CC": "no-such-compiler"})
    assert done.returncode == 1
    assert "there is no C compiler 'no-such-compiler'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_load_tool_that_does_not_compile_is_one_line(tmp_path: Path) -> None:
    compiler = tmp_path / "cc"
    compiler.write_text(
        "#!/bin/sh\necho in main.c: >&2; echo main.c:1: error: no such header >&2; echo ^ >&2; exit 1\n"
    )
    compiler.chmod(0o755)
    done = bench("fanout", "--quick", env={"CC": str(compiler)})
    assert (done.returncode, done.stderr.splitlines()[1:]) == (
        1, ["Error: the load tool does not compile: main.c:1: error: no such header"],
    )  # fmt: skip


@pytest.mark.parametrize("option", ["--json", "--plot"])
def test_a_file_that_has_no_place_is_said_before_anything_is_measured(tmp_path: Path, option: str) -> None:
    done = bench("fanout", option, tmp_path / "missing" / "file.png", env={"CC": "no-such-compiler"})
    assert done.returncode == 2
    assert f"there is no folder {tmp_path}/missing" in done.stderr
    assert not (tmp_path / "missing").exists()


def test_without_a_place_for_temporary_files_it_says_so(tmp_path: Path) -> None:
    code = (
        "import tempfile; tempfile.tempdir = 'missing'\n"
        "import runpy, sys; sys.argv[1:] = ['fanout', '--quick']; runpy.run_module('bench', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert (done.returncode, done.stderr.splitlines()[1:]) == (
        1, ["Error: there is no place for a temporary folder: No such file or directory"],
    )  # fmt: skip


def test_more_streams_than_open_files_is_an_error() -> None:
    done = subprocess.run(
        ["bash", "-c", 'ulimit -n 400 && exec "$0" -m bench fanout --streams 200', sys.executable],
        cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "200 streams need 500 open files in one process, and this system allows 400" in done.stderr


@pytest.mark.parametrize(
    ("name", "program", "number"),
    [
        ("idle", b"server.py", signal.SIGINT),
        ("idle", b"server.py", signal.SIGTERM),
        ("idle", b"server.py", signal.SIGHUP),
        ("dm", b"bench.bare", signal.SIGTERM),
    ],
)
def test_an_end_in_the_middle_leaves_nothing_behind(
    tmp_path: Path, name: str, program: bytes, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "bench", name, "--streams", "10", "--seconds", "60"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path)}, stderr=subprocess.PIPE, text=True
    )
    give_up_s = time.monotonic() + LIMIT_S
    while not (children := _children(process.pid, program)):
        assert process.poll() is None
        assert time.monotonic() < give_up_s
        time.sleep(LOOK_S)
    process.send_signal(number)
    said = process.communicate(timeout=LIMIT_S)[1]
    assert process.returncode == 1
    assert "Traceback" not in said
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert list(tmp_path.iterdir()) == []


def _children(pid: int, program: bytes) -> list[int]:
    """What it has started of that program."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in found if program in Path(f"/proc/{child}/cmdline").read_bytes()]
