"""Pair: two users of their own for each test, so that nothing of another test is in their lists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.support.campus import User, send
from tests.support.shared import ORIGIN, Shared
from tests.support.sse import Stream


class Pair:
    """A student `a` and a teacher `b`, and what each of them calls with."""

    def __init__(self, shared: Shared, a: User, b: User) -> None:
        self.server = shared.server
        self.a, self.b = a, b
        self.at_a, self.at_b = shared.api(a), shared.api(b)
        for client in (self.at_a, self.at_b):
            client.headers["Origin"] = ORIGIN

    def send(self, message: str = "hello", **fields: object) -> dict[str, Any]:
        """`a` writes to `b`."""
        return send(self.at_a, self.b, message, **fields)

    @contextmanager
    def streams(self, **options: Any) -> Iterator[tuple[Stream, Stream]]:
        """A stream of each, connected."""
        with Stream(self.server, self.a, **options) as at_a, Stream(self.server, self.b, **options) as at_b:
            at_a.wait_for("connected")
            at_b.wait_for("connected")
            yield at_a, at_b


class Pairs:
    """Users for as many tests as a module has, made at once: a command takes a fifth of a second."""

    def __init__(self, shared: Shared, count: int) -> None:
        self._shared = shared
        rows = {f"pair_{number}": ("teacher" if number % 2 else "student", "CAMPUS") for number in range(2 * count)}
        self._users = shared.add(rows)

    @contextmanager
    def next(self) -> Iterator[Pair]:
        """Two whom no test has had."""
        with ExitStack() as stack:
            pair = Pair(self._shared, self._users.pop(0), self._users.pop(0))
            stack.enter_context(pair.at_a)
            stack.enter_context(pair.at_b)
            yield pair
