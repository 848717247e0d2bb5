"""Waiting for what can only be asked: a condition is looked at again and again until it holds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

WAIT_S = 30.0
LOOK_S = 0.02

T = TypeVar("T")


def eventually(look: Callable[[], T], what: str, timeout_s: float = WAIT_S) -> T:
    """The first thing that `look` returns and that is true."""
    give_up_s = time.monotonic() + timeout_s
    while not (found := look()):
        assert time.monotonic() < give_up_s, f"not after {timeout_s} s: {what}; it is {found!r}"
        time.sleep(LOOK_S)
    return found


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until the condition holds."""
    give_up_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < give_up_s, "the condition did not come to hold"
        await asyncio.sleep(0)
