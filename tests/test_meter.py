"""The meter: figures of the last minute, whatever the clocks do."""

from __future__ import annotations

import pytest

from realtime.api.meter import COMMITS, WINDOW_S, Meter, resident_bytes


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meter(clock: Clock) -> Meter:
    return Meter(clock)


def tick(meter: Meter, clock: Clock, *late_s: float) -> None:
    """Ticks a second apart, each so late."""
    for one in late_s:
        clock.now_s += 1.0
        meter.tick(clock.now_s + one, 0.0)


def commit(meter: Meter, clock: Clock, took_s: float) -> None:
    ended = meter.time_commit()
    clock.now_s += took_s
    ended()


def test_nothing_was_measured_yet(meter: Meter) -> None:
    assert meter.events_per_s == 0
    assert meter.commit_ms == meter.loop_lag_ms == {"median": None, "worst": None}


def test_events_are_those_of_the_last_minute(meter: Meter, clock: Clock) -> None:
    for _ in range(30):
        meter.count_event("message")
    tick(meter, clock, 0.0, 0.0)
    assert meter.events_per_s == 15
    tick(meter, clock, *[0.0] * (WINDOW_S - 2))
    assert meter.events_per_s == 30 / WINDOW_S
    tick(meter, clock, 0.0)
    assert meter.events_per_s == 0


def test_commits_are_those_of_the_last_minute_and_bounded(meter: Meter, clock: Clock) -> None:
    commit(meter, clock, 0.5)
    for _ in range(2):
        commit(meter, clock, 0.002)
    assert meter.commit_ms == {"median": 2.0, "worst": 500.0}
    tick(meter, clock, 0.0)
    for _ in range(COMMITS):
        commit(meter, clock, 0.001)
    assert meter.commit_ms == {"median": 1.0, "worst": 500.0}, "the worst is of all commits"
    tick(meter, clock, *[0.0] * WINDOW_S)
    assert meter.commit_ms == {"median": None, "worst": None}


def test_the_lag_of_the_loop(meter: Meter, clock: Clock) -> None:
    tick(meter, clock, 0.001, 0.001, 0.301, 0.002)
    assert meter.loop_lag_ms == {"median": pytest.approx(0.5), "worst": pytest.approx(300.0)}
    # A tick that is late by more than a second takes the place of those that it missed.
    clock.now_s += 3.0
    meter.tick(clock.now_s + 0.2, 0.0)
    tick(meter, clock, 0.001)
    assert meter.loop_lag_ms["worst"] == pytest.approx(2199.0)
    tick(meter, clock, *[0.001] * WINDOW_S)
    assert meter.loop_lag_ms["worst"] == pytest.approx(0.0)


@pytest.mark.parametrize("step_s", [-0.4, 0.4, 1e-5])
def test_a_wall_clock_that_is_set_or_drifts_is_no_lag_for_long(meter: Meter, clock: Clock, step_s: float) -> None:
    tick(meter, clock, *[0.0] * WINDOW_S)
    steps = [step_s] * WINDOW_S if abs(step_s) > 0.1 else [step_s * number for number in range(20 * WINDOW_S)]
    tick(meter, clock, *steps)
    assert meter.loop_lag_ms["worst"] == pytest.approx(0.0, abs=1.0)


def test_the_memory_of_this_process() -> None:
    before = resident_bytes()
    assert 5 << 20 < before < 4 << 30
    held = bytearray(64 << 20)
    assert resident_bytes() - before > 32 << 20
    del held
