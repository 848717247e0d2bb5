"""Pace: how fast a backup may go, so that the server beside it does not feel it.

A server's commit waits for the disk. What a backup leaves in the kernel's memory would be written right then, so it is
written a few megabytes at a time, and never faster than the pace.
"""

from __future__ import annotations

import os
import time

SYNCED_BYTES = 4 << 20


class Pace:
    """At most bytes_per_s, 0 for any number. `spend` sleeps."""

    def __init__(self, bytes_per_s: float) -> None:
        self._bytes_per_s = bytes_per_s
        self._free_at_s = 0.0

    def spend(self, count: int) -> None:
        """Account for so many bytes that were copied: wait until they were due."""
        if not self._bytes_per_s:
            return
        now_s = time.monotonic()
        self._free_at_s = max(self._free_at_s, now_s) + count / self._bytes_per_s
        if self._free_at_s > now_s:
            time.sleep(self._free_at_s - now_s)


class Synced:
    """A file that is being written: it is brought to the disk every SYNCED_BYTES."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting_bytes = 0

    def wrote(self, count: int) -> None:
        """So many bytes more are written."""
        self._waiting_bytes += count
        if self._waiting_bytes >= SYNCED_BYTES:
            self._waiting_bytes = 0
            os.fdatasync(self._descriptor)
