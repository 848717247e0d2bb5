"""Cross-origin headers: which pages elsewhere may use this server. Source: the Fetch standard, section 3.3."""

from __future__ import annotations

from collections.abc import Iterator

from tornado.httputil import HTTPServerRequest

from realtime.api.campus import Options

_ALLOWED_HEADERS = (
    "authorization, content-type, accept, cache-control, last-event-id, idempotency-key, if-none-match, range, "
    "x-college-id, x-tenant-id, x-requested-with, x-csrftoken"
)
_EXPOSED_HEADERS = "X-Last-Event-ID, X-Request-ID, Retry-After, Content-Disposition"


def headers(request: HTTPServerRequest, options: Options) -> Iterator[tuple[str, str]]:
    """The headers of every answer. An allowed origin is echoed; caches are always told that it matters."""
    yield "Vary", "Origin"
    origin = request.headers.get("Origin", "")
    if origin and origin in options.cors_origins:
        yield "Access-Control-Allow-Origin", origin
        yield "Access-Control-Allow-Credentials", "true"
        yield "Access-Control-Expose-Headers", _EXPOSED_HEADERS


def preflight_headers() -> Iterator[tuple[str, str]]:
    """What a preflight's answer has besides."""
    yield "Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS"
    yield "Access-Control-Allow-Headers", _ALLOWED_HEADERS
    yield "Access-Control-Max-Age", "600"
