"""Who waits after wrong passwords and who does not, by a clock that only the test moves; and whose turn bcrypt is."""

from __future__ import annotations

import asyncio
import threading

import pytest

from realtime.api import guesses as guesses_module
from realtime.api.guesses import FORGOTTEN_AFTER_S, Guesses
from realtime.api.hashing import KNOWN, MOST_WAITING, THREADS, Hashing
from realtime.api.origin import place, plain
from realtime.api.problem import Problem
from realtime.api.turned_away import TurnedAway
from tests.support.waiting import until
from tests.test_limits_counting import Clock, bounds, wait_s

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


class Door:
    """Guesses with the default limits."""

    def __init__(self, **changed: float) -> None:
        self.told = Clock()
        self.turned_away = TurnedAway(self.told)
        settings = {
            "failed_login_wait_s": 2.0, "failed_login_wait_most_s": 300.0, "failed_logins_per_address": 300, **changed,
        }  # fmt: skip
        self.guesses = Guesses(bounds(**settings), self.turned_away, self.told)

    def knock(self, account: str, address: str, *, right: bool = False, is_known: bool = False) -> None:
        """One try."""
        with self.guesses.attempt(account, address, is_known=is_known) as attempt:
            attempt.is_right = right


def test_the_wait_begins_after_five_doubles_and_ends() -> None:
    door = Door()
    for _ in range(5):
        door.knock("ann", HERE)
    waits = []
    for _ in range(10):
        waits.append(wait_s(lambda: door.knock("ann", HERE, right=True)))
        door.told.now_s += waits[-1] - 1
        wait_s(lambda: door.knock("ann", HERE, right=True))
        door.told.now_s += 1
        door.knock("ann", HERE)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_it_belongs_to_the_account_and_the_address() -> None:
    door = Door()
    for _ in range(5):
        door.knock("ann", HERE)
    wait_s(lambda: door.knock("ann", HERE))
    door.knock("ann", ELSEWHERE, right=True)
    door.knock("bob", HERE, right=True)


def test_a_right_password_begins_anew_and_so_does_an_hour() -> None:
    door = Door()
    for _ in range(3):
        for _ in range(4):
            door.knock("ann", HERE)
        door.knock("ann", HERE, right=True)
    for _ in range(5):
        door.knock("ann", HERE)
    door.told.now_s += FORGOTTEN_AFTER_S + 3
    for _ in range(5):
        door.knock("ann", HERE)
    wait_s(lambda: door.knock("ann", HERE))


def test_tries_at_the_same_time_are_no_way_around_it() -> None:
    door = Door()
    under_way = [door.guesses.attempt("ann", HERE, is_known=False) for _ in range(6)]
    for one in under_way[:5]:
        one.__enter__()
    assert wait_s(under_way[5].__enter__) == 2
    for one in under_way[:5]:
        one.__exit__(None, None, None)


def test_an_address_has_a_coarse_cap_of_failures_and_of_tries_under_way() -> None:
    door = Door(failed_logins_per_address=20)
    for number in range(1000):
        door.knock(f"right {number}", HERE, right=True)
    for number in range(20):
        door.knock(f"wrong {number}", HERE)
    assert wait_s(lambda: door.knock("ann", HERE, right=True)) == 60
    door.knock("ann", ELSEWHERE, right=True)
    door.knock("ann", HERE, right=True, is_known=True)  # has signed in from there before
    door.told.now_s += 60
    under_way = [door.guesses.attempt(f"slow {number}", HERE, is_known=False) for number in range(21)]
    for one in under_way[:20]:
        one.__enter__()
    wait_s(under_way[20].__enter__)
    for one in under_way[:20]:
        one.__exit__(None, None, None)
    assert door.turned_away.counts["failed_logins_of_address"] == 2


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses_module, "MOST_REMEMBERED", 1000)
    door = Door(failed_logins_per_address=0)
    for number in range(5000):
        door.knock("x" * 1000 + str(number), f"198.51.100.{number % 250}")
    assert len(door.guesses._failures) == 1000
    assert not door.guesses._under_way


def test_an_ipv6_address_counts_by_its_network() -> None:
    assert place("2001:db8:1:2::1") == place("2001:db8:1:2:ffff::9") != place("2001:db8:1:3::1")
    assert (place("192.0.2.1"), place("")) == ("192.0.2.1", "")
    assert place(plain("::ffff:192.0.2.1")) == "192.0.2.1", "or all of IPv4 were one place"


# Whose turn it is


class Bench:
    """Hashing whose threads stand still until they are told to go on."""

    def __init__(self) -> None:
        self.hashing = Hashing()
        self.go = threading.Event()
        self.done: list[str] = []
        self.tasks = [asyncio.create_task(self.hashing.run("first", self.go.wait, 30.0)) for _ in range(THREADS)]

    def queue(self, lane: str, name: str) -> None:
        """One more that waits."""
        self.tasks.append(asyncio.create_task(self.hashing.run(lane, self.done.append, name)))

    async def finish(self) -> list[BaseException | object]:
        """Go on, and wait for all."""
        await until(lambda: self.hashing._waiting == len(self.tasks) - THREADS)
        self.go.set()
        found = await asyncio.gather(*self.tasks, return_exceptions=True)
        self.hashing.shutdown()
        return list(found)


async def _turns() -> None:
    bench = Bench()
    await asyncio.sleep(0)
    for number in range(100):
        bench.queue("storm", f"storm {number}")
    for number in range(3):
        bench.queue("good", f"good {number}")
    for number in range(3):
        bench.queue(KNOWN, f"known {number}")
    await bench.finish()
    # Two threads write them down, so that neighbours may have changed places.
    assert max(bench.done.index(f"good {number}") for number in range(3)) < 16
    assert max(bench.done.index(f"known {number}") for number in range(3)) < 8
    assert bench.done[-1].startswith("storm")
    assert len(bench.done) == 106
    assert bench.hashing._busy == 0


def test_a_storm_in_one_lane_costs_another_one_turn() -> None:
    asyncio.run(_turns())


async def _full() -> None:
    bench = Bench()
    await asyncio.sleep(0)
    for number in range(MOST_WAITING):
        bench.queue("storm", f"storm {number}")
    await until(lambda: bench.hashing._waiting == MOST_WAITING)
    bench.queue("good", "good")
    await asyncio.sleep(0)
    assert bench.hashing._waiting == MOST_WAITING
    bench.go.set()
    found = await asyncio.gather(*bench.tasks, return_exceptions=True)
    bench.hashing.shutdown()
    refused = [one for one in found if isinstance(one, Problem)]
    assert [(one.status, one.headers["Retry-After"]) for one in refused] == [(503, "30")]
    assert found[-1] is None, "the one that came when it was full"
    assert "good" in bench.done


def test_when_too_many_wait_the_longest_lane_loses_one() -> None:
    asyncio.run(_full())


async def _stopped() -> None:
    bench = Bench()
    await asyncio.sleep(0)
    for number in range(10):
        bench.queue("storm", f"storm {number}")
    bench.tasks[-1].cancel()
    await until(lambda: bench.hashing._waiting >= 9)
    bench.hashing.end()
    bench.go.set()
    found = await asyncio.gather(*bench.tasks, return_exceptions=True)
    bench.hashing.shutdown()
    assert not bench.done
    assert [type(one).__name__ for one in found[THREADS:]] == ["Problem"] * 9 + ["CancelledError"]
    with pytest.raises(Problem):
        await bench.hashing.run("late", print)


def test_a_stop_begins_nothing_more() -> None:
    asyncio.run(_stopped())
