"""`/files/{key}/{name}`: files, for whoever has the address. The key in it is a secret; nothing else opens the file.

What people sent is never run here: the type is from the content and never guessed by a browser, only images, video and
audio are shown in place, and a page made of a file would have no origin, no scripts and no network.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import aclosing
from datetime import datetime
from urllib.parse import quote

from tornado.httputil import format_timestamp
from tornado.iostream import StreamClosedError

from data import files
from data.errors import StorageError
from realtime.api import media, ranges
from realtime.api.base import Handler
from realtime.api.operation import operation
from realtime.api.problem import Problem
from realtime.storage.store import FileMissing

KEPT_S = 365 * 86400
_SHOWN_NAME = re.compile(r"[^\w .()\-]", re.ASCII)


class FileHandler(Handler):
    """GET and HEAD of one file. The name in the address is for people; the stored one is answered."""

    open_to_all = True
    path_names = ("key", "name")

    @operation({200: bytes, 206: bytes, 304: None}, media=media.UNKNOWN, refusals=(404, 416, 503))
    async def get(self, key: str, name: str) -> None:
        """The file, or one range of it."""
        row = await self.campus.database.read(files.by_key, key)
        if row is None:
            raise Problem(404, "Not found.")
        self._describe(row)
        if self._is_known(row):
            self.set_status(304)
            self.finish()
            return
        first_byte, length = self._part(row)
        self.set_header("Content-Length", str(length))
        if self.request.method == "HEAD":
            self.finish()
        else:
            await self._send(key, first_byte, length)

    def _describe(self, row: sqlite3.Row) -> None:
        kind = "inline" if media.is_shown(row["media_type"]) else "attachment"
        plain = _SHOWN_NAME.sub("_", row["name"])
        for name, value in {
            "Content-Type": row["media_type"],
            "Content-Disposition": f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(row['name'], safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cross-Origin-Resource-Policy": "cross-origin",  # front ends have origins of their own
            "Cache-Control": f"private, max-age={KEPT_S}, immutable",
            "Accept-Ranges": "bytes",
            "Etag": f'"{row["etag"]}"',
            "Last-Modified": _http_date(row["created_at"]),
        }.items():
            self.set_header(name, value)
        self.clear_header("X-Frame-Options")  # a page may show a picture in a frame; the sandbox is around it

    def _is_known(self, row: sqlite3.Row) -> bool:
        """Whether the client has it already: If-None-Match, else If-Modified-Since."""
        if "If-None-Match" in self.request.headers:
            return self.check_etag_header()
        return self.request.headers.get("If-Modified-Since") == _http_date(row["created_at"])

    def _part(self, row: sqlite3.Row) -> tuple[int, int]:
        """The first byte and the length of the answer, whose status and headers are set. Raises Problem 416."""
        size_bytes, headers = row["size_bytes"], self.request.headers
        part = None
        if self.request.method == "GET" and ranges.still_holds(
            headers.get("If-Range"), f'"{row["etag"]}"', _http_date(row["created_at"])
        ):
            try:
                part = ranges.wanted(headers.get("Range"), size_bytes)
            except ranges.Unsatisfiable:
                raise Problem(
                    416, "The range is not in the file.", {"Content-Range": f"bytes */{size_bytes}"}
                ) from None
        if part is None:
            return 0, size_bytes
        first_byte, length = part
        self.set_status(206)
        self.set_header("Content-Range", f"bytes {first_byte}-{first_byte + length - 1}/{size_bytes}")
        return part

    async def _send(self, key: str, first_byte: int, length: int) -> None:
        """Write the bytes piece by piece, each when the one before has left."""
        try:
            async with aclosing(self.campus.store.read(key, first_byte, length)) as pieces:
                async for piece in pieces:
                    self.write(piece)
                    await self.flush()
        except StreamClosedError:
            return  # the client has gone
        except FileMissing:
            raise Problem(404, "Not found.") from None
        except StorageError:
            if not self._headers_written:
                raise
            self._cut()  # too late for a status: the length that was promised is not kept, and clients see that
            return
        self.finish()

    def _cut(self) -> None:
        self._stream.close()


def _http_date(stamp: str) -> str:
    return format_timestamp(datetime.fromisoformat(stamp))
