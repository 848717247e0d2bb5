"""Streams that come and go in every way leave nothing behind: a short form of `python -m tests.churn`."""

from __future__ import annotations

from pathlib import Path

from tests.churn.__main__ import Plan, run


def test_streams_that_come_and_go_leave_nothing_behind(tmp_path: Path) -> None:
    said: list[str] = []
    wrong = run(tmp_path, Plan(seconds=6, streams=100, per_s=40, seed=1), said.append)
    assert not wrong, "\n".join([*wrong, *said])
    came = said[-1]
    assert "status 200" in came, came
    assert "status 401" in came, came
