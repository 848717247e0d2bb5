"""Served: this server, a process of its own in a folder of its own, with people who have tokens. A Subject."""

from __future__ import annotations

import http.client
import json
import mmap
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from bench import people, processes, subject
from bench.people import Person
from bench.report import Failed, last_line
from bench.watched import LAYOUT

ROOT = Path(__file__).resolve().parents[1]
STREAM = "/api/v1/communication/sse/events/"
ANNOUNCEMENTS = "/api/v1/communication/announcements/"
STOP_S = 15.0
ANSWER_S = 60.0
LOG_END = 2000
LOOK_S = 0.01


class Served:
    """`with Served(folder, 1000) as served:` serves 1,000 students; `boss` is their administrator.

    `watched` runs it with a timer beside it, for `worst_lag_ms`; `profile` is a file for `profiling`. `flags` are more
    settings of server.py. Raises Failed when it does not start, and at the end when its log has a traceback or an
    error. `made` is an administrator and people who are in a database in folder/data already; else they are made there.
    """

    name = "this server"

    def __init__(
        self,
        folder: Path,
        count: int = 0,
        *,
        made: tuple[Person, list[Person]] | None = None,
        watched: bool = False,
        profile: Path | None = None,
        flags: Sequence[str] = (),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data_dir = folder / "data"
        self.port = 0
        self._log_path, self._lag_path = folder / "server.log", folder / "lag"
        self._flags, self._watched, self._profile = list(flags), watched, profile
        self._process: subprocess.Popen[str] | None = None
        self.boss, self.people = made or people.make(self.data_dir, count)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:  # a ^C comes here, too
            self.stop()
            raise
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.stop()
        if kind is None:
            self._check_log()

    def start(self) -> None:
        """Start it, or start it again on the same port and folder. Returns when it listens."""
        # As an operator would start it, whatever the shell of who measures has set.
        env = {name: value for name, value in os.environ.items() if not name.startswith("REALTIME_")}
        program = ["server.py"]
        if self._watched:
            self._lag_path.write_bytes(bytes(LAYOUT.size))
            program = ["-m", "bench.watched", str(self._lag_path)]
        if self._profile is not None:
            program = ["-m", "bench.profiled", str(self._profile)]
        command = [sys.executable, *program, "--address", "127.0.0.1", "--port", str(self.port), "--limits", "off"]
        command += ["--data-dir", str(self.data_dir), *self._flags]
        with self._log_path.open("ab") as log, processes.uninterrupted():
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self._process.stdout is not None
        found = re.fullmatch(r"listening on http://127\.0\.0\.1:(\d+)\n", self._process.stdout.readline())
        if found is None:
            self.stop()
            raise Failed(f"the server did not start: {last_line(self._log_text())}")
        self.port = int(found[1])

    def stop(self) -> None:
        """End it as a supervisor does, and for good after STOP_S."""
        self._end(lambda process: process.terminate())

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(lambda process: process.kill())

    @property
    def pids(self) -> list[int]:
        """Its process."""
        assert self._process is not None, "it does not run"
        return [self._process.pid]

    def resident_bytes(self) -> int:
        """Its memory that is in RAM now."""
        return processes.resident_bytes(self.pids)

    def cpu_s(self) -> float:
        """The seconds that it has computed since it was started."""
        return processes.cpu_s(self.pids)

    def worst_lag_ms(self) -> float:
        """The worst that a 10 ms timer was overdue since this was last asked. Only of one that is watched.

        Waits until the timer has come at least once: what holds the loop just now is in it.
        """
        assert self._watched, "it is not watched"
        give_up_s = time.monotonic() + ANSWER_S
        with self._lag_path.open("r+b") as file, mmap.mmap(file.fileno(), LAYOUT.size) as shared:
            while not LAYOUT.unpack_from(shared)[1]:
                if time.monotonic() > give_up_s:
                    raise Failed(f"the server's loop did not come to a timer for {ANSWER_S:.0f} s")
                time.sleep(LOOK_S)
            worst_s, _ = LAYOUT.unpack_from(shared)
            LAYOUT.pack_into(shared, 0, 0.0, 0.0)
        return float(worst_s) * 1000.0

    @contextmanager
    def profiling(self) -> Iterator[None]:
        """Profile what it does meanwhile; the file is written at the end. Only of one that has a `profile`."""
        assert self._profile is not None, "it is not profiled"
        self._signal_and_wait(self._profile.with_suffix(".begun"))
        yield
        self._signal_and_wait(self._profile)

    def _signal_and_wait(self, path: Path) -> None:
        assert self._process is not None, "it does not run"
        self._process.send_signal(signal.SIGUSR1)
        give_up_s = time.monotonic() + ANSWER_S
        while not path.exists():
            if time.monotonic() > give_up_s:
                raise Failed(f"the server wrote no profile for {ANSWER_S:.0f} s")
            time.sleep(LOOK_S)

    def stream_path(self, person: Person, token: int = 0) -> str:
        """What opens a stream of that person, with one of the person's tokens."""
        return f"{STREAM}?token={person.tokens[token]}"

    def stream_paths(self, count: int, token: int = 0) -> list[str]:
        """One of each of the first people."""
        return [self.stream_path(person, token) for person in self.people[:count]]

    def broadcast(self, message: str = subject.MESSAGE) -> bytes:
        """The raw request of an announcement to all."""
        body = json.dumps({"title": subject.TITLE, "message": message}).encode()
        return subject.request(self.port, ANNOUNCEMENTS, body, [f"Authorization: Token {self.boss.token}"])

    def get(self, path: str) -> Any:
        """What the server answers the administrator, from JSON. Raises Failed for anything but 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        try:
            connection.request("GET", path, headers={"Authorization": f"Token {self.boss.token}"})
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise Failed(f"GET {path}: {answer.status} {body[:300]!r}")
        return json.loads(body)

    def _end(self, how: Callable[[subprocess.Popen[str]], None]) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            how(process)
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failed(f"the server did not stop within {STOP_S:.0f} s: {last_line(self._log_text())}") from None
        finally:
            if process.stdout is not None:
                process.stdout.close()

    def _log_text(self) -> str:
        return self._log_path.read_text(encoding="utf-8", errors="replace")

    def _check_log(self) -> None:
        text = self._log_text()
        found = re.search(r"^Traceback |\b(?:ERROR|CRITICAL)\b", text, re.MULTILINE)
        if found is not None:
            raise Failed(f"the server's log has an error: {text[found.start() :][:LOG_END]}")
