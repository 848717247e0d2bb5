"""Lists: every list's first page and every search on a large campus, as administrators and others ask.

Answers are timed as a client on the same machine sees them, HTTP and JSON included. The baseline is the server's answer
to `/healthz`, which reads nothing.
"""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median
from urllib.parse import urlencode

from bench import crowd, questions
from bench.asker import Asker
from bench.options import Options
from bench.people import Person
from bench.progress import progress
from bench.report import Column, Failed, Goal, Report
from bench.rows import Size
from bench.served import Served
from commands.folder import DATABASE_NAME

TARGET_MS = 20.0
# The interface has no pages for it: every student of the campus in one answer.
WHOLE = "/by-type/"


def run(options: Options) -> Report:
    """Each question with each asker's median, the slowest first."""
    rounds = options.rounds_of(20, 2)
    size = options.of(Size(), Size(users=200, messages=1_000, notices=100))
    report = Report(
        "lists",
        f"median of {rounds} answers, {size.users:,} users, {size.messages:,} messages, {size.notices:,} notices",
        (Column("question", "question"), *(Column(f"{name}_ms", name, "ms") for name in crowd.ASKERS)),
        "/healthz, which reads nothing",
    )
    folder = options.folder / "data"
    folder.mkdir()
    tokens = crowd.build(folder / DATABASE_NAME, size)
    boss = Person(1, "boss", (tokens["boss"],))
    with Served(options.folder, made=(boss, [])) as served, ExitStack() as stack:
        askers = {name: stack.enter_context(Asker(served.port, token)) for name, token in tokens.items()}
        document = served.get("/api/v1/schema/")
        asked = [*questions.first_pages(document), *questions.searches(document)]
        urls = dict.fromkeys(f"{path}?{urlencode(given)}" if given else path for path, given in asked)
        found = []
        with progress("asking", len(urls)) as step:
            for url in ["/healthz", *urls]:
                found.append((url, {name: _median_ms(asker, url, rounds) for name, asker in askers.items()}))
                step(1)
    found.sort(key=lambda one: -max(filter(None, one[1].values()), default=0.0))
    for url, medians in found:
        report.add(question=url, **{f"{name}_ms": took_ms for name, took_ms in medians.items()})
    paged = [took_ms for url, medians in found if WHOLE not in url for took_ms in medians.values()]
    if not options.quick:
        report.goals.append(Goal("the slowest page", max(filter(None, paged)), TARGET_MS, "ms"))
    return report


def _median_ms(asker: Asker, url: str, rounds: int) -> float | None:
    """Of so many answers, after one that fills the caches. None for who may not ask this."""
    request = asker.request(url)
    took_ms = []
    for _ in range(rounds + 1):
        took_s, status, body = asker.timed(request)
        if status == 403:
            return None
        if status != 200:
            raise Failed(f"{url}: {status} {body[:200]!r}")
        took_ms.append(1000.0 * took_s)
    return median(took_ms[1:])
