"""Times as the database and the interface write them: UTC, ISO 8601 with `Z`, microseconds, sortable as text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def stamp(wall_s: float) -> str:
    """Unix seconds as `2026-01-09T10:30:00.123456Z`."""
    return datetime.fromtimestamp(wall_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds(text: str) -> float:
    """The inverse of stamp: Unix seconds."""
    return datetime.fromisoformat(text).timestamp()


def later(text: str, delta_s: float) -> str:
    """A stamp that many seconds after another."""
    return (datetime.fromisoformat(text) + timedelta(seconds=delta_s)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def day(wall_s: float, zone: ZoneInfo) -> str:
    """The date that people on the campus have at that moment, `2026-01-09`."""
    return datetime.fromtimestamp(wall_s, zone).date().isoformat()


def day_begins(day_text: str, zone: ZoneInfo) -> str:
    """The stamp of a campus day's first moment."""
    first = datetime.combine(date.fromisoformat(day_text), datetime.min.time(), zone)
    return first.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def day_after(day_text: str) -> str:
    """The next date."""
    return (date.fromisoformat(day_text) + timedelta(days=1)).isoformat()
