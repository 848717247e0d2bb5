"""Faults: how each kind is done, and from when to when it was."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.chaos.host import Host
from tests.chaos.link import Link, Links
from tests.chaos.plan import TO_THE_PROCESS, Fault, Round

CLOCK_S = (10, -10, 120, -120, 3600, -3600, 7200, -7200)
LOOK_S = 0.05
FORTY_DAYS_S = 40 * 86400  # past log_keep_days: the whole log is pruned


@dataclass(frozen=True, slots=True)
class Spell:
    """A fault as it was, in monotonic seconds. A restart's ends when the server is told to start."""

    kind: str
    began_s: float
    ended_s: float


class Faults:
    """Does the rounds of a plan. `before_forgetting` is called before the log is pruned."""

    def __init__(self, host: Host, links: Links, before_forgetting: Callable[[], object]) -> None:
        self.spells: list[Spell] = []
        self.calms: list[tuple[float, float]] = []
        self.now: list[str] = []
        self._host = host
        self._links = links
        self._before_forgetting = before_forgetting
        self._process = asyncio.Lock()

    async def run(self, rounds: Sequence[Round], begun_s: float) -> None:
        """Do them, each at its time or as soon as the one before is over."""
        for one in rounds:
            await asyncio.gather(*(self._at(fault, begun_s) for fault in one.faults))
            ended_s = max(spell.ended_s for spell in self.spells[-len(one.faults) :])
            if one.calm_s:
                await asyncio.sleep(max(0.0, ended_s + one.calm_s - time.monotonic()))
                self.calms.append((ended_s, time.monotonic()))

    async def _at(self, fault: Fault, begun_s: float) -> None:
        await asyncio.sleep(max(0.0, begun_s + fault.at_s - time.monotonic()))
        if self._host.means.get(fault.kind, "") is None:
            now_s = time.monotonic()
            self.spells.append(Spell(f"{fault.kind} (left out)", now_s, now_s))
            return
        self.now.append(fault.kind)
        do: Callable[[Fault], Awaitable[None]] = getattr(self, f"_{fault.kind}")
        try:
            if fault.kind in TO_THE_PROCESS:
                async with self._process:
                    await do(fault)
            else:
                await do(fault)
        finally:
            self.now.remove(fault.kind)

    def _note(self, fault: Fault, began_s: float) -> None:
        self.spells.append(Spell(fault.kind, began_s, time.monotonic()))

    # The process

    async def _kill(self, fault: Fault) -> None:
        began_s = time.monotonic()
        await self._host.kill()
        await asyncio.sleep(fault.lasts_s / 4)
        self._note(fault, began_s)
        await self._host.start()

    async def _term(self, fault: Fault) -> None:
        began_s = time.monotonic()
        await self._host.stop()
        if fault.number % 2:
            await asyncio.sleep(fault.lasts_s / 4)
        self._note(fault, began_s)
        await self._host.start()

    async def _stop(self, fault: Fault) -> None:
        began_s = time.monotonic()
        self._host.pause()
        await asyncio.sleep(fault.lasts_s * 1.5)
        self._host.resume()
        self._note(fault, began_s)

    async def _clock(self, fault: Fault) -> None:
        await self._away(fault, CLOCK_S[fault.number % len(CLOCK_S)])

    async def _forget(self, fault: Fault) -> None:
        """Everybody is away while the log is pruned: whoever comes back gets a resync."""
        self._before_forgetting()
        self._links.is_shut = True
        for link in list(self._links.open):
            link.reset()
        try:
            await self._away(fault, FORTY_DAYS_S)
        finally:
            self._links.is_shut = False

    async def _away(self, fault: Fault, offset_s: float) -> None:
        """The clock jumps, and jumps back."""
        began_s = time.monotonic()
        self._host.set_clock(offset_s)
        await asyncio.sleep(3 + fault.lasts_s)  # libfaketime looks at its file once a second
        self._host.set_clock(0)
        self._note(fault, began_s)

    # What is around it

    async def _cut(self, fault: Fault) -> None:
        began_s = time.monotonic()
        for link in self._some(fault):
            if fault.number % 2:
                link.reset()
            else:
                link.finish()
        self._note(fault, began_s)

    async def _half(self, fault: Fault) -> None:
        began_s = time.monotonic()
        chosen = self._some(fault)
        for link in chosen:
            link.half_close(towards_server=fault.number % 3 == 0)
            link.is_held = fault.number % 3 == 2
        await asyncio.sleep(fault.lasts_s)
        for link in chosen:
            link.is_held = False
        self._note(fault, began_s)

    async def _narrow(self, fault: Fault) -> None:
        began_s = time.monotonic()
        chosen = self._some(fault)
        for link in chosen:
            link.is_narrow = True
        await asyncio.sleep(fault.lasts_s)
        for link in chosen:
            link.is_narrow = False
        self._note(fault, began_s)

    async def _stall(self, fault: Fault) -> None:
        began_s = time.monotonic()
        chosen = self._some(fault)
        for link in chosen:
            link.is_held = True
        await asyncio.sleep(fault.lasts_s * 2)
        for link in chosen:
            link.is_held = False
        self._note(fault, began_s)

    async def _full(self, fault: Fault) -> None:
        await self._while(self._host.full_disk, fault)

    async def _commit(self, fault: Fault) -> None:
        while not self._host.server.running:  # noqa: ASYNC110 - a limit is that of a process
            await asyncio.sleep(LOOK_S)
        await self._while(self._host.limited_files, fault)

    async def _while(self, broken: Callable[[], AbstractContextManager[None]], fault: Fault) -> None:
        began_s = time.monotonic()
        with broken():
            await asyncio.sleep(fault.lasts_s)
        self._note(fault, began_s)

    async def _lock(self, fault: Fault) -> None:
        began_s = time.monotonic()
        await self._host.lock(fault.lasts_s * 1.5)
        self._note(fault, began_s)

    def _some(self, fault: Fault) -> list[Link]:
        """Two thirds of what is open, others for another number."""
        return [link for place, link in enumerate(self._links.open) if (place * 7 + fault.number) % 3]
