"""Application: Tornado's, with the campus in it, and with a log that shows no token."""

from __future__ import annotations

import logging

from tornado import web

from realtime.api import routes
from realtime.api.base import NotFoundHandler
from realtime.api.campus import Campus
from realtime.api.redact import redact

log = logging.getLogger("realtime.access")


class Application(web.Application):
    """Answers every request of one server."""

    def __init__(self, campus: Campus) -> None:
        self.campus = campus
        super().__init__(routes.table(), default_handler_class=NotFoundHandler, compress_response=False)

    def log_request(self, handler: web.RequestHandler) -> None:
        """A line per request when the operator wants that. Failures of ours are logged with their reasons elsewhere."""
        if not self.campus.options.access_log:
            return
        request = handler.request
        log.info(
            "%s %d %s %s (%s) %.1f ms",
            getattr(handler, "request_id", "-"),
            handler.get_status(),
            request.method,
            redact(request.uri or ""),
            request.remote_ip,
            1000.0 * request.request_time(),
        )
