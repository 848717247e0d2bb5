"""The server: `python server.py` serves, `python server.py COMMAND` runs a command.

The composition root: the one place that knows all rooms and puts them together, starts them and stops them in order.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from contextlib import AsyncExitStack, ExitStack, suppress
from pathlib import Path

import parts
from commands import cli
from commands.folder import DATABASE_NAME
from data import clock, files, links, migrate, restoring_swap
from data import log as event_log
from data.database import Database
from data.errors import DataError
from data.lock import FolderLock
from realtime import descriptors, farewell, listener, logs
from realtime.api.campus import Campus
from realtime.api.hashing import Hashing
from realtime.api.meter import Meter
from realtime.api.publisher import Publisher
from realtime.api.upkeep import Upkeep
from realtime.connections import Connections
from realtime.garbage import Garbage
from realtime.heartbeat import Heartbeat
from realtime.storage.depot import Depot
from realtime.supervisor import Supervisor
from realtime.tls import Certificate
from settings import Settings

log = logging.getLogger("realtime")
setup_log = logging.getLogger("realtime.setup")

LOCK_WAIT_S = 2.0
STOP_STEP_S = 0.02
ASKED_WITHIN_S = 0.25  # of being let in, by whoever means it


class Server:
    """One server: built from settings, started on listening sockets, stopped in order."""

    def __init__(self, settings: Settings, path: Path, max_streams: int) -> None:
        self._settings = settings
        self._path = path
        self._max_streams = max_streams
        self._stack = AsyncExitStack()
        self._certificate: Certificate | None = None
        self._http: Connections
        self.campus: Campus

    async def start(self, sockets: list[socket.socket]) -> None:
        """Open everything and accept connections. Raises DataError and OSError."""
        settings = self._settings
        if settings.tls_cert:
            self._certificate = Certificate(settings.tls_cert, settings.tls_key)
        self._apply: Publisher
        meter = Meter(time.monotonic)
        database = Database(
            self._path,
            on_commit=lambda outcome: self._apply(outcome),
            time_commit=meter.time_commit,
            most_bytes=settings.max_database_bytes,
        )
        await database.open()
        self._stack.push_async_callback(database.close)
        hashing = Hashing()
        self._stack.callback(hashing.shutdown)
        depot = parts.depot(settings)
        self._stack.push_async_callback(depot.close)
        await depot.open()
        last_id = await database.read(event_log.position)
        self.campus = parts.campus(settings, self._max_streams, database, hashing, meter, depot, last_id)
        campus = self.campus
        self._apply = Publisher(campus.hub, campus.presence, campus.tokens, meter, depot.remove)
        await self._sweep_files(depot)
        self._upkeep = Upkeep(
            campus,
            log_keep_days=settings.log_keep_days,
            log_keep_events=settings.log_keep_events,
            log_prune_interval_s=settings.log_prune_interval_s,
            audit_keep_days=settings.audit_keep_days,
        )
        await self._upkeep.notice_outside_changes()
        await self._upkeep.learn_tokens()
        self._http = parts.connections(settings, campus, self._certificate)
        ticks = [meter.tick, campus.hub.tick, campus.presence.tick, self._http.tick, self._upkeep.tick]
        self._heartbeat = Heartbeat(ticks)
        self._heartbeat.start()
        self._http.add_sockets(sockets)
        if not await database.read(links.has_users):
            secret = await database.write(links.replace_first_admin, clock.stamp(time.time()))
            where = settings.public_url or f"{'https' if settings.tls_cert else 'http'}://{listener.name(sockets[0])}"
            setup_log.warning(
                "There are no users yet. Create the first administrator within 24 hours at %s/setup/?key=%s",
                where,
                secret,
                extra={"shows_secret": True},
            )

    def reload(self) -> None:
        """Read the certificate again; connections that come from now on get it."""
        if self._certificate is not None and self._certificate.reload():
            self._http.ssl_options = self._certificate.context

    async def stop(self) -> None:
        """Accept nothing more, finish what was begun, end the streams, write what is only in memory, close."""
        campus, settings = self.campus, self._settings
        deadline_s = time.monotonic() + settings.shutdown_timeout_s
        self._heartbeat.stop()
        self._http.stop()
        await self._hear_out(min(deadline_s, time.monotonic() + ASKED_WITHIN_S))
        campus.stopping = True
        campus.hashing.end()
        campus.hub.finish()
        retry_ms = int(settings.shutdown_retry_min_s * 1000), int(settings.shutdown_retry_max_s * 1000)
        await farewell.end_streams(campus.hub, retry_ms, is_for_good=settings.disconnected_on_shutdown)
        await campus.imports.close()
        # Polled, as requests end in Tornado and streams in the hub, and this happens once in a server's life.
        while (campus.requests or campus.hub.streams) and time.monotonic() < deadline_s:  # noqa: ASYNC110
            await asyncio.sleep(STOP_STEP_S)
        for subscriber in list(campus.hub.streams.values()):
            subscriber.abort()
        await self._upkeep.stop()
        await self._http.close_all_connections()

    async def _hear_out(self, deadline_s: float) -> None:
        """Let those ask who were let in and have not asked yet: a stream that is answered 503 never comes back, and a
        proxy makes a 502 of a connection that is closed."""
        while self._http.asking and time.monotonic() < deadline_s:  # noqa: ASYNC110 - once in a server's life
            await asyncio.sleep(STOP_STEP_S)

    async def answers(self) -> None:
        """Return once the database's writer has answered, whatever it says: another process would not mend a disk."""
        with suppress(DataError):
            await self.campus.database.writer_answers()

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


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. Raises what stops the start."""
    logs.to_stderr(settings.log_level, settings.log_format)
    files = descriptors.raise_limit()
    max_streams = settings.max_streams or descriptors.for_streams(files)
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
        restoring_swap.finish(settings.data_dir)
        migrate.migrate(path)
        asyncio.run(_run(settings, path, max_streams, sockets))
    return 0


async def _run(settings: Settings, path: Path, max_streams: int, sockets: list[socket.socket]) -> None:
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    server, garbage, supervisor = Server(settings, path, max_streams), Garbage(), Supervisor(os.environ)
    beside = Heartbeat([garbage.tick, supervisor.tick])
    try:
        await server.start(sockets)
        if settings.tls_cert:  # without one a hangup ends the server, as it does any program of a terminal
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, server.reload)
        garbage.begin()
        supervisor.ready(server.answers)
        beside.start()
        scheme = "https" if settings.tls_cert else "http"
        print(f"listening on {scheme}://{listener.name(sockets[0])}", flush=True)
        await told_to_stop.wait()
        supervisor.stopping()
        log.info("stopping: %d streams are open", len(server.campus.hub.streams))
        await server.stop()
    finally:
        beside.stop()
        supervisor.close()
        await server.close()
    log.info("stopped")


if __name__ == "__main__":
    sys.exit(cli.build(serve)())
