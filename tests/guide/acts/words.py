"""What several acts say and look for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.guide.scene import Scene

HELLO = "Hello! How are you?"
JANE = "Jane Smith"
# 2026-01-01 in milliseconds: a clock that is before it was never set.
EPOCH_MS = 1_767_225_600_000


def is_message(scene: Scene, text: str) -> Callable[[Any], bool]:
    """Whether a value is jane's message with this text to the scene's reader."""
    wanted = {
        "sender_id": scene.stage.jane.id,
        "sender_name": JANE,
        "receiver_id": scene.user.id,
        "message": text,
        "is_read": False,
    }
    return lambda value: isinstance(value, dict) and wanted.items() <= value.items()


def has(**fields: object) -> Callable[[Any], bool]:
    """Whether a value is an object with at least these fields."""
    return lambda value: isinstance(value, dict) and fields.items() <= value.items()
