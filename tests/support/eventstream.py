"""The parser of event streams that tests read with, written from the WHATWG HTML standard, section 9.2.6
"Interpreting an event stream", and from nothing of ours: an encoder is only tested by a parser that does not share it.

`Parser` does what a browser does. Beside that it notes in `violations` whatever a browser forgives and this server's
wire format (LF alone, one `data:` line of compact ASCII JSON, decimal ids) does not have.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Dispatched:
    """One event as a browser would dispatch it.

    `id` is what this event's own id line said, None without one; `last_event_id` is what the browser holds after it.
    """

    event: str
    text: str
    id: str | None
    last_event_id: str
    retry_ms: int | None


class Parser:
    """Feed it bytes in any pieces; it returns the events that they complete.

    `last_event_id` is what a browser would send at its next connect: the newest id whose block has ended. At first it
    is what was sent at this one; the standard would forget it at the first event without an id, and no browser does.
    """

    def __init__(self, last_event_id: str = "") -> None:
        self.last_event_id = last_event_id
        self.retry_ms: int | None = None
        self.retries_ms: list[int] = []
        self.comments: list[str] = []
        self.violations: list[str] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._at_start = True
        self._line = ""
        self._after_cr = False
        self._last_id_number = -1
        self._id_buffer = last_event_id
        self._begin_block()

    @property
    def unfinished(self) -> bool:
        """Whether the bytes so far end inside of a block; at the end of a stream a browser drops that block."""
        return bool(self._line or self._names or self._decoder.getstate()[0])

    def feed(self, chunk: bytes) -> list[Dispatched]:
        """The events that these bytes complete."""
        self._complain(b"\r" in chunk, "a CR in the stream")
        self._complain(not chunk.isascii(), "a byte beyond ASCII")
        text = self._decoder.decode(chunk)
        if self._at_start and text:
            text = text.removeprefix("\ufeff")
            self._at_start = False
        if text and self._after_cr:
            text = text.removeprefix("\n")
            self._after_cr = False
        # The CR of a CRLF whose LF is still on its way ends its line now; the LF is dropped when it comes.
        self._after_cr = self._after_cr or text.endswith("\r")
        *lines, rest = re.split("\r\n|\n|\r", self._line + text)
        self._line = rest
        return [event for line in lines if (event := self._take(line))]

    def _begin_block(self) -> None:
        self._event = ""
        self._data: list[str] = []
        self._id: str | None = None
        self._retry_ms: int | None = None
        self._names: list[str] = []

    def _take(self, line: str) -> Dispatched | None:
        if not line:
            return self._dispatch()
        name, colon, value = line.partition(":")
        if not name:
            self.comments.append(value)
            return None
        self._complain(not (colon and value.startswith(" ")), f"a line not of the form 'name: value': {line[:80]!r}")
        value = value.removeprefix(" ")
        self._names.append(name)
        if name == "event":
            self._event = value
            self._complain(re.fullmatch("[a-z_]+", value) is None, f"the event name {value!r}")
        elif name == "data":
            self._data.append(value)
        elif name == "id":
            self._complain(re.fullmatch("0|[1-9][0-9]*", value) is None, f"the id {value!r}")
            if "\0" not in value:
                self._id = self._id_buffer = value
        elif name == "retry":
            if re.fullmatch("[0-9]+", value):
                self._retry_ms = self.retry_ms = int(value)
                self.retries_ms.append(int(value))
            else:
                self._complain(True, f"the retry {value!r}")
        else:
            self._complain(True, f"the field {name!r}")
        return None

    def _dispatch(self) -> Dispatched | None:
        names, data = self._names, self._data
        self.last_event_id = self._id_buffer
        event = Dispatched(self._event or "message", "\n".join(data), self._id, self.last_event_id, self._retry_ms)
        self._complain(not names, "an empty block")
        self._complain(len(set(names)) < len(names), f"a field twice in one block: {names}")
        self._complain(bool(data) != bool(self._event), f"event and data do not come together: {names}")
        self._complain(self._id is not None and not data, "an id without an event")
        self._begin_block()
        if not data:
            return None
        self._check_order(event)
        self._complain(not _is_compact_json(event.text), f"data is not compact JSON: {event.text[:80]!r}")
        return event

    def _check_order(self, event: Dispatched) -> None:
        """I2: the ids of a stream rise. A resync may repeat the position that the stream has already."""
        if event.id is None or not event.id.isdecimal():
            return
        number = int(event.id)
        same = event.event == "resync" and number == self._last_id_number
        self._complain(number <= self._last_id_number and not same, f"id {number} after {self._last_id_number}")
        self._last_id_number = number

    def _complain(self, wrong: bool, what: str) -> None:
        if wrong:
            self.violations.append(what)


def _is_compact_json(text: str) -> bool:
    def refuse(name: str) -> Any:
        raise ValueError(name)

    try:
        value = json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return json.dumps(value, separators=(",", ":")) == text
