"""Guesses: who has to wait before another password is tried, and for how long.

The wait belongs to an account and an address together: whoever fails elsewhere locks nobody out. It is the same for
accounts that do not exist, whose names are told to nobody. A try counts as wrong from its beginning until it turns out
to be right, so that a thousand at once are no way around the wait, and no queue before bcrypt. An address alone has a
coarse cap, which counts failures only and from which those are exempt who have signed in from there before: a campus
may be one address.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b

from limits import RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter

from realtime.api.bounds import Bounds
from realtime.api.turned_away import TurnedAway
from realtime.api.windows import Windows

KIND, ADDRESS_KIND = "failed_logins", "failed_logins_of_address"
SENTENCE = "Too many failed logins."
FORGOTTEN_AFTER_S = 3600.0
MOST_REMEMBERED = 50_000
HASHED_SOON_S = 5.0
_SWEPT_AT_ONCE = 8


@dataclass(slots=True)
class Attempt:
    """One try under way. `is_right` is what became of it."""

    is_right: bool = False


@dataclass(slots=True)
class _Failures:
    """Those of one account and address: how many in a row, and until when the next has to wait."""

    count: int = 0
    until_s: float = 0.0


class Guesses:
    """All of one server. `mono_s` tells the time."""

    def __init__(self, bounds: Bounds, turned_away: TurnedAway, mono_s: Callable[[], float]) -> None:
        self._bounds = bounds
        self._turned_away = turned_away
        self._mono_s = mono_s
        self._failures: dict[bytes, _Failures] = {}  # the one that failed last at the end
        self._under_way: Counter[str] = Counter()
        self._of_address = RateLimitItemPerMinute(bounds.failed_logins_per_address, namespace=ADDRESS_KIND)
        self._windows = Windows(mono_s)
        self._limiter = FixedWindowRateLimiter(self._windows)
        turned_away.expect(KIND)
        turned_away.expect(ADDRESS_KIND)

    def check(self, account: str, place: str) -> None:
        """Whether that account may be tried from there now. Costs nothing but a look. Raises Problem 429."""
        found = self._failures.get(_key(account, place))
        wait_s = 0.0 if found is None else found.until_s - self._mono_s()
        if wait_s > 0 and self._bounds.limits:
            raise self._turned_away.problem(KIND, f"address {place}", SENTENCE, wait_s)

    @contextmanager
    def attempt(self, account: str, place: str, *, is_known: bool) -> Iterator[Attempt]:
        """Try a password inside of it, and tell whether it was right. `is_known`: the account has signed in from there
        before, or is signed in. Raises Problem 429."""
        self.check(account, place)
        if not is_known:
            self._check_address(place)
        key = _key(account, place)
        self._count(key)
        if not is_known:
            self._under_way[place] += 1
        attempt = Attempt()
        try:
            yield attempt
            if attempt.is_right:
                self._failures.pop(key, None)
            elif not is_known:
                self._limiter.hit(self._of_address, place)
        finally:
            if not is_known:
                self._under_way[place] -= 1
                if not self._under_way[place]:
                    del self._under_way[place]

    def _check_address(self, place: str) -> None:
        most = self._bounds.failed_logins_per_address
        if not (most and self._bounds.limits):
            return
        failed = self._windows.get(self._of_address.key_for(place))
        if failed + self._under_way[place] < most:
            return
        wait_s = HASHED_SOON_S
        if failed >= most:
            wait_s = self._limiter.get_window_stats(self._of_address, place).reset_time - self._mono_s()
        raise self._turned_away.problem(ADDRESS_KIND, f"address {place}", SENTENCE, wait_s)

    def _count(self, key: bytes) -> None:
        now_s, bounds = self._mono_s(), self._bounds
        self._make_room(now_s)
        found = self._failures.pop(key, None)
        if found is None or now_s - found.until_s > FORGOTTEN_AFTER_S:
            found = _Failures()
        self._failures[key] = found
        found.count += 1
        found.until_s = now_s
        doubled = min(found.count - bounds.failed_logins, 60)
        if doubled >= 0:
            found.until_s += min(bounds.failed_login_wait_s * 2.0**doubled, bounds.failed_login_wait_most_s)

    def _make_room(self, now_s: float) -> None:
        """For one more: drop a few that are long over, and the oldest if there is no other way."""
        for _ in range(_SWEPT_AT_ONCE):
            oldest = next(iter(self._failures), None)
            if oldest is None:
                return
            is_over = now_s - self._failures[oldest].until_s > FORGOTTEN_AFTER_S
            if not is_over and len(self._failures) < MOST_REMEMBERED:
                return
            del self._failures[oldest]


def _key(account: str, place: str) -> bytes:
    """A short one: a name that nobody has may be long."""
    return blake2b(f"{account}\0{place}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
