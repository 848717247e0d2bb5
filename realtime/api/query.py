"""Query parameters: a request's `?a=b` as typed values, every bad one named. Empty is no filter, unknown ignored."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from realtime.api.body import MOST_INTEGER
from realtime.api.problem import Problem


class Query:
    """Reads parameters one by one and collects what is wrong; `check` raises it all at once."""

    def __init__(self, arguments: dict[str, list[bytes]]) -> None:
        self._arguments = arguments
        self._problems: dict[str, list[str]] = {}

    def text(self, name: str, most_characters: int = 200) -> str:
        """A text without surrounding white space, "" when absent."""
        values = self._arguments.get(name)
        if not values:
            return ""
        try:
            value = values[-1].decode("utf-8").strip()
        except UnicodeDecodeError:
            return self._wrong(name, "This value is not UTF-8.")
        if "\0" in value:
            return self._wrong(name, "Null characters are not allowed.")
        if len(value) > most_characters:
            return self._wrong(name, f"Ensure this value has at most {most_characters} characters.")
        return value

    def integer(self, name: str, least: int = 1, most: int = MOST_INTEGER) -> int | None:
        """A whole number in decimal digits, None when absent."""
        value = self.text(name)
        if not value:
            return None
        if not (value.isascii() and value.isdigit() and len(value) <= 16 and least <= int(value) <= most):
            self._wrong(name, f"Enter a whole number from {least} to {most}.")
            return None
        return int(value)

    def boolean(self, name: str) -> bool | None:
        """`true` or `false`, None when absent."""
        value = self.text(name).lower()
        if value and value not in ("true", "false"):
            self._wrong(name, "Enter true or false.")
        return {"true": True, "false": False}.get(value)

    def day(self, name: str) -> str | None:
        """A date `2026-01-09`, None when absent."""
        value = self.text(name)
        if not value:
            return None
        try:
            is_day = date.fromisoformat(value).isoformat() == value  # Python reads 20260109 and 2026-W02-5, too
        except ValueError:
            is_day = False
        if not is_day:
            self._wrong(name, "Enter a date as YYYY-MM-DD.")
            return None
        return value

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        """One of choices, None when absent."""
        value = self.text(name)
        if value and value not in choices:
            self._wrong(name, f'"{value}" is not one of the available choices.')
        return value or None

    def ordering(self) -> list[str]:
        """`ordering=a,-b` as its names; unknown ones are for the reader to ignore."""
        return [name for name in self.text("ordering").split(",") if name]

    def check(self) -> None:
        """Raise Problem 400 if anything was wrong."""
        if self._problems:
            raise Problem(400, self._problems)

    def _wrong(self, name: str, message: str) -> str:
        self._problems[name] = [message]
        return ""
