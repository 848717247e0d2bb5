"""Questions: what can be asked of lists, found in the server's own OpenAPI document, so that none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Question = tuple[str, dict[str, str]]

# What an ordering may be; a list that does not know one ignores it.
ORDERINGS = (
    "-created_at", "created_at", "publish_date", "event_date", "registration_date", "timestamp", "username", "email",
    "date_joined", "last_login",
)  # fmt: skip
SEARCHES = ("science", "sci tran", "sc", "science sc")  # a word, two, one too short for an index, both
_OPEN_ENDED = ("/sse/", "/poll/")


def first_pages(document: dict[str, Any]) -> Iterator[Question]:
    """Every list as a client first asks for it."""
    for path, parameters in _lists(document):
        yield path, {"q": "science"} if "q" in parameters else {}


def searches(document: dict[str, Any]) -> Iterator[Question]:
    """Every list that can be searched, for each of SEARCHES."""
    for path, parameters in _lists(document):
        for name in parameters.keys() & {"q", "search"}:
            for words in SEARCHES:
                yield path, {name: words}


def everything(document: dict[str, Any], ids: dict[str, int]) -> Iterator[Question]:
    """Every list, with every filter, alone and with a search, and in every order. `ids` are values of filters."""
    yield from first_pages(document)
    yield from searches(document)
    for path, parameters in _lists(document):
        needed = {"q": "science"} if "q" in parameters else {}
        for name, schema in parameters.items():
            if name not in ("q", "search", "page", "page_size", "ordering"):
                value = str(ids[name]) if name in ids else _sample(schema)
                yield path, {name: value, **needed}
                if "search" in parameters:
                    yield path, {name: value, "search": "science"}
        if "ordering" in parameters:
            yield from ((path, {"ordering": ordering, **needed}) for ordering in ORDERINGS)


def _lists(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """The paths of all lists, each with the schemas of its query parameters; what a path holds is filled in."""
    for path, calls in document["paths"].items():
        one = calls.get("get")
        if one is None or one.get("security") == [] or any(part in path for part in _OPEN_ENDED):
            continue
        found = {given["name"]: given["schema"] for given in one.get("parameters", []) if given.get("in") == "query"}
        schema = one["responses"]["200"].get("content", {}).get("application/json", {}).get("schema", {})
        is_list = "page" in found or "limit" in found or schema.get("type") == "array" or "/chats/" in path
        if is_list and not path.endswith("/chats/{id}/"):
            yield path.replace("{id}", "20").replace("{type}", "student"), found


def _sample(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return str(schema["enum"][0])
    kind, form = schema.get("type"), schema.get("format")
    return {"boolean": "true", "integer": "20"}.get(str(kind), "2025-12-01" if form == "date" else "student")
