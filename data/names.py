"""Names: the texts by which classes, sections and colleges are called, as they may be stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data import texts
from data.errors import Invalid


def cleaned(
    values: Mapping[str, Any], most_characters: Mapping[str, int], optional: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Those of the values that are such names, without the white space around them. Raises Invalid.

    `most_characters` says which are, and how long each may be; only the `optional` ones may be empty.
    """
    problems: dict[str, list[str]] = {}
    found: dict[str, str] = {}
    for name, most in most_characters.items():
        if name not in values:
            continue
        found[name] = text = values[name].strip()
        problem = texts.problem(text, most)
        if not text and name not in optional:
            problem = "This field may not be blank."
        if problem:
            problems[name] = [problem]
    if problems:
        raise Invalid(problems)
    return found


def activity(values: Mapping[str, Any]) -> dict[str, bool]:
    """`is_active`, where it is given."""
    return {"is_active": values["is_active"]} if "is_active" in values else {}
