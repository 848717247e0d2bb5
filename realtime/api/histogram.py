"""Histogram: how often something took how long, in counts that only rise, as Prometheus reads them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate


class Histogram:
    """Durations in seconds, counted by the first of `bounds_s` that they don't pass. Adding one is two additions."""

    __slots__ = ("bounds_s", "counts", "sum_s")

    def __init__(self, bounds_s: Sequence[float]) -> None:
        self.bounds_s = tuple(bounds_s)
        self.counts = [0] * (len(self.bounds_s) + 1)
        self.sum_s = 0.0

    def add(self, took_s: float) -> None:
        """One more."""
        self.counts[bisect_left(self.bounds_s, took_s)] += 1
        self.sum_s += took_s

    def cumulative(self) -> list[tuple[str, int]]:
        """For each bound, `+Inf` the last: how many took at most so long."""
        return list(zip([*map(str, self.bounds_s), "+Inf"], accumulate(self.counts), strict=True))
