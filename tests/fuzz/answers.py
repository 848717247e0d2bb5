"""What holds for every answer besides its schema: nothing hidden in it, no field but the told ones, right times."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
DATE = re.compile(r"\d{4}-\d\d-\d\d")


def closed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with answers that may have no more fields than it names, and without a word on tokens.

    With one, a quarter of what is generated would be without a token; tests/test_permissions.py is about that.
    """
    closing: dict[str, Any] = json.loads(json.dumps(document))
    del closing["security"], closing["components"]["securitySchemes"]
    for path in closing["paths"].values():
        for one in path.values():
            one.pop("security", None)
    schemas = closing["components"]["schemas"]
    operations = [one for path in closing["paths"].values() for one in path.values()]
    taken = _reached([one.get("requestBody") for one in operations], schemas)
    for name in _reached([one["responses"] for one in operations], schemas) - taken:
        if "properties" in schemas[name]:
            schemas[name].setdefault("additionalProperties", False)
    return closing


def _reached(start: object, schemas: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        names = set(re.findall(r"#/components/schemas/([\w.-]+)", json.dumps(waiting.pop()))) - found
        found |= names
        waiting += [schemas[name] for name in names]
    return found


def faults(text: str, hidden: Iterable[str], schema_formats: dict[str, str]) -> list[str]:
    """What is wrong with the text of an answer."""
    found = [f"it has {word}" for word in hidden if word in text]
    found += [f"it is no {schema_formats[name]}: {name} {value!r}" for name, value in _bad_times(text, schema_formats)]
    return found


def formats(document: dict[str, Any]) -> dict[str, str]:
    """Which fields of answers the document calls times, and of which kind."""
    found: dict[str, str] = {}
    for schema in document["components"]["schemas"].values():
        for name, field in schema.get("properties", {}).items():
            for choice in (field, *field.get("anyOf", ())):
                if choice.get("format") in ("date-time", "date"):
                    found[name] = choice["format"]
    return found


def _bad_times(text: str, schema_formats: dict[str, str]) -> Iterable[tuple[str, str]]:
    for name, value in re.findall(r'"(\w+)":"([^"\\]*)"', text):
        pattern = {"date-time": DATE_TIME, "date": DATE}.get(schema_formats.get(name, ""))
        if pattern is not None and not pattern.fullmatch(value):
            yield name, value
