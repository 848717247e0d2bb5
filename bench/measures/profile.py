"""Profile: where the loop's time goes in a fan-out, an opening and a message.

By cProfile, which makes each call of Python dearer and so Python's shares greater than they are; the shares are to be
compared, and what one costs is told by the other benchmarks.
"""

from __future__ import annotations

from bench import driver, processes, shares
from bench.driver import Load
from bench.measures.dm import SENDERS, write_users
from bench.options import Options
from bench.progress import progress
from bench.report import Column, Report
from bench.served import Served

STREAMS = (5_000,)
AT_ONCE = 256
PAUSE_MS = 20
LIVE = "event: presence_snapshot"
LONGEST = 5


def run(options: Options) -> Report:
    """The three, each on a server of its own."""
    report = Report(
        "profile",
        "share of the loop's own time, waiting left out",
        (
            Column("streams", "streams"),
            Column("what", "what"),
            Column("count", "so many"),
            Column("one_us", "one, with the profile", "us"),
            *(Column(f"{whose}_percent", whose, "%") for whose in shares.WHOSE),
        ),
        "the kernel's share: the calls that a server in C has to make as well",
    )
    for count in options.streams_of(STREAMS, (50,)):
        processes.need_files(count)
        with progress(f"profiles with {count} streams", 3) as step:
            for what, measure in (("a delivery", _fanout), ("an opening", _open), ("a message", _send)):
                path = options.folder / f"{measure.__name__}-{count}"
                with Served(path, count, profile=path / "profile") as served:
                    done = measure(options, served, count)
                _add(report, what, count, done, shares.read(path / "profile"))
                step(1)
    return report


def _fanout(options: Options, served: Served, count: int) -> int:
    folder, rounds = served.data_dir.parent, options.rounds_of(20, 2)
    paths = driver.write_lines(folder / "paths", served.stream_paths(count))
    request = driver.write_request(folder / "request", served.broadcast())
    with Load(options.folder, "fanout", served.port, paths, request, AT_ONCE) as load:
        load.result()
        load.ask(2, PAUSE_MS)
        with served.profiling():
            load.ask(rounds, PAUSE_MS)
    return rounds * count


def _open(options: Options, served: Served, count: int) -> int:
    paths = driver.write_lines(served.data_dir.parent / "paths", served.stream_paths(count))
    with served.profiling(), Load(options.folder, "hold", served.port, paths, AT_ONCE, LIVE) as load:
        load.result()
    return count


def _send(options: Options, served: Served, count: int) -> int:
    users = write_users(served.data_dir.parent / "users", served, count)
    seconds = options.seconds_of(5.0, 0.5)
    with Load(options.folder, "dm", served.port, users, 0, seconds, SENDERS) as load:
        load.result()
        with served.profiling():
            return int(load.result()["answered"])


def _add(report: Report, what: str, count: int, done: int, found: shares.Shares) -> None:
    percent = {f"{whose}_percent": 100.0 * s / found.total for whose, s in found.seconds.items()}
    report.add(streams=count, what=what, count=done, one_us=found.total * 1e6 / done, **percent)
    longest = ", ".join(f"{name} {100 * s / found.total:.0f} %" for name, s in found.longest[:LONGEST])
    report.notes.append(f"{what}, the longest: {longest}")
