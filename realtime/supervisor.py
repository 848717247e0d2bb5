"""Supervisor: what whoever started the server wants to hear: that it is ready, that it lives, that it stops.

Source: sd_notify(3) and sd_watchdog_enabled(3), a datagram a message to NOTIFY_SOCKET. Without that variable nobody is
told anything. Nothing here knows what is served.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping

log = logging.getLogger(__name__)


class Supervisor:
    """Tells the supervisor that `environ` names. Who wants signs of life should want them every 3 s or more rarely."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._every_s = _interval_s(environ) / 2
        self._answers: Callable[[], Awaitable[None]]
        self._asking: asyncio.Task[None] | None = None
        self._told_s = 0.0

    def ready(self, answers: Callable[[], Awaitable[None]]) -> None:
        """Connections are accepted. From now on the server lives while `answers`, asked now and then, returns."""
        self._answers = answers
        self._tell("READY=1")

    def stopping(self) -> None:
        """The end has begun."""
        self._tell("STOPPING=1")

    def tick(self, mono_s: float, wall_s: float) -> None:
        """Once a second: at half of the interval ask, and say that the server lives when there is an answer.

        The loop is alive, or this would not run. While nothing answers nothing is said, and the supervisor starts
        another server.
        """
        if not self._every_s or mono_s - self._told_s < self._every_s:
            return
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask(mono_s))

    def close(self) -> None:
        """Ask nothing more."""
        if self._asking is not None:
            self._asking.cancel()

    async def _ask(self, asked_s: float) -> None:
        try:
            await self._answers()
        except Exception:
            log.exception("the server cannot tell whether it lives, and the supervisor hears nothing more of it")
            return
        self._told_s = asked_s
        self._asking = None
        self._tell("WATCHDOG=1")

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        # A name that begins with @ is an abstract one: no file, and a NUL in its place.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
                sending.setblocking(False)
                sending.sendto(message.encode(), address)
        except OSError as error:
            log.warning("the supervisor was not told %s: %s", message, error)


def _interval_s(environ: Mapping[str, str]) -> float:
    """How often a sign of life is wanted of this very process, 0 for never."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    microseconds = environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds.isdecimal() else 0.0
