"""Idle: what streams cost on which nothing happens but heartbeats: memory and computing.

The baseline is the same server without a stream, for a while before and in the same process.
"""

from __future__ import annotations

from bench import driver, processes
from bench.driver import Load
from bench.options import Options
from bench.progress import pause
from bench.report import Column, Failed, Goal, Report
from bench.served import Served

STREAMS = (10_000,)
AT_ONCE = 256
SETTLING_S = 15.0  # the presence's grace, and what the opening left behind
BEAT_S = 30.0
LEAST_BEATS = 0.9  # of those that are due: a server that saves them has measured nothing
GOAL_BYTES = 6 * 1024
GOAL_PERCENT = 5.0


def run(options: Options) -> Report:
    """Hold so many streams for two minutes."""
    seconds = options.seconds_of(120.0, 2.0)
    report = Report(
        "idle",
        f"open streams for {seconds:.0f} s, a heartbeat on each every 30 s",
        (
            Column("streams", "streams"),
            Column("cpu_percent", "of one core", "%", 2),
            Column("resident_mb", "memory", "MB"),
            Column("stream_kb", "memory a stream", "KB", 2),
            Column("heartbeats", "heartbeats"),
        ),
        "the same server without a stream, for a quarter of the time before",
    )
    for count in options.streams_of(STREAMS, (50,)):
        processes.need_files(count)
        _measure(report, options, count, seconds)
    return report


def _measure(report: Report, options: Options, count: int, seconds: float) -> None:
    folder = options.folder / str(count)
    with Served(folder, count) as served:
        empty_bytes = served.resident_bytes()
        empty_percent = _percent(served, "without a stream", seconds / 4)
        report.add(streams=0, cpu_percent=empty_percent, resident_mb=empty_bytes / 1e6)
        paths = driver.write_lines(folder / "paths", served.stream_paths(count))
        with Load(options.folder, "hold", served.port, paths, AT_ONCE) as load:
            load.result()
            pause("settling", options.of(SETTLING_S, 0.5))
            before = load.ask("so far")
            percent = _percent(served, f"holding {count} streams", seconds)
            held_bytes = served.resident_bytes()
            heartbeats = load.ask("so far")["heartbeats"] - before["heartbeats"]
    due = int(count * seconds / BEAT_S * LEAST_BEATS) if seconds >= BEAT_S else 0
    if heartbeats < due:
        raise Failed(f"{heartbeats} heartbeats in {seconds:.0f} s; {count} streams should have had {due} at least")
    stream_bytes = (held_bytes - empty_bytes) / count
    report.add(
        streams=count, cpu_percent=percent, resident_mb=held_bytes / 1e6, stream_kb=stream_bytes / 1000,
        heartbeats=heartbeats,
    )  # fmt: skip
    if count >= STREAMS[0]:
        report.goals.append(Goal("memory a stream", stream_bytes, GOAL_BYTES, "bytes"))
        report.goals.append(Goal("of one core", percent, GOAL_PERCENT, "%"))


def _percent(served: Served, label: str, seconds: float) -> float:
    before_s = served.cpu_s()
    pause(label, seconds)
    return 100.0 * (served.cpu_s() - before_s) / seconds
