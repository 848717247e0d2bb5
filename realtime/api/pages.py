"""Pages: `page` and `page_size` in, `count`, `next`, `previous` and `results` out, the same for every list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from realtime.api.problem import Problem
from realtime.api.query import Query

DEFAULT_SIZE = 20
MOST_SIZE = 100


@dataclass(frozen=True, slots=True)
class PageWanted:
    """Which part of a list is asked for. Pages begin with 1."""

    page: int
    size: int

    @property
    def offset(self) -> int:
        """How many rows come before it."""
        return (self.page - 1) * self.size


def wanted(query: Query) -> PageWanted:
    """The page that a query asks for; more than MOST_SIZE rows are cut to that. Raises Problem 404 for no number."""
    text = query.text("page") or "1"
    page = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= page <= 2**31:
        raise Problem(404, "Invalid page.")
    size = query.integer("page_size")
    return PageWanted(page, min(size or DEFAULT_SIZE, MOST_SIZE))


def answer(
    at: PageWanted, count: int, results: Sequence[Any], url: str, arguments: Mapping[str, list[bytes]]
) -> dict[str, Any]:
    """The body of a page of a list of `count` rows. `url` is absolute, `arguments` are those of the request, names in
    Latin-1 and values as they came, as Tornado has them. Raises Problem 404 past the end.
    """
    pages = max(1, -(-count // at.size))
    if at.page > pages:
        raise Problem(404, "Invalid page.")
    kept = [(name.encode("latin-1"), value) for name, values in arguments.items() if name != "page" for value in values]

    def link(page: int) -> str | None:
        return f"{url}?{urlencode([*kept, (b'page', page)])}" if 1 <= page <= pages else None

    return {
        "count": count,
        "next": link(at.page + 1),
        "previous": link(at.page - 1),
        "results": results,
        "total_pages": pages,
        "current_page": at.page,
        "page_size": at.size,
        "has_next": at.page < pages,
        "has_previous": at.page > 1,
    }
