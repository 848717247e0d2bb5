"""`/metrics`: who may read the server's figures. Addresses of the setting metrics_addresses, and administrators.

A proxy on this machine makes everybody's address loopback. So what was forwarded counts by the address that a trusted
proxy names, never as loopback, and without such a proxy not at all. A proxy that says nothing of itself passes on the
name that its client asked for, mostly, and who asks on this machine has no reason to use a public one.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, cast

from tornado.httputil import HTTPServerRequest

from data import roles
from realtime.api import origin
from realtime.api.base import Handler
from realtime.api.metrics import CONTENT_TYPE
from realtime.api.operation import operation

if TYPE_CHECKING:
    from realtime.api.application import Application

# What proxies add, one or another of them.
FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via")


class MetricsHandler(Handler):
    """`GET /metrics`."""

    async def admit(self) -> None:
        """Ask nobody at a permitted address for a token. Raises Problem 401, 403."""
        options = self.campus.options
        if self.request.method not in ("GET", "HEAD") or not is_near(
            self.request, options.metrics_addresses, options.trusted_proxies
        ):
            await super().admit()

    @operation({200: str}, roles=roles.ADMIN_ROLES, media=CONTENT_TYPE)
    async def get(self) -> None:
        """The server's figures, for Prometheus."""
        page = await cast("Application", self.application).metrics.page()
        self.set_header("Content-Type", CONTENT_TYPE)
        self.set_header("Cache-Control", "no-store")
        self.finish(page)


def is_near(request: HTTPServerRequest, allowed: origin.Networks, trusted: origin.Networks) -> bool:
    """Whether a request comes from one of the allowed addresses itself, or through a trusted proxy from one that is not
    loopback."""
    peer = origin.plain(request.remote_ip or "")
    if not _was_forwarded(request):
        is_plausible = not _is_loopback(peer) or _is_near_name(request.host_name)
        return is_plausible and origin.is_among(peer, allowed)
    address = origin.address(request, trusted)
    return address != peer and origin.is_among(address, allowed) and not _is_loopback(address)


def _was_forwarded(request: HTTPServerRequest) -> bool:
    """Also an old version says so: nginx that is told nothing speaks HTTP/1.0 to us, and no scraper does."""
    return request.version == "HTTP/1.0" or any(name in request.headers for name in FORWARDING)


def _is_near_name(host: str) -> bool:
    """Whether a request's host is one that leads to this machine only from this machine: no name with a dot."""
    name = host.rstrip(".")
    is_bare = "." not in name.removesuffix(".localhost") and ":" not in name
    return is_bare or _is_loopback(name.strip("[]"))


def _is_loopback(text: str) -> bool:
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False
