"""Those who use the server meanwhile: senders who send, and readers who keep a stream open and come back to it.

Nobody tries anything twice. What fails is noted, by its status or by what went wrong on the way.
"""

from __future__ import annotations

import random
import ssl
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx

from tests.support.campus import User
from tests.support.sse import Event, Listening, Stream

MOST_PAUSE_S = 0.2
PATIENCE_S = 60.0
FOR_EVER_S = 1e6


@dataclass
class Found:
    """What happened to one of them. `failures` are by status or by the name of what went wrong; waits in seconds."""

    failures: Counter[str] = field(default_factory=Counter)
    waits_s: list[float] = field(default_factory=list)


class Sender(threading.Thread):
    """Sends one message after the other to one of the receivers, until `ending`. `answered` are the ids of its 201s."""

    def __init__(
        self, url: str, tls: ssl.SSLContext, user: User, receivers: list[User], seed: str, ending: threading.Event
    ) -> None:
        super().__init__(name=f"sender {user.username}", daemon=True)
        self.found = Found()
        self.answered: list[int] = []
        self._client = httpx.Client(base_url=url, headers=user.headers, verify=tls, timeout=PATIENCE_S, trust_env=False)
        self._user = user
        self._receivers = receivers
        self._random = random.Random(seed)
        self._ending = ending

    def run(self) -> None:
        """Until the end."""
        number = 0
        with self._client:
            while not self._ending.wait(self._random.uniform(0, MOST_PAUSE_S)):
                number += 1
                self._send(f"{self._user.username} {number}")

    def _send(self, text: str) -> None:
        begun_s = time.monotonic()
        body = {"receiver_id": self._random.choice(self._receivers).id, "message": text, "client_msg_id": text}
        try:
            answer = self._client.post("/api/v1/communication/chats/", json=body)
        except httpx.TransportError as error:
            self.found.failures[type(error).__name__] += 1
            return
        self.found.waits_s.append(time.monotonic() - begun_s)
        if answer.status_code == 201:
            self.answered.append(answer.json()["id"])
        else:
            self.found.failures[str(answer.status_code)] += 1


class Reader(threading.Thread):
    """Keeps a stream of the user open, from its cursor on. `told` are all stored events in the order of their arrival,
    `first_id` the cursor that it began with, `found.waits_s` how long the answers to its requests took."""

    def __init__(self, where: Listening, tls: ssl.SSLContext, user: User) -> None:
        super().__init__(name=f"reader {user.username}", daemon=True)
        self.user = user
        self.found = Found()
        self.told: list[Event] = []
        self.first_id = 0
        self.live = threading.Event()
        self._where = where
        self._tls = tls
        self._ending = threading.Event()
        self._cursor: int | None = None
        self._stream: Stream | None = None

    def run(self) -> None:
        """Until close(). Between two streams it waits as it was told to."""
        wait_s = 0.0
        while not self._ending.wait(wait_s):
            wait_s = self._follow()

    def has(self, event_id: int) -> bool:
        """Whether it was told everything up to that event."""
        stream = self._stream
        return max(self._cursor or 0, (stream.last_event_id or 0) if stream is not None else 0) >= event_id

    def close(self) -> None:
        """End it."""
        self._ending.set()
        if self._stream is not None:
            self._stream.close()
        self.join(PATIENCE_S)
        assert not self.is_alive()

    def _follow(self) -> float:
        """One stream from its beginning to its end; how long to wait before the next."""
        begun_s = time.monotonic()
        try:
            stream = Stream(self._where, self.user, last_event_id=self._cursor, tls=self._tls, timeout_s=PATIENCE_S)
        except (OSError, AssertionError) as error:  # an answer that ended inside of its head fails as an assertion
            self.found.failures[type(error).__name__] += 1
            return MOST_PAUSE_S
        self.found.waits_s.append(time.monotonic() - begun_s)
        if stream.status != 200:
            self.found.failures[str(stream.status)] += 1
            stream.close()
            return MOST_PAUSE_S
        self._stream = stream
        if self._cursor is None:
            self._cursor = self.first_id = stream.wait_for("connected").id or 0
            self.live.set()
        stream.wait_end(timeout_s=FOR_EVER_S)
        stream.close()
        self.told += [event for event in stream.events() if event.id is not None and event.event != "connected"]
        self._cursor = stream.last_event_id
        return (stream.retry_ms or 0) / 1000
