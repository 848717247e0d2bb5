"""Peers: what others would pick for the same work, each with the smallest program that sends one event to all streams.

They are installed from their registries into a folder of the cache (peer.default_cache), not into the system or this
checkout: that takes a few minutes once. Where they can, they say something every 30 seconds, as this server does.
"""

from __future__ import annotations

from bench.peers.nchan import Nchan
from bench.peers.node import BetterSse
from bench.peers.peer import Peer
from bench.peers.python import AIOHTTP_SSE, DJANGO_EVENTSTREAM, SSE_STARLETTE
from bench.subject import Start

PEERS: tuple[Peer, ...] = (Nchan(), BetterSse(), AIOHTTP_SSE, SSE_STARLETTE, DJANGO_EVENTSTREAM)
STARTS: dict[str, Start] = {peer.name: peer.start for peer in PEERS}
