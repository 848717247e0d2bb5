"""Asker: one kept connection that asks and times the answers.

Raw, so that a client library's own time is not in them.
"""

from __future__ import annotations

import json
import socket
import time
from typing import Any, Self

from bench import subject
from bench.report import Failed

ANSWER_S = 120.0


class Asker:
    """A context manager. `token` is the asker's."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self._port = port
        self._headers = [f"Authorization: Token {token}"] if token else []
        self._socket = _connected(port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def fileno(self) -> int:
        """For a selector: readable when an answer comes."""
        return self._socket.fileno()

    def request(self, path: str, body: object = None) -> bytes:
        """The raw request: a GET, or a POST of that body as JSON."""
        if body is None:
            lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}", *self._headers]
            return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")
        return subject.request(self._port, path, json.dumps(body).encode(), self._headers)

    def send(self, request: bytes) -> None:
        """Ask; `receive` gets the answer."""
        self._socket.sendall(request)

    def receive(self) -> tuple[int, bytes]:
        """Status and body of the answer. Raises Failed when there is none."""
        head, end, body = b"", b"", b""
        while not end:
            head, end, body = (head + body + self._read()).partition(b"\r\n\r\n")
        status, length = parsed(head)
        pieces, missing = [body], length - len(body)
        while missing > 0:
            pieces.append(self._read())
            missing -= len(pieces[-1])
        if b"\r\nconnection: close" in head.lower():  # a refusal may end the connection
            self._socket.close()
            self._socket = _connected(self._port)
        return status, b"".join(pieces)

    def timed(self, request: bytes) -> tuple[float, int, bytes]:
        """Seconds, status and body of the answer. Raises Failed when there is none."""
        began_s = time.perf_counter()
        self.send(request)
        status, body = self.receive()
        return time.perf_counter() - began_s, status, body

    def ask(self, path: str, body: object = None) -> tuple[int, Any]:
        """Status and answer, from JSON. Raises Failed when there is none."""
        _, status, answer = self.timed(self.request(path, body))
        return status, json.loads(answer)

    def _read(self) -> bytes:
        data = self._socket.recv(1 << 18)
        if not data:
            raise Failed("the server closed a connection that was to be kept")
        return data


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def parsed(head: bytes) -> tuple[int, int]:
    """Status and Content-Length of an answer's head. Raises Failed for one without a length."""
    lines = head.split(b"\r\n")
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(lines[0].split(b" ")[1]), int(value)
    raise Failed(f"an answer has no Content-Length: {head[:200]!r}")
