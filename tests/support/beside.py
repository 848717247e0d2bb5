"""Beside: two well-behaved users who write and read while a server is attacked, and how long their messages take.

The time of a message is from its request's first byte to its event at the other's stream. They run in threads of this
process: whoever attacks should do it from another one.
"""

from __future__ import annotations

import threading
import time
from typing import Self

import httpx

from tests.support.campus import User, api, send
from tests.support.server import ServerProcess
from tests.support.sse import Stream

LIMIT_S = 60.0
LATE_S = 0.25


def percentile(values: list[float], share: float) -> float:
    """The value below which that share lies; 0.0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Beside:
    """`writer` writes to `reader` every interval_s while it is entered. `latencies_s` has each message's time.

    Leaving it waits for the last message, and fails when one was lost, doubled, or out of order.
    """

    def __init__(self, server: ServerProcess, writer: User, reader: User, *, interval_s: float = 0.1) -> None:
        self._server, self._writer, self._reader, self._interval_s = server, writer, reader, interval_s
        self.latencies_s: list[float] = []
        self.answers_s: list[float] = []
        self._sent_s: list[float] = []
        self._failure: BaseException | None = None
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, name="beside", daemon=True)

    def __enter__(self) -> Self:
        self._stream = Stream(self._server, self._reader)
        self._stream.wait_for("presence_snapshot")
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._leaving.set()
        self._thread.join(LIMIT_S)
        try:
            if kind is None:
                self._check()
        finally:
            self._stream.close()

    @property
    def p99_s(self) -> float:
        """Of the messages' times."""
        return percentile(self.latencies_s, 0.99)

    @property
    def told(self) -> str:
        """For a table."""
        middle_s, worst_s = percentile(self.latencies_s, 0.5), max(self.latencies_s, default=0.0)
        late = sum(one > LATE_S for one in self.latencies_s)
        return (
            f"{len(self.latencies_s)} messages: {middle_s * 1000:.0f} ms median, {self.p99_s * 1000:.0f} ms p99, "
            f"{worst_s * 1000:.0f} ms worst, {late} above {LATE_S * 1000:.0f} ms"
        )

    def _run(self) -> None:
        try:
            with api(self._server, self._writer) as client:
                while not self._leaving.is_set():
                    self._send(client)
                    self._leaving.wait(self._interval_s)
        except BaseException as failure:  # raised again by whoever leaves
            self._failure = failure

    def _send(self, client: httpx.Client) -> None:
        began_s = time.monotonic()
        send(client, self._reader, f"beside {len(self._sent_s)}")
        self.answers_s.append(time.monotonic() - began_s)
        self._sent_s.append(began_s)

    def _check(self) -> None:
        if self._failure is not None:
            raise AssertionError("the well-behaved user was refused") from self._failure
        assert not self._thread.is_alive(), "a request of the well-behaved user is not answered"
        if self._sent_s:
            last = f"beside {len(self._sent_s) - 1}"
            self._stream.wait_for("message", message=last, sender_id=self._writer.id, timeout_s=LIMIT_S)
        # Others may write to the reader too: an input that is odd is none that is always refused.
        events = [one for one in self._stream.events("message") if one.data["sender_id"] == self._writer.id]
        assert [one.data["message"] for one in events] == [f"beside {number}" for number in range(len(self._sent_s))]
        self.latencies_s = [one.at_s - began_s for one, began_s in zip(events, self._sent_s, strict=True)]
