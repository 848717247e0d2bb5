"""Parts: what a server is made of, each made from the settings. server.py puts them together, starts and stops them."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from data import clock, files
from data import log as event_log
from data.database import Database
from realtime import descriptors
from realtime.api import hosts, tokens
from realtime.api.application import Application
from realtime.api.bounds import Bounds
from realtime.api.campus import Campus, Options
from realtime.api.hashing import Hashing
from realtime.api.limits import Limits
from realtime.api.meter import Meter
from realtime.api.tokens import TokenTable
from realtime.connections import KINDS, Connections, Patience
from realtime.hub import Hub
from realtime.presence import Presence
from realtime.replay import Replay
from realtime.storage.depot import Bucket, Depot
from realtime.subscriber import Rules
from realtime.tls import Certificate
from settings import Settings

MOST_BODY_BYTES = 1 << 50  # what Tornado refuses by itself, with a bare 400: above every limit of ours, which answer
IDLE_CONNECTION_S = 75.0  # a connection that asks nothing holds a descriptor; browsers and proxies open another


def campus(
    settings: Settings,
    max_streams: int,
    database: Database,
    hashing: Hashing,
    meter: Meter,
    depot: Depot,
    last_id: int,
) -> Campus:
    """What handlers reach. `last_id` is the log's position."""
    hub = Hub(heartbeat_s=settings.heartbeat_s, last_id=last_id)
    presence = Presence(hub, grace_s=settings.presence_grace_s, date=clock.stamp)

    async def find(token: str) -> tokens.Caller | None:
        return await database.read(tokens.find, token)

    async def page(keys: Mapping[str, int], after_id: int, through_id: int) -> event_log.Page:
        return await database.read(event_log.since, keys, after_id, through_id, settings.replay_page_bytes)

    async def uploaded(user_id: int, since: str, most_bytes: int) -> tuple[int, str | None]:
        return await database.read(files.uploaded, user_id, since, most_bytes)

    limits = Limits(Bounds(**_same(Bounds, settings)), uploaded, mono_s=time.monotonic, wall_s=time.time)
    replay = Replay(hub, page, presence.snapshot)
    rules = Rules(
        settings.outbox_frames,
        settings.outbox_bytes,
        settings.send_timeout_s,
        settings.tcp_user_timeout_s,
        replay,
        hub.slow,
    )
    return Campus(
        _options(settings, max_streams),
        database,
        hub,
        presence,
        TokenTable(find),
        rules,
        replay,
        hashing,
        meter,
        limits,
        depot.store,
        depot.incoming,
        wall_s=time.time,
        mono_s=time.monotonic,
    )


def connections(settings: Settings, campus: Campus, certificate: Certificate | None) -> Connections:
    """What accepts and answers."""
    turned_away = campus.limits.turned_away
    for kind in KINDS:
        turned_away.expect(kind)
    most = settings.max_connections or descriptors.for_connections(descriptors.limit())
    return Connections(
        Application(campus),
        patience=Patience(
            settings.header_timeout_s,
            settings.body_bytes_per_s,
            settings.send_timeout_s,
            most if settings.limits else sys.maxsize,
        ),
        mono_s=time.monotonic,
        told=lambda kind, address: turned_away.note(kind, f"address {address}"),
        ssl_options=None if certificate is None else certificate.context,
        max_body_size=MOST_BODY_BYTES,
        max_header_size=settings.max_header_bytes,
        idle_connection_timeout=IDLE_CONNECTION_S,
    )


def depot(settings: Settings) -> Depot:
    """Where the bytes of files are."""
    bucket = None
    if settings.s3_bucket:
        bucket = Bucket(settings.s3_bucket, settings.s3_endpoint, settings.s3_region, settings.s3_prefix)
    return Depot(settings.data_dir / "files", bucket)


def _options(settings: Settings, max_streams: int) -> Options:
    return Options(
        **_same(Options, settings)
        | {
            "cors_origins": frozenset(settings.cors_origins),
            "allowed_hosts": hosts.allowed(settings.allowed_hosts, settings.address, settings.public_url),
            "timezone": settings.zone,
            "max_streams": max_streams,
        }
    )


def _same(kind: type[Options] | type[Bounds], settings: Settings) -> dict[str, Any]:
    """The values of the settings that have the names of its fields."""
    return {item.name: getattr(settings, item.name) for item in fields(kind) if hasattr(settings, item.name)}
