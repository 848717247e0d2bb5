"""Application: Tornado's, with the campus in it, and with a log that shows no token."""

from __future__ import annotations

import logging
from typing import Any

from tornado import web
from tornado.httputil import HTTPServerRequest

from realtime.api import hosts, origin, routes
from realtime.api.campus import Campus
from realtime.api.metrics import Metrics
from realtime.api.nowhere import MisdirectedHandler, NotFoundHandler
from realtime.api.redact import redact

log = logging.getLogger("realtime.access")


class Application(web.Application):
    """Answers every request of one server."""

    def __init__(self, campus: Campus) -> None:
        self.campus = campus
        self.metrics = Metrics(campus)
        self._silent_until_s = 0.0
        table = routes.table()
        super().__init__(table, default_handler_class=NotFoundHandler, compress_response=False)
        # Paths without a variable piece, found at once: trying sixty patterns in turn takes 40 us.
        self._plain = {path: spec for spec in table for path in _plain_paths(spec.regex.pattern)}

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> web._HandlerDelegate:
        """The handler of a request."""
        options = self.campus.options
        known = hosts.is_allowed(request.host_name, options.allowed_hosts)
        known = known or origin.is_through_proxy(request, options.trusted_proxies)
        if not known or not origin.is_host(request.host):
            self._tell_misdirected(request)
            return self.get_handler_delegate(request, MisdirectedHandler)
        spec = self._plain.get(request.path)
        if spec is not None:
            return self.get_handler_delegate(request, spec.handler_class, spec.kwargs)
        return super().find_handler(request, **kwargs)

    def _tell_misdirected(self, request: HTTPServerRequest) -> None:
        """Once a minute: an operator must see what to set, and nobody shall fill the log."""
        now_s = self.campus.mono_s()
        if now_s >= self._silent_until_s:
            self._silent_until_s = now_s + 60.0
            log.warning("a request for the host %.80r is refused; see the setting allowed_hosts", request.host)

    def log_request(self, handler: web.RequestHandler) -> None:
        """Count it, and a line per request when the operator wants that. Failures of ours are logged with their reasons
        elsewhere."""
        self.campus.meter.count_answer(handler.get_status())
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
            extra={"request_id": getattr(handler, "request_id", None)},
        )


def _plain_paths(pattern: str) -> list[str]:
    """What a pattern of the route table matches, if that is one path, with a trailing slash or without."""
    path = pattern.removesuffix("$")
    if "(" in path:
        return []
    stem = path.removesuffix("/?")
    return [stem] if stem == path else [stem, f"{stem}/"]
