"""`python -m tests.netfaults --cuts 1000 --seed 1`: exit code 0 when nothing was lost and memory stayed the same."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.netfaults.run import DEFAULTS, SHORT, TICKS_S, Run
from tests.netfaults.spaces import NoNamespaces

MOST_GROWTH = 0.10
WARM_MESSAGES = 3000


def main() -> int:
    """Run what the arguments say, and print the table."""
    asked = argparse.ArgumentParser(prog="python -m tests.netfaults", description=__doc__)
    asked.add_argument("--cuts", type=int, default=1000, help="how many (1000)")
    asked.add_argument("--seed", type=int, default=1, help="the same cuts again (1)")
    asked.add_argument("--people", type=int, default=10, help="streams on the far side (10)")
    asked.add_argument("--brief", type=float, default=0.5, help="the share of cuts that nobody notices (0.5)")
    asked.add_argument("--defaults", action="store_true", help="the server's own times: a minute a cut")
    given = asked.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # else the server would stay, and its folder
    began_s = time.monotonic()
    settings = DEFAULTS if given.defaults else SHORT

    def told(line: str) -> None:
        print(f"{time.monotonic() - began_s:7.0f} s  {line}", flush=True)

    run = Run(
        given.seed,
        given.cuts,
        people=given.people,
        settings=settings,
        brief_share=given.brief,
        warm=WARM_MESSAGES,
        told=told,
    )
    with tempfile.TemporaryDirectory() as folder:
        try:
            result = run.run(Path(folder))
        except NoNamespaces as error:
            print(error, file=sys.stderr)
            return 2
    print(result.table())
    on_time = result.offline_s <= result.bound_s + TICKS_S
    return 0 if on_time and result.lost == result.doubled == 0 and result.growth <= MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
