"""Sessions: a user's tokens as the user sees them, and the end of one that is elsewhere."""

from __future__ import annotations

from typing import TypedDict

from data import audit, listing, tokens, users
from data.audit import Act
from data.errors import NotFound
from data.listing import Asked, Condition, Listing
from data.transaction import Transaction

_COLUMNS = "id, created_at, last_used_at, address, user_agent"
_LISTING = Listing(
    select=f"SELECT {_COLUMNS} FROM tokens",
    source="tokens",
    id="id",
    orderings={"created_at": "created_at", "last_used_at": "last_used_at"},
)


class Session(TypedDict):
    """A token without the token. `current` is the one that asks; the last use is noted once an hour."""

    id: int
    created_at: str
    last_used_at: str | None
    address: str
    user_agent: str
    current: bool


def page(tx: Transaction, user_id: int, current_id: int, now: str, asked: Asked) -> tuple[int, list[Session]]:
    """How many valid tokens a user has, and those from offset on, the newest first."""
    scope = Condition("user_id = ? AND (expires_at IS NULL OR expires_at > ?)", (user_id, now))
    count, rows = listing.page(tx, _LISTING, scope, asked)
    return count, [
        {
            "id": row["id"],
            "created_at": row["created_at"],
            "last_used_at": row["last_used_at"],
            "address": row["address"],
            "user_agent": row["user_agent"],
            "current": row["id"] == current_id,
        }
        for row in rows
    ]


def sign_out(tx: Transaction, act: Act, token_id: int) -> None:
    """End one's own session, which may be over already."""
    if _owner(tx, token_id) == act.user_id:
        tokens.revoke(tx, [token_id], "logout")
        _tell(tx, act, "sign_out", act.user_id)


def end(tx: Transaction, act: Act, token_id: int) -> None:
    """Sign out there: the token is gone and its streams end. Raises NotFound for what is no token of the user."""
    if _owner(tx, token_id) != act.user_id:
        raise NotFound("Not found.")
    tokens.revoke(tx, [token_id], "revoked")
    _tell(tx, act, "session_ended", act.user_id)


def end_others(tx: Transaction, act: Act, token_id: int, user_id: int) -> None:
    """An admin ends somebody's session, and all streams that were opened with it."""
    tokens.revoke(tx, [token_id], "revoked")
    _tell(tx, act, "stream_ended", user_id)


def _owner(tx: Transaction, token_id: int) -> int | None:
    found: int | None = tx.value("SELECT user_id FROM tokens WHERE id = ?", (token_id,))
    return found


def _tell(tx: Transaction, act: Act, action: audit.Action, user_id: int | None) -> None:
    user = None if user_id is None else users.by_id(tx, user_id)
    if user is not None:
        audit.append_of(tx, act, action, user)
