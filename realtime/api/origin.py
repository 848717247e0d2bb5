"""Where a request came from, and by which address. Forwarded headers count only when a trusted proxy sent them: anybody
else could write an address of their choosing into the audit and past the limits.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address

from tornado.httputil import HTTPServerRequest

Networks = tuple[IPv4Network | IPv6Network, ...]


def address(request: HTTPServerRequest, trusted: Networks) -> str:
    """The client's address: the last one of the chain that no trusted proxy has."""
    peer: str = request.remote_ip or ""
    chain = [peer]
    if _is_trusted(peer, trusted):
        chain += request.headers.get("X-Forwarded-For", "").replace(" ", "").split(",")[::-1]
    for item in filter(None, chain):
        if not _is_address(item):
            break
        if not _is_trusted(item, trusted):
            return item
    return peer


def base_url(request: HTTPServerRequest, trusted: Networks) -> str:
    """Scheme and host as the client wrote them."""
    scheme, host = request.protocol, request.host
    if _is_trusted(request.remote_ip or "", trusted):
        forwarded = request.headers.get("X-Forwarded-Proto", "").lower()
        scheme = forwarded if forwarded in ("http", "https") else scheme
        host = request.headers.get("X-Forwarded-Host") or host
    return f"{scheme}://{host}"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)  # parsing an address takes 10 us, and it is asked of every request
def _is_trusted(text: str, trusted: Networks) -> bool:
    return _is_address(text) and any(ip_address(text) in network for network in trusted)
