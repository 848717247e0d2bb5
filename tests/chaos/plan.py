"""The plan of a run: what is broken when, and who does what when. A function of the seed, and of nothing else.

Faults come in rounds of one to three that overlap, at most one of them on the process itself. After every third round
there is a calm, in which recovery is measured; the others are followed by the next at once, so that faults also meet
what is still recovering. In the last fifth nothing restarts the server: what leaks has time to show.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

# What is done to the process, of which one at a time, and to what is around it. Weights.
TO_THE_PROCESS = {"kill": 4, "term": 3, "stop": 3, "clock": 3, "forget": 1}
TO_THE_REST = {"cut": 4, "half": 3, "narrow": 2, "stall": 2, "full": 2, "commit": 2, "lock": 2}
KINDS = (*TO_THE_PROCESS, *TO_THE_REST)
RESTARTS = ("kill", "term")

CALM_S = 11.0
WARM_UP_S = 3.0
LONGEST_S = 6.0
QUIET_PART = 0.8

# How often users do what.
DEEDS = {"send": 60, "read": 10, "delivered": 5, "edit": 8, "typing": 8, "upload": 3, "notice": 1, "announce": 1}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is broken, from when on and for how long. `number` chooses among ways to do it."""

    at_s: float
    lasts_s: float
    kind: str
    number: int


@dataclass(frozen=True, slots=True)
class Round:
    """Faults that overlap. `calm_s`: for how long nothing else is broken after the last of them has ended."""

    faults: tuple[Fault, ...]
    ends_s: float
    calm_s: float


@dataclass(frozen=True, slots=True)
class Deed:
    """What a user does: users are numbers here. `number` is another one for each."""

    at_s: float
    kind: str
    user: int
    other: int
    number: int


def rounds(seed: int, seconds: float, kinds: Iterable[str] = KINDS) -> list[Round]:
    """The rounds of a run of so many seconds, its last calm included."""
    chance = random.Random(f"faults {seed}")
    wanted = set(kinds)
    found: list[Round] = []
    now_s = WARM_UP_S
    # A short run has its share of restarts too: only then are the last rounds without.
    while now_s + LONGEST_S + CALM_S < seconds or not found:
        without = RESTARTS if now_s > seconds * QUIET_PART and seconds > 300 else ()
        one = _round(chance, now_s, wanted.difference(without) or wanted, is_calm=len(found) % 3 == 2)
        found.append(one)
        now_s = one.ends_s + one.calm_s + chance.uniform(0.2, 1.5)
    last = found[-1]
    return [*found[:-1], Round(last.faults, last.ends_s, CALM_S)]


def _round(chance: random.Random, now_s: float, kinds: set[str], *, is_calm: bool) -> Round:
    faults: list[Fault] = []
    most = chance.choice((1, 2, 2, 3))
    while len(faults) < most:
        weights = {kind: weight for kind, weight in (TO_THE_PROCESS | TO_THE_REST).items() if kind in kinds}
        kind = chance.choices(list(weights), list(weights.values()))[0]
        taken = {fault.kind for fault in faults}
        if kind in taken or (kind in TO_THE_PROCESS and taken & set(TO_THE_PROCESS)):
            if len(taken) == len(kinds) or kinds <= set(TO_THE_PROCESS):
                break
            continue
        at_s = now_s + chance.uniform(0, 2)
        faults.append(Fault(round(at_s, 2), round(chance.uniform(0.3, LONGEST_S - 2), 2), kind, chance.randrange(1000)))
    ends_s = max(fault.at_s + fault.lasts_s for fault in faults)
    return Round(tuple(faults), ends_s, CALM_S if is_calm else 0.0)


def deeds(seed: int, seconds: float, users: int, per_s: float) -> list[Deed]:
    """What the users do, in order."""
    chance = random.Random(f"deeds {seed}")
    found: list[Deed] = []
    now_s = 0.2
    while now_s < seconds:
        kind = chance.choices(list(DEEDS), list(DEEDS.values()))[0]
        user = chance.randrange(users)
        other = (user + chance.randrange(1, users)) % users
        found.append(Deed(round(now_s, 3), kind, user, other, len(found)))
        now_s += chance.expovariate(per_s)
    return found
