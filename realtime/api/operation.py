"""Operation: what one method of a resource takes, answers and permits. Declared where it is written, used twice: the
server decodes, permits and refuses by it, and the OpenAPI document is made of it, so that the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

M = TypeVar("M", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of a route.

    `answers` maps each status of success to the type of its body (None: no body). `roles` may call it (None: everybody
    with a token). `files` are the parts of a multipart form that are files. `media` is the answers' type. `refusals`
    are statuses of failure beyond those that follow from the rest: openapi.py says which do.
    """

    answers: Mapping[int, Any]
    body: type[msgspec.Struct] | None
    query: type[msgspec.Struct] | None
    roles: frozenset[str] | None
    files: tuple[str, ...]
    media: str
    refusals: frozenset[int]


def operation(
    answers: Mapping[int, Any],
    *,
    body: type[msgspec.Struct] | None = None,
    query: type[msgspec.Struct] | None = None,
    roles: Collection[str] | None = None,
    files: tuple[str, ...] = (),
    media: str = "application/json",
    refusals: Collection[int] = (),
) -> Callable[[M], M]:
    """Declare a handler's method. Its docstring's first line is the summary."""
    permitted = None if roles is None else frozenset(roles)
    declared = Operation(answers, body, query, permitted, files, media, frozenset(refusals))

    def mark(method: M) -> M:
        method.operation = declared  # type: ignore[attr-defined]
        return method

    return mark


def declared_by(handler: type, method: str) -> Operation | None:
    """The operation of a handler's method (`GET`), None where nothing is declared."""
    found: Operation | None = getattr(getattr(handler, method.lower(), None), "operation", None)
    return found
