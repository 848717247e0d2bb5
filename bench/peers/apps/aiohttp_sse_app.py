"""A server with aiohttp-sse: a queue for each stream, as its documentation does it, and a request that fills them."""

from __future__ import annotations

import asyncio
import sys

import uvloop
from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

queues: set[asyncio.Queue[str]] = set()


async def stream(request: web.Request) -> EventSourceResponse:
    """Open one, and tell it what its queue has."""
    async with sse_response(request, ping_interval=30) as response:
        queue: asyncio.Queue[str] = asyncio.Queue()
        queues.add(queue)
        try:
            await response.send("{}", event="connected")
            while response.is_connected():
                await response.send(await queue.get(), event="notification")
        finally:
            queues.discard(queue)
    return response


async def publish(request: web.Request) -> web.Response:
    """To all of them."""
    text = await request.text()
    for queue in queues:
        queue.put_nowait(text)
    return web.Response(status=201)


def main() -> None:
    """On the port of the command line."""
    uvloop.install()
    app = web.Application()
    app.add_routes([web.get("/stream", stream), web.post("/publish", publish)])
    web.run_app(
        app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None, backlog=4096, shutdown_timeout=0.5
    )


if __name__ == "__main__":
    main()
