"""Dm: chat messages between random users with open streams, from the POST to the receiver's stream, each stored first.

Once at a rate, for the latency, and flat out by 64 senders, for how many there can be; the latter in turns with a bare
Tornado handler, which stores nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import median
from typing import Any

from bench import driver, processes
from bench.bare import Bare
from bench.driver import Load
from bench.options import Options
from bench.progress import progress
from bench.report import Column, Failed, Goal, Report
from bench.served import Served

USERS = (2_000,)
RATE = 1_000
SENDERS = 64
GOAL_P50_MS = 3.0
GOAL_P99_MS = 15.0
GOAL_RATIO = 0.6


def run(options: Options) -> Report:
    """The rate, then flat out and the bare handler in turns."""
    report = Report(
        "dm",
        f"chat messages by {SENDERS} senders, stored with FULL before they are answered",
        (
            Column("users", "users"),
            Column("asked", "asked for"),
            Column("server", "server"),
            Column("answered_per_s", "answered", "1/s", 0),
            Column("ratio", "times the bare handler", digits=2),
            Column("sent", "sent"),
            Column("lost", "lost"),
            Column("p50_ms", "p50", "ms", 2),
            Column("p90_ms", "p90", "ms", 2),
            Column("p99_ms", "p99", "ms", 2),
            Column("max_ms", "worst", "ms", 2),
            Column("behind_ms", "sent late, worst", "ms", 2),
        ),
        "a bare Tornado handler's answers to the same requests, in turns with the server's; medians of the turns",
    )
    for count in options.streams_of(USERS, (40,)):
        processes.need_files(count)
        with Served(options.folder / str(count), count) as served, Bare() as bare:
            users = write_users(options.folder / f"users-{count}", served, count)
            _measure(report, options, served, bare, users)
    return report


def _measure(report: Report, options: Options, served: Served, bare: Bare, users: Path) -> None:
    count = len(served.people)
    seconds, rate = options.seconds_of(10.0, 0.5), options.of(RATE, 200)
    paced = send(options, served, users, rate, seconds)
    behind_ms = paced["behind_ms"]  # a server that lets its senders wait would hide it: they send less
    report.add(users=count, asked=f"{rate:,} a second", server=served.name, behind_ms=behind_ms, **figures(paced))
    latency = paced["latency"]
    if rate == RATE:
        report.goals.append(Goal(f"{rate} a second, p50", latency["p50_ms"], GOAL_P50_MS, "ms"))
        report.goals.append(Goal(f"{rate} a second, p99", latency["p99_ms"], GOAL_P99_MS, "ms"))
    flat, answered = [], []
    for _ in range(options.rounds_of(3, 1)):
        answered.append(_bare(options, bare, users, seconds))
        flat.append(figures(send(options, served, users, 0, seconds)))
    report.add(users=count, asked="flat out", server=bare.name, answered_per_s=median(answered), ratio=1.0)
    middle = sorted(flat, key=lambda one: one["answered_per_s"])[len(flat) // 2]
    ratio = middle["answered_per_s"] / median(answered)
    report.add(users=count, asked="flat out", server=served.name, ratio=ratio, **middle)
    if not options.quick:
        report.goals.append(Goal("flat out, times the bare handler", ratio, GOAL_RATIO, at_least=True))


def _bare(options: Options, bare: Bare, users: Path, seconds: float) -> float:
    """Answers a second."""
    with (
        _bar("a bare handler", seconds) as step,
        Load(options.folder, "post", bare.port, users, seconds, SENDERS, step=step) as load,
    ):
        found = load.result()
    return float(found["answered"] / found["seconds"])


def write_users(path: Path, served: Served, count: int) -> Path:
    """The file of users that the load tool takes: id, token and a stream's path each."""
    lines = (f"{one.id} {one.token} {served.stream_path(one)}" for one in served.people[:count])
    return driver.write_lines(path, lines)


def send(
    options: Options,
    served: Served,
    users: Path,
    rate: float,
    seconds: float,
    *broadcasts: object,
    opened: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Send messages at that rate, 0 is flat out; what the load tool found. Raises Failed if one is lost or told twice.

    `broadcasts` are a file with a request and the seconds between two; `opened` is called when all streams are open.
    """
    with (
        _bar(f"{rate or 'all possible'} messages a second", seconds) as step,
        Load(options.folder, "dm", served.port, users, rate, seconds, SENDERS, *broadcasts, step=step) as load,
    ):
        load.result()
        opened()
        found = load.result()
    for what in ("lost", "twice", "broadcasts_lost"):
        if found.get(what):
            raise Failed(f"{found[what]} of {found['sent']} messages: {what.replace('_', ' ')}")
    return found


def figures(found: dict[str, Any]) -> dict[str, float]:
    """The columns of one run."""
    latency = found["latency"]
    return {"answered_per_s": found["answered"] / found["seconds"], "sent": found["sent"], "lost": found["lost"]} | {
        name: latency[name] for name in ("p50_ms", "p90_ms", "p99_ms", "max_ms")
    }


def _bar(label: str, seconds: float) -> AbstractContextManager[Callable[[int], None]]:
    return progress(label, max(1, round(seconds)))
