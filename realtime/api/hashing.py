"""Hashing: bcrypt off the loop, on a few threads, so that a login never stalls a stream.

A stop does not wait for what has not begun: a hundred logins that wait would take longer than a stop may.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from realtime.api.problem import Problem

T = TypeVar("T")
P = ParamSpec("P")

THREADS = 2


class Hashing(ThreadPoolExecutor):
    """An executor for `run_in_executor`. After `end` everything that has not begun raises Problem 503."""

    def __init__(self) -> None:
        super().__init__(THREADS, "hashing")
        self._ended = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run fn on a thread, when its turn comes."""

        def turn() -> T:
            if self._ended:
                raise Problem(503, "The server is stopping.", {"Retry-After": "5"})
            return fn(*args, **kwargs)

        return super().submit(turn)

    def end(self) -> None:
        """Begin nothing more."""
        self._ended = True
