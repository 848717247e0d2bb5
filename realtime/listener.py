"""Listening sockets: our own, or the one that a supervisor opened and hands over, so that a restart refuses nobody.

Source of the handover: sd_listen_fds(3). Nothing here knows what is served.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Mapping
from typing import Any

from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets

log = logging.getLogger(__name__)

BACKLOG = 4096  # Tornado's 128 lets 256 clients at once open 240 streams a second; this lets them open 3,000
FIRST_INHERITED = 3
RETRY_ACCEPT_S = 1.0
# A connection's request is there when it is accepted, and is handled then: 24 openings take 8 ms, and Tornado's 128 at
# once held the loop for 50.
ACCEPTS_AT_ONCE = 24


class Patient(socket.socket):
    """A listening socket that lets others have their turns, and waits when the process has no descriptor left.

    Without descriptors Tornado would try again at once and for ever, a traceback each time, and nothing else would be
    served.
    """

    def __init__(self, listening: socket.socket) -> None:
        """Take the descriptor of a socket, which is of no use any more."""
        super().__init__(listening.family, listening.type, listening.proto, listening.detach())
        self.setblocking(False)
        self._room = ACCEPTS_AT_ONCE

    def accept(self) -> tuple[socket.socket, Any]:
        """As socket.accept. After ACCEPTS_AT_ONCE the loop has a turn; without descriptors it does not ask again for
        RETRY_ACCEPT_S."""
        if self._room == 0:
            self._room = ACCEPTS_AT_ONCE
            raise BlockingIOError
        try:
            accepted = super().accept()
            self._room -= 1
            return accepted
        except BlockingIOError:
            self._room = ACCEPTS_AT_ONCE
            raise
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                raise
            log.error("no new connection for %.0f s: %s", RETRY_ACCEPT_S, error.strerror)
            loop = IOLoop.current()
            loop.update_handler(self.fileno(), 0)
            loop.call_later(RETRY_ACCEPT_S, self._resume, loop)
            raise BlockingIOError from error

    def _resume(self, loop: IOLoop) -> None:
        if self.fileno() >= 0:
            loop.update_handler(self.fileno(), IOLoop.READ)


def inherited(environ: Mapping[str, str]) -> list[socket.socket]:
    """The listening sockets that were handed to this very process; none if there are none. Raises OSError."""
    if environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = environ.get("LISTEN_FDS", "0")
    if not count.isdecimal():
        raise OSError(errno.EINVAL, f"{count!r} is not a number of sockets", "LISTEN_FDS")
    found: list[socket.socket] = []
    for descriptor in range(FIRST_INHERITED, FIRST_INHERITED + int(count)):
        try:
            os.set_inheritable(descriptor, False)
            listening = socket.socket(fileno=descriptor)
        except OSError as error:
            raise OSError(error.errno, f"descriptor {descriptor}: {error.strerror}", "LISTEN_FDS") from error
        found.append(Patient(listening))
    return found


def bind(address: str, port: int) -> list[socket.socket]:
    """Listening sockets of our own. Raises OSError for a busy port or an address that isn't this machine's."""
    return [Patient(listening) for listening in bind_sockets(port, address, backlog=BACKLOG)]


def name(listening: socket.socket) -> str:
    """`ADDRESS:PORT` as it stands in a URL."""
    if listening.family == socket.AF_UNIX:
        return f"unix:{listening.getsockname()}"
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
