"""Limits: every rate and count of one server, in one place. What they are for is in docs/limits.md.

Sizes and times of requests are not here: a body's is in receiving.py, a connection's in realtime/connections.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from realtime.api.allowance import Allowance, Uploaded
from realtime.api.bounds import Bounds
from realtime.api.guesses import Guesses
from realtime.api.rates import Rate
from realtime.api.turned_away import TurnedAway


class Limits:
    """`mono_s` tells the time that rates go by, `wall_s` that of the day of uploads, which `uploaded` reads."""

    def __init__(
        self, bounds: Bounds, uploaded: Uploaded, *, mono_s: Callable[[], float], wall_s: Callable[[], float]
    ) -> None:
        self.turned_away = turned_away = TurnedAway(mono_s)
        for kind in ("streams", "all_streams", "test_streams", "imports"):  # counted where they are
            turned_away.expect(kind)

        def rate(kind: str, most: int, sentence: str) -> Rate:
            return Rate(kind, most if bounds.limits else 0, sentence, turned_away, mono_s)

        self.requests = rate("requests", bounds.requests_per_minute, "Too many requests.")
        self.messages = rate("messages", bounds.messages_per_minute, "You send too many messages.")
        self.searches = rate("searches", bounds.searches_per_minute, "Too many searches.")
        self.publications = rate("publications", bounds.publications_per_minute, "You publish too much at once.")
        self.registrations = rate(
            "registrations", bounds.registrations_per_minute, "Too many accounts are made from this address."
        )
        self.guesses = Guesses(bounds, turned_away, mono_s)
        self.uploads = Allowance(bounds, uploaded, turned_away, wall_s)

    @property
    def refused(self) -> Counter[str]:
        """How many were refused since the start, by kind: every kind is there."""
        return self.turned_away.counts
