"""Measures: a benchmark a file, found by its name. What the first line of its docstring says behind
its name is its help; `run` makes its report."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol, cast

from bench.options import Options
from bench.report import Report


class Measure(Protocol):
    """What such a module has."""

    __doc__: str | None

    def run(self, options: Options) -> Report:
        """Measure. Raises Failed when that does not work."""
        ...


def names() -> list[str]:
    """Those that there are, in the alphabet's order."""
    return sorted(found.name for found in pkgutil.iter_modules(__path__))


def load(name: str) -> Measure:
    """The benchmark of one of `names`."""
    return cast(Measure, importlib.import_module(f"{__name__}.{name}"))


def about(name: str) -> str:
    """What one measures, in a line for people."""
    first = (load(name).__doc__ or "").partition("\n")[0]
    return first.removeprefix(f"{name.capitalize()}: ")
