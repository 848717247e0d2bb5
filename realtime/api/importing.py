"""Importing: imports that are under way, one after the other, and what became of the last ones.

Passwords are hashed in processes of their own, as a whole campus takes an hour of a core; then one transaction writes
everybody. All of it is in memory: what a restart interrupts has not happened, and what it has written is there.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Literal

from data import imports, password_processes, passwords
from data.asker import Asker
from data.database import Database
from data.errors import Conflict, DataError
from data.imports import Terms
from data.roster import BadRoster, Person

log = logging.getLogger(__name__)

State = Literal["waiting", "hashing", "writing", "done", "failed", "cancelled"]

MOST_OPEN = 4
MOST_REMEMBERED = 20
MOST_HASHED_AT_ONCE = 32  # they wait in a queue for the processes; a cancelled import leaves no more than these behind

_BEFORE_WRITING = ("waiting", "hashing")
_OPEN = (*_BEFORE_WRITING, "writing")


class TooMany(Exception):
    """So many imports wait that another one has to come later."""


@dataclass(slots=True)
class Import:
    """One import. `hashed` of `to_hash` passwords are done; `made` and `rooms_made` are of one that is done, `problems`
    of one that has failed, a sentence each."""

    author_id: int
    people: int
    to_hash: int
    created_at: str
    id: int = field(default_factory=lambda: secrets.randbelow(2**53 - 1) + 1)  # a restart must give none anew
    state: State = "waiting"
    hashed: int = 0
    made: int = 0
    rooms_made: int = 0
    problems: Sequence[str] = ()

    def fail(self, *problems: str) -> None:
        """It has ended, and nobody was imported."""
        self.state, self.problems = "failed", problems


class Imports:
    """All imports of one server."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._known: dict[int, Import] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._closed = False

    def of(self, author_id: int) -> list[Import]:
        """Somebody's imports, the newest first."""
        return [one for one in reversed(self._known.values()) if one.author_id == author_id]

    def one(self, author_id: int, import_id: int) -> Import | None:
        """One of them."""
        found = self._known.get(import_id)
        return found if found is not None and found.author_id == author_id else None

    def begin(
        self, database: Database, asker: Asker, people: list[Person], terms: Terms, *, cost: int, now: Callable[[], str]
    ) -> Import:
        """Import these people, who were checked, when their turn comes. Raises TooMany."""
        if self._closed or len(self._tasks) >= MOST_OPEN:
            raise TooMany
        one = Import(asker.user_id, len(people), sum(bool(person.password) for person in people), now())
        self._known[one.id] = one
        ended = [known for known, found in self._known.items() if found.state not in _OPEN]
        for known in ended[: max(0, len(self._known) - MOST_REMEMBERED)]:
            del self._known[known]
        task = asyncio.create_task(self._run(one, database, people, terms, cost, now))
        self._tasks[one.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(one.id))
        return one

    async def cancel(self, one: Import) -> None:
        """End one that has written nothing yet. Raises Conflict for any other."""
        if one.state not in _BEFORE_WRITING:
            raise Conflict("This import has ended, or is being written.")
        one.state = "cancelled"
        task = self._tasks[one.id]
        task.cancel()
        await asyncio.wait([task])

    async def close(self) -> None:
        """The server stops: end what has written nothing yet, and wait for the rest."""
        self._closed = True
        tasks = list(self._tasks.values())
        for one in self._known.values():
            if one.state in _BEFORE_WRITING:
                one.fail("The server was stopped.")
                self._tasks[one.id].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(
        self, one: Import, database: Database, people: list[Person], terms: Terms, cost: int, now: Callable[[], str]
    ) -> None:
        try:
            async with self._turn:
                one.state = "hashing"
                hashes = await _hashed(one, people, cost)
                one.state = "writing"
                made = await database.write(imports.make, people, hashes, terms, now())
                one.made, one.rooms_made, one.state = made.users, made.rooms, "done"
        except BadRoster as error:
            one.fail(*error.told)
        except DataError as error:
            one.fail(str(error))
        except BrokenProcessPool:
            one.fail("A process that hashed passwords was ended. Try again.")
        except Exception:
            log.exception("an import of %d people failed", one.people)
            one.fail("Something went wrong on the server, whose log has it.")


async def _hashed(one: Import, people: list[Person], cost: int) -> dict[int, str]:
    """The stored form of each person's password, by line. Raises BrokenProcessPool."""
    waiting = deque(person for person in people if person.password)
    hashes: dict[int, str] = {}
    running: dict[asyncio.Future[str], int] = {}
    pool = password_processes.of_server() if waiting else None
    try:
        while pool is not None and (waiting or running):
            while waiting and len(running) < MOST_HASHED_AT_ONCE:
                person = waiting.popleft()
                # Not on the loop: the first ones start the processes, some milliseconds each.
                future = await asyncio.to_thread(pool.submit, passwords.hash_password, person.password, cost)
                running[asyncio.wrap_future(future)] = person.line
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for ended in done:
                hashes[running.pop(ended)] = ended.result()
                one.hashed += 1
    finally:
        for future_left in running:
            future_left.cancel()
            future_left.add_done_callback(lambda left: left.cancelled() or left.exception())
        if pool is not None:
            await asyncio.shield(asyncio.to_thread(pool.shutdown, cancel_futures=True))
    return hashes
