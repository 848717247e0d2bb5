"""Resume: thousands of streams come back at once after a restart and are told what they missed.

Beside it, after a restart of its own: the same streams without a cursor, who are told nothing. The difference is what
the telling costs.
"""

from __future__ import annotations

import re

from bench import missed, processes, subject
from bench.options import Options
from bench.progress import progress
from bench.readers import Reader, Readers
from bench.report import Column, Goal, Report
from bench.served import Served

STREAMS = 5_000
MISSED = 20
TARGET_S = 8.0
LAST_LOOK_S = (1.0, 0.2)  # for events that come twice or too late
CONNECTED = b"event: connected\n"
_ID = re.compile(rb"^id: (\d+)$", re.MULTILINE)

COLUMNS = (
    Column("what", "what"),
    Column("streams", "streams"),
    Column("missed", "events each"),
    Column("seconds", "first connect to last event", "s", 2),
    Column("streams_per_s", "streams a second", digits=0),
    Column("us_per_event", "per event", "us", 0),
    Column("cpu_s", "the server computed", "s", 2),
    Column("wrong", "streams with other events"),
)


def run(options: Options, each: int = MISSED) -> Report:
    """`each` events are missed by every stream."""
    look_s = options.of(*LAST_LOOK_S)
    (count,) = options.streams_of((STREAMS,), (50,))[:1]
    processes.need_files(count)
    report = Report(
        "resume", f"{count:,} streams that each missed {each} events, right after a restart", COLUMNS,
        "the same streams without a cursor, right after a restart",
    )  # fmt: skip
    with (
        Served(options.folder / "resume", count) as served,
        progress("writing what was missed, and two restarts", 3) as step,
    ):
        served.stop()
        before, told = missed.write(served.data_dir, served.boss, served.people, each)
        step(1)
        plain_s, plain_cpu_s, plain_wrong = _opened(served, count, None, [[] for _ in told], look_s)
        step(1)
        report.add(
            what="no cursor", streams=count, missed=0, seconds=plain_s, streams_per_s=count / plain_s,
            cpu_s=plain_cpu_s, wrong=plain_wrong,
        )  # fmt: skip
        took_s, cpu_s, wrong = _opened(served, count, before, told, look_s)
        step(1)
    us_per_event = (took_s - plain_s) * 1e6 / (count * each)
    report.add(
        what="resumed", streams=count, missed=each, seconds=took_s, streams_per_s=count / took_s,
        us_per_event=us_per_event, cpu_s=cpu_s, wrong=wrong,
    )  # fmt: skip
    report.goals += [
        Goal("the last event is there", took_s, TARGET_S, "s after the first connect"),
        Goal("streams that did not have all events exactly once and in order", wrong, 0),
        Goal("streams without a cursor that were told something else", plain_wrong, 0),
    ]
    return report


def _opened(
    served: Served, count: int, cursor: int | None, told: list[list[int]], look_s: float
) -> tuple[float, float, int]:
    """Start the server, open all streams, stop it. The seconds until all have everything, the seconds that the server
    computed meanwhile, and how many streams had something else."""
    served.start()
    cpu_s = served.cpu_s()
    query = "" if cursor is None else f"&last_event_id={cursor}"
    requests = [subject.request(served.port, path + query, b"", (), "GET") for path in served.stream_paths(count)]
    with Readers(served.port, requests) as readers:
        readers.open()
        readers.wait(lambda at, reader: _has(reader, told[at]))
        seconds = max(reader.at_s for reader in readers.all) - readers.began_s
        cpu_s = served.cpu_s() - cpu_s
        readers.read_for(look_s)
        if cursor is None:
            wrong = sum(reader.came.count(CONNECTED) != 1 or len(_ids(reader)) != 1 for reader in readers.all)
        else:
            wrong = sum(_ids(reader) != told[at] for at, reader in enumerate(readers.all))
    served.stop()
    return seconds, cpu_s, wrong


def _has(reader: Reader, told: list[int]) -> bool:
    return (b"\nid: %d\n" % told[-1] if told else CONNECTED) in reader.came


def _ids(reader: Reader) -> list[int]:
    """The ids of the events that came, as they came."""
    return [int(found) for found in _ID.findall(reader.came)]
