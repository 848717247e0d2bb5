"""The kinds of inputs, by name."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.fuzz.raw.ground import Ground, Input
from tests.fuzz.raw.http import http
from tests.fuzz.raw.lines import cursors, headers, query
from tests.fuzz.raw.multipart import multipart

KINDS: dict[str, Callable[[Random, Ground], Input]] = {
    "http": http,
    "query": query,
    "multipart": multipart,
    "cursors": cursors,
    "headers": headers,
}
