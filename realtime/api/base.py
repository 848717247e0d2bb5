"""Handler: what every resource's handler has in common. Permission, answers, errors, CORS, request ids.

Nothing that Tornado would answer or log by itself (its HTML, its tracebacks, its URLs with tokens) reaches anybody. How
a body comes in is in receiving.py, who sends it in asking.py.
"""

from __future__ import annotations

import itertools
import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from tornado.web import HTTPError, RequestHandler

from data.errors import DataError
from data.listing import Asked
from realtime import links
from realtime.api import body, cors, headers, origin, pages, problem
from realtime.api.asking import Asking
from realtime.api.problem import Problem
from realtime.api.redact import redact

if TYPE_CHECKING:
    from realtime.api.application import Application

log = logging.getLogger(__name__)

T = TypeVar("T")

JSON = body.JSON

_boot = secrets.token_hex(4)
_numbers = itertools.count(1)


class Handler(Asking):
    """The base of all handlers. `open_to_all` handlers need no token, nor do all others' `open_methods`; failures with
    one of the `error_statuses` are `{"error": sentence}`. `path_names` are those of the path's pieces, as the OpenAPI
    document shows them."""

    SUPPORTED_METHODS = ("GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS")
    open_to_all: ClassVar[bool] = False
    open_methods: ClassVar[frozenset[str]] = frozenset({"OPTIONS"})
    error_statuses: ClassVar[frozenset[int]] = frozenset()
    path_names: ClassVar[tuple[str, ...]] = ("id",)

    # Requests

    async def prepare(self) -> None:
        """Refuse a body that would be far too large, authenticate, permit. Raises Problem 401, 403, 413, 429."""
        self.campus.requests.add(self)
        try:
            self.open_body()
            await self.admit()
        except Problem as trouble:
            if not self.is_sending:
                raise
            await self.hang_up(trouble)
        self._hangs_up = False

    async def admit(self) -> None:
        """Who calls, and whether that one may, now. Raises Problem 401, 403, 413, 429."""
        if not self.is_open(self.request.method or ""):
            self.caller = await self.authenticate(self.given_token())
            self.campus.limits.requests.count(f"user {self.caller.user_id}")
            self._check_role()
            await self.make_room(self.caller.user_id)

    @classmethod
    def is_open(cls, method: str) -> bool:
        """Whether that method needs no token."""
        return cls.open_to_all or method in cls.open_methods

    def on_finish(self) -> None:
        """The answer is written."""
        self.campus.requests.discard(self)
        self.drop_body()

    def on_connection_close(self) -> None:
        """The client has gone. If its body was not whole nothing will be done, and a stop has nothing to wait for."""
        if not self.request._body_future.done():
            self.campus.requests.discard(self)
            self.drop_body()
        super().on_connection_close()

    # Answers

    def set_default_headers(self) -> None:
        """Headers that every answer has, errors included."""
        self.set_header("Server", "realtime")
        self.set_header("X-Request-ID", self.request_id)
        for name, value in self.default_headers():
            self.set_header(name, value)

    def default_headers(self) -> Iterator[tuple[str, str]]:
        """Those that browsers go by."""
        options = cast("Application", self.application).campus.options
        yield from headers.ALWAYS
        yield from headers.of_scheme(origin.scheme(self.request, options.trusted_proxies), options.hsts_days)
        yield from cors.headers(self.request, options)

    @property
    def request_id(self) -> str:
        """What the log calls this request by."""
        if not hasattr(self, "_request_id"):
            self._request_id = f"{_boot}-{next(_numbers):x}"
        return self._request_id

    def answer(self, value: object, status: int = 200) -> None:
        """Answer with JSON."""
        self.set_status(status)
        self.set_header("Content-Type", JSON)
        self.set_header("Cache-Control", "no-store")
        text = body.encode(value)
        if links.REFERENCE in text:
            text = links.absolute(text, self.base_url)
        self.finish(text)

    def answer_page(self, asked: Asked, count: int, results: Sequence[object]) -> None:
        """Answer with one page of a list. Raises Problem 404 past its end."""
        url, arguments = self.base_url + self.request.path, self.request.query_arguments
        self.answer(pages.to_page(asked, count, results, url, arguments))

    def answer_nothing(self) -> None:
        """Answer 204."""
        self.set_status(204)
        self.finish()

    async def snapshot(self, fn: Callable[..., T], *args: object) -> T:
        """Read, and answer the log's position of that same read, so that a stream opened from it has no gap."""
        position, value = await self.campus.read_positioned(fn, *args)
        self.set_header("X-Last-Event-ID", str(position))
        return value

    def compute_etag(self) -> str | None:
        """None: what is read here changes by the second, and hashing each answer costs more than it saves."""
        return None

    def head(self, *args: str, **kwargs: str) -> Any:
        """Answer as GET does, without the body; Tornado leaves it out."""
        return self.get(*args, **kwargs)

    def options(self, *args: str, **kwargs: str) -> None:
        """Answer a preflight; no token is needed."""
        for name, value in cors.preflight_headers():
            self.set_header(name, value)
        self.answer_nothing()

    # Errors

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write a failed request's answer in the documented shape."""
        failure = kwargs.get("exc_info", (None, None, None))[1]
        trouble = self._to_problem(status_code, failure)
        self.set_status(trouble.status)
        for name, value in trouble.headers.items():
            self.set_header(name, value)
        if trouble.status == 405:
            self.set_header("Allow", ", ".join(self.allowed_methods()))
        if self._hangs_up:
            self.set_header("Connection", "close")  # Tornado closes what it answers before the body is whole
        self.write_problem(trouble)

    def write_problem(self, trouble: Problem) -> None:
        """Write the body of a failure."""
        self.set_header("Content-Type", JSON)
        if trouble.status in self.error_statuses:
            self.finish(body.encode({"error": problem.first_sentence(trouble.detail)}))
        else:
            self.finish(body.encode(problem.to_body(trouble.detail)))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what the operator must see: failures of ours, never a client's mistake and never a token."""
        if isinstance(value, Problem | HTTPError):
            return  # a server that is full says so a thousand times a second
        if isinstance(value, DataError):
            # A disk that is full says so to everybody who writes.
            if self._to_problem(500, value).status >= 500 and self.campus.limits.turned_away.is_news(str(value)):
                self._log_error("%s %s: %s", self.request_id, self._request_summary(), value)
            return
        self._log_error("%s %s", self.request_id, self._request_summary(), exc_info=(typ, value, tb))

    def allowed_methods(self) -> list[str]:
        """The methods that this resource answers."""
        own = {name.upper() for kind in type(self).__mro__ if kind is not RequestHandler for name in vars(kind)}
        if "GET" not in own:
            own.discard("HEAD")
        return [name for name in self.SUPPORTED_METHODS if name in own]

    def _check_role(self) -> None:
        declared = self._declared
        if declared is not None and declared.roles is not None and self.caller.user_type not in declared.roles:
            raise Problem(403, problem.FORBIDDEN)

    def _to_problem(self, status_code: int, failure: BaseException | None) -> Problem:
        if isinstance(failure, Problem):
            return failure
        if isinstance(failure, DataError):
            return problem.of_error(failure)
        if isinstance(failure, HTTPError):
            return problem.of_status(failure.status_code, self.request.method or "")
        return problem.of_status(status_code, self.request.method or "")

    def _log_error(self, message: str, *args: object, **more: Any) -> None:
        log.error(message, *args, extra={"request_id": self.request_id}, **more)

    def _request_summary(self) -> str:
        return redact(f"{self.request.method} {self.request.uri} ({self.request.remote_ip})")
