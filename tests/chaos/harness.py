"""The harness: a campus whose users send and read while things break, and the judgement at its end."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.chaos import judge, plan, table
from tests.chaos.faults import Faults
from tests.chaos.host import HEARTBEAT_S, Host
from tests.chaos.ledger import Ledger, keys_of_all
from tests.chaos.link import Links
from tests.chaos.lists import Lists
from tests.chaos.own import Own
from tests.chaos.reader import Foreign, Reader
from tests.chaos.work import Work
from tests.churn.report import left_over
from tests.churn.watched import Look
from tests.support.campus import create_user, create_users

LOOK_S = 0.5
PROGRESS_S = 10.0
FINISH_S = 60.0  # the project's own client waits up to 45 s between two tries
CATCH_UP_S = 60.0
GONE_S = 30.0
RECOVERED_S = 10.0
FILE_THREADS = 4  # for uploads; they come with the first ones
# What a server says that met one of these faults. A traceback is never among it.
UNEXPECTED = re.compile(
    r"^Traceback .*|^.*\b(?:CRITICAL|RuntimeWarning|ResourceWarning)\b.*|^.*was never (?:awaited|retrieved).*",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is asked for."""

    seconds: float
    seed: int
    users: int
    per_s: float
    kinds: tuple[str, ...] = plan.KINDS


