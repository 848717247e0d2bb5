"""Attacker: a process that runs attacks until it is told to stop, and then says what they were answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from tests.storm import attacks


@dataclass(frozen=True, slots=True)
class Orders:
    """What to do: so many slow connections, guesses a second for these names, a publisher and an audience' tokens."""

    port: int
    slow: int = 0
    tries_per_s: float = 0.0
    names: list[str] = field(default_factory=list)
    addresses: int = 20
    publisher: str = ""
    sender: tuple[str, int] = ("", 0)
    audience: list[str] = field(default_factory=list)


def work(orders: Orders, pipe: Connection) -> None:
    """Begin, say so once all connections are open, and end at the first word. Sends the Counter."""
    asyncio.run(_run(orders, pipe))


async def _run(orders: Orders, pipe: Connection) -> None:
    counts: Counter[str] = Counter()
    port = orders.port
    jobs: list[Coroutine[Any, Any, None]] = []
    jobs += [attacks.listen(port, token, place, counts) for place, token in enumerate(orders.audience)]
    jobs += [attacks.slowloris(port, place, counts) for place in range(orders.slow)]
    if orders.tries_per_s:
        jobs.append(attacks.guess(port, orders.names, orders.tries_per_s, counts, addresses=orders.addresses))
    if orders.publisher:
        fields: dict[str, object] = {"title": "storm"}
        jobs.append(attacks.publish(port, orders.publisher, "communication/announcements/", fields, counts))
    token, receiver = orders.sender
    if token:
        jobs.append(attacks.publish(port, token, "communication/chats/", {"receiver_id": receiver}, counts))
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        await _until(lambda: sum(counts[f"slow {kind} opened"] for kind in ("heads", "bodies")) >= orders.slow, tasks)
        pipe.send("open")
        await _until(pipe.poll, tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    pipe.send(counts)


async def _until(condition: Callable[[], bool], tasks: list[asyncio.Task[None]]) -> None:
    while not condition():
        for task in tasks:
            if task.done():
                task.result()
        await asyncio.sleep(0.02)
