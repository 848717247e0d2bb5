"""Run: a server with its limits on, the attackers, and what the well-behaved are told meanwhile."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

from tests.storm.attacker import Orders, work
from tests.support.beside import Beside, percentile
from tests.support.server import ServerProcess
from tests.support.shared import PASSWORD, Shared, running
from tests.support.waiting import eventually

P99_S = 0.250
OPEN_S = 120.0
WRONG = 10_000
GUESSED_S = 60.0
LOGIN_S = 150.0
# What the server has by itself: other tests switch these off by the environment, and hash at no cost.
DEFAULTS: dict[str, object] = {
    "requests_per_minute": 1200,
    "messages_per_minute": 300,
    "publications_per_minute": 60,
    "bcrypt_cost": 12,
}
_START = multiprocessing.get_context("spawn")


@dataclass(slots=True)
class Result:
    """What the pair saw, and what the attackers were answered."""

    pair: str = ""
    p99_s: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    logins_s: list[float] = field(default_factory=list)
    rss_bytes: tuple[int, int] = (0, 0)
    load: str = ""

    def table(self) -> str:
        """For people, and for docs/reliability.md."""
        lines = [f"| {name} | {count} |" for name, count in sorted(self.counts.items())]
        worst_s = max(self.logins_s, default=0.0)
        return "\n".join(
            [
                "| what | how often |",
                "|---|---|",
                *lines,
                "",
                f"the pair beside: {self.pair}; {len(self.logins_s)} right logins: "
                f"{percentile(self.logins_s, 0.5):.2f} s median, {worst_s:.2f} s worst; memory "
                f"{self.rss_bytes[0] >> 10} KB before, {self.rss_bytes[1] >> 10} KB after; load {self.load}",
            ]
        )


@contextmanager
def attacked(orders: Sequence[Orders], counts: Counter[str]) -> Iterator[None]:
    """The attackers are at it inside of `with`; afterwards `counts` has what they were answered."""
    pipes: list[Connection] = []
    processes = []
    for one in orders:
        near, far = _START.Pipe()
        processes.append(_START.Process(target=work, args=(one, far), daemon=True))
        processes[-1].start()
        far.close()
        pipes.append(near)
    try:
        for pipe in pipes:
            assert pipe.poll(OPEN_S), "an attacker does not begin"
            assert pipe.recv() == "open"
        yield
        for pipe in pipes:
            pipe.send("stop")
            assert pipe.poll(OPEN_S), "an attacker does not end"
            counts.update(pipe.recv())
    finally:
        for process in processes:
            process.kill()
            process.join()


class Storm:
    """Everything at once, for so long. `told` gets a line now and then."""

    def __init__(
        self, *, slow: int, tries_per_s: float, audience: int, seconds: float, told: Callable[[str], None]
    ) -> None:
        self._slow, self._tries_per_s, self._audience, self._seconds = slow, tries_per_s, audience, seconds
        self._told = told

    def run(self, folder: Path, **settings: object) -> Result:
        """Raises AssertionError when the pair lost a message or a right login was refused."""
        result = Result()
        with running(folder, **(DEFAULTS | settings)) as shared:  # type: ignore[arg-type]
            students = {f"listener_{number}": ("student", "CAMPUS") for number in range(self._audience)}
            tokens = [user.token for user in shared.add(students)] if students else []
            before = shared.server.rss_bytes()
            with attacked(self._orders(shared, tokens), result.counts):
                self._told(f"the storm has begun; load {_load()}")
                with Beside(shared.server, shared["bob"], shared["cy"], interval_s=0.25) as pair:
                    self._log_in(shared.server, result)
                result.load = _load()
            result.pair, result.p99_s = pair.told, pair.p99_s
            result.rss_bytes = (before, shared.server.rss_bytes())
        return result

    def _orders(self, shared: Shared, tokens: list[str]) -> list[Orders]:
        port = shared.server.port
        names = [*(name for name in ("boss", "dean", "tara", "stan", "pat")), "nobody", "root"]
        return [
            Orders(port, slow=self._slow),
            Orders(
                port,
                tries_per_s=self._tries_per_s,
                names=names,
                publisher=shared["dean"].token,
                sender=(shared["tara"].token, shared["stan"].id),
                audience=tokens,
            ),
        ]

    def _log_in(self, server: ServerProcess, result: Result) -> None:
        """A student signs in every two seconds, from an address that nobody guesses from."""
        until_s = time.monotonic() + self._seconds
        while (left_s := until_s - time.monotonic()) > 0:
            result.logins_s.append(log_in(server, "ann", "127.0.6.1"))
            time.sleep(min(2.0, max(0.0, left_s)))


def log_in(server: ServerProcess, username: str, address: str) -> float:
    """Sign in from that address; how long it took. Anything but 200 fails."""
    began_s = time.monotonic()
    with httpx.Client(transport=httpx.HTTPTransport(local_address=address), timeout=LOGIN_S, trust_env=False) as client:
        answer = client.post(server.url + "/api/v1/auth/login/", json={"username": username, "password": PASSWORD})
    assert answer.status_code == 200, f"a right password is answered {answer.status_code} {answer.text}"
    return time.monotonic() - began_s


def guessed(folder: Path, wrong: int, tries_per_s: float, **settings: object) -> Result:
    """So many wrong passwords for one account from one address, while its owner signs in from another."""
    result = Result()
    with running(folder, **(DEFAULTS | settings)) as shared:  # type: ignore[arg-type]
        server = shared.server
        before = server.rss_bytes()
        began_s = time.monotonic()
        orders = Orders(server.port, tries_per_s=tries_per_s, names=["ann"], addresses=1)
        with attacked([orders], result.counts), Beside(server, shared["bob"], shared["cy"], interval_s=0.25) as pair:

            def is_over() -> bool:
                result.logins_s.append(log_in(server, "ann", "127.0.6.1"))
                return time.monotonic() - began_s > wrong / tries_per_s and len(result.logins_s) >= 2

            eventually(is_over, "so many guesses", GUESSED_S + 10 * wrong / tries_per_s)
        result.pair, result.p99_s, result.load = pair.told, pair.p99_s, _load()
        result.rss_bytes = (before, server.rss_bytes())
    return result


def _load() -> str:
    return " ".join(f"{one:.1f}" for one in os.getloadavg())
