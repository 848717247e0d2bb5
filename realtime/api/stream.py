"""The stream: from a GET request to a Subscriber on a raw socket.

The handler authenticates, detaches the connection from HTTP and is then garbage, with its request and its connection:
what stays is the Subscriber and its Wire. `detach` comes before the head, because a flush through HTTP would announce
chunks that no frame keeps; the body ends with the connection.
"""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Iterable
from functools import lru_cache, partial

import msgspec
from tornado.httputil import HTTPServerRequest, format_timestamp
from tornado.iostream import IOStream, SSLIOStream

from realtime import frame
from realtime.api import params, problem
from realtime.api.base import Handler
from realtime.api.campus import Campus
from realtime.api.opening import Opening
from realtime.api.operation import operation
from realtime.api.problem import Problem
from realtime.patience import set_user_timeout
from realtime.subscriber import Subscriber
from realtime.tls_wire import TlsWire
from realtime.wire import Wire

log = logging.getLogger(__name__)

EVENT_STREAM = "text/event-stream"
AGAIN_S = 30  # nobody knows when a stream will end


class EventStreamHandler(Handler):
    """What the two endpoints of the stream have in common: failures are events, and the headers are the guide's."""

    def write_problem(self, trouble: Problem) -> None:
        """A failure in the shape of the stream. 401 has the guide's word and no other."""
        if self.request.method not in ("GET", "HEAD"):
            super().write_problem(trouble)
            return
        text = "Unauthorized" if trouble.status == 401 else problem.first_sentence(trouble.detail)
        self.set_header("Content-Type", EVENT_STREAM)
        self.set_header("Cache-Control", "no-cache")
        self.finish(frame.encode("error", {"error": text}))

    def stream_headers(self) -> Iterable[tuple[str, str]]:
        """The headers of an open stream: first the guide's, then ours."""
        yield "Content-Type", EVENT_STREAM
        yield "Cache-Control", "no-cache"
        yield "X-Accel-Buffering", "no"
        yield "Connection", "keep-alive"
        yield "X-Request-ID", self.request_id
        yield "Date", _date(int(self.campus.wall_s()))
        yield from self.default_headers()

    def head(self, *args: str, **kwargs: str) -> None:
        """The headers of the stream, without one."""
        for name, value in self.stream_headers():
            self.set_header(name, value)
        self.finish()


@lru_cache(maxsize=1)
def _date(wall_s: int) -> str:
    """The header's value; thousands of streams open in one second."""
    return format_timestamp(wall_s)


class StreamQuery(msgspec.Struct):
    """The token, where headers cannot be set, and where the client was: both names of the cursor are in use."""

    token: str = ""
    last_event_id: str = ""
    lastEventId: str = ""


def query_token(request: HTTPServerRequest) -> str | None:
    """The token in the query, for clients that cannot set headers (EventSource)."""
    return params.decode(request.query_arguments, StreamQuery).token or None


def cursor_of(request: HTTPServerRequest, query: StreamQuery) -> str | None:
    """Where the client was: the browser's header goes before the query. None without a cursor."""
    given = request.headers.get("Last-Event-ID", "").strip()
    return given or query.last_event_id or query.lastEventId or None


def check_room(campus: Campus, user_id: int) -> None:
    """Raise Problem 429 or 503 where there is no room for another stream of the user."""
    options, turned_away, who = campus.options, campus.limits.turned_away, f"user {user_id}"
    if campus.stopping:
        raise Problem(503, "The server is stopping.", {"Retry-After": "5"})
    if options.max_streams and len(campus.hub.streams) >= options.max_streams:
        raise turned_away.problem("all_streams", who, "The server has no room for another stream.", AGAIN_S, 503)
    if options.limits and len(campus.hub.streams_of(user_id)) >= options.max_streams_per_user:
        raise turned_away.problem("streams", who, "You have too many open streams.", AGAIN_S)


class StreamHandler(EventStreamHandler):
    """`GET sse/events/`: every event for the caller, from now or from a cursor on."""

    def given_token(self) -> str | None:
        """The header's, or the query's."""
        return super().given_token() or query_token(self.request)

    @operation({200: str}, query=StreamQuery, media=EVENT_STREAM)
    def get(self) -> None:
        """Open a stream. Raises Problem 429 and 503 where there is no room."""
        check_room(self.campus, self.caller.user_id)
        cursor = cursor_of(self.request, self.params(StreamQuery))
        head = self._head()
        campus, caller, address = self.campus, self.caller, self.address
        stream = self.detach()
        campus.requests.discard(self)
        self._break_cycles()  # as finish would: else handler, request and connection wait for the garbage collector
        if stream.closed():
            return
        _tune(stream.socket, campus)
        wire = _to_wire(stream)
        subscriber = Subscriber(
            campus.rules,
            wire,
            user_id=caller.user_id,
            token_id=caller.token_id,
            expires_s=caller.expires_s,
            address=sys.intern(address),  # thousands of streams, and mostly few addresses
            opened_s=campus.wall_s(),
            base_url=sys.intern(self.base_url),
        )
        campus.hub.attach(subscriber)
        wire.watch(partial(_closed, campus, subscriber))
        _log_opened(subscriber, campus)
        connected = frame.encode(
            "connected",
            {"status": "connected", "user_id": caller.user_id},
            subscriber.position if cursor is None else None,
            campus.options.retry_ms,
        )
        subscriber.open(head + connected, Opening(campus, cursor))

    def _head(self) -> bytes:
        lines = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in self.stream_headers())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _to_wire(stream: IOStream) -> Wire | TlsWire:
    """What is left of a detached connection: the stream writes to it from now on, and nobody else."""
    if isinstance(stream, SSLIOStream):
        return TlsWire(stream)
    is_silent = not stream._read_buffer_size
    stream.io_loop.remove_handler(stream.socket)
    wire = Wire(stream.socket)
    if not is_silent:  # a second request behind the first: its end, as any byte that comes later
        wire.close()
    return wire


def _tune(raw: socket.socket, campus: Campus) -> None:
    """Set a stream's socket: small frames leave at once, the kernel's buffer is bounded, a vanished peer is noticed."""
    options = campus.options
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if options.send_buffer_bytes:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, options.send_buffer_bytes)
    if raw.family in (socket.AF_INET, socket.AF_INET6):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    set_user_timeout(raw, options.tcp_user_timeout_s)


def _log_opened(subscriber: Subscriber, campus: Campus) -> None:
    level = _level(campus)
    if log.isEnabledFor(level):
        log.log(level, "stream %d of user %d opens from %s", subscriber.id, subscriber.user_id, subscriber.address)


def _closed(campus: Campus, subscriber: Subscriber) -> None:
    """The socket is closed, by whoever."""
    campus.hub.detach(subscriber)
    subscriber.closed()
    log.log(
        _level(campus),
        "stream %d of user %d ends after %.0f s, lagged %d times",
        subscriber.id,
        subscriber.user_id,
        campus.wall_s() - subscriber.opened_s,
        subscriber.lagged,
    )


def _level(campus: Campus) -> int:
    return logging.INFO if campus.options.access_log else logging.DEBUG
