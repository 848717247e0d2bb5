"""The attacks, each a coroutine that goes on until it is cancelled and counts what it was answered."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter

from tests.storm.line import Line, plain
from tests.support.sse import EVENTS_PATH

_HEAD = "POST /api/v1/auth/login/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
DRIBBLE_S = 2.0
AGAIN_S = 0.5


async def slowloris(port: int, place: int, counts: Counter[str]) -> None:
    """One connection that dribbles, and another when it is cut. Odd ones dribble a head, even ones a body."""
    loop = asyncio.get_running_loop()
    kind = ("bodies", "heads")[place % 2]
    address = f"127.0.2.{place % 250 + 1}"
    head = _HEAD.format(port=port).encode()
    await asyncio.sleep(random.uniform(0, DRIBBLE_S))
    while True:
        connection = plain(address)
        try:
            await loop.sock_connect(connection, ("127.0.0.1", port))
            counts[f"slow {kind} opened"] += 1
            begun = head if kind == "heads" else head + b"Content-Length: 100000\r\n\r\n"
            await loop.sock_sendall(connection, begun)
            filler = itertools.cycle(b"X-a: b\r\n" if kind == "heads" else b" ")
            while True:
                # Whatever comes back is the end: a refusal or a close.
                try:
                    async with asyncio.timeout(DRIBBLE_S):
                        await loop.sock_recv(connection, 4096)
                        break
                except TimeoutError:
                    await loop.sock_sendall(connection, bytes((next(filler),)))
        except OSError:
            counts[f"slow {kind} reset"] += 1
        else:
            counts[f"slow {kind} cut"] += 1
        finally:
            connection.close()
        await asyncio.sleep(AGAIN_S)


async def guess(port: int, names: list[str], tries_per_s: float, counts: Counter[str], *, addresses: int = 20) -> None:
    """So many wrong passwords a second for these accounts, from so many addresses. Each try waits for none before."""
    lines: list[Line] = []
    free: list[Line] = []
    running: set[asyncio.Task[None]] = set()

    async def one(name: str, line: Line) -> None:
        status, _ = await line.post("auth/login/", {"username": name, "password": f"wrong {random.random()}"})
        counts[f"logins answered {status or 'nothing'}"] += 1
        free.append(line)

    began_s, number = time.monotonic(), 0
    while True:
        due = int((time.monotonic() - began_s) * tries_per_s)
        while number < due:
            if not free:
                lines.append(Line(f"127.0.3.{len(lines) % addresses + 1}", port))
                free.append(lines[-1])
            task = asyncio.get_running_loop().create_task(one(names[number % len(names)], free.pop()))
            running.add(task)
            task.add_done_callback(running.discard)
            number += 1
            counts["logins tried"] += 1
        await asyncio.sleep(0.005)


async def publish(port: int, token: str, path: str, fields: dict[str, object], counts: Counter[str]) -> None:
    """As often as the limit allows, and a little more: one who is refused tries again at once."""
    line = Line("127.0.4.1", port, token)
    for number in itertools.count():
        status, _ = await line.post(path, fields | {"message": f"{number}"})
        counts[f"{path.split('/')[1]} answered {status or 'nothing'}"] += 1
        await asyncio.sleep(0.1 if status == 429 else 0.0)


async def listen(port: int, token: str, place: int, counts: Counter[str]) -> None:
    """A stream that reads everything: the publisher's audience."""
    loop = asyncio.get_running_loop()
    connection = plain(f"127.0.5.{place % 250 + 1}")
    await loop.sock_connect(connection, ("127.0.0.1", port))
    request = f"GET {EVENTS_PATH}?token={token} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
    await loop.sock_sendall(connection, request.encode())
    try:
        while piece := await loop.sock_recv(connection, 65536):
            counts["events at the audience"] += piece.count(b"\nevent: notification")
        counts["audience lost"] += 1
    finally:
        connection.close()
