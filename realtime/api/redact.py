"""Redaction: no line of any logger shows a token.

A token travels in the URL of the stream, and Tornado itself logs URLs and requests; a traceback may show more. Every
record is formatted here before it is written.
"""

from __future__ import annotations

import logging
import re
from urllib.parse import unquote

# Tokens by their shape, and whatever stands as the value of a parameter that holds a secret.
_SECRET = re.compile(r"(?i)(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])|(?<=\btoken=)[^&\s'\"]+|(?<=[?&]key=)[^&\s'\"]+")


def redact(text: str) -> str:
    """The text with every secret in it replaced by `[redacted]`."""
    shown = _SECRET.sub("[redacted]", text)
    if "%" in shown:
        plain = unquote(shown)
        if _SECRET.search(plain):  # a secret behind percent signs is one all the same
            return _SECRET.sub("[redacted]", plain).encode("unicode_escape").decode("ascii")
    return shown


class Formatter(logging.Formatter):
    """Formats a record, traceback included, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as text. Only the one-time link of an empty database is meant to be seen."""
        text = super().format(record)
        return text if getattr(record, "shows_secret", False) else redact(text)
