"""Windows: the `limits` library's counters, in this process's memory and by this process's clock.

The library's own memory storage starts a thread for a hit (its asyncio one a task), which looks at every key of
everybody, and it knows no clock but the system's. This one costs a look into a dict, and forgets the oldest window
when it holds MOST of them. For one kind of limit each, so that windows end in the order in which they began. Not
thread-safe: it belongs to the loop.
"""

from __future__ import annotations

from collections.abc import Callable

from limits.storage.base import Storage

MOST = 100_000
_SWEPT_AT_ONCE = 8


class Windows(Storage):
    """Counts by key, each of which ends some seconds after its first hit. `mono_s` tells the time."""

    STORAGE_SCHEME = None

    def __init__(self, mono_s: Callable[[], float], most: int = MOST) -> None:
        super().__init__()
        self._mono_s = mono_s
        self._most = most
        self._windows: dict[str, list[float]] = {}  # when it ends, how many

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count; how many there are in the window."""
        now_s = self._mono_s()
        window = self._windows.get(key)
        if window is None or window[0] <= now_s:
            self._windows.pop(key, None)
            self._make_room(now_s)
            window = self._windows[key] = [now_s + expiry, 0]
        window[1] += amount
        return int(window[1])

    def get(self, key: str) -> int:
        """How many there are in the window."""
        window = self._windows.get(key)
        return 0 if window is None or window[0] <= self._mono_s() else int(window[1])

    def get_expiry(self, key: str) -> float:
        """When the window ends, on the clock's scale: now if there is none."""
        now_s = self._mono_s()
        window = self._windows.get(key)
        return now_s if window is None else max(now_s, window[0])

    def clear(self, key: str) -> None:
        """Forget one window."""
        self._windows.pop(key, None)

    def reset(self) -> int:
        """Forget all of them; how many there were."""
        count = len(self._windows)
        self._windows.clear()
        return count

    def check(self) -> bool:
        """It is there as long as the process is."""
        return True

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the library would take for a failure of the storage, of which there is none."""
        return ValueError

    def __len__(self) -> int:
        return len(self._windows)

    def _make_room(self, now_s: float) -> None:
        """For one more: drop a few of those that are over, and the oldest if there is no other way."""
        for _ in range(_SWEPT_AT_ONCE):
            oldest = next(iter(self._windows), None)
            if oldest is None or (self._windows[oldest][0] > now_s and len(self._windows) < self._most):
                return
            del self._windows[oldest]
