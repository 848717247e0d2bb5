"""What a person sees of a long command, and how it ends when it is told to: shared by `backup` and `restore`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click

LESS_URGENT = 19  # of nice(2): a server on the same processors and disk goes first


class Bars:
    """A bar for each thing that is under way, on a terminal; nothing anywhere else."""

    def __init__(self) -> None:
        self._what: tuple[str, int] = ("", 0)
        self._bar: Any = None
        self._done = 0

    def __call__(self, what: str, done: int, total: int) -> None:
        """So many bytes of so many are done."""
        if not sys.stderr.isatty():
            return
        if (what, total) != self._what:
            self.close()
            self._what, self._done = (what, total), 0
            self._bar = click.progressbar(length=max(total, 1), label=what, file=sys.stderr)
            self._bar.__enter__()
        self._bar.update(done - self._done)
        self._done = done

    def close(self) -> None:
        """End the bar's line."""
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.__exit__(None, None, None)


@contextmanager
def shown() -> Iterator[Bars]:
    """Bars, in a process that is out of the server's way and that SIGTERM and SIGHUP end as Ctrl-C does: tidily.

    What it makes is nobody else's to read.
    """
    os.umask(0o077)
    with suppress(PermissionError):
        os.nice(LESS_URGENT)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    bars = Bars()
    try:
        yield bars
    finally:
        bars.close()


def size(count: int) -> str:
    """Bytes as people read them: `12.3 MB`."""
    amount, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{count} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"


def number(count: int, singular: str) -> str:
    """`1 user`, `1,204 users`."""
    return f"{count:,} {singular}{'' if count == 1 else 's'}"
