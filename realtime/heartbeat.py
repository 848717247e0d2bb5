"""Heartbeat: the one clock of the server.

Once a second it tells everything that depends on time what time it is. Intervals use the monotonic clock; dates and
payloads use the wall clock. Below this file no room asks for the time by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tornado.ioloop import PeriodicCallback

TICK_MS = 1000.0

Tick = Callable[[float, float], None]


class Heartbeat:
    """Calls each tick with (mono_s, wall_s), in order, once a second."""

    def __init__(self, ticks: Sequence[Tick]) -> None:
        self._ticks = tuple(ticks)
        self._callback = PeriodicCallback(self._tick, TICK_MS)

    def start(self) -> None:
        """Begin; needs a running loop."""
        self._callback.start()

    def stop(self) -> None:
        """No tick comes after this."""
        self._callback.stop()

    def _tick(self) -> None:
        mono_s, wall_s = time.monotonic(), time.time()
        for tick in self._ticks:
            tick(mono_s, wall_s)
