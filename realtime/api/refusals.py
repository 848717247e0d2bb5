"""Refusals: which failures an operation may answer and in which shape, as the OpenAPI document has them.

Most follow from what is declared: a body can be too large, a path can lead nowhere, a role can be the wrong one. What
only a rule knows (a 409, a wait) the operation names itself. Failures of the server (500) are of no operation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from realtime.api.base import JSON, Handler
from realtime.api.operation import Operation
from realtime.api.pages import Paged

EVENT_STREAM = "text/event-stream"

_REFERENCE = "#/components/{kind}/{name}"
_WORDS = {
    400: ("Invalid", "Something in the request is wrong; the body names it."),
    401: ("Unauthorized", "No token, an unknown or expired one, or a disabled account."),
    403: ("Forbidden", "This caller may not do this."),
    404: ("NotFound", "There is no such thing, or none that the caller may know of."),
    409: ("Conflict", "The request contradicts what is stored."),
    412: ("PreconditionFailed", "The thing is not as the request wants it."),
    413: ("TooLarge", "The request is too large."),
    415: ("UnsupportedMediaType", "The body is of no type that is taken."),
    416: ("RangeNotSatisfiable", "The range is not in the file."),
    429: ("TooMany", "Too many; Retry-After says when to come again."),
    503: ("Unavailable", "Nothing was stored; Retry-After says when to try again."),
}
_HEADERS = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}


def statuses(path: str, method: str, handler: type[Handler], declared: Operation, *, in_college: bool) -> set[int]:
    """The failures of an operation."""
    found = set(declared.refusals)
    if not handler.is_open(method):
        found |= {401, 429}
    if declared.roles is not None:
        found.add(403)
    if "{" in path:
        found.add(404)
    if declared.query is not None or in_college:
        found.add(400)
    if declared.query is not None and issubclass(declared.query, Paged):
        found.add(404)
    if declared.body is not None:
        found |= {400, 413, 415}
    if method != "GET" or not handler.is_open(method):
        found.add(503)
    return found - set(declared.answers)


def references(found: set[int], handler: type[Handler], media: str) -> dict[str, Any]:
    """An operation's `responses` for these statuses."""
    return {str(status): {"$ref": _REFERENCE.format(kind="responses", name=_name(status, handler, media))}
            for status in sorted(found)}  # fmt: skip


def _name(status: int, handler: type[Handler], media: str) -> str:
    if media == EVENT_STREAM:
        return "Stream" + _WORDS[status][0]
    return ("Chat" if status in handler.error_statuses else "") + _WORDS[status][0]


def responses() -> Iterator[tuple[str, dict[str, Any]]]:
    """What `references` leads to, by name."""
    for status, (name, sentence) in _WORDS.items():
        headers = ("X-Request-ID", *((_HEADERS[status],) if status in _HEADERS else ()))
        shared = {
            "description": sentence,
            "headers": {header: {"$ref": _REFERENCE.format(kind="headers", name=header)} for header in headers},
        }
        plain = ("Problem", "Detail") if status == 400 else ("Detail",)
        for prefix, media, kinds in (
            ("", JSON, plain),
            ("Chat", JSON, ("Error",)),
            ("Stream", EVENT_STREAM, ("EventStream",)),
        ):
            schemas = [{"$ref": _REFERENCE.format(kind="schemas", name=kind)} for kind in kinds]
            schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
            yield prefix + name, shared | {"content": {media: {"schema": schema}}}


def _sentence(name: str, description: str) -> dict[str, Any]:
    return {
        "description": description,
        "type": "object",
        "properties": {name: {"type": "string"}},
        "required": [name],
        "additionalProperties": False,
    }


SCHEMAS: dict[str, Any] = {
    "Detail": _sentence("detail", "A failure in one sentence."),
    "Error": _sentence("error", "A failure of a chat's call in one sentence."),
    "Problem": {
        "description": "What is wrong, by field; `non_field_errors` is of all of them together.",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    },
    "EventStream": {"description": '`event: error` with one line of data, `{"error": "..."}`.', "type": "string"},
}
