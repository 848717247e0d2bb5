"""Outbox: the frames that wait for a slow stream, within bounds. Made when it is slow, gone when it is not (I5)."""

from __future__ import annotations

from collections import deque


class Outbox:
    """Frames, each with its event's id (0: ephemeral), and how many bytes they are."""

    __slots__ = ("_frames", "bytes")

    def __init__(self) -> None:
        self._frames: deque[tuple[bytes, int]] = deque()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._frames)

    def would_pass(self, frame: bytes, most_frames: int, most_bytes: int) -> bool:
        """Whether one frame more would be too much."""
        return self.bytes + len(frame) > most_bytes or len(self._frames) >= most_frames

    def put(self, frame: bytes, event_id: int) -> None:
        """Let a frame wait behind the others."""
        self._frames.append((frame, event_id))
        self.bytes += len(frame)

    def take(self) -> tuple[bytes, int]:
        """The frame that has waited longest, and its event's id."""
        frame, event_id = self._frames.popleft()
        self.bytes -= len(frame)
        return frame, event_id
