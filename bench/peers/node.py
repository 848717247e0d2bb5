"""Better-sse on Node with Express, from the npm registry."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.peers.peer import APPS, Peer, call

VERSION = "0.16.1"
PACKAGES = (f"better-sse@{VERSION}", "express@5.3.0")


class BetterSse(Peer):
    """Its own channel sends to all sessions."""

    name = "better-sse"
    edition = VERSION

    def install(self, folder: Path) -> str:
        """Into node_modules of the folder."""
        call(["node", "--version"], folder)
        call(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", ".", *PACKAGES], folder)
        return VERSION

    def command(self, folder: Path, work: Path, port: int) -> list[str]:
        """Node looks for modules beside the program, so the program goes there."""
        program = shutil.copy(APPS / "better_sse.mjs", folder)
        return ["node", str(program), str(port)]
