"""Listening sockets: our own, or the one that a supervisor opened and hands over, so that a restart refuses nobody.

Source of the handover: sd_listen_fds(3). Nothing here knows what is served.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Mapping

from tornado.netutil import bind_sockets

BACKLOG = 4096  # Tornado's 128 lets 256 clients at once open 240 streams a second; this lets them open 3,000
FIRST_INHERITED = 3


def inherited(environ: Mapping[str, str]) -> list[socket.socket]:
    """The listening sockets that were handed to this very process; none if there are none. Raises OSError."""
    if environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = environ.get("LISTEN_FDS", "0")
    if not count.isdecimal():
        raise OSError(errno.EINVAL, f"{count!r} is not a number of sockets", "LISTEN_FDS")
    found = []
    for descriptor in range(FIRST_INHERITED, FIRST_INHERITED + int(count)):
        try:
            os.set_inheritable(descriptor, False)
            listening = socket.socket(fileno=descriptor)
        except OSError as error:
            raise OSError(error.errno, f"descriptor {descriptor}: {error.strerror}", "LISTEN_FDS") from error
        listening.setblocking(False)
        found.append(listening)
    return found


def bind(address: str, port: int) -> list[socket.socket]:
    """Listening sockets of our own. Raises OSError for a busy port or an address that isn't this machine's."""
    return bind_sockets(port, address, backlog=BACKLOG)


def name(listening: socket.socket) -> str:
    """`ADDRESS:PORT` as it stands in a URL."""
    if listening.family == socket.AF_UNIX:
        return f"unix:{listening.getsockname()}"
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
