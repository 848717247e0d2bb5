"""`python -m tests.guide PATH`: exit code 0 when every block of the guide does what it is for, 1 when not, 2 when the
run could not begin. Takes a little more than a minute, which one block waits by itself."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from playwright.async_api import Error as BrowserError

from tests.guide.blocks import match
from tests.guide.extract import Malformed, cut
from tests.guide.payloads import promised
from tests.guide.report import last_line, table
from tests.guide.run import run
from tests.guide.stage import NotReady
from tests.support.server import ServerFailed


async def _main(text: str) -> int:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    guide = cut(text)
    payloads = promised(guide)
    pairs, faults = match(guide.javascript)
    if faults:
        print(*faults, sep="\n")
        print(last_line([], len(faults)))
        return 1
    print(f"{len(pairs)} blocks; this takes a little more than a minute", flush=True)
    results, failures = await run(pairs, payloads)
    fields = ", ".join(f"{name} {payload.size}" for name, payload in payloads.items())
    print(table(results))
    print(f"fields of each event type, as the guide shows them: {fields}")
    for failure in failures:
        print(f"FAILED  {failure}")
    print(last_line(results, len(failures)))
    return 1 if failures or any(result.failure for result in results) else 0


def main(args: list[str]) -> int:
    """Run the guide at this path; the exit code."""
    if len(args) != 1:
        print("usage: python -m tests.guide path/to/sse-integration-guide.md", file=sys.stderr)
        return 2
    try:
        return asyncio.run(_main(Path(args[0]).read_text(encoding="utf-8")))
    except (NotReady, Malformed, OSError, RuntimeError, ServerFailed, BrowserError) as error:
        print(error, file=sys.stderr)
        return 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main(sys.argv[1:]))
