"""Connections: the HTTP server, and its patience with those who open a connection and let it wait.

A request's head has to be whole within some seconds of its first byte, and of the connection's opening; a body has to
come at some pace; an answer has to be taken. Connections that have no stream are bounded: past that the one goes that
has waited longest without having asked anything, as whoever means it asks at once. All this is looked at once a second,
and costs a request two entries in a dict. Streams are detached and none of its business. Knows no handler.
"""

from __future__ import annotations

import fcntl
import termios
from array import array
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tornado.http1connection import HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import IOStream

KINDS = ("slow_headers", "slow_bodies", "slow_readers", "connections")
ASKED_WITHIN_S = 1.0  # by whoever opens a connection to ask something


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what may take. `body_bytes_per_s` counts from header_timeout_s after the head on; 0 is any pace."""

    header_timeout_s: float
    body_bytes_per_s: int
    send_timeout_s: float
    most: int


class Visit:
    """One connection: since when it is in the state that it is in, and how many bytes that has moved."""

    __slots__ = ("address", "moved_bytes", "since_s", "state", "stream")

    def __init__(self, stream: IOStream, address: str) -> None:
        self.stream = stream
        self.address = address
        self.state: dict[Visit, None] | None = None
        self.since_s = 0.0
        self.moved_bytes = 0


class Connections(HTTPServer):
    """Tornado's server. `told(kind, address)` hears of each connection that is cut, `tick` is called once a second.

    A connection is in one of these: `asking`, from its opening or the first byte of a request to the end of the head;
    `sending` its body; `served`, its answer on the way; `idle` between two requests.
    """

    def initialize(  # type: ignore[override]
        self,
        application: Any,
        *,
        patience: Patience,
        mono_s: Callable[[], float],
        told: Callable[[str, str], None],
        **options: Any,
    ) -> None:
        """As HTTPServer's."""
        super().initialize(application, **options)
        self._patience = patience
        self._mono_s = mono_s
        self._told = told
        self._visits: dict[object, Visit] = {}
        self.asking: dict[Visit, None] = {}
        self.sending: dict[Visit, None] = {}
        self.served: dict[Visit, None] = {}
        self.idle: dict[Visit, None] = {}

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """The connection waits for a request, its first or another."""
        assert isinstance(server_conn, HTTP1ServerConnection)
        visit = self._visits.get(server_conn)
        if visit is None:
            visit = Visit(server_conn.stream, getattr(server_conn.context, "remote_ip", ""))
            self._visits[server_conn] = visit
            self._enter(visit, self.asking)
            if len(self.asking) + len(self.sending) + len(self.idle) > self._patience.most:
                self._make_room()
        else:
            self._enter(visit, self.idle)
        return _Watched(self, visit, super().start_request(server_conn, request_conn))

    def on_close(self, server_conn: object) -> None:
        """It has gone, or has become a stream."""
        visit = self._visits.pop(server_conn, None)
        if visit is not None:
            self._leave(visit)
        super().on_close(server_conn)

    def headed(self, visit: Visit, headers: HTTPHeaders) -> None:
        """The head of a request is whole."""
        has_body = "Transfer-Encoding" in headers or headers.get("Content-Length", "0") != "0"
        self._enter(visit, self.sending if has_body else self.served)

    def asked(self, visit: Visit) -> None:
        """The request is whole."""
        if visit.state is self.sending:
            self._enter(visit, self.served)

    def tick(self, mono_s: float, wall_s: float) -> None:
        """Cut who has let us wait too long."""
        patience = self._patience
        for visit in list(self.idle):
            if visit.stream._read_buffer_size:
                self._enter(visit, self.asking)
        for visit in list(self.asking):
            if mono_s - visit.since_s < patience.header_timeout_s:
                break  # they are in the order in which they came
            self._cut(visit, "slow_headers")
        for visit in list(self.sending):
            owed_bytes = patience.body_bytes_per_s * (mono_s - visit.since_s - patience.header_timeout_s)
            if visit.moved_bytes < owed_bytes:
                self._cut(visit, "slow_bodies")
        for visit in list(self.served):
            self._look_at_answer(visit, mono_s)

    def _look_at_answer(self, visit: Visit, mono_s: float) -> None:
        """Whether the client takes what is written to it. Nothing may be written for long: a poll waits."""
        is_writing = visit.stream.writing()
        taken_bytes = _taken_bytes(visit.stream) if is_writing else 0
        if not is_writing or taken_bytes != visit.moved_bytes:
            visit.since_s, visit.moved_bytes = mono_s, taken_bytes
        elif mono_s - visit.since_s >= self._patience.send_timeout_s:
            self._cut(visit, "slow_readers")

    def _make_room(self) -> None:
        """One has to go: the longest that asks nothing, else the longest idle, else whose body is slowest."""
        mono_s = self._mono_s()
        oldest = next(iter(self.asking))
        if mono_s - oldest.since_s < ASKED_WITHIN_S and len(self.asking) <= self._patience.most // 2:
            slowest = min(
                self.sending, key=lambda one: one.moved_bytes / (mono_s - one.since_s + ASKED_WITHIN_S), default=oldest
            )
            oldest = next(iter(self.idle), slowest)
        self._cut(oldest, "connections")

    def _cut(self, visit: Visit, kind: str) -> None:
        self._leave(visit)
        self._told(kind, visit.address)
        visit.stream.close()

    def _enter(self, visit: Visit, state: dict[Visit, None]) -> None:
        self._leave(visit)
        visit.since_s, visit.moved_bytes = self._mono_s(), 0
        visit.state = state
        state[visit] = None

    def _leave(self, visit: Visit) -> None:
        if visit.state is not None:
            del visit.state[visit]
            visit.state = None


def _taken_bytes(stream: IOStream) -> int:
    """What the peer has acknowledged: of the bytes that the kernel has, megabytes may wait for a slow line."""
    waiting = array("i", [0])
    fcntl.ioctl(stream.socket, termios.TIOCOUTQ, waiting)
    return stream._total_write_done_index - waiting[0]


class _Watched(HTTPMessageDelegate):
    """What a request tells, on its way to whoever answers it."""

    def __init__(self, connections: Connections, visit: Visit, inner: HTTPMessageDelegate) -> None:
        self._connections = connections
        self._visit = visit
        self._inner = inner

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        self._connections.headed(self._visit, headers)
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._visit.moved_bytes += len(chunk)
        return self._inner.data_received(chunk)

    def finish(self) -> None:
        self._connections.asked(self._visit)
        self._inner.finish()

    def on_connection_close(self) -> None:
        self._inner.on_connection_close()
