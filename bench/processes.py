"""Processes: how one begins, what they took of the machine, as /proc tells it, and what each may have open."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.report import Failed

SPARE_FILES = 300  # beside its streams: what the server keeps for requests, files and SQLite


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A ^C or an end that comes meanwhile comes afterwards, as KeyboardInterrupt.

    For the moment in which a process begins: an exception in the middle of Popen leaves one that nobody knows.
    """
    came: list[int] = []
    held = {
        number: signal.signal(number, lambda number, frame: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def resident_bytes(pids: Iterable[int]) -> int:
    """Their memory that is in RAM now. Pages that several share are counted for each."""
    pages = (Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1] for pid in pids)
    return sum(map(int, pages)) * os.sysconf("SC_PAGE_SIZE")


def cpu_s(pids: Iterable[int]) -> float:
    """The seconds that they have computed since their start, the kernel's for them included."""
    ticks = 0
    for pid in pids:
        # The name in brackets may hold anything, so what counts begins behind the last bracket: utime and stime.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def need_files(streams: int) -> None:
    """Let this process and those that it starts have a descriptor for each stream. Raises Failed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 1 << 20 if hard == resource.RLIM_INFINITY else hard
    needed = streams + SPARE_FILES
    if needed > most:
        raise Failed(
            f"{streams} streams need {needed} open files in one process, and this system allows {most} "
            "(`ulimit -Hn`); raise that, or ask for fewer with --streams"
        )
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
