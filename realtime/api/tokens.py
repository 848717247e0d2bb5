"""TokenTable: who a token belongs to, remembered, so that a request costs no read.

The newest tokens are learnt before anybody asks: after a restart thousands come back at once, and a stream whose token
has to be looked up first opens a third slower (`python -m bench open`). All others are looked up the first time.

What is remembered here is dropped by `on_commit` the moment it changes in the database (I10). A look-up of the same
token or user that was under way meanwhile is done again: it might hold what was true before. One of others is not, or
hundreds that come after a restart would never end beside a few people a second who sign out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from data import clock, roles, tokens, users
from data.tokens import digest
from data.transaction import Transaction

MOST_TOKENS = 100_000
MOST_LEARNT = 20_000  # half a kilobyte each
LEARNT_AT_ONCE = 250  # a page of a millisecond or two: the loop and other reads come between
MOST_CHANGES = 10_000  # while look-ups are under way; more, and all of these are done again
USE_WRITTEN_EVERY_S = 3600.0


@dataclass(slots=True)
class Caller:
    """The user behind a token. `expires_s` and `used_s` are Unix seconds."""

    token_id: int
    user_id: int
    username: str
    full_name: str
    user_type: str
    college_id: int | None
    is_active: bool
    expires_s: float | None
    used_s: float

    @property
    def is_global(self) -> bool:
        """Whether the role reaches every college."""
        return self.user_type in roles.GLOBAL_ROLES

    @property
    def is_admin(self) -> bool:
        """Whether the role writes users and everything in its scope."""
        return self.user_type in roles.ADMIN_ROLES


@dataclass(frozen=True, slots=True)
class Learnt:
    """A page of tokens: callers by digest, and below which id the next page begins; 0 after the last."""

    callers: dict[bytes, Caller]
    before_id: int


def find(tx: Transaction, token: str) -> Caller | None:
    """The caller behind a token, as the database has it."""
    row = tokens.find(tx, token)
    return None if row is None else _to_caller(row)


def newest(tx: Transaction, before_id: int, now: str) -> Learnt:
    """The next page of the tokens that are valid now, newest first."""
    rows = tokens.newest(tx, before_id, now, LEARNT_AT_ONCE)
    callers = {row["hash"]: _to_caller(row) for row in rows}
    return Learnt(callers, rows[-1]["token_id"] if len(rows) == LEARNT_AT_ONCE else 0)


def _to_caller(row: sqlite3.Row) -> Caller:
    return Caller(
        token_id=row["token_id"],
        user_id=row["id"],
        username=row["username"],
        full_name=users.full_name(row),
        user_type=row["user_type"],
        college_id=row["college_id"],
        is_active=bool(row["is_active"]),
        expires_s=None if row["expires_at"] is None else clock.seconds(row["expires_at"]),
        used_s=0.0 if row["last_used_at"] is None else clock.seconds(row["last_used_at"]),
    )


class Changes:
    """Which tokens and users changed while look-ups were under way. Without any nothing is kept."""

    def __init__(self) -> None:
        self._number = self._all = self._under_way = 0
        self._tokens: dict[int, int] = {}
        self._users: dict[int, int] = {}

    @contextmanager
    def watched(self) -> Iterator[int]:
        """A look-up is under way. What it gives is for `is_stale`."""
        self._under_way += 1
        try:
            yield self._number
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._tokens.clear()
                self._users.clear()

    def note(self, token_ids: Iterable[int] = (), user_id: int | None = None) -> None:
        """These are different from now on."""
        self._number += 1
        if not self._under_way:
            return
        self._tokens.update(dict.fromkeys(token_ids, self._number))
        if user_id is not None:
            self._users[user_id] = self._number
        if len(self._tokens) + len(self._users) > MOST_CHANGES:
            self.note_all()

    def note_all(self) -> None:
        """Everything may be different from now on."""
        self._number += 1
        self._all = self._number
        self._tokens.clear()
        self._users.clear()

    def is_stale(self, caller: Caller | None, since: int) -> bool:
        """Whether what a look-up found may be of before a change that came while it was under way."""
        if caller is None:
            return self._all > since
        changed = self._tokens.get(caller.token_id, 0), self._users.get(caller.user_id, 0), self._all
        return max(changed) > since


class TokenTable:
    """The callers known by their tokens' digests. `read` finds one in the database."""

    def __init__(self, read: Callable[[str], Awaitable[Caller | None]]) -> None:
        self._read = read
        self._callers: dict[bytes, Caller] = {}
        self._digests: dict[int, bytes] = {}
        self._held: dict[int, tuple[int, ...]] = {}  # a user's tokens
        self._used: dict[int, float] = {}
        self._changes = Changes()

    async def authenticate(self, token: str, wall_s: float) -> Caller | None:
        """The caller, or None for a token that is unknown or expired. Does not await for a known one."""
        key = digest(token)
        caller = self._callers.get(key)
        while caller is None:
            with self._changes.watched() as since:
                caller = await self._read(token)
                if self._changes.is_stale(caller, since):
                    caller = None
                    continue
            if caller is None:
                return None
            self._remember(key, caller)
        if caller.expires_s is not None and caller.expires_s <= wall_s:
            return None
        self.use(caller, wall_s)
        return caller

    async def learn(self, read: Callable[[int], Awaitable[Learnt]]) -> None:
        """Remember the newest tokens. `read` gives those with ids below a number, a page at a time."""
        before_id, count = 1 << 62, 0
        while before_id and count < MOST_LEARNT:
            with self._changes.watched() as since:
                page = await read(before_id)
                for key, caller in page.callers.items():
                    if key not in self._callers and not self._changes.is_stale(caller, since):
                        self._remember(key, caller)
            before_id, count = page.before_id, count + len(page.callers)

    def use(self, caller: Caller, wall_s: float) -> None:
        """Note that the token was used; written at most once an hour."""
        if wall_s - caller.used_s >= USE_WRITTEN_EVERY_S:
            caller.used_s = wall_s
            self._used[caller.token_id] = wall_s

    def use_streams(self, token_ids: Iterable[int], wall_s: float) -> None:
        """An open stream counts as use of its token. Called once an hour."""
        self._used.update(dict.fromkeys(token_ids, wall_s))

    def take_used(self) -> dict[int, float]:
        """The uses that are not written yet: token id to Unix seconds."""
        used, self._used = self._used, {}
        return used

    def forget_tokens(self, token_ids: Iterable[int]) -> None:
        """These tokens are gone."""
        token_ids = tuple(token_ids)
        self._changes.note(token_ids)
        for token_id in token_ids:
            key = self._digests.pop(token_id, None)
            if key is None:
                continue
            user_id = self._callers.pop(key).user_id
            left = tuple(held for held in self._held[user_id] if held != token_id)
            if left:
                self._held[user_id] = left
            else:
                del self._held[user_id]

    def forget_user(self, user_id: int) -> None:
        """Something of the user changed: the next request reads it again."""
        self._changes.note(user_id=user_id)
        self.forget_tokens(self._held.get(user_id, ()))

    def forget_all(self) -> None:
        """Somebody else wrote to the database."""
        self._changes.note_all()
        self._callers.clear()
        self._digests.clear()
        self._held.clear()

    def _remember(self, key: bytes, caller: Caller) -> None:
        if len(self._callers) >= MOST_TOKENS:
            self.forget_all()
        self._callers[key] = caller
        self._digests[caller.token_id] = key
        self._held[caller.user_id] = (*self._held.get(caller.user_id, ()), caller.token_id)
