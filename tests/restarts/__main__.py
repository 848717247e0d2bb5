"""`python -m tests.restarts --seconds 120 --every 5 --seed 1`: restarts under traffic; prints a table.

The exit code is 1 unless nothing was lost, doubled or refused. Needs nginx."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.restarts.run import run


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.restarts", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="how long (120)")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two restarts (5)")
    parser.add_argument("--seed", type=int, default=1, help="of what is left to chance (1)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="restarts-") as folder:
        report = run(Path(folder), seconds=args.seconds, every_s=args.every, seed=args.seed)
    print(f"--seconds {args.seconds:g} --every {args.every:g} --seed {args.seed}\n{report.table()}", end="")
    for line in report.complaints[:20]:
        print(line)
    return 0 if report.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
