"""Sender: a process that sends its share of the inputs on several connections, and notes how each was answered.

It has the loop to itself, so that the pair that is measured beside it waits for the server and not for this.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from random import Random

from tests.fuzz.raw.ground import Ground, Input
from tests.fuzz.raw.kinds import KINDS

ANSWER_S = 120.0
FIRST_S = 1.0  # what is no whole request gets no answer, and waits for none longer than this
QUIET_S = 0.025
TOLD_EACH = 500
MOST_FAULTS = 20
NO_PORT_YET = getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24)
_STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3}) ")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: ([0-9]+)\r\n")


@dataclass(frozen=True, slots=True)
class Task:
    """What one sender does: the numbers `first`, `first + step` and so on below `count`."""

    port: int
    kind: str
    seed: int
    first: int
    step: int
    count: int
    connections: int
    ground: Ground


@dataclass(slots=True)
class Notes:
    """How many inputs are done, what came back, and (number, what) of each that went wrong."""

    done: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)


def made(kind: str, seed: int, number: int, ground: Ground) -> Input:
    """That input; the same for the same ground."""
    return KINDS[kind](Random(f"{kind} {seed} {number}"), ground)


def work(task: Task, told: Connection) -> None:
    """Send them all. `told` gets Notes of what is new now and then, and None at the end."""
    asyncio.run(_Sender(task, told).run())
    told.send(None)


class _Sender:
    def __init__(self, task: Task, told: Connection) -> None:
        self._task, self._told = task, told
        self._notes = Notes()
        self._numbers: Iterator[int] = iter(range(task.first, task.count, task.step))

    async def run(self) -> None:
        await asyncio.gather(*(Lane(self._task.port, place).run(self) for place in range(self._task.connections)))
        self._tell()

    def inputs(self) -> Iterator[tuple[int, Input]]:
        task = self._task
        for number in self._numbers:
            yield number, made(task.kind, task.seed, number, task.ground)

    def note(self, number: int, answers: list[str], fault: str | None) -> None:
        self._notes.done += 1
        self._notes.answers.update(answers)
        if fault is not None:
            self._notes.faults.append((number, fault))
            assert len(self._notes.faults) < MOST_FAULTS, self._notes.faults
        if self._notes.done >= TOLD_EACH or fault is not None:
            self._tell()

    def _tell(self) -> None:
        self._told.send(self._notes)
        self._notes = Notes()


class Lane:
    """One connection at a time, which is used again as long as the server keeps it. Each lane has an address."""

    def __init__(self, port: int, place: int) -> None:
        self._port = port
        self._address = f"127.0.1.{place % 250 + 1}"
        self._socket: socket.socket | None = None

    async def run(self, sender: _Sender) -> None:
        """Send inputs until there are no more."""
        for number, one in sender.inputs():
            try:
                answers, fault = await self.send(one)
            except TimeoutError:
                answers, fault = [], f"no answer within {ANSWER_S} s"
                self._drop()
            except ConnectionRefusedError:
                answers, fault = [], "the server does not listen any more"
            sender.note(number, answers, fault)
        self._drop()

    async def send(self, one: Input) -> tuple[list[str], str | None]:
        """Send one; what came back, and what was wrong with that. Raises TimeoutError, ConnectionRefusedError."""
        loop = asyncio.get_running_loop()
        connection = await self._connected()
        try:
            for piece in one.pieces:
                await loop.sock_sendall(connection, piece)
                await asyncio.sleep(0)
        except ConnectionRefusedError:
            raise
        except OSError:
            one.halves = False  # refused before all of it was there: the answer may be there to be read
        if one.is_whole:
            data, keeps = await self._answer(connection, one.method)
        else:
            data, keeps = await self._whatever(connection, one.halves), False
        if not keeps:
            self._drop()
        found = [status.decode() for status in _STATUS.findall(data)]
        wrong = [status for status in found if status >= "500" and status != "503"]
        if wrong or b"Traceback" in data:
            return found, f"answered {data[:600]!r}"
        return found or ["closed" if one.is_whole else "nothing"], None

    async def _connected(self) -> socket.socket:
        if self._socket is None:
            made = socket.socket()
            made.setblocking(False)
            made.setsockopt(socket.IPPROTO_IP, NO_PORT_YET, 1)
            made.bind((self._address, 0))
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A reset at the end: 200,000 connections in TIME_WAIT would be more than there are ports.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._socket = made
            await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", self._port))
        return self._socket

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _answer(self, connection: socket.socket, method: str) -> tuple[bytes, bool]:
        """One answer, and whether the connection stays. Of a stream its beginning."""
        data, wanted = b"", None
        while wanted is None or len(data) < wanted:
            piece = await _received(connection, ANSWER_S)
            if not piece:
                return data, False
            data += piece
            head, blank, _ = data.partition(b"\r\n\r\n")
            if blank and wanted is None:
                length = _LENGTH.search(head + b"\r\n")
                status = head[9:12]
                if method == "HEAD" or status in (b"204", b"304"):
                    wanted = len(head) + 4
                elif length is not None:
                    wanted = len(head) + 4 + int(length[1])
                elif b"\nevent: " in data:
                    return data, False
        return data, b"connection: close" not in data[:2000].lower()

    async def _whatever(self, connection: socket.socket, halves: bool) -> bytes:
        """What comes until it is quiet, or after a half-close until the end."""
        data, until_s = b"", time.monotonic() + ANSWER_S
        try:
            while piece := await _received(connection, QUIET_S if data else FIRST_S):
                data += piece
        except TimeoutError:
            if not halves:
                return data
        try:
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            return data
        while piece := await _received(connection, until_s - time.monotonic()):
            data += piece
        return data


async def _received(connection: socket.socket, limit_s: float) -> bytes:
    """The next bytes; none at the end, whichever way it comes. Raises TimeoutError."""
    try:
        async with asyncio.timeout(limit_s):
            return await asyncio.get_running_loop().sock_recv(connection, 65536)
    except TimeoutError:
        raise
    except OSError:
        return b""
