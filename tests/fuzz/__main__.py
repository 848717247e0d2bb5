"""`python -m tests.fuzz ROLE EXAMPLES`: exit code 0 when nothing was wrong, 1 when something was, with what."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.campus import fill
from tests.fuzz.player import Player
from tests.fuzz.roles import ROLES
from tests.support.shared import running


def main(role: str, examples: int) -> int:
    """Play the role on a server of its own."""
    began_s = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), limits="off", notice_announce_delay_s=0) as shared,
    ):
        fill(shared)
        player = Player(shared, ROLES[role], examples)
        player.play()
    for label, statuses in player.statuses.items():
        print(f"{label}: {', '.join(f'{count} x {status}' for status, count in sorted(statuses.items()))}")
    calls = sum(statuses.total() for statuses in player.statuses.values())
    print(*player.faults, sep="\n\n")
    took_s = time.monotonic() - began_s
    print(f"{role}: {len(player.statuses)} operations, {calls} calls, {len(player.faults)} faults, {took_s:.0f} s")
    return 1 if player.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
