"""Subject: a running server that is measured: ours, the floor, a peer. What they have in common, and the broadcasts.

A stream is a GET of one of `stream_paths`; it counts as open with the first bytes of a 200. A broadcast is one raw HTTP
request that holds MARK once. The load tool puts a number there before each sending and looks for the marks in the
streams: so a subject hands on the text that it was posted, with the mark in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

MARK = "#b0000000000#"  # a kind and ten digits
TITLE = "New Notice"
MESSAGE = f"Class cancelled tomorrow {MARK}"

# A broadcast's event as this server frames it, for those who frame nothing themselves.
EVENT = (
    "id: 1234\nevent: notification\ndata: "
    + json.dumps(
        {
            "id": 1234,
            "title": TITLE,
            "message": MESSAGE,
            "notification_type": "announcement",
            "data": {"announcement_id": 1234},
            "created_at": "2026-01-09T10:30:00.123456Z",
        },
        separators=(",", ":"),
    )
    + "\n\n"
).encode()


class Subject(Protocol):
    """A server that runs on 127.0.0.1 at `port` as these processes."""

    @property
    def name(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def pids(self) -> Sequence[int]: ...

    def stream_paths(self, count: int) -> list[str]:
        """So many request paths, each of which opens a stream."""
        ...

    def broadcast(self) -> bytes:
        """The raw request that sends one event of about 200 bytes with MARK in it to every stream."""
        ...


# Makes a subject for at most so many streams, in a folder of its own that is empty; it ends with the context.
Start = Callable[[Path, int], AbstractContextManager[Subject]]


def request(port: int, path: str, body: bytes, headers: Sequence[str] = (), method: str = "POST") -> bytes:
    """A raw HTTP/1.1 request with a JSON body, unless a header says that it is something else. A GET has no body."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *headers]
    if method != "GET":
        lines.append(f"Content-Length: {len(body)}")
        if not any(line.lower().startswith("content-type:") for line in headers):
            lines.append("Content-Type: application/json")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
