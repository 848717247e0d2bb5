"""Requests that lead nowhere: to a path that is no resource, or to a host that this server is not."""

from __future__ import annotations

from realtime.api import problem
from realtime.api.base import Handler
from realtime.api.problem import Problem


class NotFoundHandler(Handler):
    """Every path that is no resource. A preflight is answered, or a page could not read the 404 that comes after it."""

    open_to_all = True

    async def admit(self) -> None:
        """Answer 404, whatever else is wrong."""
        if self.request.method != "OPTIONS":
            raise Problem(404, "Not found.")


class MisdirectedHandler(Handler):
    """Every request whose Host is not one that is answered to."""

    open_to_all = True

    async def admit(self) -> None:
        """Answer 421, whatever else is wrong."""
        raise Problem(421, problem.MISDIRECTED)
