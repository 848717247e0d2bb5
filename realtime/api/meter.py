"""Meter: what the server measures of itself while it runs. Numbers of the last minute for administrators, and counts
that only rise for whoever comes by from time to time (metrics.py).

On the hot path it costs an addition for each event and two looks at the clock for each commit. What it remembers is
bounded: WINDOW_S seconds, COMMITS commits of them, a number for each name of an event.
"""

from __future__ import annotations

import os
import resource
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import TypedDict

from realtime.api.histogram import Histogram

WINDOW_S = 60
COMMITS = 4096
COMMIT_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
LAG_BOUNDS_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_TICK_S = 1.0
_STATM = Path("/proc/self/statm")


class Spread(TypedDict):
    """Milliseconds of the last minute; null when there was nothing to measure."""

    median: float | None
    worst: float | None


class Meter:
    """Counts events, times commits, and sees from the clock's tick how late the loop is. `mono_s` tells the time.

    `events` are by name, `answers` by the first digit of their status, `logins` by whether the pair was right;
    `commits` and `lags` are all since the start.
    """

    def __init__(self, mono_s: Callable[[], float]) -> None:
        self._mono_s = mono_s
        self.began_s = mono_s()
        self.events: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self.logins: Counter[bool] = Counter()
        self.commits = Histogram(COMMIT_BOUNDS_S)
        self.lags = Histogram(LAG_BOUNDS_S)
        self._events_before = 0
        self._commits: deque[tuple[float, float]] = deque(maxlen=COMMITS)
        self._worst_commit_s = 0.0
        self._seconds: deque[tuple[int, float]] = deque(maxlen=WINDOW_S)
        self._phases_s: deque[float] = deque(maxlen=WINDOW_S)
        self._grid_s = 0.0

    def count_event(self, name: str) -> None:
        """One durable event of that name went to the hub."""
        self.events[name] += 1

    def count_answer(self, status: int) -> None:
        """A request was answered so."""
        self.answers[status // 100] += 1

    def count_login(self, is_right: bool) -> None:
        """Somebody tried to log in."""
        self.logins[is_right] += 1

    def time_commit(self) -> Callable[[], None]:
        """A commit begins; call what this returns when it has ended."""
        begun_s = self._mono_s()

        def ended() -> None:
            now_s = self._mono_s()
            self.commits.add(now_s - begun_s)
            self._commits.append((now_s, now_s - begun_s))
            self._worst_commit_s = max(self._worst_commit_s, now_s - begun_s)

        return ended

    def tick(self, mono_s: float, wall_s: float) -> None:
        """Once a second: close the second's counts, and note how late the tick came."""
        self._note_phase(mono_s)
        events = self.events.total()
        self._seconds.append((events - self._events_before, self._worst_commit_s))
        self._events_before, self._worst_commit_s = events, 0.0

    @property
    def events_per_s(self) -> float:
        """Durable events a second, over the last minute or what there was of it."""
        return sum(events for events, _ in self._seconds) / max(1, len(self._seconds))

    @property
    def commit_ms(self) -> Spread:
        """How long commits took, on the way to the writer's thread and back included.

        The median is of the newest COMMITS, the worst of all.
        """
        first_s = self._mono_s() - WINDOW_S
        newest = [took_s for at_s, took_s in self._commits if at_s > first_s]
        worst = max([self._worst_commit_s, *(worst for _, worst in self._seconds)])
        return {"median": _ms(median(newest)), "worst": _ms(worst)} if newest else {"median": None, "worst": None}

    @property
    def loop_lag_ms(self) -> Spread:
        """How late the loop came to its tick: what one long piece of work made everybody wait."""
        earliest_s = min(self._phases_s, default=0.0)
        return _spread(phase_s - earliest_s for phase_s in self._phases_s)

    def _note_phase(self, mono_s: float) -> None:
        """Where in its second a tick came. Ticks are on a grid of seconds, known here only by the earliest of the last
        minute."""
        phase_s = mono_s - self._grid_s
        late_s = phase_s - min(self._phases_s, default=phase_s)
        self.lags.add(max(0.0, late_s))
        self._phases_s.append(phase_s)
        self._grid_s += _TICK_S * (1 + max(0.0, late_s // _TICK_S))  # a tick that is late by more leaves others out


def resident_bytes() -> int:
    """The process's memory that is in RAM now; where the system does not tell, the most that it ever was."""
    try:
        return int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def _spread(seconds: Iterable[float]) -> Spread:
    found = list(seconds)
    return {"median": _ms(median(found)), "worst": _ms(max(found))} if found else {"median": None, "worst": None}


def _ms(seconds: float) -> float:
    return round(seconds * 1000.0, 3)
