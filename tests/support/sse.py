"""Stream: one open event stream on a raw socket, read by a thread of its own, so that a test can cut it at any byte,
stop reading, or give it a tiny receive buffer. Nothing between the test and the wire: no HTTP library, no proxy."""

from __future__ import annotations

import json
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self
from urllib.parse import urlencode

from tests.support.eventstream import Dispatched, Parser

EVENTS_PATH = "/api/v1/communication/sse/events/"
TEST_PATH = "/api/v1/communication/sse/test/"
WAIT_S = 30.0


class Listening(Protocol):
    """What has a port on 127.0.0.1: a ServerProcess, for one."""

    @property
    def port(self) -> int: ...


class Bearer(Protocol):
    """Who has a token: a campus.User."""

    @property
    def token(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Event:
    """One event that arrived: its place among the stream's events, its name, its data decoded and as it came.

    `id` is this event's own id line, None if it had none; `last_event_id` the cursor after it; `at_s` is monotonic.
    """

    index: int
    event: str
    data: Any
    text: str
    id: int | None
    last_event_id: int | None
    retry_ms: int | None
    at_s: float


class Stream:
    """Opens the stream and returns when the answer's head is there. Use it as a context manager, or close() it.

    `where` is a server or a port, `token` a token or a user. `last_event_id` goes out as the Last-Event-ID header.
    `reading=False` leaves the body unread until resume() or read_bytes(). A strict stream (the default) fails the test
    at its next wait, or when closed, for anything that the wire format does not have (see eventstream.Parser).
    """

    def __init__(
        self,
        where: Listening | int,
        token: Bearer | str | None = None,
        *,
        last_event_id: int | str | None = None,
        path: str = EVENTS_PATH,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        rcvbuf_bytes: int | None = None,
        tls: ssl.SSLContext | None = None,
        reading: bool = True,
        strict: bool = True,
        timeout_s: float = WAIT_S,
    ) -> None:
        self.port = where if isinstance(where, int) else where.port
        self.strict = strict
        self.raw = bytearray()
        self.ended: str | None = None
        self._parser = Parser("" if last_event_id is None else str(last_event_id))
        self._events: list[Event] = []
        self._changed = threading.Condition()
        self._allowed: int | None = None if reading else 0
        self._idle = False
        self._stopping = False
        self._fault: BaseException | None = None

        self._wake_in, self._wake_out = socket.socketpair()
        self.started_s = time.monotonic()
        self._socket = self._connect(rcvbuf_bytes, tls, timeout_s)
        try:
            self._socket.sendall(self._request(method, path, token, last_event_id, query, headers))
            head, self._surplus = self._read_head()
        except BaseException:
            self._close_sockets()
            raise
        self.head_s = time.monotonic()
        status_line, *lines = head.decode("latin-1").split("\r\n")
        self.status_line = status_line
        self.status = int(status_line.split(" ")[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._body = _Body(self.headers, bodiless=method == "HEAD" or self.status in (204, 304))
        self._socket.setblocking(False)
        self._reader = threading.Thread(target=self._read, name=f"stream on {self.port}", daemon=True)
        self._reader.start()

    # What arrived

    def events(self, event: str | None = None) -> list[Event]:
        """The events so far, all of them or those of one name, in order."""
        with self._changed:
            return [one for one in self._events if event is None or one.event == event]

    @property
    def last_event_id(self) -> int | None:
        """The cursor that a browser would send at its next connect; at first what was sent at this one."""
        with self._changed:
            return _number(self._parser.last_event_id)

    @property
    def retry_ms(self) -> int | None:
        """What the stream last said of reconnecting."""
        return self._parser.retry_ms

    @property
    def retries_ms(self) -> list[int]:
        """Every `retry:` of the stream, in order."""
        return list(self._parser.retries_ms)

    @property
    def unfinished(self) -> bool:
        """Whether what has been read ends inside of a frame."""
        return self._parser.unfinished

    @property
    def violations(self) -> list[str]:
        """What the wire format does not have and the stream had."""
        return list(self._parser.violations)

    # Waiting

    def wait_for(
        self,
        what: str | Callable[[Event], bool],
        /,
        *,
        after: Event | None = None,
        timeout_s: float = WAIT_S,
        **fields: Any,
    ) -> Event:
        """The first event of that name, or for which the predicate holds, whose data has these fields; it may be there.

        `after` leaves out the events up to that one.
        """

        def matches(one: Event) -> bool:
            named = one.event == what if isinstance(what, str) else what(one)
            return named and all(isinstance(one.data, dict) and one.data.get(k, ...) == v for k, v in fields.items())

        seen = after.index + 1 if after else 0
        found: list[Event] = []

        def look() -> bool:
            nonlocal seen
            while not found and seen < len(self._events):
                if matches(self._events[seen]):
                    found.append(self._events[seen])
                seen += 1
            return bool(found)

        self._wait(look, f"{what} {fields or ''}", timeout_s)
        return found[0]

    def wait_count(self, count: int, event: str | None = None, *, timeout_s: float = WAIT_S) -> list[Event]:
        """All events (of one name) as soon as there are at least so many."""

        def look() -> bool:
            return sum(event is None or one.event == event for one in self._events) >= count

        self._wait(look, f"{count} x {event or 'any event'}", timeout_s)
        return self.events(event)

    def wait_end(self, *, timeout_s: float = WAIT_S) -> str:
        """Wait until the server ends the stream; how it did: `fin` or `rst`."""
        self._wait(lambda: self.ended is not None, "the end", timeout_s)
        assert self.ended is not None
        return self.ended

    def _wait(self, condition: Callable[[], bool], what: str, timeout_s: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: condition() or self.ended is not None or self._faulty(), timeout_s)
            self._check()
            if condition():
                return
            why = f"the stream ended ({self.ended})" if self.ended else f"{timeout_s} s were not enough"
            last = [f"{one.event} id={one.id} {one.text[:100]}" for one in self._events[-10:]]
            raise AssertionError(
                f"waited for {what}, but {why}; status {self.status}, {len(self._events)} events, the last: {last}"
            )

    def _faulty(self) -> bool:
        return self._fault is not None or (self.strict and bool(self._parser.violations))

    def _check(self) -> None:
        if self._fault is not None:
            raise AssertionError("the reader of the stream failed") from self._fault
        if self.strict:
            assert not self._parser.violations, f"not the wire format: {self._parser.violations[:5]}"

    # What a test does to it

    def pause(self) -> None:
        """Stop reading; when this returns, not one more byte is taken from the socket."""
        self._allow(0)
        with self._changed:
            assert self._changed.wait_for(lambda: self._idle or self.ended is not None, WAIT_S)

    def resume(self) -> None:
        """Read on, without a limit."""
        self._allow(None)

    def read_bytes(self, count: int, *, timeout_s: float = WAIT_S) -> bytes:
        """Of a paused stream, read exactly so many bytes of the body more, or what comes until its end."""
        with self._changed:
            assert self._allowed == 0, "read_bytes is for a paused stream"
            start = len(self.raw)
        self._allow(count)
        self._wait(lambda: self._allowed == 0 or self.ended is not None, f"{count} bytes", timeout_s)
        return bytes(self.raw[start:])

    def send(self, data: bytes) -> None:
        """Say something after the request, as no client should."""
        self._socket.sendall(data)

    def cut(self, how: Literal["fin", "rst"] | str = "rst") -> None:
        """Drop the connection, politely or with a reset. What was read before stays readable; `ended` is `cut`."""
        self._stop()
        if how == "rst":
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            assert how == "fin", how
            try:
                self._socket.shutdown(socket.SHUT_WR)
            except OSError:
                assert self.ended in ("fin", "rst"), "only a peer that has gone takes no FIN"
        self._close_sockets()
        with self._changed:
            self.ended = self.ended or "cut"
            self._changed.notify_all()

    def close(self) -> None:
        """Cut it with a FIN if it is open, and fail if it was not the wire format."""
        if self._socket.fileno() != -1:
            self.cut("fin")
        self._check()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        elif self._socket.fileno() != -1:
            self.cut("fin")

    # The wire

    def _connect(self, rcvbuf_bytes: int | None, tls: ssl.SSLContext | None, timeout_s: float) -> socket.socket:
        plain = socket.socket()
        try:
            if rcvbuf_bytes is not None:  # before connect: the window is agreed upon in the handshake
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf_bytes)
            plain.settimeout(timeout_s)
            plain.connect(("127.0.0.1", self.port))
            return tls.wrap_socket(plain, server_hostname="127.0.0.1") if tls else plain
        except BaseException:
            plain.close()
            self._wake_in.close()
            self._wake_out.close()
            raise

    def _request(
        self,
        method: str,
        path: str,
        token: Bearer | str | None,
        last_event_id: int | str | None,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
    ) -> bytes:
        asked = dict(query or {})
        if token is not None:
            asked["token"] = token if isinstance(token, str) else token.token
        sent = {"Host": f"127.0.0.1:{self.port}", "Accept": "text/event-stream", "Cache-Control": "no-cache"}
        if last_event_id is not None:
            sent["Last-Event-ID"] = str(last_event_id)
        sent |= headers or {}
        target = f"{path}?{urlencode(asked)}" if asked else path
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
        return "\r\n".join(lines).encode()

    def _read_head(self) -> tuple[bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self._socket.recv(4096)
            assert piece, f"the connection ended inside of the answer's head: {data!r}"
            data += piece
        head, _, surplus = data.partition(b"\r\n\r\n")
        return head, surplus

    def _allow(self, count: int | None) -> None:
        with self._changed:
            self._allowed = count
            self._idle = False
            self._changed.notify_all()
        self._wake_in.send(b"x")

    def _stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._wake_in.send(b"x")
        self._reader.join(WAIT_S)
        assert not self._reader.is_alive()

    def _close_sockets(self) -> None:
        for one in (self._socket, self._wake_in, self._wake_out):
            one.close()

    def _read(self) -> None:
        try:
            while (piece := self._next_piece()) is not None:
                self._take(piece)
        except BaseException as fault:  # raised again in whoever waits
            with self._changed:
                self._fault = fault
                self._changed.notify_all()

    def _next_piece(self) -> bytes | None:
        """The next bytes that may be read, b"" for none yet, None when reading is over."""
        with self._changed:
            if self._stopping or self.ended:
                return None
            limit = 65536 if self._allowed is None else min(self._allowed, 65536)
            if limit == 0:
                self._idle = True
                self._changed.notify_all()
                # Until it is told anything, `pause` right after `resume` included, which waits for _idle again.
                self._changed.wait_for(lambda: self._stopping or not self._idle)
                return b""
            if self._body.complete:
                self._end("fin")
                return None
        if self._surplus:
            piece, self._surplus = self._surplus[:limit], self._surplus[limit:]
            return piece
        if not (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()):
            ready, _, _ = select.select([self._socket, self._wake_out], [], [])
            if self._wake_out in ready:
                self._wake_out.recv(4096)
                return b""
        try:
            piece = self._socket.recv(limit)
        except (BlockingIOError, ssl.SSLWantReadError):
            return b""
        except (ConnectionError, ssl.SSLError):
            self._end("rst")
            return None
        if not piece:
            self._end("fin")
            return None
        return piece

    def _end(self, how: str) -> None:
        with self._changed:
            self.ended = how
            self._changed.notify_all()

    def _take(self, piece: bytes) -> None:
        now_s = time.monotonic()
        with self._changed:
            if self._allowed is not None:
                self._allowed -= len(piece)
            payload = self._body.feed(piece)
            self.raw += payload
            for one in self._parser.feed(payload):
                self._events.append(self._event(one, now_s))
            self._changed.notify_all()

    def _event(self, one: Dispatched, now_s: float) -> Event:
        try:
            data = json.loads(one.text)
        except ValueError:
            data = None  # the parser has noted it as a violation
        own, held = _number(one.id), _number(one.last_event_id)
        return Event(len(self._events), one.event, data, one.text, own, held, one.retry_ms, now_s)


def _number(event_id: str | None) -> int | None:
    return int(event_id) if event_id and event_id.isdecimal() else None


class _Body:
    """The bytes of an answer's body, without the framing that HTTP may put around them (RFC 9112, sections 6 and 7)."""

    def __init__(self, headers: Mapping[str, str], *, bodiless: bool) -> None:
        self._chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        length = headers.get("content-length")
        self._left = 0 if self._chunked else int(length) if length is not None else None
        self._waiting = b""
        self.complete = bodiless or (self._left == 0 and not self._chunked)

    def feed(self, piece: bytes) -> bytes:
        if not self._chunked:
            if self._left is not None:
                piece = piece[: self._left]
                self._left -= len(piece)
                self.complete = self._left == 0
            return piece
        assert self._left is not None
        self._waiting += piece
        payload = b""
        while True:
            if self._left:
                part, self._waiting = self._waiting[: self._left], self._waiting[self._left :]
                payload += part
                self._left -= len(part)
            if self._left or b"\r\n" not in self._waiting.removeprefix(b"\r\n"):
                return payload
            size, _, self._waiting = self._waiting.removeprefix(b"\r\n").partition(b"\r\n")
            self._left = int(size.partition(b";")[0], 16)
            if self._left == 0:
                self.complete = True
                return payload
