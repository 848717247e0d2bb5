"""`python -m tests.churn --seconds 3600 --streams 2000`: streams open and close at random, and then all are gone.

It opens as many as there shall be, lets them come and go for a twentieth of the time, sends all away, and looks at
the server: that is where it begins. After the rest of the time it sends all away again, and looks whether memory,
descriptors, threads, tasks and the tables of the server are as they were. The exit code is 1 if not.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.churn import report
from tests.churn.crowd import Crowd
from tests.churn.watched import Look, Watched
from tests.support.campus import User, create_user, create_users
from tests.support.server import as_flags

STREAMS_OF_A_USER = 10
SAMPLE_S = 60.0
QUIET_S = 60.0
SECOND_LOOKS = 10
SETTINGS = {
    "heartbeat_s": 3,
    "send_timeout_s": 10,
    "presence_grace_s": 1,
    "log_keep_events": 5000,
    "log_prune_interval_s": 5,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for."""

    seconds: float
    streams: int
    per_s: float
    seed: int


class Churn:
    """One run against one server. `say` gets each line of the report."""

    def __init__(self, server: Watched, plan: Plan, say: Callable[[str], None]) -> None:
        self._server = server
        self._plan = plan
        self._say = say
        count = max(2, -(-plan.streams // STREAMS_OF_A_USER))
        self._users = create_users(server, *(f"user_{number}" for number in range(count)))
        self._admin = create_user(server, "dean", user_type="super_admin")
        self._crowd: Crowd
        self._begun_s = time.monotonic()

    async def run(self) -> list[str]:
        """The whole of it; what is left over at its end, a sentence each."""
        self._say(report.HEAD)
        plan, tokens = self._plan, [user.token for user in self._users]
        self._crowd = Crowd(self._server.port, tokens, most=plan.streams, per_s=plan.per_s, seed=plan.seed)
        async with httpx.AsyncClient(base_url=self._server.url + "/api/v1/", trust_env=False, timeout=60) as client:
            await self._stay(client, self._plan.seconds / 20)
            before = await self._emptied(client)
            await self._stay(client, self._plan.seconds * 19 / 20)
            after = await self._emptied(client)
            for _ in range(SECOND_LOOKS):
                if not report.left_over(before, after):
                    break
                await asyncio.sleep(1)  # a round of the clock was under way, or a connection of ours not yet closed
                after = await self._sample()
        self._say(f"came: {report.openings(self._crowd.counts)}")
        return report.left_over(before, after)

    async def _stay(self, client: httpx.AsyncClient, seconds: float) -> None:
        talking = asyncio.create_task(self._talk(client))
        await self._crowd.fill()
        while seconds > 0:
            await self._crowd.stay(min(seconds, SAMPLE_S))
            seconds -= SAMPLE_S
            await self._sample()
        talking.cancel()
        await asyncio.wait([talking])
        if not talking.cancelled():
            talking.result()

    async def _emptied(self, client: httpx.AsyncClient) -> Look:
        """Send everybody away, and look when the server has noticed; those who vanished take it a heartbeat."""
        await self._crowd.go()
        give_up_s = time.monotonic() + QUIET_S
        while await self._is_in_use(client):
            assert time.monotonic() < give_up_s, f"the server has streams {QUIET_S} s after the last client went"
            await asyncio.sleep(0.2)
        return await self._sample()

    async def _is_in_use(self, client: httpx.AsyncClient) -> bool:
        stats = (await client.get("admin/stats/", headers=self._admin.headers)).json()
        return bool(stats["streams"] or stats["users_online"])

    async def _sample(self) -> Look:
        look = await asyncio.to_thread(self._server.look)
        self._say(report.line((time.monotonic() - self._begun_s) / 60, self._crowd.present, look))
        return look

    async def _talk(self, client: httpx.AsyncClient) -> None:
        """Two messages a second, and an announcement to all each ten: what is written to those who come and go."""
        number = 0
        while True:
            number += 1
            sender, receiver = self._users[number % len(self._users)], self._users[(number * 7 + 3) % len(self._users)]
            if sender is not receiver:
                await self._post(client, sender, "chats/", receiver_id=receiver.id, message=f"{number} " * 200)
            if number % 20 == 0:
                await self._post(client, self._admin, "announcements/", title=f"number {number}", message="x" * 2000)
            await asyncio.sleep(0.5)

    async def _post(self, client: httpx.AsyncClient, user: User, path: str, **fields: object) -> None:
        answer = await client.post(f"communication/{path}", headers=user.headers, json=fields)
        assert answer.status_code == 201, answer.text


def run(folder: Path, plan: Plan, say: Callable[[str], None]) -> list[str]:
    """A run in that folder; what is wrong at its end, a sentence each."""
    server = Watched(folder, as_flags(SETTINGS))
    server.start()
    try:
        found = asyncio.run(Churn(server, plan, say).run())
        code = server.stop()
        server.check_log()
        return found + ([f"SIGTERM ended the server with {code}"] if code else [])
    finally:
        if server.running:
            server.kill()


def main() -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.churn", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (60)")
    parser.add_argument("--streams", type=int, default=200, help="how many are open at a time (200)")
    parser.add_argument("--per-second", type=float, default=None, help="how many come in a second (streams / 50)")
    parser.add_argument("--seed", type=int, default=1, help="of who comes and how each goes (1)")
    given = parser.parse_args()
    plan = Plan(given.seconds, given.streams, given.per_second or given.streams / 50, given.seed)
    with tempfile.TemporaryDirectory(prefix="churn-") as folder:
        wrong = run(Path(folder), plan, lambda text: print(text, flush=True))
    for sentence in wrong:
        print(f"WRONG: {sentence}")
    print("It ends where it began." if not wrong else f"seed {plan.seed}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
