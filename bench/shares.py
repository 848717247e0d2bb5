"""Shares: whose time a profile shows: the kernel's, Tornado's, this server's. Waiting for something is nobody's."""

from __future__ import annotations

import pstats
import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WHOSE = ("kernel", "tornado", "asyncio", "server", "json", "other")
_BUILT_IN = re.compile(r"^<(?:built-in )?method '?([\w.]+)'?.*>$")
_WAITING = ("'select.epoll'", "<built-in method select.select>")
_JSON = ("/json/", "_json.", "msgspec")
_SERVER = tuple(f"{ROOT}/{room}" for room in ("realtime/", "data/", "server.py", "bench/profiled.py"))


@dataclass(slots=True)
class Shares:
    """Seconds by WHOSE they are, and the functions that took most: a name and seconds each, the longest first."""

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(WHOSE, 0.0))
    longest: list[tuple[str, float]] = field(default_factory=list)

    @property
    def total(self) -> float:
        """All seconds."""
        return sum(self.seconds.values())


def read(path: Path) -> Shares:
    """What a file of cProfile says."""
    found = Shares()
    for (file, _, name), (_, _, own_s, _, _) in pstats.Stats(str(path)).stats.items():  # type: ignore[attr-defined]
        if file == "~" and "poll" in name and any(waiting in name for waiting in _WAITING):
            continue
        found.seconds[_whose(file, name)] += own_s
        found.longest.append((_BUILT_IN.sub(r"\1", name) if file == "~" else f"{Path(file).name}: {name}", own_s))
    found.longest.sort(key=lambda one: -one[1])
    return found


def _whose(file: str, name: str) -> str:
    if any(mark in file or (file == "~" and mark in name) for mark in _JSON):
        return "json"
    if file == "~":
        return "kernel" if "'_socket.socket'" in name or "_socket." in name or "posix." in name else "other"
    if file.startswith(_SERVER):
        return "server"
    return next((whose for whose in ("tornado", "asyncio") if f"/{whose}/" in file), "other")
