"""Where a request came from, and by which address. Forwarded headers count only when a trusted proxy sent them: anybody
else could write an address of their choosing into the audit and past the limits.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from tornado.httputil import HTTPServerRequest

Networks = tuple[IPv4Network | IPv6Network, ...]

MOST_PROXIES = 20
_WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|([^:]*):\d+")
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")


def address(request: HTTPServerRequest, trusted: Networks) -> str:
    """The client's address: the last one of the chain that no trusted proxy has.

    What stands before it the client may have written. Where the chain says nothing that is an address, it is the peer.
    """
    peer = plain(request.remote_ip or "")
    if not is_among(peer, trusted):
        return peer
    for item in _all(request, "X-Forwarded-For")[: -MOST_PROXIES - 1 : -1]:
        found = plain(item)
        if not _is_address(found):
            break
        if not is_among(found, trusted):
            return found
    return peer


def is_through_proxy(request: HTTPServerRequest, trusted: Networks) -> bool:
    """Whether a trusted proxy passed it on, which has looked at its Host."""
    return is_among(plain(request.remote_ip or ""), trusted)


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """An address without port, brackets and zone, an IPv4 address as one also where a socket for both kinds has it as
    ::ffff:1.2.3.4. What is no address is as it was."""
    found = _WITH_PORT.fullmatch(text)
    bare = (found[1] or found[2] or "" if found else text).partition("%")[0]
    try:
        known = ip_address(bare)
    except ValueError:
        return text
    mapped = known.ipv4_mapped if isinstance(known, IPv6Address) else None
    return str(mapped or known)


@lru_cache(maxsize=4096)
def place(text: str) -> str:
    """What limits count an address as: itself, or its /64, as everybody who has one IPv6 address has 2^64 of them."""
    return str(ip_network(f"{text}/64", strict=False)) if ":" in text and _is_address(text) else text


def base_url(request: HTTPServerRequest, trusted: Networks) -> str:
    """Scheme and host as the client wrote them."""
    host = request.host
    if is_through_proxy(request, trusted):
        for forwarded in _all(request, "X-Forwarded-Host")[-1:]:
            host = forwarded if is_host(forwarded) else host
    return f"{scheme(request, trusted)}://{host}"


def is_host(text: str) -> bool:
    """Whether this can be a host and a port, or nothing: it goes into a policy's header and into links,
    and Python reads no URL with a `[` alone."""
    return not text or _HOST.fullmatch(text) is not None


def scheme(request: HTTPServerRequest, trusted: Networks) -> str:
    """`http` or `https`, as the client wrote it."""
    if is_through_proxy(request, trusted):
        for forwarded in _all(request, "X-Forwarded-Proto")[-1:]:
            if forwarded.lower() in ("http", "https"):
                return forwarded.lower()
    return request.protocol


def _all(request: HTTPServerRequest, name: str) -> list[str]:
    """What all headers of that name say, in their order."""
    return [item.strip() for item in request.headers.get(name, "").split(",") if item.strip()]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)  # parsing an address takes 10 us, and it is asked of every request
def is_among(text: str, networks: Networks) -> bool:
    """Whether this is an address of these networks."""
    return _is_address(text) and any(ip_address(text) in network for network in networks)
