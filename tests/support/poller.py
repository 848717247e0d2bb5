"""Poller: a client of the long poll on the test's own loop, beside a server inside (inside.py)."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient

from realtime.poll import Poll
from realtime.subscriber import LIVE
from tests.support.inside import Inside, served
from tests.support.waiting import until

PATH = "/api/v1/communication/poll/events/"


@dataclass
class Poller:
    """A client that polls as the inside's user."""

    inside: Inside

    async def ask(self, cursor: int | None = None, wait_s: int = 60) -> dict[str, Any]:
        """One poll's answer."""
        query = f"token={self.inside.token}&wait={wait_s}" + ("" if cursor is None else f"&last_event_id={cursor}")
        url = f"http://127.0.0.1:{self.inside.port}{PATH}?{query}"
        answer = await AsyncHTTPClient().fetch(url, request_timeout=90, raise_error=False)
        found = json.loads(answer.body)
        assert answer.code == 200 or set(found) == {"detail"}
        return {"status": answer.code, **found}

    @asynccontextmanager
    async def waiting(self, cursor: int) -> AsyncIterator[Callable[[], Coroutine[Any, Any, dict[str, Any]]]]:
        """A poll that waits, live; awaiting what is yielded gives its answer, for which nobody waits a minute."""
        task = asyncio.create_task(self.ask(cursor))
        streams = self.inside.campus.hub.streams
        await until(lambda: any(isinstance(one, Poll) and one.state == LIVE for one in streams.values()))

        async def answer() -> dict[str, Any]:
            return await asyncio.wait_for(task, 20)

        yield answer
        await answer()
        await until(lambda: not self.inside.campus.hub.streams)


@asynccontextmanager
async def polled(folder: Path, **settings: Any) -> AsyncIterator[Poller]:
    """A server and a client of it, which has had its first poll."""
    async with served(folder, **settings) as inside:
        poller = Poller(inside)
        first = await poller.ask()
        assert [one["event"] for one in first["events"]] == ["connected", "presence_snapshot"]
        yield poller


async def hang_up(inside: Inside, cursor: int) -> None:
    """A client that asks and goes away while the poll waits."""
    query = f"token={inside.token}&last_event_id={cursor}"
    with closing(socket.create_connection(("127.0.0.1", inside.port))) as client:
        client.sendall(f"GET {PATH}?{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await until(lambda: bool(inside.campus.hub.streams))
    await until(lambda: not inside.campus.hub.streams and not inside.campus.requests)
