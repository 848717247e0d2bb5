"""Attached: what listens. The side of an open stream, or of a poll that waits, that the hub and its fan-outs use."""

from __future__ import annotations

from typing import Protocol


class Attached(Protocol):
    """One who listens. None of its methods awaits, blocks or raises (I4)."""

    id: int
    user_id: int
    token_id: int
    expires_s: float | None
    address: str
    base_url: str
    opened_s: float
    position: int
    lagged: int

    @property
    def queued_bytes(self) -> int: ...
    def push(self, frame: bytes, event_id: int = 0) -> None: ...
    def beat(self, frame: bytes) -> None: ...
    def lag(self, event_id: int = 0) -> None: ...
    def end(self, last: bytes = b"") -> None: ...
    def abort(self) -> None: ...
