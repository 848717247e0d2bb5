"""`python -m tests.web.figures` prints how long the page stands still on this machine; exit code 1 for too long.

Nothing else should run beside it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support.browser import ARGS, find_chromium
from tests.support.shared import running
from tests.web.pace import EVENTS, MESSAGES, burst, scroll

FRAME_MS = 50.0
TASK_MS = 200.0


def main() -> int:
    """Measure both; the exit code."""
    with (
        tempfile.TemporaryDirectory() as name,
        running(Path(name), limits=False) as shared,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGS)
        up = scroll(browser, shared)
        print(f"a scroll up through {MESSAGES} messages: {up}", flush=True)
        at_once = burst(browser, shared)
        print(f"{EVENTS} events at once: {at_once}")
        browser.close()
    return 0 if up.frame_ms <= FRAME_MS and at_once.task_ms < TASK_MS else 1


if __name__ == "__main__":
    sys.exit(main())
