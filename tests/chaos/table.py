"""The report of a run: figures, and how long it took until messages went through again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.chaos.faults import Spell
from tests.chaos.reader import Reader
from tests.chaos.work import Sent


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds from the end of the last fault of a round. `first_s`: until a message that was sent after it had come to
    its receiver. `foreign_s`, `own_s`: until every foreign reader that is not slow, and every one of the project's own
    client, whose waits between attempts grow, had heard something."""

    first_s: float
    foreign_s: float
    own_s: float


def recoveries(
    calms: Iterable[tuple[float, float]], sent: Iterable[Sent], readers: Sequence[Reader]
) -> list[Recovery | str]:
    """One for each calm, from its beginning to its end; a sentence where nothing came through."""
    begun = {one.id: one.attempt_s for one in sent if one.id is not None}
    arrivals = [
        (begun[heard.data["id"]], heard.at_s)
        for reader in readers
        for heard in reader.heard
        if heard.event == "message" and heard.data["id"] in begun
    ]
    found: list[Recovery | str] = []
    for began_s, ended_s in calms:
        came = [at_s for sent_s, at_s in arrivals if sent_s >= began_s]
        alive = {
            r.name: (r.is_plain, r.alive_after(began_s)) for r in readers if not (r.is_slow or r.is_polling(ended_s))
        }
        away = [name for name, (_, at_s) in alive.items() if at_s is None]
        if not came or away:
            found.append(f"no message came through, or nothing came to {away}, {ended_s - began_s:.1f} s after a fault")
            continue
        last_s = {
            kind: max((at_s or 0.0 for is_plain, at_s in alive.values() if is_plain is kind), default=began_s)
            for kind in (True, False)
        }
        found.append(Recovery(min(came) - began_s, last_s[True] - began_s, last_s[False] - began_s))
    return found


def faults(spells: Iterable[Spell], means: dict[str, str | None]) -> list[str]:
    """A line a kind: how often, for how long in all, by which means."""
    counts = Counter[str]()
    seconds: dict[str, float] = {}
    for spell in spells:
        counts[spell.kind] += 1
        seconds[spell.kind] = seconds.get(spell.kind, 0.0) + spell.ended_s - spell.began_s
    lines = ["fault       times  seconds  by"]
    for kind in sorted(counts):
        lines.append(f"{kind:10s}  {counts[kind]:5d}  {seconds[kind]:7.1f}  {means.get(kind) or ''}".rstrip())
    return lines


def messages(sent: Sequence[Sent], answers: Mapping[str, int]) -> list[str]:
    """What was sent, by which way, and what requests were answered."""
    ways = Counter(one.way for one in sent)
    answered = sum(one.id is not None for one in sent)
    with_file = sum(one.content is not None for one in sent)
    return [
        f"sends: {len(sent)} ({', '.join(f'{count} by {way}' for way, count in sorted(ways.items()))})",
        f"  answered: {answered}; with a file: {with_file}",
        f"answers: {', '.join(f'{count} x {name}' for name, count in sorted(answers.items()))}",
    ]


def events(readers: Sequence[Reader], stored: int) -> list[str]:
    """What was read."""
    connections = sum(reader.connections for reader in readers)
    resyncs = sum(len(reader.holes) for reader in readers)
    return [
        f"streams: {len(readers)} readers, {connections} connections, {resyncs} resyncs",
        f"events: {stored} stored, {sum(len(reader.heard) for reader in readers)} told",
    ]


def times(recovered: Sequence[Recovery]) -> list[str]:
    """How long it took until things went on."""
    return [
        _spread("a message goes through after a fault", [one.first_s for one in recovered]),
        _spread("every httpx-sse reader hears something", [one.foreign_s for one in recovered]),
        _spread("every client of the project hears something", [one.own_s for one in recovered]),
    ]


def _spread(name: str, values: Sequence[float]) -> str:
    if not values:
        return f"{name}: none"
    return f"{name}: median {median(values):.2f} s, worst {max(values):.2f} s ({len(values)} calms)"
