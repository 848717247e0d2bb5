"""Host: the machine that the server runs on, as badly as a fault wants it: its disk, its clock, its processes.

The data folder is on a file system of its own (tmpfs) where that may be mounted; otherwise a full disk is a limit on
the size of files, as a failing commit is in any case (RLIMIT_FSIZE: no write gets past the first page of a file). The
wall clock is libfaketime's, told by a file; the monotonic clock is left alone. What the machine does not have is said
by `means`, and its faults are left out.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tests.churn.watched import Watched
from tests.support.server import ServerFailed, as_flags

DATABASE = "realtime.sqlite3"
DISK_BYTES = 256 << 20
LIMIT_BYTES = 4096  # the first page
HEARTBEAT_S = 1
SEND_TIMEOUT_S = 5
SETTINGS = {
    "limits": False,
    "heartbeat_s": HEARTBEAT_S,
    "retry_ms": 1000,
    "shutdown_retry_min_s": 0,
    "shutdown_retry_max_s": 1,
    "send_timeout_s": SEND_TIMEOUT_S,
    "tcp_user_timeout_s": SEND_TIMEOUT_S,
    "presence_grace_s": 2,
    "log_prune_interval_s": 2,
    "notice_announce_delay_s": 1,
    "log_level": "info",
}
START_AGAIN_S = 0.25
STARTS_S = 60.0


class Server(Watched):
    """The server, whose log comes through a pipe: a limit on files must not cut what it says of it."""

    def __init__(self, folder: Path, port: int, env: dict[str, str]) -> None:
        super().__init__(folder, as_flags(SETTINGS), port=port, env=env)
        self._heard = bytearray()
        self.log_path = folder / "log.fifo"
        os.mkfifo(self.log_path)
        self._pipe = os.open(self.log_path, os.O_RDWR)
        self._drain = threading.Thread(target=self._take_log, daemon=True)
        self._drain.start()

    def log(self) -> str:
        """All that it has said over every start."""
        return self._heard.decode(errors="replace")

    def signal(self, number: int) -> None:
        """Send the process a signal."""
        os.kill(self.pid, number)

    def close(self) -> None:
        """End the pipe."""
        with open(self.log_path, "ab") as last:
            last.write(b"\0")
        self._drain.join()
        os.close(self._pipe)

    def _take_log(self) -> None:
        while piece := os.read(self._pipe, 65536):
            if piece.endswith(b"\0"):
                return
            self._heard += piece


class Host:
    """The server in a folder, and what may be done to it. `refused` are the starts that failed."""

    def __init__(self, folder: Path, port: int) -> None:
        self.refused: list[str] = []
        self.unclean: list[str] = []
        self._clock = folder / "clock"
        self._preload = _libfaketime()
        self.disk = self._mount(folder / "data")
        self.server = Server(folder, port, self._environment())
        self.means = {
            "clock": "libfaketime" if self._preload else None,
            "full": f"a file system of {DISK_BYTES >> 20} MiB (tmpfs)" if self.disk else "RLIMIT_FSIZE",
            "commit": "RLIMIT_FSIZE",
            "lock": "BEGIN EXCLUSIVE of another process",
        }

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.server.data_dir / DATABASE

    def connect(self) -> sqlite3.Connection:
        """A connection that only looks."""
        return sqlite3.connect(f"{self.database.as_uri()}?mode=ro", uri=True, timeout=30, isolation_level=None)

    async def start(self) -> None:
        """Start the server, again and again as a supervisor would, until it runs."""
        give_up_s = time.monotonic() + STARTS_S
        while True:
            try:
                await asyncio.to_thread(self.server.start)
                return
            except ServerFailed as failed:
                said = self.server.log().splitlines()[-1:]
                self.refused.append(f"exit code {failed.code}: {' '.join(said)}")
                if time.monotonic() > give_up_s:
                    raise
            await asyncio.sleep(START_AGAIN_S)

    async def kill(self) -> None:
        """kill -9."""
        await asyncio.to_thread(self.server.kill)

    async def stop(self) -> None:
        """SIGTERM, and the wait for its end."""
        code = await asyncio.to_thread(self.server.stop)
        if code:
            self.unclean.append(f"SIGTERM ended it with {code}")

    def pause(self) -> None:
        """SIGSTOP."""
        self.server.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self.server.signal(signal.SIGCONT)

    def set_clock(self, offset_s: float) -> None:
        """The server's wall clock is so far from ours."""
        unfinished = self._clock.with_suffix(".new")
        unfinished.write_text(f"{offset_s:+.0f}\n", encoding="ascii")
        unfinished.replace(self._clock)

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """No room is left for anything."""
        if self.disk is None:
            with self.limited_files():
                yield
            return
        ballast = self.disk / "ballast"
        try:
            _fill(ballast)
            yield
        finally:
            ballast.unlink(missing_ok=True)

    @contextmanager
    def limited_files(self) -> Iterator[None]:
        """Every write past the first page of a file fails, as each commit does. Ends with the process at the latest."""
        pid = self.server.pid
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (LIMIT_BYTES, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    async def lock(self, seconds: float) -> None:
        """Another process has the database to itself."""
        await asyncio.to_thread(self._lock, seconds)

    def close(self) -> None:
        """End the server, and give the disk back."""
        if self.server.running:
            with suppress(ProcessLookupError):
                self.resume()
            self.server.kill()
        self.server.close()
        if self.disk is not None:
            subprocess.run(["umount", str(self.disk)], check=True)

    def _lock(self, seconds: float) -> None:
        with closing(sqlite3.connect(self.database, timeout=5, isolation_level=None)) as other:
            try:
                other.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                return  # the server would not let go for so long, or the disk is full
            time.sleep(seconds)
            other.execute("ROLLBACK")

    def _environment(self) -> dict[str, str]:
        if self._preload is None:
            return {}
        self.set_clock(0)
        return {
            "LD_PRELOAD": self._preload,
            "FAKETIME_TIMESTAMP_FILE": str(self._clock),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # else a wait of 5 ms for the interpreter lock takes seconds
            "NO_FAKE_STAT": "1",
        }

    @staticmethod
    def _mount(folder: Path) -> Path | None:
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700", "none", str(folder)]
        with suppress(FileNotFoundError):
            if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                return folder
        return None


def _fill(path: Path) -> None:
    """Take all room that there is, down to the last page."""
    room = os.statvfs(path.parent)
    with path.open("wb", buffering=0) as file, suppress(OSError):
        with suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize)
        file.seek(0, os.SEEK_END)
        while file.write(bytes(room.f_frsize)):
            pass


def _libfaketime() -> str | None:
    """Where Debian's libfaketime is, the one for programs with threads; None where it is not."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return str(found[0]) if found else None
