"""Sweep: what a crash left behind. Files of the store that no row names, in one pass over all of them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from data.errors import DataError
from realtime.storage.store import Store

log = logging.getLogger(__name__)


async def sweep(store: Store, nameless: Callable[[Sequence[str]], Awaitable[list[str]]], before_s: float) -> int:
    """Remove what came before before_s (wall clock) and has no name; how many files that were.

    A file is stored before its row is written, so one that comes in while this runs must be later than before_s, or
    nothing may come in. Trouble is logged: the rest goes at the next start.
    """
    gone = 0
    try:
        async for found in store.stored():
            old = [key for key, stored_s in found if stored_s < before_s - store.clock_margin_s]
            for key in await nameless(old) if old else ():
                await store.delete(key)
                gone += 1
    except DataError as error:
        log.warning("the sweep of files ended early: %s", error)
    if gone:
        log.info("%d files that nothing names are removed", gone)
    return gone
