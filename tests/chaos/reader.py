"""Readers: what each logical reader has been told, over all its connections, and the foreign client among them.

A reader keeps its cursor and everything that came. `Foreign` reads with httpx-sse; the project's own client is read
by own.py. What a reader heard is judged at the end, in judge.py.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from httpx_sse import SSEError, aconnect_sse

from tests.support.campus import User
from tests.support.sse import EVENTS_PATH

# A foreign client has a watchdog as the guide's has: two heartbeats and a half.
SILENT_S = 2.5
SLOW_SILENT_S = 20.0  # at 1 KB/s a heartbeat may wait behind much, but bytes come
CONNECT_S = 5.0
RETRY_S = 1.0
LOOK_S = 0.2
EPHEMERAL = ("presence_snapshot", "typing", "presence", "heartbeat", "disconnected")


@dataclass(frozen=True, slots=True)
class Heard:
    """A stored event as it came. `at_s` is monotonic."""

    id: int
    event: str
    data: Any
    at_s: float


@dataclass(slots=True)
class Reader:
    """A reader by its name. `cursor` is None until an id has come; `began_at` is the first one.

    `is_plain` readers read the stream and nothing else; the long poll begins with a `connected` that has an id.
    `holes` are the spans of ids, open at the left, that a resync took the place of. `alive_s` is when a byte came last;
    `polls` is when it connected, and whether by the long poll.
    """

    name: str
    user: User
    is_slow: bool = False
    is_plain: bool = True
    began_at: int | None = None
    cursor: int | None = None
    heard: list[Heard] = field(default_factory=list)
    holes: list[tuple[int, int]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    connections: int = 0
    alive_s: float = 0.0
    beats_s: list[float] = field(default_factory=list)
    polls: list[tuple[float, bool]] = field(default_factory=list)
    on_resync: Callable[[Reader], object] = lambda reader: None

    def take(self, event: str, data: Any, event_id: int | None) -> None:
        """An event has come."""
        now_s = time.monotonic()
        if now_s - self.alive_s > LOOK_S:
            self.beats_s.append(now_s)
        self.alive_s = now_s
        if event == "connected":
            self.connections += 1
            if self.cursor is None:
                self._begin(event_id)
            elif event_id is not None and self.is_plain:
                self.problems.append(f"connected has id {event_id} for the cursor {self.cursor}")
        elif event == "resync":
            self._begin_anew(event_id)
        elif event == "disconnected":
            self.problems.append(f"the server ended it for good: {data}")
        elif event_id is not None:
            self.heard.append(Heard(event_id, event, data, now_s))
            self.cursor = max(event_id, self.cursor or 0)

    def alive_after(self, moment_s: float) -> float | None:
        """When something came for the first time after that moment, about."""
        return next((at_s for at_s in self.beats_s if at_s >= moment_s), None)

    def is_polling(self, moment_s: float) -> bool:
        """Whether it had taken the long poll by then, which has no heartbeats."""
        return next((is_poll for at_s, is_poll in reversed(self.polls) if at_s <= moment_s), False)

    def _begin(self, event_id: int | None) -> None:
        if event_id is None:
            self.problems.append("the first connected has no id")
        self.began_at = self.cursor = event_id

    def _begin_anew(self, event_id: int | None) -> None:
        if event_id is None or self.cursor is None:
            self.problems.append(f"a resync to {event_id} from {self.cursor}")
            return
        self.holes.append((self.cursor, event_id))
        self.cursor = event_id
        self.on_resync(self)


class Foreign:
    """Reads one reader's stream with httpx-sse until it is cancelled, and comes back as the server's `retry:` says."""

    def __init__(self, reader: Reader, port: int, seed: int) -> None:
        self._reader = reader
        self._port = port
        self._retry_s = RETRY_S
        self._random = random.Random(f"{seed} {reader.name}")

    async def run(self) -> None:
        """Read on and on."""
        read_s = SLOW_SILENT_S if self._reader.is_slow else SILENT_S
        timeout = httpx.Timeout(CONNECT_S, read=read_s)
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self._port}", trust_env=False, timeout=timeout
        ) as http:
            while True:
                with suppress(httpx.HTTPError, SSEError):  # a drop: that is what this is about
                    await self._read(http)
                await asyncio.sleep(self._retry_s * self._random.uniform(0.5, 1.0))

    async def _read(self, http: httpx.AsyncClient) -> None:
        headers = {} if self._reader.cursor is None else {"Last-Event-ID": str(self._reader.cursor)}
        query = {"token": self._reader.user.token}
        async with aconnect_sse(http, "GET", EVENTS_PATH, params=query, headers=headers) as source:
            if source.response.status_code != 200:
                await source.response.aread()
                if source.response.status_code not in (502, 503):
                    self._reader.problems.append(f"{source.response.status_code} {source.response.text}")
                return
            async for one in source.aiter_sse():
                if one.retry is not None:
                    self._retry_s = one.retry / 1000
                if not one.data:
                    continue  # a `retry:` alone, of which httpx-sse makes an event and a browser none
                # httpx-sse gives every event the id that is held; what is not stored has none of its own.
                number = int(one.id) if one.id and one.event not in EPHEMERAL else None
                self._reader.take(one.event, json.loads(one.data), number)
