"""TurnedAway: who was refused for a limit, counted by its kind, and logged once a minute for each of them.

A client that is refused asks again at once, a thousand times: a line each would fill the disk that the limits protect.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable

from realtime.api.problem import Problem
from realtime.api.windows import Windows

log = logging.getLogger(__name__)

LOGGED_EVERY_S = 60
MOST_REMEMBERED = 10_000


class TurnedAway:
    """`counts` has every kind that there is, from the start on. `mono_s` tells the time."""

    def __init__(self, mono_s: Callable[[], float]) -> None:
        self.counts: Counter[str] = Counter()
        self._logged = Windows(mono_s, MOST_REMEMBERED)

    def expect(self, kind: str) -> None:
        """There is this kind, which nobody may ever be refused for."""
        self.counts[kind] += 0

    def problem(self, kind: str, who: str, sentence: str, wait_s: float, status: int = 429) -> Problem:
        """The refusal of `user 7` or `address 192.0.2.1`, to raise: after wait_s the call is worth another try."""
        self.note(kind, who)
        return Problem(status, sentence, {"Retry-After": str(max(1, math.ceil(wait_s)))})

    def note(self, kind: str, who: str) -> None:
        """Count one, and log it unless this minute has a line of it."""
        self.counts[kind] += 1
        if self.is_news(f"{kind}/{who}"):
            log.warning("%s is at the limit for %s", who, kind)

    def is_news(self, what: str) -> bool:
        """Whether the log has nothing of it in this minute. Who asks, logs."""
        return self._logged.incr(what, LOGGED_EVERY_S) == 1
