"""What the guide promises of each event: its fields and their JSON types, from its own examples and lists of fields."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tests.guide.extract import Guide, Malformed

_EVENT = re.compile(r"^\*\*Event Type:\*\* `(?P<name>\w+)`\s*$")
_FIELD = re.compile(r"^- `(?P<name>\w+)` \((?P<kinds>[\w|]+)\): (?P<what>.*)$")
_CLOCK_S = 120.0

Json = Mapping[str, object]


@dataclass(slots=True)
class Payload:
    """`kinds` are the permitted JSON types of each field, `notes` what the guide says of it, `inner` of objects."""

    event: str
    kinds: dict[str, set[str]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    inner: dict[str, Payload] = field(default_factory=dict)

    def faults(self, data: Json, now_s: float) -> list[str]:
        """What `data` has otherwise than the guide, a line each. `now_s` is the wall clock."""
        found: list[str] = []
        for name, kinds in self.kinds.items():
            if name not in data:
                found.append(f"{self.event}: no field {name}")
                continue
            value, note = data[name], self.notes.get(name, "")
            if not kinds & kinds_of(value):
                found.append(f"{self.event}: {name} is {value!r} and not of type {'|'.join(sorted(kinds))}")
            elif "ISO 8601" in note and isinstance(value, str) and not _is_iso(value):
                found.append(f"{self.event}: {name} is {value!r} and no ISO 8601 timestamp")
            elif "Unix timestamp" in note and isinstance(value, int | float) and abs(value - now_s) > _CLOCK_S:
                found.append(f"{self.event}: {name} is {value!r} and not about {now_s:.0f}")
            elif name in self.inner and isinstance(value, dict):
                found += self.inner[name].faults(value, now_s)
        return found

    @property
    def size(self) -> int:
        """How many fields the guide shows, those of objects in it included."""
        return len(self.kinds) + sum(inner.size for inner in self.inner.values())


def kinds_of(value: object) -> set[str]:
    """The names that the guide may use for a JSON value's type."""
    if value is None:
        return {"null"}
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, int):
        return {"integer", "number"}
    if isinstance(value, float):
        return {"number"}
    return {"string"} if isinstance(value, str) else {"array"} if isinstance(value, list) else {"object"}


def promised(guide: Guide) -> dict[str, Payload]:
    """The payload of each event type that the guide describes. Raises Malformed where it contradicts itself."""
    found: dict[str, Payload] = {}
    headings: dict[str, Payload] = {}
    for line in guide.lines:
        if event := _EVENT.match(line.text):
            payload = found[event["name"]] = headings[line.heading] = Payload(event["name"])
            _read_example(guide, line.heading, payload)
    listed: dict[str, set[str]] = {}
    for line in guide.lines:
        if (payload_here := headings.get(line.heading)) and (entry := _FIELD.match(line.text)):
            name = entry["name"]
            payload_here.kinds[name] = set(entry["kinds"].split("|"))
            payload_here.notes[name] = entry["what"]
            listed.setdefault(line.heading, set()).add(name)
    for heading, names in listed.items():
        if names != set(headings[heading].kinds):
            raise Malformed(f"{heading}: the example has fields that the list of them lacks")
    return found


def _read_example(guide: Guide, heading: str, payload: Payload) -> None:
    examples = guide.under(heading, "json")
    if not examples:
        raise Malformed(f"{heading}: no JSON example of the payload")
    for example in examples:
        _read_object(json.loads(example.text), payload)


def _read_object(shown: Json, payload: Payload) -> None:
    for name, value in shown.items():
        # The example's value says one type; a list of fields may say it better.
        payload.kinds[name] = {"number"} if isinstance(value, float) else kinds_of(value) - {"number"}
        if isinstance(value, dict):
            payload.inner[name] = Payload(f"{payload.event}.{name}")
            _read_object(value, payload.inner[name])


def _is_iso(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
