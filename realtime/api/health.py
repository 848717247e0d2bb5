"""`/healthz` and `/readyz`: what a supervisor and a proxy ask. No token."""

from __future__ import annotations

from data import log
from data.errors import StorageError
from realtime.api.base import Handler


class HealthHandler(Handler):
    """`GET /healthz`: the process answers."""

    open_to_all = True

    def get(self) -> None:
        """Always 200."""
        self.answer({"status": "ok"})


class ReadyHandler(Handler):
    """`GET /readyz`: streams are accepted and writes go through."""

    open_to_all = True

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
