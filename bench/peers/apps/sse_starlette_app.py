"""A server with sse-starlette: a queue for each stream, as its documentation does it, and a request that fills them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

queues: set[asyncio.Queue[ServerSentEvent]] = set()


async def events() -> AsyncIterator[ServerSentEvent]:
    """What one stream is told."""
    queue: asyncio.Queue[ServerSentEvent] = asyncio.Queue()
    queues.add(queue)
    try:
        yield ServerSentEvent("{}", event="connected")
        while True:
            yield await queue.get()
    finally:
        queues.discard(queue)


async def stream(request: Request) -> Response:
    """Open one."""
    return EventSourceResponse(events(), ping=30)


async def publish(request: Request) -> Response:
    """To all of them."""
    event = ServerSentEvent((await request.body()).decode(), event="notification")
    for queue in queues:
        queue.put_nowait(event)
    return Response(status_code=201)


app = Starlette(routes=[Route("/stream", stream), Route("/publish", publish, methods=["POST"])])
