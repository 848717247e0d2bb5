"""ServerProcess: the real server, a process of its own on a free port and an empty folder."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).resolve().parents[2]
START_S = 30.0
STOP_S = 15.0
COMMAND_S = 60.0
LOG_S = 30.0
LOOK_S = 0.02

# A test does in a second what takes a person minutes. Those about the limits set them by flags, which go before these.
PACES = [f"REALTIME_{name}_PER_MINUTE" for name in ("REQUESTS", "MESSAGES", "SEARCHES", "PUBLICATIONS")]

# A line that the server must not write unasked: a traceback, a record of level ERROR or above (in words or as Tornado
# abbreviates it), a coroutine never awaited, a connection never closed.
_ERROR = re.compile(r"^Traceback |\b(?:ERROR|CRITICAL)\b|^\[[EC] |\b(?:RuntimeWarning|ResourceWarning)\b", re.MULTILINE)


class ServerFailed(Exception):
    """The server ended before it listened, or a command failed. `code` is the exit code, `text` what it said."""

    def __init__(self, what: str, code: int | None, text: str) -> None:
        super().__init__(f"{what}: exit code {code}\n{text}")
        self.code = code
        self.text = text


class ServerProcess:
    """`python server.py` with these flags on a data folder, started by start() and again by restart().

    `expect_errors = True` says that the test provokes errors in the log; else check_log() fails for them.
    """

    def __init__(
        self,
        folder: Path,
        flags: Sequence[str] = (),
        *,
        port: int = 0,
        address: str = "127.0.0.1",
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = folder / "data"
        self.log_path = folder / "server.log"
        self.flags = list(flags)
        # A setting of the developer's own shell is none of the test's; what tests hash is worth no work.
        own = {name: value for name, value in os.environ.items() if not name.startswith("REALTIME_")}
        self.env = own | dict.fromkeys(PACES, "0") | {"REALTIME_BCRYPT_COST": "4"} | dict(env or {})
        self.port = port
        self.address = address
        self.scheme = "http"
        self.expect_errors = False
        self._process: subprocess.Popen[str] | None = None

    # Starting and ending

    def start(self) -> None:
        """Return when it has said `listening on`. Raises ServerFailed with its log when it ends before."""
        assert not self.running, "it runs"
        self.data_dir.mkdir(exist_ok=True)
        # Warnings on: what is never awaited or never closed has to reach the log.
        command = [sys.executable, "-W", "default", *self._server()]
        command += ["--address", self.address, "--port", str(self.port), *self.flags]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        ready = _first_line(self._process.stdout, START_S)
        found = re.fullmatch(rf"listening on (https?)://{re.escape(self.address)}:(\d+)\n", ready or "")
        if found is None:
            if ready is None:
                self._process.kill()
            code = self._finish(STOP_S)
            raise ServerFailed(f"the server did not start (it said {ready!r})", code, self.log())
        self.scheme, self.port = found[1], int(found[2])

    def stop(self, timeout_s: float = STOP_S) -> int:
        """SIGTERM; the exit code. One that does not end in time is killed and fails the test."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._finish(timeout_s)

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._finish(STOP_S)

    def restart(self) -> None:
        """Stop it if it runs, and start it on the same port and folder."""
        if self.running:
            code = self.stop()
            assert code == 0, f"SIGTERM ended it with {code}\n{self.log()}"
        self.start()

    def _finish(self, timeout_s: float) -> int:
        process = self._process
        assert process is not None
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the server did not end within {timeout_s} s\n{self.log()}") from None
        finally:
            self._process = None
            if process.stdout is not None:
                process.stdout.close()
        return code

    # Looking at it

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, or https."""
        return f"{self.scheme}://{self.address}:{self.port}"

    def log(self) -> str:
        """All that it has written to standard error, over every start."""
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    def wait_log(self, pattern: str, timeout_s: float = LOG_S) -> re.Match[str]:
        """Wait until this pattern is in the log; the first match."""
        give_up_s = time.monotonic() + timeout_s
        while (found := re.search(pattern, self.log())) is None:
            assert time.monotonic() < give_up_s, f"not in the log after {timeout_s} s: {pattern}\n{self.log()[-4000:]}"
            time.sleep(LOOK_S)
        return found

    def rss_bytes(self) -> int:
        """The process's resident memory."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii", errors="replace")
        found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024

    def check_log(self) -> None:
        """Fail for what no log should have, unless the test expects it."""
        text = self.log()
        found = None if self.expect_errors else _ERROR.search(text)
        assert found is None, f"an unexpected error in the server's log:\n{text[max(0, found.start() - 2000) :][:8000]}"

    # Commands beside it

    def command(self, *args: str, input: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `server.py --data-dir D ARGS`; its output is text. With `check`, a failure raises ServerFailed."""
        self.data_dir.mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, *self._server(), *args],
            cwd=ROOT,
            env=self.env,
            input=input if input is not None else "",
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )
        if check and done.returncode != 0:
            raise ServerFailed(f"server.py {' '.join(args)}", done.returncode, done.stdout + done.stderr)
        return done

    def _server(self) -> list[str]:
        return [str(ROOT / "server.py"), "--data-dir", str(self.data_dir)]


def _first_line(output: IO[str], timeout_s: float) -> str | None:
    """The first line of a process's output, empty at its end, None when the time is over."""
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.append(output.readline()), daemon=True)
    reader.start()
    reader.join(timeout_s)
    return lines[0] if lines else None


def as_flags(settings: Mapping[str, object]) -> list[str]:
    """Settings as flags: `heartbeat_s=1` is `--heartbeat-s 1`; True and False are `true` and `false`."""
    flags: list[str] = []
    for name, value in settings.items():
        flags += ["--" + name.replace("_", "-"), str(value).lower() if isinstance(value, bool) else str(value)]
    return flags


ServerFactory = Callable[..., ServerProcess]


@pytest.fixture
def server_factory(tmp_path: Path) -> Iterator[ServerFactory]:
    """`server_factory(heartbeat_s=1)` starts a server on an empty folder with these settings.

    `folder=PATH` uses a folder that another one had, `port=N` a port, `env={}` adds to its environment,
    `start=False` leaves the start to the test. At the test's end each is stopped and its log read for errors.
    """
    made: list[ServerProcess] = []

    def factory(
        *,
        folder: Path | None = None,
        port: int = 0,
        env: Mapping[str, str] | None = None,
        start: bool = True,
        **settings: object,
    ) -> ServerProcess:
        if folder is None:
            folder = tmp_path / f"server{len(made)}"
            folder.mkdir()
        made.append(ServerProcess(folder, as_flags(settings), port=port, env=env))
        if start:
            made[-1].start()
        return made[-1]

    yield factory
    codes = [one.stop() for one in made if one.running]
    for one in made:
        one.check_log()
    assert not any(codes), f"SIGTERM ended them with {codes}"


@pytest.fixture
def server(server_factory: ServerFactory) -> ServerProcess:
    """A server with the default settings on an empty folder."""
    return server_factory()
