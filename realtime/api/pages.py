"""Pages: `page` and `page_size` in, `count`, `next`, `previous` and `results` out, the same for every list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Generic, TypedDict, TypeVar
from urllib.parse import urlencode

import msgspec

from data.listing import Asked
from realtime.api.body import MOST_INTEGER
from realtime.api.problem import Problem

T = TypeVar("T")

DEFAULT_SIZE = 20
MOST_SIZE = 100

Size = Annotated[int, msgspec.Meta(ge=1, le=MOST_INTEGER)]


class Paged(msgspec.Struct):
    """The part of a list that is wanted. More than MOST_SIZE rows are cut to that."""

    page: Annotated[int, msgspec.Meta(ge=1, le=2**31)] = 1
    page_size: Size = DEFAULT_SIZE

    def asked(self) -> Asked:
        """The same for the data's side, which is told the rest in its own way."""
        size = min(self.page_size, MOST_SIZE)
        return Asked(limit=size, offset=(self.page - 1) * size)


class PageQuery(Paged):
    """What every list takes; filters are a subclass's fields."""

    search: Annotated[str, msgspec.Meta(max_length=200)] = ""
    ordering: Annotated[str, msgspec.Meta(max_length=200)] = ""

    def asked(self) -> Asked:
        """The same for the data's side: everything that is no part of a page is a filter."""
        own = {"page", "page_size", "search", "ordering"}
        filters = {name: value for name, value in msgspec.structs.asdict(self).items() if name not in own}
        names = [name for name in self.ordering.split(",") if name]
        return replace(super().asked(), filters=filters, search=self.search, ordering=names)


class ActiveQuery(PageQuery):
    """A list that hides inactive rows unless `is_active` is given."""

    is_active: bool = True


class Page(TypedDict, Generic[T]):
    """A page of a list."""

    count: int
    next: str | None
    previous: str | None
    results: list[T]
    total_pages: int
    current_page: int
    page_size: int
    has_next: bool
    has_previous: bool


def page_of(item: Any) -> Any:
    """The type of a page of that type."""
    return Page[item]


def to_page(asked: Asked, count: int, results: Sequence[T], url: str, arguments: Mapping[str, list[bytes]]) -> Page[T]:
    """The body of a page of a list of `count` rows. `url` is absolute, `arguments` are those of the request, names in
    Latin-1 and values as they came, as Tornado has them. Raises Problem 404 past the end.
    """
    pages = max(1, -(-count // asked.limit))
    at = asked.offset // asked.limit + 1
    if at > pages:
        raise Problem(404, "Invalid page.")
    kept = [(name.encode("latin-1"), value) for name, values in arguments.items() if name != "page" for value in values]

    def link(page: int) -> str | None:
        return f"{url}?{urlencode([*kept, (b'page', page)])}" if 1 <= page <= pages else None

    return {
        "count": count,
        "next": link(at + 1),
        "previous": link(at - 1),
        "results": list(results),
        "total_pages": pages,
        "current_page": at,
        "page_size": asked.limit,
        "has_next": at < pages,
        "has_previous": at > 1,
    }
