"""The wire format of server-sent events: what one event looks like as bytes.

Source: the WHATWG HTML standard, section 9.2, "Server-sent events". LF only, one `data:` line of compact ASCII JSON, a
blank line. ASCII because U+2028 and U+0085 end a line for some clients; one line because a CR or LF inside would
start a field of the sender's choosing. Knows nothing of sockets, users or the log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Fields(NamedTuple):
    """What a frame says. `data` is JSON text; `id` is None for what is not stored."""

    event: str
    data: str
    id: int | None


_encoder = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))  # json.dumps would build one for each frame
_EVENT_NAME = re.compile(r"[a-z][a-z_]*")
_known_names: set[str] = set()


def encode(
    event: str, data: str | Mapping[str, Any], event_id: int | None = None, retry_ms: int | None = None
) -> bytes:
    """One event as bytes.

    `data` is a mapping, or JSON text that is already compact ASCII on one line (as the log stores it). `event_id` is
    given for what is stored, and for nothing else (I6). Raises ValueError for what would break the frame.
    """
    if event not in _known_names:
        if not _EVENT_NAME.fullmatch(event):
            raise ValueError(f"not an event name: {event!r}")
        _known_names.add(event)
    if not isinstance(data, str):
        data = _encoder.encode(data)
    elif "\n" in data or "\r" in data:
        raise ValueError("the data of a frame is one line")
    head = "" if event_id is None else f"id: {event_id}\n"
    tail = "" if retry_ms is None else f"retry: {retry_ms}\n"
    return f"{head}event: {event}\ndata: {data}\n{tail}\n".encode("ascii")


def decode(frames: bytes) -> Iterator[Fields]:
    """The events in frames of ours, for a client that gets them in another way. A bare `retry` is none."""
    for block in frames.decode("ascii").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line)
        if "event" in fields:
            yield Fields(fields["event"], fields["data"], int(fields["id"]) if "id" in fields else None)


def retry(delay_ms: int) -> bytes:
    """How long the client waits before it comes back; no event is dispatched for it."""
    return b"retry: %d\n\n" % delay_ms
