"""Peer: one server of somebody else's to measure beside ours: how to install it, and one that runs, a Subject.

Knows nothing of loads or tables. All of them have the same two requests: STREAM_PATH opens a stream, and PUBLISH_PATH
sends its body, which is JSON, as the data of one event to every stream.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import subject
from bench.processes import uninterrupted
from bench.report import Failed

APPS = Path(__file__).parent / "apps"
STREAM_PATH = "/stream"
PUBLISH_PATH = "/publish"
# The same data as in the other servers' events, so that all of them send about 200 bytes.
DATA = subject.EVENT.partition(b"data: ")[2].strip()
INSTALL_S = 600
START_S = 30.0
STOP_S = 10.0
POLL_S = 0.02


class Unavailable(Failed):
    """A peer can't be had here; the text says why, in a line."""


class Peer(ABC):
    """A server that can be installed and started. `name` is what tables call it; `edition` changes with what is to be
    installed and names its folder."""

    name: str
    edition: str

    @abstractmethod
    def install(self, folder: Path) -> str:
        """Put all that it needs into the folder, which is empty or has half of it; its version. Raises Unavailable."""

    @abstractmethod
    def command(self, folder: Path, work: Path, port: int) -> list[str]:
        """What starts it from that folder in the foreground, on the port; `work` is an empty folder for this one run.
        Raises Unavailable."""

    def installed(self, cache: Path) -> tuple[Path, str]:
        """Its folder below the cache, filled if it was not, and its version. Raises Unavailable."""
        folder = cache / f"{self.name}-{self.edition}"
        mark = folder / ".version"
        if not mark.exists():
            folder.mkdir(parents=True, exist_ok=True)
            mark.write_text(self.install(folder), encoding="utf-8")
        return folder, mark.read_text(encoding="utf-8")

    @contextmanager
    def start(self, work: Path, streams: int) -> Iterator[Running]:
        """It accepts connections meanwhile, as many as this process may have files. Raises Unavailable."""
        folder, version = self.installed(default_cache())
        port = _free_port()
        work.mkdir(parents=True, exist_ok=True)
        output = work / "output"
        command = self.command(folder, work, port)
        process = None
        try:
            with output.open("wb") as log, uninterrupted():
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            _wait_until_listening(self.name, process, port, output)
            yield Running(f"{self.name} {version}", port, process.pid)
        finally:
            if process is not None:
                _stop(process)


@dataclass(frozen=True, slots=True)
class Running:
    """A peer that listens on 127.0.0.1."""

    name: str
    port: int
    pid: int

    @property
    def pids(self) -> list[int]:
        """Its processes: the first and those below it."""
        found = [self.pid]
        for pid in found:
            found += (int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return found

    def stream_paths(self, count: int) -> list[str]:
        """The same path for each."""
        return [STREAM_PATH] * count

    def broadcast(self) -> bytes:
        """The raw request that sends one event to all."""
        return subject.request(self.port, PUBLISH_PATH, DATA)


def default_cache() -> Path:
    """Where peers are kept: below XDG_CACHE_HOME, or ~/.cache without it."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "campus-realtime-bench"


def call(command: list[str], cwd: Path) -> str:
    """Run one step of an installation; what it printed. Raises Unavailable with its last words."""
    try:
        done = subprocess.run(
            command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=INSTALL_S, check=False
        )
    except FileNotFoundError:
        raise Unavailable(f"there is no {command[0]}") from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{command[0]} took more than {INSTALL_S} s") from None
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise Unavailable(f"{Path(command[0]).name}: {words[-1][:200]}")
    return done.stdout


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_until_listening(name: str, process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            words = output.read_text(errors="replace").strip().splitlines() or ["it printed nothing"]
            raise Unavailable(f"{name} ended with {process.returncode}: {words[-1][:200]}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(POLL_S)
    raise Unavailable(f"{name} did not listen within {START_S:.0f} s")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End it; some wait for their streams to end first, which is nothing to wait for."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