class Harness:
    """One run. `say` gets every line of its report."""

    def __init__(self, folder: Path, asked: Asked, port: int, say: Callable[[str], None]) -> None:
        self._asked = asked
        self._say = say
        self._host = Host(folder, port)
        self._wide = Links(lambda: self._host.server.port)
        self._narrow = Links(lambda: self._host.server.port, is_narrow=True)
        self._ledger = Ledger(self._host.connect)
        self._faults = Faults(self._host, self._wide, self._ledger.try_look)
        self._readers: list[Reader] = []
        self._main: list[Reader] = []
        self._verdict = judge.Verdict()
        self._reading: list[asyncio.Task[None]] = []
        self._own: Own
        self._work: Work
        self._lists: Lists

    def log(self) -> str:
        """The server's log."""
        return self._host.server.log()

    def close(self) -> None:
        """End the server and give back what was taken."""
        self._host.close()

    async def run(self) -> judge.Verdict:
        """All of it."""
        await self._host.start()
        for links in (self._wide, self._narrow):
            await links.start()
        before = await self._begin()
        begun_s = time.monotonic()
        asked = self._asked
        deeds = plan.deeds(asked.seed, asked.seconds, asked.users, asked.per_s)
        beside = [asyncio.create_task(self._look()), asyncio.create_task(self._tell_progress(begun_s))]
        probing = asyncio.create_task(self._work.probe())
        try:
            await asyncio.gather(
                self._work.run(deeds, begun_s),
                self._faults.run(plan.rounds(asked.seed, asked.seconds, asked.kinds), begun_s),
            )
        finally:
            for task in (*beside, probing):
                task.cancel()
            await asyncio.wait([*beside, probing])
        await self._work.finish(FINISH_S)
        await self._judge(before)
        return self._verdict

    # The beginning

    async def _begin(self) -> Look:
        """Make everybody, and connect them; what the server held before."""
        asked, server = self._asked, self._host.server
        names = [f"user_{number}" for number in range(asked.users)]
        people = await asyncio.to_thread(create_users, server, *names, "probe_a", "probe_b")
        admin = await asyncio.to_thread(create_user, server, "dean", user_type="super_admin")
        before = await asyncio.to_thread(server.look)
        own_readers = {user.id: Reader(f"{user.username} (own client)", user, is_plain=False) for user in people[:-2:2]}
        foreign = [Reader(f"{user.username} (httpx-sse)", user) for user in [*people[1:-2:2], *people[-2:]]]
        second = [Reader(f"{user.username} (second, httpx-sse)", user) for user in people[:-2:4]]
        slow = [Reader(f"{user.username} (1 KB/s, httpx-sse)", user, is_slow=True) for user in people[:-2:5]]
        self._readers = [*own_readers.values(), *foreign, *second, *slow]
        self._main = [*own_readers.values(), *foreign]
        self._lists = Lists(
            lambda: server.url, [f"http://127.0.0.1:{links.port}" for links in (self._wide, self._narrow)]
        )
        for reader in self._main:
            reader.on_resync = self._lists.fetch
        await asyncio.gather(*(asyncio.wrap_future(self._lists.fetch(reader)) for reader in self._main))
        self._own = Own(own_readers, self._wide.port, HEARTBEAT_S)
        await self._own.start()
        for reader in [*foreign, *second, *slow]:
            port = (self._narrow if reader.is_slow else self._wide).port
            self._reading.append(asyncio.create_task(Foreign(reader, port, asked.seed).run()))
        self._work = Work(people, admin, self._own, set(own_readers), self._wide.port)
        await self._until(
            lambda: all(reader.began_at is not None for reader in self._readers), 30, "everybody connects"
        )
        return before

    async def _until(self, condition: Callable[[], bool], timeout_s: float, what: str) -> None:
        give_up_s = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > give_up_s:
                self._verdict.note(f"not within {timeout_s:.0f} s: {what}")
                return
            await asyncio.sleep(0.1)

    # Meanwhile

    async def _look(self) -> None:
        while True:
            await asyncio.to_thread(self._ledger.try_look)
            await asyncio.sleep(LOOK_S)

    async def _tell_progress(self, begun_s: float) -> None:
        while True:
            await asyncio.sleep(PROGRESS_S)
            answered = sum(one.id is not None for one in self._work.sent)
            events = sum(len(reader.heard) for reader in self._readers)
            problems = len(self._work.problems) + sum(len(reader.problems) for reader in self._readers)
            self._say(
                f"{time.monotonic() - begun_s:6.0f} s  {len(self._faults.spells)} faults  {answered} of "
                f"{len(self._work.sent)} sends answered  {events} events  {self._work.waiting} wait  "
                f"{problems} problems  now: {', '.join(self._faults.now) or 'calm'}"
            )

    # The end

    async def _judge(self, before: Look) -> None:
        verdict, host = self._verdict, self._host
        self._narrow.widen()
        self._wide.widen()
        await asyncio.to_thread(self._ledger.look)
        with closing(host.connect()) as database:
            keys = keys_of_all(database)
            last = {
                reader.name: max(
                    (row.id for row in self._ledger.of(keys[reader.user.id], 0, self._ledger.position)), default=0
                )
                for reader in self._readers
            }
        await self._until(
            lambda: all((reader.cursor or 0) >= last[reader.name] for reader in self._readers),
            CATCH_UP_S,
            "all catch up",
        )
        # The project's own clients acknowledge what they get, which is more to be told: until nothing is.
        await self._quiet()
        await asyncio.to_thread(self._ledger.look)
        verdict.note(*self._work.problems, *host.unclean)
        with closing(host.connect()) as database:
            judge.told(verdict, self._readers, self._ledger, database)
            judge.stored(verdict, self._work.sent, self._ledger, database)
            judge.published(verdict, self._work.published, database)
        verdict.note(*await asyncio.to_thread(self._lists.differences, self._main))
        await self._part(before)
        judge.database(verdict, host.database)
        self._report()

    async def _quiet(self) -> None:
        """Wait until the log stands still and every reader has its end."""
        position, since_s = -1, time.monotonic()
        give_up_s = since_s + CATCH_UP_S
        while time.monotonic() < give_up_s:
            await asyncio.to_thread(self._ledger.look)
            if self._ledger.position != position:
                position, since_s = self._ledger.position, time.monotonic()
            elif time.monotonic() - since_s > 3:
                return
            await asyncio.sleep(LOOK_S)
        self._verdict.note("the log does not come to rest")

    async def _part(self, before: Look) -> None:
        """Everybody goes; nothing may stay behind."""
        verdict, host = self._verdict, self._host
        await self._own.end()
        for task in self._reading:
            task.cancel()
        await asyncio.wait(self._reading)
        verdict.note(*(f"a reader failed: {t.exception()!r}" for t in self._reading if not t.cancelled()))
        self._lists.close()
        for links in (self._wide, self._narrow):
            await links.close()
        found = ["not looked"]
        give_up_s = time.monotonic() + GONE_S
        while found and time.monotonic() < give_up_s:
            found = left_over(before, await asyncio.to_thread(host.server.look), FILE_THREADS)
            await asyncio.sleep(1)
        verdict.note(*(f"left over in the server: {text}" for text in found))
        await host.stop()
        verdict.note(*host.unclean)
        with closing(host.connect()) as database:
            judge.files(verdict, host.server.data_dir, database)
        log = host.server.log()
        for match in list(UNEXPECTED.finditer(log))[:5]:
            verdict.note(f"in the server's log:\n{log[max(0, match.start() - 500) : match.start() + 2500]}")

    def _report(self) -> None:
        verdict = self._verdict
        found = table.recoveries(self._faults.calms, self._work.sent, self._readers)
        recovered = [one for one in found if isinstance(one, table.Recovery)]
        verdict.note(*(one for one in found if isinstance(one, str)))
        worst_s = max((one.first_s for one in recovered), default=0.0)
        if worst_s > RECOVERED_S:
            verdict.note(f"a recovery took {worst_s:.1f} s")
        lines = [
            *table.faults(self._faults.spells, self._host.means),
            f"starts that failed while a fault held: {len(self._host.refused)}",
            *table.messages(self._work.sent, self._work.answers),
            *table.events(self._readers, self._ledger.position),
            f"transports of the project's client: {self._own.transports}",
            f"lost: {verdict.lost}  doubled: {verdict.doubled}  out of order: {verdict.disordered}",
            *table.times(recovered),
        ]
        for line in lines:
            self._say(line)
