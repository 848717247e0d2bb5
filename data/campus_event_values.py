"""Values of the campus's events: from what a client gave to what is stored, with every wrong field named.

Types were checked by the interface; here are lengths, dates, times and what they must be to each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from data import addresses, texts
from data.errors import Invalid
from data.files import NewFile

FIELDS = (
    "title", "description", "event_date", "start_time", "end_time", "venue", "organizer", "max_participants",
    "registration_required", "registration_deadline", "image",
)  # fmt: skip
# Every registration tells the whole object again, so a description is no book.
MOST_CHARACTERS = {"title": 300, "description": 20_000, "venue": 300, "organizer": 300, "image": 2_000}
TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"

_NOT_BLANK = ("title", "description")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_CHARACTERS = len("2026-01-09")
_WRONG_TIME = "Time has wrong format. Use one of these formats instead: hh:mm:ss, hh:mm."
_WRONG_DEADLINE = "Enter a date as YYYY-MM-DD, or a date-time as YYYY-MM-DDThh:mm:ssZ."


def stored(values: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Those of FIELDS that are given, as columns. Raises Invalid."""
    problems: dict[str, list[str]] = {}
    columns: dict[str, Any] = {}
    for name in FIELDS:
        if name not in values:
            continue
        try:
            columns[name] = _column(name, values[name], zone)
        except ValueError as error:
            problems[name] = [str(error)]
    if problems:
        raise Invalid(problems)
    return columns


def check_together(columns: Mapping[str, Any]) -> None:
    """Raise Invalid for values that do not go with each other."""
    if columns["end_time"] <= columns["start_time"]:
        raise Invalid({"non_field_errors": ["The end time must be after the start time."]})


def is_over(deadline: str | None, now: str, today: str) -> bool:
    """Whether a stored deadline has passed: a date at its day's end on the campus, a moment at once."""
    if deadline is None:
        return False
    return deadline < (today if len(deadline) == _DAY_CHARACTERS else now)


def _column(name: str, value: Any, zone: ZoneInfo) -> Any:
    """What is stored of one field. Raises ValueError with the sentence for the client."""
    if isinstance(value, NewFile):
        if value.kind != "image":
            raise ValueError("Upload a valid image.")
        return value
    if name in MOST_CHARACTERS:
        return _text(name, value)
    if name in ("start_time", "end_time"):
        return _time(value)
    if name == "registration_deadline":
        return _deadline(value, zone)
    return value.isoformat() if isinstance(value, date) else value


def _text(name: str, value: str | None) -> str | None:
    text = value or ""
    problem = texts.problem(text, MOST_CHARACTERS[name])
    if name in _NOT_BLANK and not text.strip():
        problem = "This field may not be blank."
    if name == "image" and text:
        problem = problem or addresses.problem(text)
    if problem:
        raise ValueError(problem)
    return None if name == "image" and not text else text


def _time(text: str) -> str:
    if not re.fullmatch(TIME, text) or text.endswith("\n"):
        raise ValueError(_WRONG_TIME)
    return text if text.count(":") == 2 else f"{text}:00"


def _deadline(text: str | None, zone: ZoneInfo) -> str | None:
    """A date, or a moment as the database writes times. One without an offset is of the campus's clocks, as
    browsers' `datetime-local` fields give it."""
    if not text:
        return None
    try:
        if len(text) == _DAY_CHARACTERS and _DAY.match(text):
            return date.fromisoformat(text).isoformat()
        if not _DAY.match(text) or text[_DAY_CHARACTERS] not in "T ":
            raise ValueError
        moment = datetime.fromisoformat(text)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError):
        raise ValueError(_WRONG_DEADLINE) from None
