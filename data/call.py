"""Call: a function of a transaction that waits for its turn, and the future of who called it.

A caller may be gone before its function has run; nothing here ever fails because of that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from data.connection import meaning
from data.transaction import Transaction

Function = Callable[[Transaction], Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What a function returned, or the error that it raised."""

    value: Any = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """Lives on the loop; only `function` goes to a thread."""

    function: Function
    future: asyncio.Future[Any]

    @classmethod
    def of(cls, function: Function) -> Call:
        """A call whose future belongs to the running loop."""
        return cls(function, asyncio.get_running_loop().create_future())

    def finish(self, result: Result) -> None:
        """Resume the caller, unless it is gone or resumed."""
        if self.future.done():
            return
        if result.error is None:
            self.future.set_result(result.value)
        else:
            self.future.set_exception(meaning(result.error))

    def fail(self, error: BaseException) -> None:
        """Resume the caller with an error, unless it is gone or resumed."""
        self.finish(Result(error=error))
