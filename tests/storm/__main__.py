"""`python -m tests.storm`: exit code 0 when the pair's p99 is under 250 ms and every right password was accepted."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.storm.run import P99_S, WRONG, Storm, guessed


def main() -> int:
    """Run what the arguments say, and print the tables."""
    asked = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    asked.add_argument("--slow", type=int, default=2000, help="slow connections (2000)")
    asked.add_argument("--tries", type=float, default=500.0, help="wrong passwords a second (500)")
    asked.add_argument("--audience", type=int, default=200, help="streams that the publisher reaches (200)")
    asked.add_argument("--seconds", type=float, default=60.0, help="how long (60)")
    asked.add_argument("--wrong", type=int, default=WRONG, help="wrong passwords for one account afterwards (10000)")
    given = asked.parse_args()
    began_s = time.monotonic()

    def told(line: str) -> None:
        print(f"{time.monotonic() - began_s:7.0f} s  {line}", flush=True)

    storm = Storm(slow=given.slow, tries_per_s=given.tries, audience=given.audience, seconds=given.seconds, told=told)
    with tempfile.TemporaryDirectory() as folder:
        result = storm.run(Path(folder))
    print(result.table(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        account = guessed(Path(folder), given.wrong, given.tries)
    print(account.table())
    return 0 if result.p99_s < P99_S and account.p99_s < P99_S else 1


if __name__ == "__main__":
    sys.exit(main())
