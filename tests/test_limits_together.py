"""Two thousand slow connections, a storm of logins and a publisher at its limit, all at once; and two people who chat.

A short piece of it here; for longer run this file alone, with STORM_S in the environment.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from tests.support.shared import CHATS, Shared, running
from tests.support.sse import Stream
from tests.support.waiting import eventually
from tests.test_limits_connections import GET, connected, post
from tests.test_logins import ELSEWHERE

STORM_S = float(os.environ.get("STORM_S", "5"))
TRIES_PER_S = 500
SLOW = 2000
PROMISED_S = 0.25


class Storm:
    """Everything that should not matter, in threads of its own."""

    def __init__(self, campus: Shared) -> None:
        self._campus = campus
        self._over = threading.Event()
        self.tried = 0
        self.statuses: dict[str, list[int]] = {"logins": [], "publications": []}
        self._threads = [
            threading.Thread(target=asyncio.run, args=(self._log_in(),)),
            threading.Thread(target=self._publish),
        ]

    def __enter__(self) -> Storm:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    async def _log_in(self) -> None:
        """TRIES_PER_S over the same names again and again, each on a connection of its own, whatever the answers do."""
        began_s, tries = time.monotonic(), set[asyncio.Task[None]]()
        while not self._over.is_set():
            await asyncio.sleep(max(0.0, began_s + self.tried / TRIES_PER_S - time.monotonic()))
            tries.add(task := asyncio.create_task(self._try(f"name_{self.tried % 400}")))
            task.add_done_callback(tries.discard)
            self.tried += 1
        for task in tries:
            task.cancel()
        await asyncio.gather(*tries, return_exceptions=True)

    async def _try(self, name: str) -> None:
        port = self._campus.server.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(ELSEWHERE, 0))
        try:
            body = b'{"username": "%s", "password": "wrong"}' % name.encode()
            head = b"POST /api/v1/auth/login/ HTTP/1.1\r\nHost: campus\r\nContent-Length: %d\r\n\r\n" % len(body)
            writer.write(head + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            self.statuses["logins"].append(int(answer[9:12]))
        finally:
            writer.close()

    def _publish(self) -> None:
        with self._campus.api("tara") as tara:
            while not self._over.wait(0.01):
                answer = tara.post("communication/announcements/", json={"title": "again", "message": "x"})
                self.statuses["publications"].append(answer.status_code)


class Chat:
    """Two who write to each other, ten messages a second."""

    def __init__(self, campus: Shared, stack: ExitStack) -> None:
        self._ids = {name: campus[name].id for name in ("ann", "bob")}
        self._clients = {name: stack.enter_context(campus.api(name)) for name in self._ids}
        self._streams = {name: stack.enter_context(Stream(campus.server, campus[name])) for name in self._ids}
        self._count = 0
        for stream in self._streams.values():
            stream.wait_for("connected")

    def until(self, until_s: float) -> list[float]:
        """How long each message took to the other's stream, sorted."""
        took_s: list[float] = []
        pairs = (("ann", "bob"), ("bob", "ann"))
        while time.monotonic() < until_s:
            sender, receiver = pairs[self._count % 2]
            self._count += 1
            text = f"number {self._count}"
            began_s = time.monotonic()
            sent = self._clients[sender].post(CHATS, json={"receiver_id": self._ids[receiver], "message": text})
            assert sent.status_code == 201
            took_s.append(self._streams[receiver].wait_for("message", message=text).at_s - began_s)
            threading.Event().wait(0.1)
        return sorted(took_s)


def test_all_of_it_at_once_does_not_hold_a_chat_back(tmp_path: Path) -> None:
    with (
        running(tmp_path, env={"REALTIME_BCRYPT_COST": "12"}, publications_per_minute=5) as campus,
        ExitStack() as stack,
    ):
        chat = Chat(campus, stack)  # first, as its reader knows no descriptor above 1,023
        quiet_s = chat.until(time.monotonic() + 1.0)
        with Storm(campus) as storm:
            for number in range(SLOW):
                stack.enter_context(connected(campus, GET if number % 2 else post(campus, 1000)))
            took_s = chat.until(time.monotonic() + STORM_S)
            for statuses in storm.statuses.values():
                eventually(lambda statuses=statuses: 429 in statuses, "the storm is at its limits")  # type: ignore[misc]
        p99_s = took_s[int(len(took_s) * 0.99)]
        counts = {
            name: {status: found.count(status) for status in sorted(set(found))}
            for name, found in storm.statuses.items()
        }
        median_ms, quiet_ms = took_s[len(took_s) // 2] * 1000, quiet_s[len(quiet_s) // 2] * 1000
        print(f"{len(took_s)} messages: median {median_ms:.1f} ms (quiet: {quiet_ms:.1f}), p99 {p99_s * 1000:.1f} ms")
        print(f"beside {storm.tried / STORM_S:.0f} tries a second: {counts}")
        assert p99_s < 10 * PROMISED_S
        assert set(counts["logins"]) <= {400, 429}
        assert set(counts["publications"]) == {201, 429}
