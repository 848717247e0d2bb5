"""Login: people sign in, with bcrypt, beside live streams: how late that makes the loop and everybody's answers.

In turns: nobody signs in, and a crowd does as fast as it is let in. Seen from inside by a 10 ms timer on the server's
loop, and from outside by a request each 10 ms.
"""

from __future__ import annotations

import selectors
import time
from dataclasses import dataclass, field
from statistics import median, quantiles

from bench import driver, processes
from bench.asker import Asker
from bench.driver import Load
from bench.options import Options
from bench.progress import progress
from bench.report import Column, Failed, Report
from bench.served import Served
from commands.folder import DATABASE_NAME
from data import passwords
from data.session import command_transaction
from settings import Settings

STREAMS = (5_000,)
AT_ONCE = 256
CROWD = 16  # people who are signing in at any moment
SECONDS = 10.0
PROBE_S = 0.01
PASSWORD = "correct horse battery staple"
LOGIN = "/api/v1/auth/login/"
QUIET, CROWDED = "nobody signs in", f"{CROWD} sign in"

COLUMNS = (
    Column("streams", "streams"),
    Column("what", "what"),
    Column("logins_per_s", "logins", "1/s"),
    Column("login_ms", "login p50", "ms", 0),
    Column("trip_p50_ms", "answer p50", "ms", 2),
    Column("trip_p99_ms", "answer p99", "ms", 2),
    Column("trip_worst_ms", "worst answer", "ms"),
    Column("lag_ms", "loop's lag", "ms"),
)


@dataclass(slots=True)
class Found:
    """What was seen in the turns of one kind."""

    seconds: float = 0.0
    logins_s: list[float] = field(default_factory=list)
    trips_s: list[float] = field(default_factory=list)
    lags_ms: list[float] = field(default_factory=list)


def run(options: Options) -> Report:
    """For each number of streams, a quiet turn and one with logins, twice."""
    report = Report(
        "login", f"{CROWD} people at a time sign in beside live streams", COLUMNS,
        "the same server with nobody who signs in, in turns; answers are of /healthz, the lag is a 10 ms timer's worst",
    )  # fmt: skip
    stored = _hash(report)
    for count in options.streams_of(STREAMS, (50,)):
        processes.need_files(count)
        folder = options.folder / f"login-{count}"
        with Served(folder, count, watched=True) as served:
            with command_transaction(served.data_dir / DATABASE_NAME) as tx:
                tx.execute("UPDATE users SET password_hash = ?", (stored,))
            paths = driver.write_lines(folder / "paths", served.stream_paths(count))
            with Load(options.folder, "hold", served.port, paths, AT_ONCE) as load:
                load.result()
                found = _turns(options, served)
        _add(report, count, found)
    return report


def _hash(report: Report) -> str:
    """The password as it is stored; the report notes what that took."""
    cost = Settings().bcrypt_cost
    began_s = time.perf_counter()
    stored = passwords.hash_password(PASSWORD, cost)
    took_ms = (time.perf_counter() - began_s) * 1000.0
    report.notes.append(f"one hash of cost {cost} takes {took_ms:.0f} ms of a core here")
    return stored


def _turns(options: Options, served: Served) -> dict[str, Found]:
    found = {QUIET: Found(), CROWDED: Found()}
    turns = options.rounds_of(2, 1)
    with progress("with and without logins", turns * len(found)) as step:
        for _ in range(turns):
            for crowd, one in zip((0, CROWD), found.values(), strict=True):
                served.worst_lag_ms()
                _turn(served, one, crowd, options.seconds_of(SECONDS, 1.0))
                one.lags_ms.append(served.worst_lag_ms())
                step(1)
    return found


def _turn(served: Served, found: Found, crowd: int, seconds: float) -> None:
    """Ask each PROBE_S, unless the last answer is still on its way, and let so many sign in again and again."""
    askers = [Asker(served.port) for _ in range(1 + crowd)]
    probe, people = askers[0], askers[1:]
    begun_s: dict[Asker, float] = {}
    number = 0
    trip = probe.request("/healthz")
    with selectors.DefaultSelector() as selector:
        for asker in askers:
            selector.register(asker, selectors.EVENT_READ)
        began_s = due_s = time.monotonic()
        while (now_s := time.monotonic()) < began_s + seconds:
            for asker in people:
                if asker not in begun_s:
                    body = {"username": served.people[number % len(served.people)].username, "password": PASSWORD}
                    begun_s[asker] = now_s
                    asker.send(asker.request(LOGIN, body))
                    number += 1
            if now_s >= due_s and probe not in begun_s:
                begun_s[probe] = time.monotonic()
                probe.send(trip)
                due_s = max(due_s + PROBE_S, now_s)
            left_s = due_s - now_s if probe not in begun_s else 1.0
            for key, _ in selector.select(max(0.0, left_s)):
                _note(found, key.fileobj, begun_s, key.fileobj is probe)  # type: ignore[arg-type]
        found.seconds += time.monotonic() - began_s
    for asker in askers:
        asker.close()


def _note(found: Found, asker: Asker, begun_s: dict[Asker, float], is_probe: bool) -> None:
    status, answer = asker.receive()
    if status != 200:
        raise Failed(f"an answer was {status} {answer[:200]!r}")
    (found.trips_s if is_probe else found.logins_s).append(time.monotonic() - begun_s.pop(asker))


def _add(report: Report, count: int, found: dict[str, Found]) -> None:
    for what, one in found.items():
        trips_ms = [seconds * 1000.0 for seconds in one.trips_s]
        report.add(
            streams=count, what=what, logins_per_s=len(one.logins_s) / one.seconds,
            login_ms=median(one.logins_s) * 1000.0 if one.logins_s else None, trip_p50_ms=median(trips_ms),
            trip_p99_ms=quantiles(trips_ms, n=100)[98], trip_worst_ms=max(trips_ms), lag_ms=max(one.lags_ms),
        )  # fmt: skip
