"""Mixed: chat messages beside announcements to everybody, a second apart: whether long fan-outs give way.

The baseline is the same messages without announcements, in the same minute and on the same server.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench import driver, processes
from bench.measures.dm import send, write_users
from bench.options import Options
from bench.report import Column, Goal, Report
from bench.served import Served

STREAMS = (10_000,)
RATE = 100
EVERY_S = 1.0
GOAL_P99_MS = 60.0


def run(options: Options) -> Report:
    """Without announcements, then with them."""
    report = Report(
        "mixed",
        f"chat messages, {RATE} a second, beside an announcement to every stream each {EVERY_S:.0f} s",
        (
            Column("streams", "streams"),
            Column("announcements", "announcements"),
            Column("messages", "messages"),
            Column("p50_ms", "a message's p50", "ms", 2),
            Column("p90_ms", "p90", "ms", 2),
            Column("p99_ms", "p99", "ms", 2),
            Column("max_ms", "worst", "ms", 2),
            Column("all_p50_ms", "all have an announcement, p50", "ms"),
            Column("all_max_ms", "worst", "ms"),
            Column("lag_ms", "loop's lag", "ms"),
        ),
        "the same messages without announcements, before",
    )
    seconds = options.seconds_of(20.0, 2.0)
    for count in options.streams_of(STREAMS, (50,)):
        processes.need_files(count)
        folder = options.folder / str(count)
        with Served(folder, count, watched=True) as served:
            users = write_users(folder / "users", served, count)
            request = driver.write_request(folder / "request", served.broadcast())
            without = _run(options, served, users, seconds)
            beside = _run(options, served, users, seconds, request, EVERY_S)
        _add(report, count, without)
        _add(report, count, beside)
        if count >= STREAMS[0]:
            report.goals.append(Goal("a message's p99", beside["latency"]["p99_ms"], GOAL_P99_MS, "ms"))
    return report


def _run(options: Options, served: Served, users: Path, seconds: float, *broadcasts: object) -> dict[str, Any]:
    """The lag is of the sending alone, without the opening before."""
    return send(options, served, users, RATE, seconds, *broadcasts, opened=served.worst_lag_ms) | {
        "lag_ms": served.worst_lag_ms()
    }


def _add(report: Report, count: int, found: dict[str, Any]) -> None:
    latency, broadcasts = found["latency"], found.get("broadcasts")
    report.add(
        streams=count,
        announcements=broadcasts["count"] if broadcasts else 0,
        messages=found["sent"],
        **{name: latency[name] for name in ("p50_ms", "p90_ms", "p99_ms", "max_ms")},
        all_p50_ms=broadcasts["p50_ms"] if broadcasts else None,
        all_max_ms=broadcasts["max_ms"] if broadcasts else None,
        lag_ms=found["lag_ms"],
    )
