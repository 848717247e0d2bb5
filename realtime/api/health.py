"""`/healthz` and `/readyz`: what a supervisor and a proxy ask. No token."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from data import log
from data.errors import StorageError
from realtime.api.base import Handler
from realtime.api.operation import operation


class Status(TypedDict):
    """One word, and a sentence where there is trouble."""

    status: str
    detail: NotRequired[str]


class HealthHandler(Handler):
    """`GET /healthz`: the process answers."""

    open_to_all = True

    @operation({200: Status})
    def get(self) -> None:
        """Always 200."""
        self.answer({"status": "ok"})


class ReadyHandler(Handler):
    """`GET /readyz`: streams are accepted and writes go through."""

    open_to_all = True

    @operation({200: Status, 503: Status})
    async def get(self) -> None:
        """200, or 503 with what is wrong."""
        if self.campus.stopping:
            self.answer({"status": "stopping"}, 503)
            return
        try:
            await self.campus.database.write(log.probe)
        except StorageError as error:
            self.answer({"status": "storage", "detail": str(error)}, 503)
            return
        self.answer({"status": "ready"})
