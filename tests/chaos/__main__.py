"""`python -m tests.chaos --seconds 1800 --seed 7 --users 40`: break the server while users send and read.

The plan of faults and sends is a function of the seed. At the end there is a table, and the exit code is 1, with the
evidence, when anything was lost, doubled, out of order, left over, or not as the protocol says.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.chaos import plan
from tests.chaos.harness import Asked, Harness
from tests.chaos.judge import Verdict

EVIDENCE = 40


def run(folder: Path, asked: Asked, say: Callable[[str], None], log_path: Path | None = None) -> Verdict:
    """A run in that folder; the server's log goes to log_path."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    harness = Harness(folder, asked, port, say)
    try:
        return asyncio.run(harness.run())
    finally:
        harness.close()
        if log_path is not None:
            log_path.write_text(harness.log(), encoding="utf-8")


def main() -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long things break (60)")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000, help="of the plan (by the time)")
    parser.add_argument("--users", type=int, default=20, help="who send and read (20)")
    parser.add_argument("--per-second", type=float, default=8.0, help="deeds of all users a second (8)")
    parser.add_argument("--faults", default=",".join(plan.KINDS), help="the kinds, separated by commas (all)")
    parser.add_argument("--log", type=Path, default=None, help="where to put the server's log")
    given = parser.parse_args()
    kinds = tuple(given.faults.split(","))
    if unknown := set(kinds) - set(plan.KINDS):
        parser.error(f"there is no fault {', '.join(unknown)}")
    asked = Asked(given.seconds, given.seed, given.users, given.per_second, kinds)
    print(f"seed {asked.seed}, {asked.users} users, {asked.per_s:g} deeds a second, {asked.seconds:g} s", flush=True)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        verdict = run(Path(folder), asked, lambda text: print(text, flush=True), given.log)
    for sentence in verdict.evidence[:EVIDENCE]:
        print(f"WRONG: {sentence}")
    if verdict.evidence:
        print(f"{len(verdict.evidence)} things are wrong; seed {asked.seed}")
    else:
        print("Nothing was lost, doubled or out of order, and nothing is left over.")
    return 1 if verdict.evidence else 0


if __name__ == "__main__":
    sys.exit(main())
