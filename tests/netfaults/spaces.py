"""Network: three namespaces in a row, server, router, clients, and what can happen to the way between them.

Source: network_namespaces(7), veth(4), setns(2), unshare(2). Nothing here knows what is served. The addresses are in
namespaces of their own, so that they meet nobody else's, and two networks can be there at once. None has a name: with
the process that made them, however it ends, they are gone.
"""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

# The server's address is on its loopback, so that who sits beside it reaches it when its interface is down.
SERVER, SERVER_LINK, SERVER_GATE = "10.77.0.1", "10.77.1.2", "10.77.1.1"
CLIENT, CLIENT_GATE = "10.77.2.2", "10.77.2.1"
HERE = "/proc/thread-self/ns/net"
_NEW_NET = 0x40000000  # CLONE_NEWNET; Python has os.setns from 3.12 on
_libc = ctypes.CDLL(None, use_errno=True)

NEEDED = (
    "The network tests need network namespaces: root, or CAP_NET_ADMIN and CAP_SYS_ADMIN, and iproute2. "
    "Run them as root (in a container: with --privileged). They are not skipped: without them nobody has "
    "seen that a lost network loses no message."
)


class NoNamespaces(Exception):
    """This machine does not let this user make network namespaces."""


def run(*words: str) -> None:
    """Run a command; what it says is the error's text. Raises NoNamespaces."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    except FileNotFoundError as error:
        raise NoNamespaces(f"{NEEDED}\n{error}") from error
    if done.returncode != 0:
        raise NoNamespaces(f"{NEEDED}\n{' '.join(words)}: {done.stderr.strip()}")


class Space:
    """One network namespace. It goes with close(), as soon as no socket in it is open."""

    def __init__(self) -> None:
        with _back_outside():
            _done("unshare", _libc.unshare(_NEW_NET))
            self._descriptor = os.open(HERE, os.O_RDONLY | os.O_CLOEXEC)
        self.path = f"/proc/{os.getpid()}/fd/{self._descriptor}"
        try:
            self.ip("link", "set", "lo", "up")
        except BaseException:
            self.close()
            raise

    def ip(self, *words: str) -> None:
        """Run `ip` inside."""
        with self.entered():
            run("ip", *words)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """This thread, the sockets that it makes and the processes that it starts are inside."""
        with _back_outside():
            _enter(self._descriptor)
            yield

    def socket(self) -> socket.socket:
        """A TCP socket inside, whoever uses it. It does not block."""
        with self.entered():
            made = socket.socket()
        made.setblocking(False)
        return made

    def close(self) -> None:
        """Let go of it."""
        os.close(self._descriptor)


@contextmanager
def _back_outside() -> Iterator[None]:
    """At the end this thread is where it was."""
    outside = os.open(HERE, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        try:
            _enter(outside)
        finally:
            os.close(outside)


def _enter(descriptor: int) -> None:
    _done("setns", _libc.setns(descriptor, _NEW_NET))


def _done(what: str, answer: int) -> None:
    if answer != 0:
        raise NoNamespaces(f"{NEEDED}\n{what}: {os.strerror(ctypes.get_errno())}")


class Network:
    """The namespaces `server` and `clients`, and a router between, which a cut can be made at."""

    def __init__(self) -> None:
        self._spaces: list[Space] = []
        try:
            self.server = self._space()
            self.router = self._space()
            self.clients = self._space()
            self._join(self.server, "s0", SERVER_LINK, self.router, "r0", SERVER_GATE)
            self.server.ip("address", "add", f"{SERVER}/32", "dev", "lo")
            self.router.ip("route", "add", f"{SERVER}/32", "via", SERVER_LINK)
            self._join(self.clients, "c0", CLIENT, self.router, "r1", CLIENT_GATE)
            with self.router.entered():
                Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii")
        except BaseException:
            self.close()
            raise

    def unplug(self) -> None:
        """The clients' interface goes down, for good."""
        self.clients.ip("link", "set", "c0", "down")

    def vanish(self) -> None:
        """The clients' namespace is gone, without a word to anybody. Unplug it and close its sockets first."""
        self._spaces.remove(self.clients)
        self.router.ip("link", "del", "r1")
        self.clients.close()

    def come_back(self) -> None:
        """New clients' namespace, with the old address."""
        self.clients = self._space()
        self._join(self.clients, "c0", CLIENT, self.router, "r1", CLIENT_GATE)

    def close(self) -> None:
        """Take it all away."""
        for space in self._spaces:
            space.close()
        self._spaces.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _space(self) -> Space:
        made = Space()
        self._spaces.append(made)
        return made

    def _join(self, end: Space, near: str, address: str, router: Space, far: str, gate: str) -> None:
        run("ip", "link", "add", near, "netns", end.path, "type", "veth", "peer", "name", far, "netns", router.path)
        end.ip("address", "add", f"{address}/24", "dev", near)
        router.ip("address", "add", f"{gate}/24", "dev", far)
        end.ip("link", "set", near, "up")
        router.ip("link", "set", far, "up")
        end.ip("route", "add", "default", "via", gate)
