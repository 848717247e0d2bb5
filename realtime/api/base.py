"""Handler: what every resource's handler has in common. Authentication, bodies, answers, errors, CORS, request ids.

Nothing that Tornado would answer or log by itself (its HTML, its tracebacks, its URLs with tokens) reaches anybody. How
a body comes in is in receiving.py.
"""

from __future__ import annotations

import itertools
import logging
import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import msgspec
from tornado.web import HTTPError, RequestHandler

from data import clock
from data.asker import Asker, Moment
from data.errors import DataError
from data.listing import Asked
from realtime import links
from realtime.api import body, cors, origin, pages, params, problem
from realtime.api.problem import Problem
from realtime.api.receiving import Receiving
from realtime.api.redact import redact
from realtime.api.tokens import Caller

if TYPE_CHECKING:
    from realtime.api.application import Application

log = logging.getLogger(__name__)

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")

JSON = body.JSON

_boot = secrets.token_hex(4)
_numbers = itertools.count(1)


class Handler(Receiving):
    """The base of all handlers. `open_to_all` handlers need no token, nor do all others' `open_methods`; failures with
    one of the `error_statuses` are `{"error": sentence}`. `path_names` are those of the path's pieces, as the OpenAPI
    document shows them."""

    SUPPORTED_METHODS = ("GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS")
    open_to_all: ClassVar[bool] = False
    open_methods: ClassVar[frozenset[str]] = frozenset({"OPTIONS"})
    error_statuses: ClassVar[frozenset[int]] = frozenset()
    path_names: ClassVar[tuple[str, ...]] = ("id",)
    caller: Caller

    @property
    def now(self) -> str:
        """The time as the database writes it."""
        return clock.stamp(self.campus.wall_s())

    # Requests

    async def prepare(self) -> None:
        """Refuse a body that would be far too large, authenticate, permit. Raises Problem 401, 403, 413."""
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
        """Who calls, and whether that one may. Raises Problem 401, 403."""
        if not self.is_open(self.request.method or ""):
            self.caller = await self.authenticate(self.given_token())
            self._check_role()

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

    def given_token(self) -> str | None:
        """The token of the Authorization header, `Token K` or `Bearer K`."""
        kind, _, token = self.request.headers.get("Authorization", "").partition(" ")
        return token.strip() if kind.lower() in ("token", "bearer") and token.strip() else None

    async def authenticate(self, token: str | None) -> Caller:
        """The caller behind a token. Raises Problem 401."""
        challenge = {"WWW-Authenticate": "Token"}
        if token is None:
            raise Problem(401, problem.NO_CREDENTIALS, challenge)
        caller = await self.campus.tokens.authenticate(token, self.campus.wall_s())
        if caller is None:
            raise Problem(401, problem.BAD_TOKEN, challenge)
        if not caller.is_active:
            raise Problem(401, problem.INACTIVE, challenge)
        return caller

    def params(self, kind: type[S]) -> S:
        """The query parameters as the struct that the operation declares. Raises Problem 400, 404 for a bad page."""
        assert self._declared is not None
        assert self._declared.query is kind
        return params.decode(self.request.query_arguments, kind)

    def asker(self) -> Asker:
        """The caller, in the college that the request is held to, now. Raises Problem 400."""
        caller, options = self.caller, self.campus.options
        wall_s = self.campus.wall_s()
        today = clock.day(wall_s, options.timezone)
        at = Moment(clock.stamp(wall_s), today, options.timezone, options.notice_announce_delay_s)
        return Asker(caller.user_id, caller.user_type, self.college(), caller.college_id, at)

    @property
    def address(self) -> str:
        """The client's address."""
        return origin.address(self.request, self.campus.options.trusted_proxies)

    @property
    def base_url(self) -> str:
        """The address that the client reached the server by, without a path."""
        options = self.campus.options
        return options.public_url.rstrip("/") or origin.base_url(self.request, options.trusted_proxies)

    def college(self) -> int | None:
        """The college that the request is held to, None for all. Only a global role chooses. Raises Problem 400."""
        if not self.caller.is_global:
            return self.caller.college_id
        headers = self.request.headers
        name = "X-College-ID" if "X-College-ID" in headers else "X-Tenant-ID"
        value = headers.get(name, "all").strip()
        if value.lower() in ("", "all"):
            return None
        if not (value.isascii() and value.isdigit() and 0 < int(value[:20]) <= body.MOST_INTEGER):
            raise Problem(400, {name: ['Enter the number of a college, or "all".']})
        return int(value)

    # Answers

    def set_default_headers(self) -> None:
        """Headers that every answer has, errors included."""
        self.set_header("Server", "realtime")
        self.set_header("X-Request-ID", self.request_id)
        self.set_header("X-Content-Type-Options", "nosniff")
        for name, value in cors.headers(self.request, cast("Application", self.application).campus.options):
            self.set_header(name, value)

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
            if self._to_problem(500, value).status >= 500:
                log.error("%s %s: %s", self.request_id, self._request_summary(), value)
            return
        log.error("%s %s", self.request_id, self._request_summary(), exc_info=(typ, value, tb))

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

    def _request_summary(self) -> str:
        return redact(f"{self.request.method} {self.request.uri} ({self.request.remote_ip})")


class NotFoundHandler(Handler):
    """Every path that is no resource. A preflight is answered, or a page could not read the 404 that comes after it."""

    open_to_all = True

    async def admit(self) -> None:
        """Answer 404, whatever else is wrong."""
        if self.request.method != "OPTIONS":
            raise Problem(404, "Not found.")
