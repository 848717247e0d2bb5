"""Query parameters: a request's `?a=b` as a typed struct, every bad one named. Empty is no filter, unknown ignored.

The structs are what the OpenAPI document shows. Numbers are decimal digits, booleans `true` and `false`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Annotated, Any, TypeVar, get_args

import msgspec
from msgspec.structs import FieldInfo

from realtime.api.body import sentence
from realtime.api.problem import REQUIRED, Problem

T = TypeVar("T", bound=msgspec.Struct)

MOST_CHARACTERS = 200

Text = Annotated[str, msgspec.Meta(max_length=MOST_CHARACTERS)]

_NOT_NUMBER = "Enter a whole number."
_NOT_BOOLEAN = "Enter true or false."
_NOT_DATE = "Enter a date as YYYY-MM-DD."


def decode(arguments: Mapping[str, Sequence[bytes]], kind: type[T]) -> T:
    """The parameters as `kind`. Raises Problem 400 by parameter, 404 for a page that cannot be."""
    problems: dict[str, list[str]] = {}
    given: dict[str, Any] = {}
    for field in _fields(kind):
        values = arguments.get(field.encode_name)
        try:
            text = values[-1].decode("utf-8").strip() if values else ""
            if text:
                given[field.name] = _convert(text, field.type)
            elif field.required:
                problems[field.encode_name] = [REQUIRED]
        except UnicodeDecodeError:
            problems[field.encode_name] = ["This value is not UTF-8."]
        except msgspec.ValidationError as error:
            problems[field.encode_name] = [sentence(str(error))]
    if "page" in problems:
        raise Problem(404, "Invalid page.")
    if problems:
        raise Problem(400, problems)
    return kind(**given)


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    """A struct's fields; msgspec compiles every annotation anew each time, which took a third of an opening."""
    return msgspec.structs.fields(kind)


def _convert(text: str, kind: Any) -> Any:
    if "\0" in text:
        raise msgspec.ValidationError("Null characters are not allowed")
    plain = _plain(kind)
    if int in plain and not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise msgspec.ValidationError(_NOT_NUMBER.rstrip("."))
    if bool in plain and text.lower() not in ("true", "false"):
        raise msgspec.ValidationError(_NOT_BOOLEAN.rstrip("."))
    if date in plain:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        if day is None or day.isoformat() != text:  # Python reads 20260109 and 2026-W02-5, too
            raise msgspec.ValidationError(_NOT_DATE.rstrip("."))
        return day
    return msgspec.convert(text, kind, strict=False)


def _plain(kind: Any) -> set[Any]:
    """The bare types in a union of annotated ones."""
    if hasattr(kind, "__metadata__"):
        return _plain(get_args(kind)[0])
    parts = get_args(kind)
    return {part for inner in parts for part in _plain(inner)} if parts else {kind}
