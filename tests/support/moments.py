"""The moments in a stream's opening at which a change may come, each forced by holding the database's readers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from tests.support.inside import Client, Inside
from tests.support.waiting import until

Change = Callable[[Inside], Awaitable[object]]
Moment = Callable[[Inside, Change, int | None], Awaitable[Client]]


async def looking_up(inside: Inside, change: Change, cursor: int | None) -> Client:
    """The change comes while the token's look-up waits."""
    inside.campus.tokens.forget_all()  # it was learnt at the start
    held = await inside.hold_readers()
    client = await inside.connect(cursor=cursor)
    await inside.waiting_reads(1)
    await change(inside)
    for one in held:
        await one.release()
    return client


async def looked_up(inside: Inside, change: Change, cursor: int | None) -> Client:
    """The token's look-up has read, and the change comes before anybody has what it read."""
    inside.campus.tokens.forget_all()  # it was learnt at the start
    held = await inside.hold_readers()
    client = await inside.connect(cursor=cursor)
    await inside.waiting_reads(1)
    behind = inside.hold()  # runs in the same hop, after the look-up
    await inside.waiting_reads(2)
    await held[0].release()
    await behind.entered()
    await change(inside)
    await behind.release()
    await held[1].release()
    return client


async def authenticated(inside: Inside, change: Change, cursor: int | None) -> Client:
    """The caller is known, and the request's body is not there yet."""
    await inside.campus.tokens.authenticate(inside.token, time.time())
    client = await inside.connect(cursor=cursor, body=b"x", held=1)
    await until(lambda: len(inside.campus.requests) == 1)
    await change(inside)
    await client.release()
    return client


async def attached(inside: Inside, change: Change, cursor: int | None) -> Client:
    """The stream is attached, and its first read waits."""
    await inside.campus.tokens.authenticate(inside.token, time.time())
    held = await inside.hold_readers()
    client = await inside.connect(cursor=cursor)
    await inside.waiting_reads(1)
    assert inside.campus.hub.streams
    await change(inside)
    for one in held:
        await one.release()
    return client


async def read(inside: Inside, change: Change, cursor: int | None) -> Client:
    """The stream's first read is done, and the change comes before the stream has what it read."""
    await inside.campus.tokens.authenticate(inside.token, time.time())
    held = await inside.hold_readers()
    client = await inside.connect(cursor=cursor)
    await inside.waiting_reads(1)
    behind = inside.hold()
    await inside.waiting_reads(2)
    await held[0].release()
    await behind.entered()
    await change(inside)
    await behind.release()
    await held[1].release()
    return client


async def live(inside: Inside, change: Change, cursor: int | None) -> Client:
    """The stream is live."""
    client = await inside.connect(cursor=cursor)
    await until(lambda: bool(inside.campus.hub.streams) and not inside.campus.hub.slow)
    await change(inside)
    return client


MOMENTS = [looking_up, looked_up, authenticated, attached, read, live]
