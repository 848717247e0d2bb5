"""Report: what a benchmark found, as a table of named columns. It knows neither the terminal nor how to measure.

A benchmark is a module of bench/measures with a docstring, whose first line is its help, and `run(options) -> Report`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Value = float | int | str | None  # None: nothing was measured there
Row = Mapping[str, Value]  # by the columns' names


class Failed(Exception):
    """The measuring itself did not work: something was lost, a stream was closed, a program is not there."""


def last_line(text: str) -> str:
    """The last line of what a program said, for an error of one line."""
    lines = text.strip().splitlines()
    return lines[-1][:400] if lines else "it said nothing"


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `name` is its key in rows and in JSON and has the unit (`p99_ms`); `title` is for people."""

    name: str
    title: str
    unit: str = ""
    digits: int = 1

    @property
    def heading(self) -> str:
        """Title and unit."""
        return f"{self.title}, {self.unit}" if self.unit else self.title


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that should be reached: `found` at most `limit`, or at least, if `at_least`."""

    what: str
    found: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def reached(self) -> bool:
        """Whether it is."""
        return self.found >= self.limit if self.at_least else self.found <= self.limit

    def to_json(self) -> dict[str, Any]:
        """For other programs."""
        return {
            "what": self.what, "found": self.found, "limit": self.limit, "unit": self.unit,
            "at_least": self.at_least, "reached": self.reached,
        }  # fmt: skip


@dataclass(slots=True)
class Report:
    """One table. `baseline` says what the figures are beside: another row, another column, another server."""

    name: str
    title: str
    columns: tuple[Column, ...]
    baseline: str
    rows: list[Row] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, **values: Value) -> None:
        """A row. Raises KeyError for a value without a column; a column without a value has None."""
        unknown = values.keys() - {column.name for column in self.columns}
        if unknown:
            raise KeyError(f"{self.name} has no column {', '.join(sorted(unknown))}")
        self.rows.append({column.name: values.get(column.name) for column in self.columns})

    def to_json(self) -> dict[str, Any]:
        """For other programs: name, title, baseline, columns (name, title, unit), rows, goals, notes."""
        return {
            "name": self.name,
            "title": self.title,
            "baseline": self.baseline,
            "columns": [{"name": one.name, "title": one.title, "unit": one.unit} for one in self.columns],
            "rows": [dict(row) for row in self.rows],
            "goals": [goal.to_json() for goal in self.goals],
            "notes": list(self.notes),
        }
