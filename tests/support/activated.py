"""Activated: the server as a supervisor runs it, on a socket that outlives it, telling how it is.

The part of systemd is played here: sd_listen_fds(3), sd_notify(3), and nothing of our own code in between.
"""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.support.server import ROOT, START_S, STOP_S, ServerFailed, ServerProcess, _first_line
from tests.support.waiting import WAIT_S

BACKLOG = 4096

# Descriptor 3 is the listening socket, and LISTEN_PID names the process that may take it.
_HANDOVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
if "WATCHDOG_USEC" in os.environ:
    os.environ["WATCHDOG_PID"] = str(os.getpid())
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message of the server, and when it came (monotonic)."""

    text: str
    at_s: float


class Notices:
    """A NOTIFY_SOCKET and what came there. `address` is for the environment."""

    def __init__(self, folder: Path, *, abstract: bool = False) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = f"campus-{secrets.token_hex(8)}"
        self.address = f"@{name}" if abstract else str(folder / "notify")
        self._socket.bind(f"\0{name}" if abstract else self.address)
        self._found: list[Notice] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def all(self, text: str | None = None) -> list[Notice]:
        """What came so far, in order; of that text, if there is one."""
        with self._changed:
            return [one for one in self._found if text in (None, one.text)]

    def wait(self, condition: Callable[[list[Notice]], bool], timeout_s: float = WAIT_S) -> None:
        """Wait until the condition holds of all that came."""
        with self._changed:
            found = self._changed.wait_for(lambda: condition(self._found), timeout_s)
            assert found, f"not after {timeout_s} s: {self._found}"

    def wait_for(self, text: str, count: int = 1, timeout_s: float = WAIT_S) -> list[Notice]:
        """The notices of that text, as soon as there are so many."""
        self.wait(lambda found: sum(one.text == text for one in found) >= count, timeout_s)
        return self.all(text)

    def close(self) -> None:
        """Hear nothing more."""
        with closing(self._socket):
            self._socket.shutdown(socket.SHUT_RDWR)
            self._reader.join(WAIT_S)

    def _read(self) -> None:
        while data := self._socket.recv(4096):
            with self._changed:
                self._found.append(Notice(data.decode(), time.monotonic()))
                self._changed.notify_all()


class Activated(ServerProcess):
    """A ServerProcess whose listening socket is open from the beginning to close(), whether it runs or not.

    `watchdog_s` is how often it has to say that it lives, 0 for never. Its flags of an address are of no use to it.
    """

    def __init__(
        self,
        folder: Path,
        flags: Sequence[str] = (),
        *,
        env: Mapping[str, str] | None = None,
        watchdog_s: float = 0.0,
        abstract: bool = False,
    ) -> None:
        super().__init__(folder, flags, env=env)
        self.notices = Notices(folder, abstract=abstract)
        self.env["NOTIFY_SOCKET"] = self.notices.address
        if watchdog_s:
            self.env["WATCHDOG_USEC"] = str(int(watchdog_s * 1e6))
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.port = self._listening.getsockname()[1]

    def start(self) -> None:
        """Return when it has said `listening on`. Raises ServerFailed with its log when it ends before."""
        self.begin()
        process = self._process
        assert process is not None
        assert process.stdout is not None
        ready = _first_line(process.stdout, START_S)
        if ready != f"listening on http://127.0.0.1:{self.port}\n":
            process.kill()
            code = self._finish(STOP_S)
            raise ServerFailed(f"the server did not start (it said {ready!r})", code, self.log())

    def begin(self) -> None:
        """Start it and wait for nothing."""
        assert not self.running, "it runs"
        self.data_dir.mkdir(exist_ok=True)
        descriptor = self._listening.fileno()
        command = [sys.executable, "-c", _HANDOVER, str(descriptor), "-W", "default", *self._server()]
        # An address that is not this machine's: nothing may listen but what was handed over.
        command += ["--address", "192.0.2.1", "--port", "1", *self.flags]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                pass_fds=[descriptor],
            )

    def close(self) -> None:
        """Stop it if it runs, and let go of its sockets."""
        try:
            if self.running:
                code = self.stop()
                assert code == 0, f"SIGTERM ended it with {code}\n{self.log()}"
        finally:
            self._listening.close()
            self.notices.close()
