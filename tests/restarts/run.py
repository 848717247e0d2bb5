"""One run: a server, nginx, users, restarts, and afterwards the count of what should have been told and what was."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import quantiles

from tests.restarts.people import PATIENCE_S, Reader, Sender
from tests.support.activated import Activated
from tests.support.campus import create_users
from tests.support.deployed import Deployed
from tests.support.follower import Ledger
from tests.support.tls import Certificate
from tests.support.waiting import eventually

USERS = 4
STREAMS_OF_EACH = 5
FLAGS = [
    "--limits", "off", "--trusted-proxies", "127.0.0.1", "--heartbeat-s", "1", "--shutdown-retry-min-s", "0.1",
    "--shutdown-retry-max-s", "1",
]  # fmt: skip


@dataclass
class Report:
    """The figures of a run. Durations in seconds; `failures` are by status or by what went wrong."""

    restarts: int = 0
    answered: int = 0
    told: int = 0
    opened: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    unanswered: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    ends_s: list[float] = field(default_factory=list)
    starts_s: list[float] = field(default_factory=list)
    sends_s: list[float] = field(default_factory=list)
    opens_s: list[float] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, doubled, refused or failed."""
        wrong = self.lost + self.doubled + self.disordered + self.unanswered + self.failures.total()
        return not wrong and not self.complaints

    def table(self) -> str:
        """For people."""
        rows = [
            ("restarts", str(self.restarts)),
            ("messages answered 201", str(self.answered)),
            ("streams opened", str(self.opened)),
            ("events told", str(self.told)),
            ("lost / doubled / out of order", f"{self.lost} / {self.doubled} / {self.disordered}"),
            ("stored and not answered", str(self.unanswered)),
            ("refused, 502, anything else", ", ".join(f"{n} x {k}" for k, n in self.failures.items()) or "0"),
            ("nginx's errors", str(len(self.complaints))),
            ("SIGTERM to the end", _spread(self.ends_s)),
            ("start to ready", _spread(self.starts_s)),
            ("a message to its answer", _spread(self.sends_s)),
            ("a stream to its head", _spread(self.opens_s)),
        ]
        return "".join(f"{name:32}{value}\n" for name, value in rows)


def run(folder: Path, *, seconds: float, every_s: float, seed: int) -> Report:
    """Restart a server every so often, for so long, under traffic."""
    certificate = Certificate()
    report = Report()
    with ExitStack() as stack:
        server = Activated(folder, FLAGS)
        stack.callback(server.close)
        server.start()
        users = create_users(server, *(f"user_{number}" for number in range(USERS)))
        nginx = stack.enter_context(Deployed(folder / "nginx", server, certificate))
        readers = [Reader(nginx, certificate.client, user) for user in users for _ in range(STREAMS_OF_EACH)]
        ending = threading.Event()
        url = f"https://localhost:{nginx.port}"
        senders = [
            Sender(url, certificate.client, user, [one for one in users if one != user], f"{seed} {user.id}", ending)
            for user in users
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            assert reader.live.wait(PATIENCE_S)
        for sender in senders:
            sender.start()
        _restart(server, report, seconds, every_s, random.Random(seed))
        ending.set()
        for sender in senders:
            sender.join(PATIENCE_S)
            assert not sender.is_alive()
        ledger = Ledger(server)
        ledger.look()
        for reader in readers:
            expected = ledger.of(f"user:{reader.user.id}", 0)
            eventually(partial(reader.has, expected[-1].id if expected else 0), "all is told", PATIENCE_S)
            reader.close()
        report.complaints = [line for line in nginx.errors().splitlines() if "[notice]" not in line]
        server.check_log()
    _count(report, ledger, senders, readers)
    return report


def _restart(server: Activated, report: Report, seconds: float, every_s: float, chance: random.Random) -> None:
    pause = threading.Event()
    begun_s = time.monotonic()
    while time.monotonic() - begun_s < seconds:
        # Not on a grid of the heartbeats' seconds.
        pause.wait(every_s * chance.uniform(0.9, 1.1))
        told_s = time.monotonic()
        code = server.stop()
        assert code == 0, server.log()
        ended_s = time.monotonic()
        server.start()
        report.ends_s.append(ended_s - told_s)
        report.starts_s.append(time.monotonic() - ended_s)
        report.restarts += 1


def _count(report: Report, ledger: Ledger, senders: list[Sender], readers: list[Reader]) -> None:
    answered = Counter(message_id for sender in senders for message_id in sender.answered)
    stored = Counter(int(row.data["id"]) for row in ledger.rows if row.event == "message")
    report.answered = answered.total()
    report.lost += sum((answered - stored).values())
    report.unanswered = sum((stored - answered).values())
    for found in [*(sender.found for sender in senders), *(reader.found for reader in readers)]:
        report.failures += found.failures
    report.sends_s = [wait_s for sender in senders for wait_s in sender.found.waits_s]
    report.opens_s = [wait_s for reader in readers for wait_s in reader.found.waits_s]
    report.opened = len(report.opens_s)
    for reader in readers:
        expected = [row.id for row in ledger.of(f"user:{reader.user.id}", reader.first_id)]
        told = [event.id or 0 for event in reader.told]
        report.told += len(told)
        report.lost += sum((Counter(expected) - Counter(told)).values())
        report.doubled += sum((Counter(told) - Counter(expected)).values())
        report.disordered += sum(after < before for before, after in pairwise(told))


def _spread(found_s: list[float]) -> str:
    if len(found_s) < 2:
        return "-"
    cuts = quantiles(found_s, n=100, method="inclusive")
    return f"median {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms, worst {max(found_s) * 1000:.0f} ms"
