"""Options: what a person may ask of every benchmark, each of which has full and quick sizes of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Options:
    """`quick`: sizes that show that it works and measure nothing. `peers`: other servers beside ours.

    The others replace a benchmark's own sizes when they are given. `folder` is empty and goes after the run: whatever
    a benchmark writes is there, its `load` is there already (driver.py).
    """

    folder: Path
    quick: bool = False
    peers: bool = False
    streams: tuple[int, ...] = ()
    rounds: int = 0
    seconds: float = 0.0

    def of(self, full: T, quick: T) -> T:
        """The size to take."""
        return quick if self.quick else full

    def streams_of(self, full: tuple[int, ...], quick: tuple[int, ...]) -> tuple[int, ...]:
        """The numbers of streams to take: the given ones, else the benchmark's own."""
        return self.streams or self.of(full, quick)

    def rounds_of(self, full: int, quick: int) -> int:
        """How often to repeat."""
        return self.rounds or self.of(full, quick)

    def seconds_of(self, full: float, quick: float) -> float:
        """How long to go on."""
        return self.seconds or self.of(full, quick)
