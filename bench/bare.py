"""Bare: the least that Tornado takes for a POST. It reads no body, stores nothing and tells nobody.

`python -m bench.bare` serves it on a free port of 127.0.0.1; `with Bare() as bare:` does that in a process of its own.
It is what sends are beside: no handler on Tornado answers more requests a second.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Self

from tornado import web
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from bench.processes import uninterrupted
from bench.report import Failed, last_line

ROOT = Path(__file__).resolve().parents[1]
STOP_S = 5.0
ANSWER = {"id": 12345, "sender": 17, "receiver": 42, "message": "hello", "timestamp": "2026-01-09T10:30:00.123456Z"}


class Bare:
    """One that runs, at `port`, as the processes `pids`. Raises Failed if it does not start."""

    name = "bare Tornado handler"

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "bench.bare"]
        try:
            with uninterrupted():
                self._process = subprocess.Popen(
                    command,
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            self.port = self._listening_port()
        except BaseException:  # a ^C comes here, too
            self._process.kill()
            self._process.communicate()
            raise
        return self

    def _listening_port(self) -> int:
        assert self._process.stdout is not None
        found = re.fullmatch(r"listening on http://127\.0\.0\.1:(\d+)\n", self._process.stdout.readline())
        if found is None:
            self._process.kill()
            raise Failed(f"the bare handler did not start: {last_line(self._process.communicate()[1])}")
        return int(found[1])

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.communicate(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    @property
    def pids(self) -> list[int]:
        """Its process."""
        return [self._process.pid]


class PostHandler(web.RequestHandler):
    """Answers 201."""

    def post(self) -> None:
        """The same JSON to everything."""
        self.set_status(201)
        self.finish(ANSWER)


async def serve() -> None:
    """Until it is ended."""
    sockets = bind_sockets(0, "127.0.0.1")
    # Without a line of log for each request: neither has the server that it is beside.
    application = web.Application([(r"/.*", PostHandler)], log_function=lambda handler: None)
    HTTPServer(application).add_sockets(sockets)
    print(f"listening on http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
