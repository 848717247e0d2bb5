"""Grow: sends, first pages and searches in a file with a million messages, beside a file with a hundred.

Two servers, one on each file, are asked in turns, by the same four kinds of people; of these the table has the worst.
An answer that has more in it in the big file has to take longer: `items` tells, and answers of equal length go first.
`of` is the list's whole length for that asker, which every page tells and so has to count. HEAVY is in a fiftieth of
all messages of the big file: where that one is the worst, there is a row for the others, too.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from bench import crowd, questions
from bench.asker import Asker
from bench.options import Options
from bench.progress import progress
from bench.report import Column, Failed, Goal, Report, Value
from bench.rows import Size
from bench.served import Served
from commands.folder import DATABASE_NAME

BIG = Size(users=20_000, messages=1_000_000, notices=10_000)
SMALL = Size(users=100, messages=100, notices=100)
QUICK = Size(users=200, messages=2_000, notices=200)
TARGET = 1.5
ROUNDS = 41
SENDS = 400
RECEIVERS = (3, *range(10, 29))  # one of them is an asker, whose first page is then full in both files
HEAVY = "bob"
CHATS = "/api/v1/communication/chats/"
# The interface has no pages for it: every student of the campus in one answer.
WHOLE = "/by-type/"

Lengths = tuple[int, int]  # an answer's items, and how many there are without pages

COLUMNS = (
    Column("call", "call"),
    Column("asker", "asker"),
    Column("small_ms", "small file", "ms", 2),
    Column("big_ms", "big file", "ms", 2),
    Column("ratio", "times", digits=2),
    Column("small_items", "items, small"),
    Column("big_items", "items, big"),
    Column("small_count", "of, small"),
    Column("big_count", "of, big"),
)


class Grown:
    """A server on a file of some size. A context manager; `askers` are connections of crowd.ASKERS by their names."""

    def __init__(self, folder: Path, size: Size) -> None:
        self._served = Served(folder, 0)
        # In place of the database of nobody that it made: crowd writes into a new one only.
        shutil.rmtree(self._served.data_dir)
        self._served.data_dir.mkdir(mode=0o700)
        self._tokens = crowd.build(self._served.data_dir / DATABASE_NAME, size)
        self._stack = ExitStack()
        self.askers: dict[str, Asker] = {}

    def __enter__(self) -> Grown:
        port = self._stack.enter_context(self._served).port
        for name, token in self._tokens.items():
            self.askers[name] = self._stack.enter_context(Asker(port, token))
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)


def run(options: Options) -> Report:
    """Both files are written first: a minute or two."""
    big, small = options.of(BIG, QUICK), SMALL
    report = Report(
        "grow",
        f"{big.messages:,} messages, {big.notices:,} notices, {big.users:,} users in the file, and a hundred of each",
        COLUMNS,
        "the same call in the small file, in turns",
    )
    with ExitStack() as stack:
        with progress("writing the files", 2) as step:
            grown = []
            for size in (small, big):
                grown.append(stack.enter_context(Grown(options.folder / f"grow-{size.messages}", size)))
                step(1)
        _sends(report, grown[0], grown[1], options.of(SENDS, 10))
        _lists(report, grown[0], grown[1], options.rounds_of(ROUNDS, 2))
    _sort(report)
    if not options.quick:
        _judge(report)
    return report


def _sends(report: Report, small: Grown, big: Grown, count: int) -> None:
    """Messages of one student to some others, so that there is a full page of them in both files."""
    took_ms: tuple[list[float], list[float]] = ([], [])
    for number in range(count):
        body = {
            "receiver_id": RECEIVERS[number % len(RECEIVERS)],
            "message": f"See you in the science library at {number}",
        }
        for grown, times in zip((small, big), took_ms, strict=True):
            asker = grown.askers[HEAVY]
            seconds, status, answer = asker.timed(asker.request(CHATS, body))
            if status != 201:
                raise Failed(f"a message was not sent: {status} {answer[:200]!r}")
            times.append(seconds * 1000.0)
    report.add(**_row(f"POST {CHATS}", HEAVY, took_ms, ((1, 1), (1, 1))))


def _lists(report: Report, small: Grown, big: Grown, rounds: int) -> None:
    asked = list(_questions(small.askers["boss"]))
    with progress("lists and searches", len(asked)) as step:
        for url in asked:
            found = (_list(url, name, (small.askers[name], big.askers[name]), rounds) for name in crowd.ASKERS)
            rows = sorted((row for row in found if row is not None), key=_badness, reverse=True)
            for row in rows[: 2 if rows[0]["asker"] == HEAVY else 1]:
                report.add(**row)
            step(1)


def _list(url: str, name: str, askers: tuple[Asker, Asker], rounds: int) -> dict[str, Value] | None:
    """One question to both, in turns; the first answers, which fill caches, are not counted. None: not for that one."""
    lengths = []
    for asker in askers:
        _, status, body = asker.timed(asker.request(url))
        if status == 403:
            return None
        lengths.append(_lengths(url, status, body))
    took_ms: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for asker, times in zip(askers, took_ms, strict=True):
            times.append(asker.timed(asker.request(url))[0] * 1000.0)
    return _row(url, name, took_ms, lengths)


def _badness(row: Mapping[str, Value]) -> tuple[bool, float]:
    return row["small_items"] == row["big_items"], float(row["ratio"] or 0)


def _lengths(url: str, status: int, body: bytes) -> Lengths:
    if status != 200:
        raise Failed(f"{url}: {status} {body[:200]!r}")
    found = json.loads(body)
    if isinstance(found, list):
        return len(found), len(found)
    items = next((value for value in found.values() if isinstance(value, list)), [])
    return len(items), found.get("count", len(items))


def _questions(asker: Asker) -> Iterator[str]:
    _, document = asker.ask("/api/v1/schema/")
    for path, given in dict.fromkeys((p, tuple(a.items())) for p, a in _asked(document)):
        if WHOLE not in path:
            yield f"{path}?{urlencode(given)}" if given else path


def _asked(document: dict[str, Any]) -> list[questions.Question]:
    """First pages, and a search for one word in each list."""
    word = questions.SEARCHES[0]
    found = [one for one in questions.searches(document) if word in one[1].values()]
    return [*questions.first_pages(document), *found]


def _row(call: str, asker: str, took_ms: Sequence[list[float]], lengths: Sequence[Lengths]) -> dict[str, Value]:
    small_ms, big_ms = map(median, took_ms)
    return {
        "call": call, "asker": asker, "small_ms": small_ms, "big_ms": big_ms, "ratio": big_ms / small_ms,
        "small_items": lengths[0][0], "big_items": lengths[1][0], "small_count": lengths[0][1],
        "big_count": lengths[1][1],
    }  # fmt: skip


def _sort(report: Report) -> None:
    """The send first, then the calls by their ratio."""
    report.rows[1:] = sorted(report.rows[1:], key=_badness, reverse=True)


def _judge(report: Report) -> None:
    """The goals are of the send and of the worst first page."""
    send = report.rows[0]
    report.goals.append(Goal("send, times the small file", float(send["ratio"] or 0), TARGET))
    pages = [row for row in report.rows[1:] if "?" not in str(row["call"]) and row["small_items"] == row["big_items"]]
    for whom, theirs in (("", pages), (f", {HEAVY} aside", [row for row in pages if row["asker"] != HEAVY])):
        for row in theirs[:1]:
            what = f"the worst first page of equal length{whom} ({row['call']})"
            report.goals.append(Goal(what, float(row["ratio"] or 0), TARGET, "times"))
