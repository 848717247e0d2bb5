"""Slow: announcements to streams of which every tenth reads 1 KB a second: whether the others wait for them.

The baseline is the same run with nobody slow, just before and on the same server; latencies are of the same nine
tenths. Nobody may be told anything twice, out of order or with a gap, and each slow stream must have lagged: been told
again from the log, on the same connection. Afterwards the slow ones read as fast as they can, and must get all.
"""

from __future__ import annotations

from typing import Any

from bench import driver, processes, subject
from bench.driver import Load
from bench.options import Options
from bench.progress import progress
from bench.report import Column, Failed, Goal, Report
from bench.served import Served

STREAMS = (5_000,)
NTH = 10
SLOW_BYTES_PER_S = 1024
PER_S = 20
TEXT_BYTES = 1024
GOAL_RATIO = 1.2
PAGE = 100


def run(options: Options) -> Report:
    """Nobody slow, then a tenth."""
    seconds = options.seconds_of(60.0, 1.0)
    report = Report(
        "slow",
        f"{PER_S} announcements of 1 KB a second for {seconds:.0f} s, a tenth of the streams reads 1 KB a second",
        (
            Column("streams", "streams"),
            Column("slow", "slow ones"),
            Column("sent", "announcements"),
            Column("per_s", "sent", "1/s"),
            Column("p50_ms", "the others' p50", "ms"),
            Column("p90_ms", "p90", "ms"),
            Column("p99_ms", "p99", "ms"),
            Column("max_ms", "worst", "ms"),
            Column("lagged", "slow ones that lagged"),
            Column("others_lagged", "others that lagged"),
            Column("memory_mb", "memory more than before", "MB"),
            Column("caught_up_s", "the slow ones have all after", "s"),
        ),
        "the same run with nobody slow, just before",
    )
    for count in options.streams_of(STREAMS, (50,)):
        processes.need_files(count)
        _measure(report, options, count, seconds)
    return report


def _measure(report: Report, options: Options, count: int, seconds: float) -> None:
    folder = options.folder / str(count)
    with Served(folder, count) as served:
        driver.write_lines(folder / "paths", served.stream_paths(count))
        text = "x" * (TEXT_BYTES - len(subject.MARK)) + subject.MARK
        driver.write_request(folder / "request", served.broadcast(text))
        without = _run(report, options, served, seconds, 0)
        beside = _run(report, options, served, seconds, SLOW_BYTES_PER_S)
    if count < STREAMS[0] or options.quick:
        return
    for name in ("p50_ms", "p99_ms"):
        ratio = beside[name] / without[name]
        report.goals.append(Goal(f"the others' {name[:3]}, times that without slow ones", ratio, GOAL_RATIO))
    missing = beside["slow"] - beside["lagged"]
    report.goals.append(Goal("slow streams that never lagged", missing, 0))


def _run(report: Report, options: Options, served: Served, seconds: float, slow_bytes_per_s: int) -> dict[str, Any]:
    count, folder = len(served.people), served.data_dir.parent
    with progress(f"{'a tenth' if slow_bytes_per_s else 'nobody'} slow", round(seconds)) as step:
        arguments = (served.port, folder / "paths", folder / "request", seconds, PER_S, NTH, slow_bytes_per_s)
        with Load(options.folder, "slow", *arguments, step=step) as load:
            load.result()
            before_bytes = served.resident_bytes()
            found = load.result()
            after_bytes = served.resident_bytes()
            lagged = _lagged(served)
            with progress("the last ones catch up", 1):
                caught = load.ask("catch up")
    if found["lost"] or found["sent"] < found["wanted"]:
        raise Failed(f"{found['sent']} of {found['wanted']} announcements were sent, {found['lost']} deliveries lost")
    if caught["picked_had"] != caught["picked_wanted"]:
        raise Failed(f"slow streams had {caught['picked_had']} of {caught['picked_wanted']} announcements in the end")
    picked = {person.username for person in served.people[::NTH]}
    row = {
        "streams": count,
        "slow": len(picked) if slow_bytes_per_s else 0,
        "sent": found["sent"],
        "per_s": found["sent"] / found["seconds"],
        **{name: found["latency"][name] for name in ("p50_ms", "p90_ms", "p99_ms", "max_ms")},
        "lagged": len(lagged & picked),
        "others_lagged": len(lagged - picked),
        "memory_mb": (after_bytes - before_bytes) / 1e6,
        "caught_up_s": caught["seconds"] if slow_bytes_per_s else None,
    }
    report.add(**row)
    return row


def _lagged(served: Served) -> set[str]:
    """The names of those whose stream lagged at least once."""
    names: set[str] = set()
    page, more = 1, True
    while more:
        answer = served.get(f"/api/v1/admin/streams/?page={page}&page_size={PAGE}")
        names |= {one["username"] for one in answer["results"] if one["lagged"]}
        page, more = page + 1, answer["next"] is not None
    return names
