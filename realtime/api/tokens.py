"""TokenTable: who a token belongs to, remembered, so that a request costs a read only the first time.

What is remembered here is dropped by `on_commit` the moment it changes in the database (I10). A look-up that was under
way meanwhile is done again: it might hold what was true before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from data import clock, roles, tokens, users
from data.tokens import digest
from data.transaction import Transaction

MOST_TOKENS = 100_000
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


def find(tx: Transaction, token: str) -> Caller | None:
    """The caller behind a token, as the database has it."""
    row = tokens.find(tx, token)
    if row is None:
        return None
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


class TokenTable:
    """The callers known by their tokens' digests. `read` finds one in the database."""

    def __init__(self, read: Callable[[str], Awaitable[Caller | None]]) -> None:
        self._read = read
        self._callers: dict[bytes, Caller] = {}
        self._digests: dict[int, bytes] = {}
        self._used: dict[int, float] = {}
        self._changes = 0

    async def authenticate(self, token: str, wall_s: float) -> Caller | None:
        """The caller, or None for a token that is unknown or expired. Does not await for a known one."""
        key = digest(token)
        caller = self._callers.get(key)
        while caller is None:
            changes = self._changes
            caller = await self._read(token)
            if changes != self._changes:
                caller = None
                continue
            if caller is None:
                return None
            self._remember(key, caller)
        if caller.expires_s is not None and caller.expires_s <= wall_s:
            return None
        self.use(caller, wall_s)
        return caller

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
        self._changes += 1
        for token_id in token_ids:
            key = self._digests.pop(token_id, None)
            if key is not None:
                del self._callers[key]

    def forget_user(self, user_id: int) -> None:
        """Something of the user changed: the next request reads it again."""
        self.forget_tokens([c.token_id for c in self._callers.values() if c.user_id == user_id])

    def forget_all(self) -> None:
        """Somebody else wrote to the database."""
        self._changes += 1
        self._callers.clear()
        self._digests.clear()

    def _remember(self, key: bytes, caller: Caller) -> None:
        if len(self._callers) >= MOST_TOKENS:
            self.forget_all()
        self._callers[key] = caller
        self._digests[caller.token_id] = key
