"""Wrong logins, counted for the audit: a storm of them is a row a minute for each account and address, and no more.

They are in memory until the clock writes them, a second later: a write within the answer would tell by its time whether
the account exists, and a storm would be as many commits. What decides whether somebody has to wait is not here.
"""

from __future__ import annotations

from data import audit
from data.audit import Failures
from data.database import Database

WINDOW_S = 60.0
MOST_PAIRS = 500  # a minute; those beyond are counted together, as nobody's from nowhere
MOST_LEFT = 10 * MOST_PAIRS  # while the disk is full
ELSEWHERE = "elsewhere"


class WrongLogins:
    """The last minute's failures by account and address."""

    def __init__(self) -> None:
        self._known: dict[tuple[int | None, str], Failures] = {}
        self._ends_s = 0.0
        self._left: list[Failures] = []

    def note(self, user_id: int | None, address: str, now: str, mono_s: float) -> None:
        """One more, for that account (None: there is none of that name) from there."""
        if mono_s >= self._ends_s:
            self._left += [one for one in self._known.values() if one.count > one.written]
            del self._left[:-MOST_LEFT]
            self._known = {}
            self._ends_s = mono_s + WINDOW_S
        key = (user_id, address)
        if key not in self._known and len(self._known) >= MOST_PAIRS:
            key = (None, ELSEWHERE)
        found = self._known.setdefault(key, Failures(*key, now))
        found.count += 1

    async def write(self, database: Database) -> None:
        """Write what the audit does not have yet. Raises StorageError; then it is there the next time."""
        waiting = [*self._left, *(one for one in self._known.values() if one.count > one.written)]
        if not waiting:
            return
        counts = [one.count for one in waiting]
        ids = await database.write(audit.write_failures, waiting)
        for one, count, row_id in zip(waiting, counts, ids, strict=True):
            one.written, one.row_id = count, row_id
        self._left = [one for one in self._left if one.count > one.written]
