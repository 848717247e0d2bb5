"""Campus: everything that a handler reaches, handed to it by the composition root. No registry at module level, so two
servers can run in one process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import TypeVar
from weakref import WeakSet
from zoneinfo import ZoneInfo

from data import log
from data.database import Database
from data.transaction import Transaction
from realtime.api.hashing import Hashing
from realtime.api.importing import Imports
from realtime.api.limits import Limits
from realtime.api.meter import Meter
from realtime.api.tokens import TokenTable
from realtime.api.wrong_logins import WrongLogins
from realtime.hub import Hub
from realtime.presence import Presence
from realtime.replay import Replay
from realtime.storage.incoming import Incoming
from realtime.storage.store import Store
from realtime.subscriber import Rules

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Options:
    """The settings that handlers need, as values. Names and units are those of the settings."""

    public_url: str
    cors_origins: frozenset[str]
    allowed_hosts: frozenset[str]
    hsts_days: float
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    metrics_addresses: tuple[IPv4Network | IPv6Network, ...]
    timezone: ZoneInfo
    limits: bool
    access_log: bool
    api_docs: bool
    heartbeat_s: int
    retry_ms: int
    send_buffer_bytes: int
    tcp_user_timeout_s: float
    replay_page_bytes: int
    typing_interval_s: float
    max_streams_per_user: int
    max_streams: int
    test_streams_per_address: int
    token_lifetime_days: float
    notice_announce_delay_s: float
    registration: bool
    bcrypt_cost: int
    max_body_bytes: int
    max_upload_bytes: int


@dataclass(slots=True)
class Campus:
    """One server's parts. `wall_s` and `mono_s` tell the time; `hashing` runs bcrypt off the loop; `requests` are
    those being answered, which a stop waits for."""

    options: Options
    database: Database
    hub: Hub
    presence: Presence
    tokens: TokenTable
    rules: Rules
    replay: Replay
    hashing: Hashing
    meter: Meter
    limits: Limits
    store: Store
    incoming: Incoming
    wall_s: Callable[[], float]
    mono_s: Callable[[], float]
    imports: Imports = field(default_factory=Imports)
    wrong_logins: WrongLogins = field(default_factory=WrongLogins)
    stopping: bool = False
    requests: WeakSet[object] = field(default_factory=WeakSet)

    async def read_positioned(self, fn: Callable[..., T], *args: object) -> tuple[int, T]:
        """Read, and the log's position in that same snapshot: a stream opened from there has no gap."""

        def both(tx: Transaction) -> tuple[int, T]:
            return log.position(tx), fn(tx, *args)

        return await self.database.read(both)
