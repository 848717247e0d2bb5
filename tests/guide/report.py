"""The table of a run and its counts. It knows only texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a block. `failure` is empty for one that passed; `note` says more of either."""

    number: int
    heading: str
    excepted: bool
    note: str
    failure: str = ""

    @property
    def word(self) -> str:
        """One word for the table."""
        return "FAILED" if self.failure else "excepted" if self.excepted else "passed"


def table(results: Sequence[Result]) -> str:
    """A line for each block and one with the counts."""
    width = max((len(result.heading) for result in results), default=0)
    lines = [
        f"{result.number:>3}  {result.heading:<{width}}  {result.word:<8}  {result.failure or result.note}".rstrip()
        for result in results
    ]
    excepted = sum(result.excepted for result in results)
    return "\n".join([*lines, f"{len(results) - excepted} ran, {excepted} excepted"])


def last_line(results: Sequence[Result], other_failures: int = 0) -> str:
    """What passed and what failed: blocks that ran, and what failed beside them."""
    passed = sum(not result.failure and not result.excepted for result in results)
    return f"{passed} passed, {sum(bool(result.failure) for result in results) + other_failures} failed"
