"""Fanout: one announcement to every open stream, beside the cheapest possible server, in turns.

Both have all their streams open at the same time, and rounds alternate: a machine that is slow for a while is slow for
both. What a delivery costs is the time from the request until the last stream has the event, divided by the streams.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

from bench import driver, floor, processes
from bench.driver import Load
from bench.floor import Floor
from bench.options import Options
from bench.progress import progress
from bench.report import Column, Failed, Goal, Report
from bench.served import Served
from bench.subject import Start, Subject

STREAMS = (1_000, 5_000, 10_000)
AT_ONCE = 256
TURN = 5  # rounds of one before it is the next one's turn
PAUSE_MS = 50
GOAL_FROM = 5_000  # fewer streams cost so little that the request itself is most of it
MOST_RATIO = 1.35
OURS = (Floor.name, Served.name)


class Run:
    """A subject with its streams open."""

    def __init__(self, subject: Subject, load: Load, idle_bytes: int, count: int) -> None:
        self.subject, self.load, self.count = subject, load, count
        opened = load.result()
        self.opened_per_s = count / opened["seconds"]
        load.ask(2, PAUSE_MS)  # not counted: the first ones fill caches, and settle what the opening left behind
        self.stream_bytes = (processes.resident_bytes(subject.pids) - idle_bytes) / count
        self.first_ms: list[float] = []
        self.last_ms: list[float] = []

    def turn(self, rounds: int) -> None:
        """So many rounds more."""
        for first_ms, last_ms in self.load.ask(rounds, PAUSE_MS)["rounds"]:
            self.first_ms.append(first_ms)
            self.last_ms.append(last_ms)

    @property
    def delivery_us(self) -> float:
        """The median over the rounds."""
        return median(self.last_ms) * 1000.0 / self.count


def subjects(options: Options) -> Iterator[tuple[str, Start]]:
    """What is measured: the floor first, this server, and the peers that are asked for."""
    yield Floor.name, lambda folder, count: floor.start(folder, options.folder)
    yield Served.name, Served
    if options.peers:
        from bench import peers

        yield from peers.STARTS.items()


def run(options: Options) -> Report:
    """For each number of streams, all subjects."""
    report = Report(
        "fanout",
        "one announcement of 200 bytes to every stream",
        (
            Column("streams", "streams"),
            Column("server", "server"),
            Column("delivery_us", "a delivery", "us", 2),
            Column("ratio", "times the floor", digits=2),
            Column("first_ms", "the first has it", "ms"),
            Column("last_ms", "the last has it", "ms"),
            Column("worst_ms", "worst round", "ms"),
            Column("stream_kb", "memory a stream", "KB", 2),
            Column("opened_per_s", "opened", "1/s", 0),
        ),
        "the floor: one thread in C, one send() a stream; rounds in turns, all streams of both open",
    )
    for count in options.streams_of(STREAMS, (50,)):
        processes.need_files(count)
        _measure(report, options, count)
    return report


def _measure(report: Report, options: Options, count: int) -> None:
    turns = max(1, options.rounds_of(20, 5) // TURN)
    with ExitStack() as stack:
        runs = []
        for name, start in subjects(options):
            try:
                runs.append(stack.enter_context(_opened(options, name, start, count)))
            except Failed as error:
                _excuse(report, name, count, error)
        with progress(f"fanout to {count} streams", turns) as step:
            for _ in range(turns):
                for one in list(runs):
                    try:
                        one.turn(TURN)
                    except Failed as error:
                        _excuse(report, one.subject.name, count, error)
                        runs.remove(one)
                step(1)
    for one in runs:
        ratio = one.delivery_us / runs[0].delivery_us
        report.add(
            streams=count, server=one.subject.name, delivery_us=one.delivery_us, ratio=ratio,
            first_ms=median(one.first_ms), last_ms=median(one.last_ms), worst_ms=max(one.last_ms),
            stream_kb=one.stream_bytes / 1000, opened_per_s=one.opened_per_s,
        )  # fmt: skip
        if isinstance(one.subject, Served) and count >= GOAL_FROM:
            report.goals.append(Goal(f"{count} streams, times the floor", ratio, MOST_RATIO))
        if one.subject.name.startswith("nchan") and count >= GOAL_FROM:
            report.goals.append(Goal(f"{count} streams, times nchan", runs[1].delivery_us / one.delivery_us, 1.0))


def _excuse(report: Report, name: str, count: int, error: Failed) -> None:
    """A peer that cannot do it is an empty row and a note. Raises the error for the others."""
    if name in OURS:
        raise error
    report.add(streams=count, server=f"{name}: not measured")
    report.notes.append(f"{name} with {count} streams: {error}")


@contextmanager
def _opened(options: Options, name: str, start: Start, count: int) -> Iterator[Run]:
    """Start a subject and open its streams."""
    folder = options.folder / f"{name}-{count}"
    folder.mkdir(parents=True)
    with start(folder, count) as subject:
        paths = driver.write_lines(folder / "paths", subject.stream_paths(count))
        request = driver.write_request(folder / "request", subject.broadcast())
        idle_bytes = processes.resident_bytes(subject.pids)
        with Load(options.folder, "fanout", subject.port, paths, request, AT_ONCE) as load:
            yield Run(subject, load, idle_bytes, count)
