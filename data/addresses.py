"""Addresses that people give for others to open: which of them may be stored. Knows no table."""

from __future__ import annotations

from urllib.parse import urlsplit


def problem(text: str) -> str | None:
    """Why this can't be a link, a sentence; None if it can: an http(s) address or an absolute path."""
    try:
        parts = urlsplit(text)
        # `//host/` would be another site, and a script's address runs in whoever clicks it.
        good = (parts.scheme in ("http", "https") and parts.hostname) or (text[:1] == "/" and not parts.netloc)
    except ValueError:
        good = False
    if not good or "\\" in text or any(character.isspace() or not character.isprintable() for character in text):
        return 'Enter an address that begins with "http://", "https://" or "/".'
    return None
