"""What a committed transaction tells the rest of the server: events, and changes of who may see what.

A function of a transaction appends these to `tx.outcome` in the order in which it makes them; after the commit
`on_commit` gets the whole batch's list in that order (I9). They are plain values and know neither sockets nor SQL.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """A durable event as the log holds it. `data` is compact ASCII JSON; `keys` is its audience."""

    id: int
    event: str
    data: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeysChanged:
    """A user hears more (`gained`: key to since_event_id) or less (`lost`)."""

    user_id: int
    gained: tuple[tuple[str, int], ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokensRevoked:
    """These tokens are gone, and their streams end. `reason` is what `disconnected` says."""

    token_ids: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class UserChanged:
    """Something that the token table remembers of a user (names, role, college, activity) is different now."""

    user_id: int


@dataclass(frozen=True, slots=True)
class ConversationStarted:
    """These two now see each other's presence."""

    user_ids: tuple[int, int]


@dataclass(frozen=True, slots=True)
class FilesRemoved:
    """These files have no row any more, and their bytes can go."""

    keys: tuple[str, ...]


Outcome = Event | KeysChanged | TokensRevoked | UserChanged | ConversationStarted | FilesRemoved
