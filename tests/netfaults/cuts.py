"""Cuts: the ways in which a network goes away and comes back. Each is a context manager: it is cut inside of `with`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.netfaults.spaces import CLIENT, CLIENT_GATE, SERVER, SERVER_GATE, Network, Space

Cut = Callable[[Network], AbstractContextManager[None]]


@contextmanager
def clients_link(network: Network) -> Iterator[None]:
    """The clients' own interface goes down: their kernel knows it."""
    with _down(network.clients, "c0"):
        yield
    network.clients.ip("route", "replace", "default", "via", CLIENT_GATE)


@contextmanager
def servers_link(network: Network) -> Iterator[None]:
    """The server's own interface goes down, and what it sends has no route."""
    with _down(network.server, "s0"):
        yield
    network.server.ip("route", "replace", "default", "via", SERVER_GATE)


@contextmanager
def far_link(network: Network) -> Iterator[None]:
    """The access point dies: the router's side of the clients' link goes down."""
    with _down(network.router, "r1"):
        yield


@contextmanager
def black_hole(network: Network) -> Iterator[None]:
    """A NAT forgets both: the router drops everything, and tells nobody. Every link stays up."""
    with _dropping(network, CLIENT), _dropping(network, SERVER):
        yield


@contextmanager
def to_clients(network: Network) -> Iterator[None]:
    """What the server sends is dropped; what the clients send arrives."""
    with _dropping(network, CLIENT):
        yield


@contextmanager
def to_server(network: Network) -> Iterator[None]:
    """What the clients send is dropped, acknowledgements among it; what the server sends arrives."""
    with _dropping(network, SERVER):
        yield


CUTS: dict[str, Cut] = {
    "the clients' link": clients_link,
    "the server's link": servers_link,
    "the router's link": far_link,
    "both ways dropped": black_hole,
    "dropped to clients": to_clients,
    "dropped to the server": to_server,
}


@contextmanager
def _down(space: Space, interface: str) -> Iterator[None]:
    space.ip("link", "set", interface, "down")
    try:
        yield
    finally:
        space.ip("link", "set", interface, "up")


@contextmanager
def _dropping(network: Network, address: str) -> Iterator[None]:
    # `blackhole` drops without a word, as a NAT that has forgotten does; `unreachable` would tell the sender.
    network.router.ip("rule", "add", "to", f"{address}/32", "blackhole")
    try:
        yield
    finally:
        network.router.ip("rule", "del", "to", f"{address}/32", "blackhole")
