"""Garbage: when Python looks through everything that lives for cycles that nobody holds any more.

By itself it does that after so many allocations, which is just when thousands of streams open: the loop stood still for
30 to 60 ms again and again, and here for 23 at most (`python -m bench open`). Young objects are looked through as ever,
and what lived longer once a minute, in a second in which little happens: 26 ms with 10,000 streams. What the program
itself consists of is never garbage and is not looked at again.

Connections that end in the middle of a request leave cycles of 50 objects each in Tornado, and whoever wants can make a
thousand a second: so old objects are counted now and then, and looked through in a busy second too when they have
doubled. As thousands of streams open that happens more and more rarely.
"""

from __future__ import annotations

import gc

FULL_EVERY_S = 60.0
# A second is quiet with at most so many collections of young objects: some 200 openings, or 400 messages.
QUIET_COLLECTIONS = 20
# Busy for ever, a server collects all the same: after some seven minutes of as many messages as it can take.
MOST_COLLECTIONS = 20_000
# Counting them costs 2 ms for 200,000; between two counts 140,000 may be made, of which garbage is a part.
COUNT_EVERY = 20
GROWN = 2
GROWN_BY_OBJECTS = 20_000
_NEVER = 1 << 30


class Garbage:
    """The collector of this process. `begin` once all is imported and built, `tick` once a second."""

    def __init__(self) -> None:
        self._full_s = 0.0
        self._full_at = self._seen = 0
        self._counted_at = self._old = 0

    def begin(self) -> None:
        """Take over from Python."""
        young, middle, _ = gc.get_threshold()
        gc.collect()
        gc.freeze()
        gc.set_threshold(young, middle, _NEVER)
        self._full_at = self._seen = _collections(0)
        self._counted_at = _collections(1)

    def tick(self, mono_s: float, wall_s: float) -> None:
        """Collect everything if it is time and nobody waits, or if it cannot wait."""
        count = _collections(0)
        is_quiet = count - self._seen <= QUIET_COLLECTIONS
        self._seen = count
        is_late = count - self._full_at >= MOST_COLLECTIONS or self._have_doubled()
        if is_late or (is_quiet and mono_s - self._full_s >= FULL_EVERY_S):
            gc.collect()
            self._full_s, self._full_at = mono_s, count
            self._old = _old_objects()

    def _have_doubled(self) -> bool:
        """Whether there are many more old objects than after the last full collection."""
        count = _collections(1)
        if count - self._counted_at < COUNT_EVERY:
            return False
        self._counted_at = count
        return _old_objects() > GROWN * self._old + GROWN_BY_OBJECTS


def _old_objects() -> int:
    return len(gc.get_objects(generation=2))


def _collections(generation: int) -> int:
    return int(gc.get_stats()[generation]["collections"])
