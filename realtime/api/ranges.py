"""Ranges: which part of a file a request asks for. One range and no more: players and resumed downloads need no other.

Source: RFC 9110, sections 14.2 (Range), 13.1.5 (If-Range).
"""

from __future__ import annotations

import re

_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]{0,18})-([0-9]{0,18})\s*")


class Unsatisfiable(Exception):
    """The range begins behind the file's end: 416."""


def wanted(header: str | None, size_bytes: int) -> tuple[int, int] | None:
    """The first byte and the length, None for the whole file: no range, several, or none that can be read."""
    found = _RANGE.fullmatch(header or "")
    if found is None or found[1] == found[2] == "":
        return None
    if not found[1]:
        length = min(int(found[2]), size_bytes)
        if not length:
            raise Unsatisfiable
        return size_bytes - length, length
    first = int(found[1])
    last = min(int(found[2]), size_bytes - 1) if found[2] else size_bytes - 1
    if found[2] and int(found[2]) < first:
        return None
    if first >= size_bytes:
        raise Unsatisfiable
    return first, last - first + 1


def still_holds(if_range: str | None, etag: str, last_modified: str) -> bool:
    """Whether what the client has the beginning of is this file; without If-Range it says so by asking."""
    return if_range is None or if_range.strip() in (etag, last_modified)
