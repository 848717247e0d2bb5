"""The server: `python server.py` serves, `python server.py COMMAND` runs a command.

The composition root: the one place that knows all rooms and puts them together, starts them and stops them in order.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import resource
import signal
import socket
import ssl
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

from tornado.httpserver import HTTPServer

from commands import cli
from commands.folder import DATABASE_NAME
from data import clock, files, links, migrate
from data import log as event_log
from data.database import Database
from data.errors import DataError
from data.lock import FolderLock
from realtime import frame, listener
from realtime.api import tokens
from realtime.api.application import Application
from realtime.api.campus import Campus, Options
from realtime.api.hashing import Hashing
from realtime.api.meter import Meter
from realtime.api.publisher import Publisher
from realtime.api.redact import Formatter
from realtime.api.tokens import TokenTable
from realtime.api.upkeep import Upkeep
from realtime.garbage import Garbage
from realtime.heartbeat import Heartbeat
from realtime.hub import Hub
from realtime.presence import Presence
from realtime.replay import Replay
from realtime.storage.depot import Bucket, Depot
from realtime.subscriber import Rules
from settings import Settings

log = logging.getLogger("realtime")
setup_log = logging.getLogger("realtime.setup")

LOCK_WAIT_S = 2.0
RESERVED_FILES = 256  # descriptors kept for REST, files and SQLite
MOST_BODY_BYTES = 1 << 50  # what Tornado refuses by itself, with a bare 400: above every limit of ours, which answer
ENDED_AT_ONCE = 200
IDLE_CONNECTION_S = 75.0  # a connection that asks nothing holds a descriptor; browsers and proxies open another
STOP_STEP_S = 0.02


class Server:
    """One server: built from settings, started on listening sockets, stopped in order."""

    def __init__(self, settings: Settings, path: Path, max_streams: int) -> None:
        self._settings = settings
        self._path = path
        self._max_streams = max_streams
        self._stack = AsyncExitStack()
        self.campus: Campus

    async def start(self, sockets: list[socket.socket]) -> None:
        """Open everything and accept connections. Raises DataError, OSError and ssl.SSLError."""
        settings = self._settings
        tls = _tls(settings)
        self._apply: Publisher
        meter = Meter(time.monotonic)
        database = Database(self._path, on_commit=lambda outcome: self._apply(outcome), time_commit=meter.time_commit)
        await database.open()
        self._stack.push_async_callback(database.close)
        hashing = Hashing()
        self._stack.callback(hashing.shutdown)
        depot = Depot(settings.data_dir / "files", _bucket(settings))
        self._stack.push_async_callback(depot.close)
        await depot.open()
        self.campus = self._build(database, hashing, meter, depot, await database.read(event_log.position))
        campus = self.campus
        self._apply = Publisher(campus.hub, campus.presence, campus.tokens, meter, depot.remove)
        await self._sweep_files(depot)
        self._upkeep = Upkeep(
            campus,
            log_keep_days=settings.log_keep_days,
            log_keep_events=settings.log_keep_events,
            log_prune_interval_s=settings.log_prune_interval_s,
        )
        await self._upkeep.notice_outside_changes()
        await self._upkeep.learn_tokens()
        self._heartbeat = Heartbeat([meter.tick, campus.hub.tick, campus.presence.tick, self._upkeep.tick])
        self._heartbeat.start()
        self._http = HTTPServer(
            Application(campus),
            ssl_options=tls,
            max_body_size=MOST_BODY_BYTES,
            idle_connection_timeout=IDLE_CONNECTION_S,
        )
        self._http.add_sockets(sockets)
        if not await database.read(links.has_users):
            secret = await database.write(links.replace_first_admin, clock.stamp(time.time()))
            where = settings.public_url or f"{'https' if tls else 'http'}://{listener.name(sockets[0])}"
            setup_log.warning(
                "There are no users yet. Create the first administrator within 24 hours at %s/setup/?key=%s",
                where,
                secret,
                extra={"shows_secret": True},
            )

    async def stop(self) -> None:
        """Accept nothing more, finish what was begun, end the streams, write what is only in memory, close."""
        campus = self.campus
        campus.stopping = True
        campus.hashing.end()
        deadline_s = time.monotonic() + self._settings.shutdown_timeout_s
        self._heartbeat.stop()
        self._http.stop()
        campus.hub.finish()
        await self._end_streams()
        await campus.imports.close()
        # Polled, as requests end in Tornado and streams in the hub, and this happens once in a server's life.
        while (campus.requests or campus.hub.streams) and time.monotonic() < deadline_s:  # noqa: ASYNC110
            await asyncio.sleep(STOP_STEP_S)
        for subscriber in list(campus.hub.streams.values()):
            subscriber.abort()
        await self._upkeep.stop()
        await self._http.close_all_connections()

    async def close(self) -> None:
        """Close what `start` opened, also when it failed half-way."""
        await self._stack.aclose()

    async def _sweep_files(self, depot: Depot) -> None:
        """Remove what a crash left behind: rows that nothing names, then files that no row names."""
        database = self.campus.database
        unused = await database.read(files.unused)
        if unused:
            await database.write(files.remove, unused)
        await depot.sweep(lambda keys: database.read(files.nameless_keys, keys), time.time())

    async def _end_streams(self) -> None:
        """End every stream with a wait of its own, so that they do not all come back at once."""
        settings, campus = self._settings, self.campus
        last = b""
        if settings.disconnected_on_shutdown:
            last = frame.encode("disconnected", {"status": "disconnected", "reason": "shutdown"})
        low_ms, high_ms = int(settings.shutdown_retry_min_s * 1000), int(settings.shutdown_retry_max_s * 1000)
        for number, subscriber in enumerate(list(campus.hub.streams.values()), 1):
            subscriber.end(frame.retry(random.randint(low_ms, high_ms)) + last)
            if number % ENDED_AT_ONCE == 0:
                await asyncio.sleep(0)

    def _build(self, database: Database, hashing: Hashing, meter: Meter, depot: Depot, last_id: int) -> Campus:
        settings = self._settings
        hub = Hub(heartbeat_s=settings.heartbeat_s, last_id=last_id)
        presence = Presence(hub, grace_s=settings.presence_grace_s, date=clock.stamp)

        async def find(token: str) -> tokens.Caller | None:
            return await database.read(tokens.find, token)

        async def page(keys: Mapping[str, int], after_id: int, through_id: int) -> event_log.Page:
            return await database.read(event_log.since, keys, after_id, through_id, settings.replay_page_bytes)

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
            _options(settings, self._max_streams),
            database,
            hub,
            presence,
            TokenTable(find),
            rules,
            replay,
            hashing,
            meter,
            depot.store,
            depot.incoming,
            wall_s=time.time,
            mono_s=time.monotonic,
        )


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. Raises what stops the start."""
    _log_to_stderr(settings.log_level)
    files = _raise_file_limit()
    max_streams = settings.max_streams or max(1, files - min(RESERVED_FILES, files // 2))
    os.umask(0o077)  # hashes and chats are nobody else's to read, whatever the login shell says
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        sockets = listener.inherited(os.environ) or listener.bind(settings.address, settings.port)
    except OSError as error:
        raise DataError(f"{error.filename or f'{settings.address}:{settings.port}'}: {error.strerror}") from error
    with ExitStack() as stack:
        for listening in sockets:
            stack.callback(listening.close)
        lock = FolderLock(settings.data_dir)
        lock.acquire(LOCK_WAIT_S)
        stack.callback(lock.release)
        path = settings.data_dir / DATABASE_NAME
        migrate.migrate(path)
        asyncio.run(_run(settings, path, max_streams, sockets))
    return 0


async def _run(settings: Settings, path: Path, max_streams: int, sockets: list[socket.socket]) -> None:
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    server, garbage = Server(settings, path, max_streams), Garbage()
    collecting = Heartbeat([garbage.tick])
    try:
        await server.start(sockets)
        garbage.begin()
        collecting.start()
        scheme = "https" if settings.tls_cert else "http"
        print(f"listening on {scheme}://{listener.name(sockets[0])}", flush=True)
        await told_to_stop.wait()
        log.info("stopping: %d streams are open", len(server.campus.hub.streams))
        await server.stop()
    finally:
        collecting.stop()
        await server.close()
    log.info("stopped")


def _options(settings: Settings, max_streams: int) -> Options:
    same = {name: getattr(settings, name) for name in Options.__slots__ if hasattr(settings, name)}
    return Options(
        **same
        | {
            "cors_origins": frozenset(settings.cors_origins),
            "timezone": settings.zone,
            "max_streams": max_streams,
        }
    )


def _bucket(settings: Settings) -> Bucket | None:
    if not settings.s3_bucket:
        return None
    return Bucket(settings.s3_bucket, settings.s3_endpoint, settings.s3_region, settings.s3_prefix)


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if not settings.tls_cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise DataError(f"tls_cert {settings.tls_cert} and tls_key {settings.tls_key}: {error}") from error
    return context


def _raise_file_limit() -> int:
    """Take as many descriptors as the system lets a process have: each stream is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 1 << 20 if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def _log_to_stderr(level: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    setup_log.setLevel(logging.WARNING)  # without its link an empty server is of no use, whatever log_level hides
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)
    logging.getLogger("tornado.access").setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(cli.build(serve)())
