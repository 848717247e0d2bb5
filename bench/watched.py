"""`python -m bench.watched FILE ARGS...`: the server as `server.py ARGS` runs it, and beside it a timer that sees how
late the loop is.

FILE holds two doubles: the worst that a 10 ms timer was overdue, in seconds, and how often it came. Whoever measures
maps it, too, and sets it back to zero (served.py).
"""

from __future__ import annotations

import asyncio
import mmap
import socket
import struct
import sys
from pathlib import Path

import server
from commands import cli

STEP_S = 0.01
LAYOUT = struct.Struct("=dd")


class Watch:
    """A timer that notes how much later than asked it was called."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), LAYOUT.size)
        self._loop = asyncio.get_running_loop()
        self._arm()

    def _arm(self) -> None:
        self._due_s = self._loop.time() + STEP_S
        self._loop.call_at(self._due_s, self._look)

    def _look(self) -> None:
        worst_s, times = LAYOUT.unpack_from(self._map)
        LAYOUT.pack_into(self._map, 0, max(worst_s, self._loop.time() - self._due_s), times + 1)
        self._arm()


def main() -> int:
    """Serve; the exit code."""
    path = Path(sys.argv.pop(1))

    class Watched(server.Server):
        async def start(self, sockets: list[socket.socket]) -> None:
            self._watch = Watch(path)
            await super().start(sockets)

    server.Server = Watched  # type: ignore[misc]
    code: int = cli.build(server.serve)(standalone_mode=False)
    return code


if __name__ == "__main__":
    sys.exit(main())
