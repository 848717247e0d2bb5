"""The tick test: what a stream is like at the far end of whatever stands between.

The server's test stream says something five times, one a second, and is then silent for as long as real streams are
between two heartbeats. When that arrives tells buffering and idle cuts apart.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

TEST_PATH = "/api/v1/communication/sse/test/"
TICKS = 5
CONNECT_S = 10.0
PATIENCE_S = 10.0  # longer than expected
PIECE_BYTES = 1 << 16


@dataclass(slots=True)
class Ticks:
    """What was seen. Times are seconds since the request; `tick_s` has one for each tick that came, `ended_s` is when
    the stream ended, `is_complete` whether the server had ended it. `error` is why there was no stream.

    `idle_s` is how long the server was silent, 0 if it was not asked to be.
    """

    status: int = 0
    version: str = ""
    server: str = ""
    media_type: str = ""
    encoding: str = ""
    tick_s: list[float] = field(default_factory=list)
    idle_s: float = 0.0
    ended_s: float = 0.0
    is_complete: bool = False
    error: str = ""

    @property
    def is_stream(self) -> bool:
        """Whether what answered is the test stream."""
        return self.status == 200 and self.media_type == "text/event-stream"

    @property
    def held_s(self) -> float:
        """How long the first ticks were held back: what their seconds shrank by, or how late the first one came."""
        if not self.tick_s:
            return self.ended_s
        return max(self.tick_s[0], len(self.tick_s) - 1 - (self.tick_s[-1] - self.tick_s[0]))


def connection(url: str, timeout_s: float, context: ssl.SSLContext | None = None) -> http.client.HTTPConnection:
    """A connection to an address, not made yet."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    if parts.scheme == "https":
        return http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=timeout_s, context=context or ssl.create_default_context()
        )
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)


def listen(url: str, *, idle_s: float, context: ssl.SSLContext | None = None) -> Ticks:
    """Read the test stream of the server at `url`. `idle_s` is how long it will be silent, as far as one knows; 0 does
    not ask for it."""
    ticks = Ticks()
    began_s = time.monotonic()
    asked = connection(url, CONNECT_S, context)
    path = urlsplit(url).path.rstrip("/") + TEST_PATH + ("?idle=true" if idle_s else "")
    try:
        # What a browser says: a proxy that compresses does so only for who takes it.
        asked.request("GET", path, headers={"Accept": "text/event-stream", "Accept-Encoding": "gzip, deflate, br"})
        assert asked.sock is not None
        asked.sock.settimeout(TICKS + idle_s + PATIENCE_S)
        answer = asked.getresponse()
        ticks.status, ticks.version = answer.status, "1.0" if answer.version == 10 else "1.1"
        ticks.server = answer.getheader("Server", "")
        ticks.media_type = answer.getheader("Content-Type", "").partition(";")[0].strip()
        ticks.encoding = answer.getheader("Content-Encoding", "")
        if ticks.is_stream and not ticks.encoding:
            _read(answer, ticks, lambda: time.monotonic() - began_s)
    except (OSError, http.client.HTTPException) as error:
        ticks.error = reason(error)
    finally:
        asked.close()
    ticks.ended_s = ticks.ended_s or time.monotonic() - began_s
    return ticks


def http_versions(url: str, context: ssl.SSLContext | None = None) -> str | None:
    """What the server at an https address speaks best: `h2` or `http/1.1`; None where it does not say."""
    parts = urlsplit(url)
    context = context or ssl.create_default_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection((parts.hostname, parts.port or 443), CONNECT_S) as raw,
        context.wrap_socket(raw, server_hostname=parts.hostname) as tls,
    ):
        return tls.selected_alpn_protocol()


def reason(error: Exception) -> str:
    """An error of the network in a few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "nothing came in time"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _read(answer: http.client.HTTPResponse, ticks: Ticks, elapsed_s: Callable[[], float]) -> None:
    """Note when each event comes. An end in the midst of a chunk or of an event is a cut."""
    text = b""
    try:
        while piece := answer.read1(PIECE_BYTES):
            *events, text = (text + piece).replace(b"\r\n", b"\n").split(b"\n\n")
            for event in events:
                _take(event, ticks, elapsed_s())
    except (OSError, http.client.HTTPException) as error:
        ticks.error = reason(error)
    ticks.ended_s = elapsed_s()


def _take(event: bytes, ticks: Ticks, at_s: float) -> None:
    fields = dict(line.partition(b": ")[::2] for line in event.split(b"\n"))
    if fields.get(b"event") == b"complete":
        ticks.is_complete = True
    elif fields.get(b"event") == b"test":
        ticks.tick_s.append(at_s)
        try:
            ticks.idle_s = float(json.loads(fields.get(b"data", b"{}")).get("idle_s", 0.0))
        except (ValueError, AttributeError, TypeError):
            ticks.error = "its events are not those of the test stream"
