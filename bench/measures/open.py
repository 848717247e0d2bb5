"""Open: how many streams open in a second, by tokens that the server has to look up, has learnt, or has seen before.

A server learns the newest tokens when it starts. Cold are those that are older than these, learnt are those that it
has learnt and nobody has used yet, warm are the same again. Each turn starts the server anew, and what it learns is
pushed out by as many tokens that nobody uses. A stream is open with its head and live with the last event of its
opening. Meanwhile a timer beside the server's loop sees how late the loop is.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from bench import driver, floor, processes
from bench.driver import Load
from bench.options import Options
from bench.progress import progress
from bench.report import Column, Failed, Goal, Report
from bench.served import Served
from commands.folder import DATABASE_NAME
from data import clock, tokens
from data.session import command_transaction
from realtime.api.tokens import MOST_LEARNT

STREAMS = (5_000,)
AT_ONCE = 256
LIVE = "event: presence_snapshot"
GOAL_PER_S = 2_500.0
GOAL_LAG_MS = 50.0
CLOSED_S = 60.0
LOOK_S = 0.1
KINDS = {"cold": 0, "learnt": 1, "warm": 1}  # which of a person's two tokens each takes, in the order of a turn


def run(options: Options) -> Report:
    """Every number of streams, each kind of token, and the floor."""
    report = Report(
        "open",
        f"streams opened, {AT_ONCE} at once",
        (
            Column("streams", "streams"),
            Column("server", "server"),
            Column("tokens", "tokens"),
            Column("opened_per_s", "opened", "1/s", 0),
            Column("live_per_s", "live", "1/s", 0),
            Column("head_p50_ms", "head p50", "ms"),
            Column("head_p99_ms", "head p99", "ms"),
            Column("lag_ms", "loop's lag", "ms"),
            Column("cpu_us", "computing for one", "us", 0),
        ),
        "the floor in the same turns; medians of the turns, of the lag the worst",
    )
    for count in options.streams_of(STREAMS, (50,)):
        processes.need_files(count)
        _measure(report, options, count)
    return report


def _measure(report: Report, options: Options, count: int) -> None:
    turns = options.rounds_of(3, 1)
    folder = options.folder / str(count)
    found: dict[str, list[dict[str, float]]] = {"": [], **{kind: [] for kind in KINDS}}
    served = Served(folder / "server", count, watched=True)
    _add_tokens(served)
    with (
        floor.start(folder / "floor", options.folder) as cheapest,
        served,
        progress(f"opening {count} streams", turns) as step,
    ):
        paths = driver.write_lines(folder / "floor-paths", cheapest.stream_paths(count))
        for turn in range(turns):
            if turn:
                served.stop()
                served.start()
            found[""].append(_figures(_opened(options, cheapest.port, paths), count))
            for kind, token in KINDS.items():
                found[kind].append(_of_server(options, served, folder, count, token))
            step(1)
    for kind, each in found.items():
        one = {name: (max if name == "lag_ms" else median)(turn[name] for turn in each) for name in each[0]}
        report.add(streams=count, server=Served.name if kind else "floor", tokens=kind or None, **one)
        if kind and count >= STREAMS[0]:
            goal = Goal(f"{count} streams a second, {kind} tokens", one["opened_per_s"], GOAL_PER_S, at_least=True)
            report.goals += [goal, Goal(f"the loop's lag meanwhile, {kind} tokens", one["lag_ms"], GOAL_LAG_MS, "ms")]


def _add_tokens(served: Served) -> None:
    """A second token for everybody, and in between as many as a server learns. Raises Failed where that is too few."""
    if len(served.people) > MOST_LEARNT:
        raise Failed(f"a server learns {MOST_LEARNT} tokens: no more streams than that can have one that is learnt")
    now = clock.stamp(time.time())
    with command_transaction(served.data_dir / DATABASE_NAME) as tx:
        tokens.create_many(tx, [served.boss.id] * (MOST_LEARNT - len(served.people)), now=now, expires_at=None)
        newest = tokens.create_many(tx, [person.id for person in served.people], now=now, expires_at=None)
    served.people = [
        replace(person, tokens=(person.token, token)) for person, (_, token) in zip(served.people, newest, strict=True)
    ]


def _of_server(options: Options, served: Served, folder: Path, count: int, token: int) -> dict[str, float]:
    paths = driver.write_lines(folder / "paths", served.stream_paths(count, token))
    served.worst_lag_ms()
    before_s = served.cpu_s()
    opened = _opened(options, served.port, paths, LIVE, served)
    one_s = (opened["cpu_s"] - before_s) / count
    figures = _figures(opened, count) | {"lag_ms": opened["lag_ms"], "cpu_us": one_s * 1e6}
    give_up_s = time.monotonic() + CLOSED_S
    while served.get("/api/v1/admin/stats/")["streams"]:
        if time.monotonic() > give_up_s:
            raise Failed(f"the server still had streams {CLOSED_S:.0f} s after all were closed")
        time.sleep(LOOK_S)
    return figures


def _opened(
    options: Options, port: int, paths: Path, live: str | None = None, served: Served | None = None
) -> dict[str, Any]:
    """Open all, note what the server says of it, and close them."""
    with Load(options.folder, "hold", port, paths, AT_ONCE, *([live] if live else [])) as load:
        opened = load.result()
        if served is not None:
            opened |= {"lag_ms": served.worst_lag_ms(), "cpu_s": served.cpu_s()}
        return opened


def _figures(opened: dict[str, Any], count: int) -> dict[str, float]:
    return {
        "opened_per_s": count / opened["seconds"],
        "live_per_s": count / opened["live_seconds"],
        "head_p50_ms": opened["head"]["p50_ms"],
        "head_p99_ms": opened["head"]["p99_ms"],
    }
