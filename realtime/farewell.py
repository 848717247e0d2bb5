"""Farewell: the last word of every stream when the server stops. When to come again, each another time."""

from __future__ import annotations

import asyncio
import random

from realtime import frame
from realtime.hub import Hub

ENDED_AT_ONCE = 200


async def end_streams(hub: Hub, retry_ms: tuple[int, int], *, is_for_good: bool) -> None:
    """End every stream with a wait of its own between the two of `retry_ms`, so that they do not all come back at once.

    `is_for_good` adds `disconnected`: some clients then stay away.
    """
    last = frame.encode("disconnected", {"status": "disconnected", "reason": "shutdown"}) if is_for_good else b""
    for number, subscriber in enumerate(list(hub.streams.values()), 1):
        subscriber.end(frame.retry(random.randint(*retry_ms)) + last)
        if number % ENDED_AT_ONCE == 0:
            await asyncio.sleep(0)
