"""Asking: who sends a request, from where, on whose behalf, and what its query says. Answers are in base.py."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from data import clock
from data.asker import Asker, Moment
from data.audit import Act
from realtime.api import body, origin, params, problem
from realtime.api.problem import Problem
from realtime.api.receiving import Receiving
from realtime.api.tokens import Caller

S = TypeVar("S", bound=msgspec.Struct)


class Asking(Receiving):
    """The part of a handler that knows its `caller`, once that is authenticated."""

    caller: Caller

    @property
    def now(self) -> str:
        """The time as the database writes it."""
        return clock.stamp(self.campus.wall_s())

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
        return Asker(caller.user_id, caller.user_type, self.college(), caller.college_id, at, self.address)

    def act(self) -> Act:
        """Something that the caller does now, for the audit."""
        return Act(self.caller.user_id, self.address, self.now)

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
