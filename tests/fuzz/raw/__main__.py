"""`python -m tests.fuzz.raw --inputs 200000 --kind multipart --seed 1`: exit code 0 when nothing was wrong."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.raw.kinds import KINDS
from tests.fuzz.raw.run import HEAD, Run


def main() -> int:
    """Run what the arguments say, and print the table."""
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz.raw", description=__doc__)
    asked.add_argument("--inputs", type=int, default=200_000, help="of each kind (200000)")
    asked.add_argument("--kind", choices=[*KINDS, "all"], default="all", help="one of the five, or all (all)")
    asked.add_argument("--seed", type=int, default=1, help="the same inputs again (1)")
    asked.add_argument("--only", type=int, metavar="NUMBER", help="this input of the kind and no other")
    asked.add_argument("--senders", type=int, default=1, help="processes that send (1)")
    asked.add_argument("--connections", type=int, default=32, help="of each of them (32)")
    asked.add_argument("--limits", choices=["on", "off"], default="off", help="the server's rates and counts (off)")
    asked.add_argument("--found", type=Path, default=Path("fuzz-found"), help="where inputs are saved that went wrong")
    given = asked.parse_args()
    began_s = time.monotonic()

    def told(line: str) -> None:
        print(f"{time.monotonic() - began_s:7.0f} s  {line}", flush=True)

    rows, problems = [], []
    for kind in KINDS if given.kind == "all" else [given.kind]:
        run = Run(
            kind,
            given.seed,
            given.inputs if given.only is None else 1,
            first=given.only or 0,
            found=given.found,
            told=told,
            senders=given.senders,
            connections=given.connections,
        )
        with tempfile.TemporaryDirectory() as folder:
            result = run.run(Path(folder), limits=given.limits)
        rows.append(result.row())
        told(rows[-1])
        problems += [f"{kind}: {problem}" for problem in result.problems()]
    print(HEAD, *rows, *problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
