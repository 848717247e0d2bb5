"""Heartbeat: the one clock of the server.

Once a second it tells everything that depends on time what time it is. Intervals use the monotonic clock, its own as
well: a wall clock that is set back must not hold heartbeats up for as long. Dates and payloads use the wall clock.
Below this file no room asks for the time by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

TICK_S = 1.0

Tick = Callable[[float, float], None]


class Heartbeat:
    """Calls each tick with (mono_s, wall_s), in order, once a second. A second that nobody had time for is left out."""

    def __init__(self, ticks: Sequence[Tick]) -> None:
        self._ticks = tuple(ticks)
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin; needs a running loop."""
        loop = asyncio.get_running_loop()
        self._set(loop, loop.time() + TICK_S)

    def stop(self) -> None:
        """No tick comes after this."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, loop: asyncio.AbstractEventLoop, due_s: float) -> None:
        self._timer = loop.call_at(due_s, self._tick, loop, due_s)

    def _tick(self, loop: asyncio.AbstractEventLoop, due_s: float) -> None:
        late_s = max(0.0, loop.time() - due_s)
        self._set(loop, due_s + TICK_S * (1 + late_s // TICK_S))  # first: a tick that raises must not be the last one
        mono_s, wall_s = time.monotonic(), time.time()
        for tick in self._ticks:
            tick(mono_s, wall_s)
