"""Allowance: how many bytes of files a user may send in 24 hours.

What was sent is counted from the rows of the files, so that a restart forgets nothing; what is on its way counts as it
was announced, so that ten uploads at once are no way around it. A file that was deleted counts no more: what the bound
protects is the disk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

from data import clock
from realtime.api.bounds import Bounds
from realtime.api.problem import Problem
from realtime.api.turned_away import TurnedAway

KIND = "upload_bytes"
DAY_S = 86_400.0

# Of a user, since a stamp, at most so many bytes: the bytes, and when the file was made that has to go for these to be
# left (None if none has to).
Uploaded = Callable[[int, str, int], Awaitable[tuple[int, str | None]]]


class Allowance:
    """All of one server. `wall_s` tells the time, `uploaded` what is stored."""

    def __init__(
        self, bounds: Bounds, uploaded: Uploaded, turned_away: TurnedAway, wall_s: Callable[[], float]
    ) -> None:
        self._most_bytes = bounds.upload_bytes_per_day if bounds.limits else 0
        self._unknown_bytes = min(bounds.max_upload_bytes, self._most_bytes)
        self._uploaded = uploaded
        self._turned_away = turned_away
        self._wall_s = wall_s
        self._coming: Counter[int] = Counter()
        turned_away.expect(KIND)

    async def take(self, user_id: int, announced_bytes: int | None) -> int:
        """Room for a body of that length (None: it does not say); what was taken, for `give_back`.

        Raises Problem 413 for more than a day has, 429 for more than is left of it.
        """
        if not self._most_bytes:
            return 0
        size_bytes = self._unknown_bytes if announced_bytes is None else announced_bytes
        if size_bytes > self._most_bytes:
            raise Problem(413, f"At most {self._most_bytes} bytes of files can be sent in a day.")
        self._coming[user_id] += size_bytes
        now_s = self._wall_s()
        try:
            left_bytes = self._most_bytes - self._coming[user_id]
            stored_bytes, blocking = await self._uploaded(user_id, clock.stamp(now_s - DAY_S), left_bytes)
            if stored_bytes > left_bytes:
                # With nothing stored that could go, what is on its way has to end first.
                until_s = clock.seconds(blocking) + DAY_S if blocking is not None else now_s
                sentence = f"At most {self._most_bytes} bytes of files can be sent in a day."
                raise self._turned_away.problem(KIND, f"user {user_id}", sentence, until_s - now_s)
        except BaseException:
            self.give_back(user_id, size_bytes)
            raise
        return size_bytes

    def give_back(self, user_id: int, size_bytes: int) -> None:
        """What was on its way is stored by now, or given up."""
        self._coming[user_id] -= size_bytes
        if self._coming[user_id] <= 0:
            del self._coming[user_id]
