"""What lives long is looked through when nobody waits for it, and a request leaves nothing to look for."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime import garbage
from realtime.api.stream import StreamHandler
from realtime.garbage import FULL_EVERY_S, Garbage
from tests.support.inside import served
from tests.support.waiting import until

WALL_S = 0.0


class Cycle:
    """Garbage that only the collector finds, once nobody holds it."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def collector() -> Iterator[Garbage]:
    thresholds = gc.get_threshold()
    found = Garbage()
    found.begin()
    yield found
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def grow_old() -> weakref.ref[Cycle]:
    """A cycle that outlived the collections of young objects, and that nobody holds any more."""
    cycle = Cycle()
    gc.collect(1)
    gc.collect(1)
    return weakref.ref(cycle)


def be_busy() -> None:
    """As many requests as make a second a busy one."""
    for _ in range(garbage.QUIET_COLLECTIONS + 1):
        gc.collect(0)


def test_old_garbage_goes_once_a_minute(collector: Garbage) -> None:
    collector.tick(FULL_EVERY_S, WALL_S)
    old = grow_old()
    collector.tick(FULL_EVERY_S * 2 - 1, WALL_S)
    assert old() is not None
    collector.tick(FULL_EVERY_S * 2, WALL_S)
    assert old() is None


def test_a_busy_second_is_no_time_for_it(collector: Garbage) -> None:
    collector.tick(0.0, WALL_S)
    old = grow_old()
    be_busy()
    collector.tick(FULL_EVERY_S, WALL_S)
    assert old() is not None
    collector.tick(FULL_EVERY_S + 1, WALL_S)
    assert old() is None


def test_busy_for_ever_it_goes_all_the_same(collector: Garbage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "MOST_COLLECTIONS", 100)
    collector.tick(FULL_EVERY_S, WALL_S)
    old = grow_old()
    for second in range(10):
        be_busy()
        collector.tick(FULL_EVERY_S + second, WALL_S)
    assert old() is None


def grow(count: int) -> list[Cycle]:
    """So many old objects, and as many collections as making them takes."""
    made = [Cycle() for _ in range(count)]
    for _ in range(garbage.COUNT_EVERY):
        gc.collect(1)
    return made


def test_old_garbage_goes_in_a_busy_second_when_there_is_much_of_it(collector: Garbage) -> None:
    """Whoever breaks off a thousand requests a second leaves cycles of fifty objects for each."""
    collector.tick(FULL_EVERY_S, WALL_S)
    waste = grow(2 * garbage.GROWN_BY_OBJECTS)
    old = weakref.ref(waste[0])
    waste.clear()
    be_busy()
    collector.tick(FULL_EVERY_S + 1, WALL_S)
    assert old() is None


def test_what_grows_and_is_no_garbage_is_looked_through_more_and_more_rarely(collector: Garbage) -> None:
    collector.tick(FULL_EVERY_S, WALL_S)
    before = gc.get_stats()[2]["collections"]
    held = []
    for second in range(20):
        held.append(grow(garbage.GROWN_BY_OBJECTS // 2))
        be_busy()
        collector.tick(FULL_EVERY_S + second, WALL_S)
    assert 1 <= gc.get_stats()[2]["collections"] - before <= 4


def test_python_makes_no_full_collection_by_itself(collector: Garbage) -> None:
    before = gc.get_stats()[2]["collections"]
    held = [[] for _ in range(500_000)]  # type: ignore[var-annotated]
    assert len(held) == 500_000
    assert gc.get_stats()[2]["collections"] == before


def test_a_stream_that_opened_leaves_nothing_to_collect(tmp_path: Path) -> None:
    async def test() -> None:
        async with served(tmp_path) as inside:
            gc.collect()
            gc.disable()
            try:
                client = await inside.connect()
                await client.read_until(lambda client: len(client.events) >= 2)
                await until(lambda: not any(isinstance(one, StreamHandler) for one in gc.get_objects()))
            finally:
                gc.enable()

    asyncio.run(test())
