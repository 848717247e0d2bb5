"""Hashing: bcrypt off the loop, on a few threads, so that a login never stalls a stream.

Who waits for a thread waits in a lane, mostly of an address, and the lanes take turns: a storm of logins from one place
costs another place one turn, not the storm's length. Who is known to be from there has every other turn. The threads
have a lower priority than the loop's, where the system knows priorities of threads. A stop does not wait for what has
not begun: a hundred logins that wait would take longer than a stop may.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from realtime.api.problem import Problem

T = TypeVar("T")

THREADS = 2
MOST_WAITING = 1000  # two minutes of two cores
LOWER_PRIORITY = 10
KNOWN = "known"  # the lane of those who have signed in from where they are before
SIGNED_IN = "signed in"

Turn = asyncio.Future[None]


class Hashing:
    """The threads and the lanes. It belongs to one loop."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "hashing", initializer=_be_nice)
        self._busy = 0
        self._lanes: dict[str, deque[Turn]] = {}  # the one whose turn is next comes first
        self._waiting = 0
        self._was_known = False
        self._ended = False

    async def run(self, lane: str, function: Callable[..., T], *args: object) -> T:
        """function(*args) on a thread, when the lane's turn comes. Raises Problem 503: too many wait, or a stop."""
        if self._ended:
            raise _stopping()
        if self._busy < THREADS:
            self._busy += 1
        else:
            await self._turn(lane)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)
        finally:
            self._pass_on()

    def end(self) -> None:
        """Begin nothing more."""
        self._ended = True
        lanes, self._lanes, self._waiting = self._lanes, {}, 0
        for turns in lanes.values():
            for turn in turns:
                if not turn.done():
                    turn.set_exception(_stopping())

    def shutdown(self) -> None:
        """End the threads, after what they do."""
        self._threads.shutdown()

    async def _turn(self, lane: str) -> None:
        if self._waiting >= MOST_WAITING:
            self._drop_one()
        turn: Turn = asyncio.get_running_loop().create_future()
        self._lanes.setdefault(lane, deque()).append(turn)
        self._waiting += 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # it was ours already
            raise

    def _pass_on(self) -> None:
        """A thread is free: the next lane's first has it."""
        while self._lanes:
            lane = self._next_lane()
            turns = self._lanes.pop(lane)
            turn = turns.popleft()
            self._waiting -= 1
            if turns:
                self._lanes[lane] = turns  # at the end
            if not turn.done():
                turn.set_result(None)
                return
        self._busy -= 1

    def _next_lane(self) -> str:
        others = (lane for lane in self._lanes if lane != KNOWN)
        other = next(others, None)
        self._was_known = KNOWN in self._lanes and (other is None or not self._was_known)
        return KNOWN if self._was_known or other is None else other

    def _drop_one(self) -> None:
        """Refuse the last of the longest lane, which is whose storm this is."""
        lane, turns = max(self._lanes.items(), key=lambda item: len(item[1]))
        turn = turns.pop()
        self._waiting -= 1
        if not turns:
            del self._lanes[lane]
        if not turn.done():
            turn.set_exception(Problem(503, "Too many logins are waiting.", {"Retry-After": "30"}))


def _be_nice() -> None:
    """Of a new thread: let the loop go first."""
    if sys.platform == "linux":  # elsewhere a priority is the whole process's
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWER_PRIORITY)


def _stopping() -> Problem:
    return Problem(503, "The server is stopping.", {"Retry-After": "5"})
