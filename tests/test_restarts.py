"""A server that restarts under traffic, behind nginx, on an inherited socket: nothing is lost, doubled or refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.restarts.run import run
from tests.support.inside import Client, served
from tests.support.sse import EVENTS_PATH
from tests.support.waiting import until


def test_restarts_under_traffic_behind_nginx(tmp_path: Path) -> None:
    report = run(tmp_path, seconds=10, every_s=2.5, seed=20)
    print(f"\n{report.table()}")
    assert report.restarts >= 2
    assert report.answered > 50
    assert report.told > 5 * report.answered
    assert report.is_clean, report.table() + "\n".join(report.complaints)


def test_who_was_let_in_before_the_end_is_answered(tmp_path: Path) -> None:
    """A proxy would make a 502 of a connection that is closed, and a browser's stream that gets a 503 is dead."""

    async def live() -> None:
        async with served(tmp_path) as inside:
            streaming, asking = Client(inside.port), Client(inside.port)
            await until(lambda: len(inside.server._http.asking) == 2)
            stopping = asyncio.create_task(inside.server.stop())
            await asyncio.sleep(0)
            await streaming.send(f"GET {EVENTS_PATH}?token={inside.token} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            await asking.send(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            await streaming.read_to_end()
            assert streaming.status == 200
            assert streaming.events[0].event == "connected"
            await asking.read_until(lambda client: client.status > 0)
            assert asking.status == 200
            await stopping
            for client in (streaming, asking):
                client.socket.close()

    asyncio.run(live())
