"""realtime/wire.py: everything is sent in order, once, and an end from either side is told once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from realtime.wire import Wire
from tests.support.waiting import until

SMALL = 4096
LIMIT_S = 30.0


def running(test: Callable[[Wire, socket.socket], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test on a loop, with a wire whose kernel holds little, and its peer."""

    def run() -> None:
        async def with_pair() -> None:
            with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
                client.connect(listener.getsockname())
                served, _ = listener.accept()
                served.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
                client.setblocking(False)
                with Wire(served) as wire:
                    assert served.fileno() == -1, "taken over"
                    await test(wire, client)

        asyncio.run(with_pair())

    run.__name__ = test.__name__
    return run


async def read(client: socket.socket, count: int) -> bytes:
    """So many bytes, or all until the end."""
    loop, found = asyncio.get_running_loop(), b""
    while len(found) < count:
        piece = await asyncio.wait_for(loop.sock_recv(client, 65536), LIMIT_S)
        if not piece:
            break
        found += piece
    return found


async def fill(wire: Wire) -> int:
    """How many bytes the kernel takes until it takes none."""
    sent = 0
    for _ in range(100_000):
        try:
            sent += wire.send(b"x" * 1000)
        except BlockingIOError:
            return sent
    raise AssertionError("the kernel takes everything")


@running
async def test_what_the_kernel_takes_at_once_leaves_nothing_behind(wire: Wire, client: socket.socket) -> None:
    assert wire.write(b"hello").done()
    assert not wire.writing()
    assert await read(client, 5) == b"hello"


@running
async def test_what_waits_goes_in_order_and_each_is_told_when_it_is_gone(wire: Wire, client: socket.socket) -> None:
    sent = await fill(wire)
    parts = [bytes([number]) * 50_000 for number in (1, 2, 3)]
    waits = [wire.write(part) for part in parts]
    assert wire.writing()
    assert not any(one.done() for one in waits)
    waits[1].cancel()  # whoever waited is gone; what it gave is sent nevertheless
    assert await read(client, sent + 150_000) == b"x" * sent + b"".join(parts)
    await asyncio.gather(waits[0], waits[2])
    await until(lambda: not wire.writing())
    assert wire.write(b"more").done()
    assert await read(client, 4) == b"more"


@running
async def test_a_close_drops_what_waits_and_is_told_once(wire: Wire, client: socket.socket) -> None:
    told: list[str] = []
    wire.watch(lambda: told.append("closed"))
    await fill(wire)
    waits = wire.write(b"never")
    wire.close()
    wire.close()
    assert told == [], "not inside of the call"
    assert (wire.closed(), wire.writing()) == (True, False)
    with pytest.raises(OSError, match="closed"):
        await waits
    with pytest.raises(OSError, match="closed"):
        wire.write(b"more")
    with pytest.raises(OSError, match="Bad file descriptor"):
        wire.send(b"more")
    await until(lambda: bool(told))
    await asyncio.sleep(0)
    assert told == ["closed"]


@pytest.mark.parametrize("what", ["byte", "end", "reset"])
def test_whatever_the_client_does_is_its_end(what: str) -> None:
    async def test(wire: Wire, client: socket.socket) -> None:
        told: list[str] = []
        wire.watch(lambda: told.append("closed"))
        if what == "byte":
            client.send(b"\n")
        elif what == "end":
            client.shutdown(socket.SHUT_WR)
        else:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
        await until(lambda: bool(told))
        assert wire.closed()

    running(test)()


@running
async def test_a_peer_that_goes_while_something_waits_is_told_to_who_waits(wire: Wire, client: socket.socket) -> None:
    told: list[str] = []
    wire.watch(lambda: told.append("closed"))
    await fill(wire)
    waits = wire.write(b"never")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    with pytest.raises(OSError, match=r"."):
        await waits
    await until(lambda: bool(told))
