"""Descriptors: how many this process may have, and how many of them streams may take."""

from __future__ import annotations

import resource

RESERVED = 256  # kept for files, SQLite, and requests that are being answered
MOST_CONNECTIONS = 4096  # ten thousand that reconnect at once over TLS are that many for a second


def raise_limit() -> int:
    """Take as many descriptors as the system lets a process have, for each stream is one; how many that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 1 << 20 if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def limit() -> int:
    """How many this process may have."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def for_connections(limit: int) -> int:
    """What connections may have that are no streams and have no request."""
    return max(1, min(MOST_CONNECTIONS, limit // 8))


def for_streams(limit: int) -> int:
    """What that limit leaves for streams."""
    return max(1, limit - min(RESERVED + for_connections(limit), limit // 2))
