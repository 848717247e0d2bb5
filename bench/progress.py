"""Progress: a bar on standard error for what lasts. Where that is no terminal there is the label alone."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

LOOK_S = 0.5


@contextmanager
def progress(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """A bar of so many steps; call what this gives with the number of steps done since."""
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar.update


def pause(label: str, seconds: float) -> None:
    """Let so many seconds go by, with a bar."""
    began_s = time.monotonic()
    done = 0
    with progress(label, max(1, round(seconds / LOOK_S))) as step:
        while (gone_s := time.monotonic() - began_s) < seconds:
            time.sleep(min(LOOK_S, seconds - gone_s))
            now = int((time.monotonic() - began_s) / LOOK_S)
            step(now - done)
            done = now
