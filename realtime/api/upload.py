"""Upload: a form with files, parsed as it comes. Files go to the disk piece by piece, and are never whole in memory.

The loop parses, threads write; whoever feeds it waits for the piece to be written, so a sender that is faster than the
disk is held up by TCP. What lies in the incoming folder goes with the request, whatever becomes of that.

Source: RFC 7578. A part is a file when it has a filename; one that is empty and has an empty name is a browser's way of
saying that no file was chosen.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from realtime.api.media import HEAD_BYTES
from realtime.api.problem import Problem
from realtime.storage.incoming import Incoming
from realtime.storage.trouble import from_os_error

MOST_PARTS = 100
# What a quoted text cannot hold browsers write in the way of URLs, and nothing else.
_ESCAPED = re.compile(r"(?i)%(0a|0d|22)")
UNREADABLE = "The form could not be read."


class TooLarge(Exception):
    """The form is past a limit; the text says which."""


@dataclass(slots=True)
class Received:
    """A file that has come in. `head` is its beginning, `digest` the SHA-256 of all of it; the name is the sender's."""

    path: Path
    name: str
    size_bytes: int = 0
    head: bytes = b""
    digest: str = ""


@dataclass(slots=True)
class _Part:
    """One part of the form. Its content goes to `file`, else to `text`, else nowhere."""

    name: str
    text: bytearray | None = None
    file: _FilePart | None = None


@dataclass(slots=True)
class _FilePart:
    """A file that comes in. `pieces` are those that the last chunk brought; `output` is opened for the first of all."""

    received: Received
    pieces: list[bytes] = field(default_factory=list)
    output: BinaryIO | None = None
    sha256: hashlib._Hash = field(default_factory=hashlib.sha256)

    def write(self) -> None:
        """On a thread: take the waiting pieces to the disk. Raises OSError."""
        if self.output is None:
            self.output = self.received.path.open("xb", buffering=0)
        for piece in self.pieces:
            left = memoryview(piece)
            while left:
                left = left[self.output.write(left) :]
            self.sha256.update(piece)
        self.pieces.clear()

    def close(self) -> None:
        """On a thread: the file is whole, or nobody wants it."""
        if self.output is not None:
            self.output.close()


class Upload:
    """One form. `feed` takes it in, then `fields` and `file` tell what was in it; `discard` in any case at the end.
    `names` are the fields that may be files; other parts with a filename are skipped."""

    def __init__(
        self,
        content_type: str,
        names: Collection[str],
        incoming: Incoming,
        *,
        most_file_bytes: int,
        most_other_bytes: int,
    ) -> None:
        self._names = names
        self._incoming = incoming
        self._most_file_bytes = most_file_bytes
        self._most_other_bytes = most_other_bytes
        self._seen_bytes = self._other_bytes = self._parts = 0
        self._texts: dict[str, bytearray] = {}
        self._files: dict[str, _FilePart] = {}
        self._part: _Part | None = None
        self._headers: dict[bytes, bytes] = {}
        self._header = [b"", b""]
        self._is_whole = False
        self._too_large = ""
        self._problems: dict[str, str] = {}
        self._failure: Exception | None = None
        self._parser = self._begin(content_type)

    async def feed(self, chunk: bytes) -> None:
        """Take in the next bytes, and return when they are on the disk. Raises TooLarge as soon as a limit is passed;
        what else is wrong is told by `fields`, when the body is whole and an answer can be read."""
        self._seen_bytes += len(chunk)
        if self._seen_bytes > self._most_file_bytes + self._most_other_bytes:
            raise TooLarge(f"The body is larger than {self._most_file_bytes + self._most_other_bytes} bytes.")
        if self._failure is not None or self._parser is None:
            return
        try:
            self._parser.write(chunk)
            if self._too_large:
                raise TooLarge(self._too_large)
            for one in self._files.values():
                if one.pieces:
                    await self._incoming.run(one.write)
        except FormParserError:
            self._failure = Problem(400, UNREADABLE)
        except OSError as error:
            self._failure = from_os_error(error)

    def fields(self) -> Mapping[str, str]:
        """The fields that are no files. Raises Problem 400, StorageError."""
        if self._failure is not None:
            raise self._failure
        if not self._is_whole:
            raise Problem(400, UNREADABLE)
        for name, problem in self._problems.items():
            raise Problem(400, {name: [problem]})
        try:
            return {name: text.decode("utf-8") for name, text in self._texts.items()}
        except UnicodeDecodeError as error:
            raise Problem(400, "The body is not UTF-8.") from error

    async def file(self, name: str) -> Received | None:
        """The file of that field, None if there is none. Raises as fields, and Problem 400 for an empty one."""
        self.fields()
        part = self._files.get(name)
        if part is None or part.received.size_bytes == 0:
            if part is None or not part.received.name:
                return None
            raise Problem(400, {name: ["The submitted file is empty."]})
        await self._incoming.run(part.close)
        part.received.digest = part.sha256.hexdigest()
        return part.received

    def discard(self) -> None:
        """Remove what is still in the incoming folder, soon. Call it when nothing feeds any more; twice is harmless."""
        parts, self._files = list(self._files.values()), {}
        for part in parts:
            if part.output is not None:
                self._incoming.later(_drop, part)

    # What the parser calls

    def _begin(self, content_type: str) -> MultipartParser | None:
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        try:
            if boundary:
                return MultipartParser(
                    boundary,
                    {
                        "on_part_begin": self._on_part_begin,
                        "on_header_field": self._on_header_field,
                        "on_header_value": self._on_header_value,
                        "on_header_end": self._on_header_end,
                        "on_headers_finished": self._on_headers_finished,
                        "on_part_data": self._on_part_data,
                        "on_end": self._on_end,
                    },
                )
        except FormParserError:
            pass
        self._failure = Problem(400, UNREADABLE)
        return None

    def _on_part_begin(self) -> None:
        self._headers.clear()
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise FormParserError("too many parts")

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header[0].lower()] = self._header[1]
        self._header = [b"", b""]

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b"").decode("latin-1"))
        if b"name" not in options:
            raise FormParserError("a part without a name")
        name, filename = options[b"name"].decode(errors="replace"), options.get(b"filename")
        self._part = _Part(name)
        if filename is None:
            self._part.text = self._texts[name] = bytearray()
        elif name in self._files:
            self._problems[name] = "Only one file can be given."
        elif name in self._names:
            sent = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), filename.decode(errors="replace"))
            self._part.file = _FilePart(Received(self._incoming.new_path(), sent))
            self._files[name] = self._part.file

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        assert part is not None
        if part.file is not None:
            received = part.file.received
            received.size_bytes += end - start
            if received.size_bytes > self._most_file_bytes:
                self._too_large = f"The file is larger than {self._most_file_bytes} bytes."
            elif not self._too_large:
                part.file.pieces.append(data[start:end])
                if len(received.head) < HEAD_BYTES:
                    received.head += data[start : min(end, start + HEAD_BYTES - len(received.head))]
        elif part.text is not None:
            self._other_bytes += end - start
            if self._other_bytes > self._most_other_bytes:
                self._too_large = f"The fields are larger than {self._most_other_bytes} bytes."
            else:
                part.text += data[start:end]

    def _on_end(self) -> None:
        self._is_whole = True


def _drop(part: _FilePart) -> None:
    part.close()
    part.received.path.unlink(missing_ok=True)


def is_form(content_type: str) -> bool:
    """Whether a body of this type is a form that may hold files."""
    return content_type.partition(";")[0].strip().lower() == "multipart/form-data"
