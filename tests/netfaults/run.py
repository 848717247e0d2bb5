"""Run: so many cuts of a network, each checked, and the table of what they did."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.netfaults.cuts import CUTS
from tests.netfaults.field import Field, serving
from tests.netfaults.spaces import Network

# Short, so that a thousand cuts take half an hour. The heartbeat's setting is in whole seconds.
SHORT = {"heartbeat_s": 1, "tcp_user_timeout_s": 0.5, "send_timeout_s": 1.0, "presence_grace_s": 0.3}
DEFAULTS = {"heartbeat_s": 30, "tcp_user_timeout_s": 20.0, "send_timeout_s": 20.0, "presence_grace_s": 10.0}
TICKS_S = 2.0  # the clock ticks once a second: at the stream's end, and at the grace's
VANISH = "the clients' machine"
BRIEF_S = 0.8
WRITE_S = 0.05
WHOLE_S = 60.0


@dataclass(slots=True)
class Row:
    """What the cuts of one kind did. Times in seconds."""

    brief: int = 0
    offline_s: list[float] = field(default_factory=list)
    back_s: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Result:
    """A run's figures. `bound_s` is heartbeat, timeout and grace; `rss_bytes` after each tenth of the cuts."""

    seed: int
    bound_s: float
    rows: dict[str, Row]
    people: int = 0
    messages: int = 0
    lost: int = 0
    doubled: int = 0
    opened: int = 0
    slowest_answer_s: float = 0.0
    rss_bytes: list[int] = field(default_factory=list)
    descriptors: tuple[int, int] = (0, 0)
    took_s: float = 0.0

    @property
    def growth(self) -> float:
        """How much more memory the server has than after its warm-up, as a share."""
        return self.rss_bytes[-1] / self.rss_bytes[0] - 1

    @property
    def offline_s(self) -> float:
        """The longest time from a cut to the last one's being offline."""
        return max((one for row in self.rows.values() for one in row.offline_s), default=0.0)

    def table(self) -> str:
        """For people, and for docs/reliability.md."""
        lines = ["| cut | cuts | brief | offline, median | offline, worst | back, median | back, worst |"]
        lines.append("|---|---|---|---|---|---|---|")
        for kind, row in self.rows.items():
            brief, long = row.brief, len(row.offline_s)
            lines.append(
                f"| {kind} | {brief + long} | {brief} | {_of(row.offline_s, statistics.median)} "
                f"| {_of(row.offline_s, max)} | {_of(row.back_s, statistics.median)} | {_of(row.back_s, max)} |"
            )
        lines += [
            "",
            f"seed {self.seed}; {self.people} streams; {self.messages} messages answered 201, {self.lost} lost, "
            f"{self.doubled} doubled or out of order; {self.opened} connections; "
            f"offline within {self.offline_s:.1f} s, heartbeat + timeout + grace is {self.bound_s:.1f} s; "
            f"slowest answer {self.slowest_answer_s * 1000:.0f} ms; "
            f"memory {self.rss_bytes[0] >> 10} KB after the first tenth, {self.rss_bytes[-1] >> 10} KB at the end "
            f"({self.growth:+.1%}); descriptors {self.descriptors[0]} before, {self.descriptors[1]} after; "
            f"{self.took_s:.0f} s",
        ]
        return "\n".join(lines)


def _of(values: list[float], what: Callable[[list[float]], float]) -> str:
    return f"{what(values):.2f} s" if values else ""


class Run:
    """Cuts on one server. `told` gets a line now and then."""

    def __init__(
        self,
        seed: int,
        cuts: int,
        *,
        people: int,
        settings: dict[str, float],
        brief_share: float,
        warm: int,
        told: Callable[[str], None],
    ) -> None:
        self._chance = random.Random(seed)
        self._warm = warm
        self._cuts, self._settings, self._brief_share, self._told = cuts, settings, brief_share, told
        bound_s = settings["heartbeat_s"] + settings["tcp_user_timeout_s"] + settings["presence_grace_s"]
        self.result = Result(seed, bound_s, {kind: Row() for kind in [*CUTS, VANISH]}, people=people)

    def run(self, folder: Path) -> Result:
        """Make the cuts. Raises AssertionError as soon as one shows what it should not."""
        began_s = time.monotonic()
        with Network() as network, serving(network, folder, limits="off", **self._settings) as server:
            self._network, self._server = network, server
            asyncio.run(self._all())
        self.result.took_s = time.monotonic() - began_s
        return self.result

    async def _all(self) -> None:
        result, server = self.result, self._server
        silence_s = 2.5 * self._settings["heartbeat_s"]
        kinds = [*CUTS, VANISH]
        every = max(1, self._cuts // 10)
        async with Field(self._network, server, result.people, silence_s=silence_s) as people:
            self._people = people
            await people.warm(self._warm)
            before = self._descriptors()
            people.write_always(people.people[::2], WRITE_S)
            for number in range(self._cuts):
                kind = kinds[number % len(kinds)]
                await self._cut(kind)
                if (number + 1) % every == 0:
                    result.rss_bytes.append(server.rss_bytes())
                    back_s = result.rows[kind].back_s[-1]
                    self._told(f"{number + 1} cuts, {server.rss_bytes() >> 10} KB, {kind}: back in {back_s:.2f} s")
            people.be_silent()
            await people.until(people.is_whole, WHOLE_S, "everybody is back")
            # Streams that nobody reads any more are noticed within the same time.
            await people.until(lambda: self._descriptors() <= before, WHOLE_S, f"{before} descriptors")
            result.descriptors = (before, self._descriptors())
            self._sum_up(people)

    async def _cut(self, kind: str) -> None:
        people, row = self._people, self.result.rows[kind]
        is_brief = kind != VANISH and self._chance.random() < self._brief_share
        began_s = time.monotonic()
        if kind == VANISH:
            row.offline_s.append(await self._vanish() - began_s)
        else:
            with CUTS[kind](self._network):
                if is_brief:
                    await asyncio.sleep(self._chance.uniform(0.01, BRIEF_S))
                    row.brief += 1
                else:
                    row.offline_s.append(await self._until_dark(kind) - began_s)
        row.back_s.append(await people.until(people.is_whole, WHOLE_S, f"all back: {kind}"))

    async def _until_dark(self, kind: str) -> float:
        """Wait until all are offline; when the last one was, as the observer was told."""
        people = self._people
        await people.until(people.is_dark, 10 * (self.result.bound_s + TICKS_S), f"all offline: {kind}")
        return max(one.offline_s or 0.0 for one in people.people)

    async def _vanish(self) -> float:
        people = self._people
        self._network.unplug()
        for person in people.people:
            person.reader.drop()
        await people.until(
            lambda: not any(one.reader.live.is_set() for one in people.people), WHOLE_S, "nobody has a connection"
        )
        self._network.vanish()
        offline_s = await self._until_dark(VANISH)
        self._network.come_back()
        return offline_s

    def _descriptors(self) -> int:
        return len(list(Path(f"/proc/{self._server.pid}/fd").iterdir()))

    def _sum_up(self, people: Field) -> None:
        result = self.result
        result.messages = sum(one.sent for one in people.people)
        result.lost = sum(one.lost + one.sent - one.seen for one in people.people)
        result.doubled = sum(one.doubled for one in people.people)
        result.opened = sum(one.reader.opened for one in people.people)
        result.slowest_answer_s = max(people.latencies_s)
