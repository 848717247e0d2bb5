"""Receiving: how a request's body comes in, piece by piece, and how one that is refused early is answered.

Every handler streams its body, so that one that is too large is refused before it is whole. Forms with files go to
the disk as they come (upload.py), where an operation declares files; all other bodies are small and kept here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec
from tornado.iostream import IOStream, StreamClosedError
from tornado.web import Finish, RequestHandler, stream_request_body

from realtime.api import body, problem, upload
from realtime.api.campus import Campus
from realtime.api.operation import Operation, declared_by
from realtime.api.problem import Problem
from realtime.api.upload import Received, TooLarge, Upload

if TYPE_CHECKING:
    from realtime.api.application import Application

S = TypeVar("S", bound=msgspec.Struct)

DRAINED_BYTES = 1 << 20
DRAINED_S = 2.0
PIECE_BYTES = 1 << 16


@stream_request_body
class Receiving(RequestHandler):
    """The part of a handler that takes the body in. `_hangs_up`: the connection ends with the answer."""

    def initialize(self) -> None:
        """Begin with an empty body."""
        self._chunks: list[bytes] = []
        self._received_bytes = 0
        self._upload: Upload | None = None
        self._taken: tuple[int, int] | None = None
        self._hangs_up = True

    @property
    def campus(self) -> Campus:
        """The server's parts."""
        return cast("Application", self.application).campus

    @property
    def content_type(self) -> str:
        """The request's Content-Type, as it was sent."""
        return self.request.headers.get("Content-Type", "")

    @property
    def body(self) -> bytes:
        """The whole body, of what is no form with files. Raises Problem 413 past the limit."""
        if self._received_bytes > self.campus.options.max_body_bytes:
            raise self._too_large()
        return b"".join(self._chunks)

    def content(self) -> Mapping[str, Any]:
        """The body as it is: a JSON object, or the fields of a form that are no files. Raises Problem 400, 413, 415."""
        if self._upload is not None:
            return self._upload.fields()
        return body.to_object(self.body, self.content_type)

    async def file(self, name: str) -> Received | None:
        """The file of that field, which the operation declares; None if there is none. Raises Problem 400."""
        assert self._declared is not None
        assert name in self._declared.files
        return None if self._upload is None else await self._upload.file(name)

    def decode(self, kind: type[S]) -> S:
        """The body as the struct that the operation declares. Raises Problem 400, 413, 415."""
        assert self._declared is not None
        assert self._declared.body is kind
        return body.to_struct(self.content(), kind, is_form=self._upload is not None or body.is_form(self.content_type))

    def open_body(self) -> None:
        """Look at what is announced of the body, before any of it comes. Raises Problem 413."""
        declared, options = self._declared, self.campus.options
        announced = self._announced_bytes() or 0
        if declared is not None and declared.files and upload.is_form(self.content_type):
            self._upload = Upload(
                self.content_type,
                declared.files,
                self.campus.incoming,
                most_file_bytes=options.max_upload_bytes,
                most_other_bytes=options.max_body_bytes,
            )
            if announced > options.max_upload_bytes + options.max_body_bytes:
                raise Problem(413, f"The file is larger than {options.max_upload_bytes} bytes.")
        elif announced > options.max_body_bytes + DRAINED_BYTES:
            raise self._too_large()

    async def make_room(self, user_id: int) -> None:
        """Take what an upload of that user will have of the day's bytes. Raises Problem 413, 429."""
        if self._upload is not None:
            self._taken = user_id, await self.campus.limits.uploads.take(user_id, self._announced_bytes())

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Take in a piece of the body; past the limit only count, and refuse it once a megabyte more has come."""
        self._received_bytes += len(chunk)
        if self._upload is not None:
            return self._feed(self._upload, chunk)
        limit = self.campus.options.max_body_bytes
        if self._received_bytes <= limit:
            self._chunks.append(chunk)
            return None
        self._chunks.clear()
        if self._received_bytes > limit + DRAINED_BYTES and not self._finished:
            self._hangs_up = True
            self.send_error(413)
            self._stream.close()
        return None

    def drop_body(self) -> None:
        """Nobody wants the files any more that are still on their way in."""
        if self._upload is not None:
            self._upload.discard()
        if self._taken is not None:
            self.campus.limits.uploads.give_back(*self._taken)
            self._taken = None

    @property
    def is_sending(self) -> bool:
        """Whether more of the body is to come."""
        announced = self._announced_bytes()
        return announced is None or announced > self._received_bytes

    async def hang_up(self, trouble: Problem) -> None:
        """Answer while the body still comes, read up to DRAINED_BYTES more of it, and close. Raises Finish.

        A client that is cut off while it sends shows a reset, and never reads the answer.
        """
        text = body.encode(problem.to_body(trouble.detail))
        self.set_status(trouble.status)
        for name, value in trouble.headers.items():
            self.set_header(name, value)
        self.set_header("Content-Type", body.JSON)
        self.set_header("Content-Length", str(len(text)))
        self.set_header("Connection", "close")
        self.write(text)
        try:
            await self.flush()
            if "Expect" not in self.request.headers:  # who asks first sends nothing
                await asyncio.wait_for(self._drain(), DRAINED_S)
        except (StreamClosedError, TimeoutError):
            pass
        raise Finish

    async def _drain(self) -> None:
        announced = self._announced_bytes()
        left = DRAINED_BYTES if announced is None else min(DRAINED_BYTES, announced - self._received_bytes)
        while left > 0:
            left -= len(await self._stream.read_bytes(min(PIECE_BYTES, left), partial=True))

    async def _feed(self, form: Upload, chunk: bytes) -> None:
        try:
            await form.feed(chunk)
        except TooLarge as error:
            try:
                await self.hang_up(Problem(413, str(error)))
            except Finish:
                self.finish()

    def _announced_bytes(self) -> int | None:
        """How long the body will be; None when it comes in chunks."""
        if "Transfer-Encoding" in self.request.headers:
            return None
        text = self.request.headers.get("Content-Length", "0")
        return int(text[:20]) if text.isascii() and text.isdigit() else 0

    @property
    def _stream(self) -> IOStream:
        stream: IOStream = self.request.connection.stream  # type: ignore[union-attr]
        return stream

    @property
    def _declared(self) -> Operation | None:
        method = self.request.method or ""
        return declared_by(type(self), "GET" if method == "HEAD" else method)

    def _too_large(self) -> Problem:
        return Problem(413, f"The body is larger than {self.campus.options.max_body_bytes} bytes.")
