"""`python -m bench.profiled FILE ARGS...`: the server as `server.py ARGS` runs it, with a profile of its loop's thread.

SIGUSR1 begins the profile, and the next one ends it and writes FILE, as pstats reads it. Only what runs on the thread
of the loop is in it; from Python 3.12 on the other threads are, too.
"""

from __future__ import annotations

import asyncio
import cProfile
import signal
import socket
import sys
from pathlib import Path

import server
from commands import cli


class Recorder:
    """A profile that a signal begins and ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._profile: cProfile.Profile | None = None
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._turn)

    def _turn(self) -> None:
        if self._profile is None:
            self._profile = cProfile.Profile()
            self._profile.enable()
            self._path.with_suffix(".begun").touch()
            return
        self._profile.disable()
        half = self._path.with_suffix(".half")
        self._profile.dump_stats(half)
        half.replace(self._path)  # whoever waits for the file finds all of it
        self._profile = None


def main() -> int:
    """Serve; the exit code."""
    path = Path(sys.argv.pop(1))

    class Profiled(server.Server):
        async def start(self, sockets: list[socket.socket]) -> None:
            self._recorder = Recorder(path)
            await super().start(sockets)

    server.Server = Profiled  # type: ignore[misc]
    code: int = cli.build(server.serve)(standalone_mode=False)
    return code


if __name__ == "__main__":
    sys.exit(main())
