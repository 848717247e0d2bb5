"""Rate: so many of one thing a minute for everybody who does it, each counted alone.

The window begins with the first and ends a minute later, so that Retry-After is exact: whoever waits that long has all
of them again. At the border of two windows somebody may do twice as many, which a campus can bear; a window that moves
would remember each hit.
"""

from __future__ import annotations

from collections.abc import Callable

from limits import RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter

from realtime.api.turned_away import TurnedAway
from realtime.api.windows import Windows


class Rate:
    """One limit. `kind` is its name in /metrics, `sentence` what who is past it is told; a `most` of 0 is no limit."""

    def __init__(
        self, kind: str, most: int, sentence: str, turned_away: TurnedAway, mono_s: Callable[[], float]
    ) -> None:
        self._kind = kind
        self._sentence = sentence
        self._turned_away = turned_away
        self._mono_s = mono_s
        self._item = RateLimitItemPerMinute(most, namespace=kind) if most else None
        self._windows = Windows(mono_s)
        self._limiter = FixedWindowRateLimiter(self._windows)
        turned_away.expect(kind)

    def count(self, who: str) -> None:
        """One more of `user 7` or `address 192.0.2.1`. Costs 3 us. Raises Problem 429."""
        if self._item is not None and not self._limiter.hit(self._item, who):
            raise self._problem(who)

    def _problem(self, who: str) -> Exception:
        assert self._item is not None
        wait_s = self._limiter.get_window_stats(self._item, who).reset_time - self._mono_s()
        return self._turned_away.problem(self._kind, who, self._sentence, wait_s)
