"""The OpenAPI 3.1 document, made of the route table and of what each handler declares. Nothing is written by hand.

Source: the OpenAPI Specification 3.1, whose schemas are JSON Schema 2020-12, which msgspec writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from tornado.routing import URLSpec

from realtime.api.operation import Operation, declared_by

REFERENCES = "#/components/schemas/{name}"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

_FAILURES = {
    400: "Something in the request is wrong; the body names it.",
    401: "No token, an unknown or expired one, or a disabled account.",
    403: "This role may not do this.",
    404: "There is no such thing, or none that the caller may know of.",
    405: "The method is not of this resource.",
    409: "The request contradicts what is stored.",
    413: "The request is too large.",
    415: "The body's media type is none of those that are taken.",
    416: "The range is not in the file.",
    429: "Too many; Retry-After says when to come again.",
    503: "Nothing was stored; Retry-After says when to try again.",
}
_FAILURE_SCHEMA = {
    "title": "Failure",
    "description": "`detail` or `error` with one sentence, or the messages of each wrong field.",
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
}


def document(routes: Iterable[URLSpec], *, title: str, version: str, server_url: str) -> dict[str, Any]:
    """The whole document for a table of routes."""
    described = list(_described(routes))
    types = [kind for _, _, _, declared in described for kind in _types(declared)]
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCES)
    by_type = dict(zip(map(_key, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for path, method, handler, declared in described:
        paths.setdefault(path, {})[method.lower()] = _operation(path, method, handler, declared, by_type)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "servers": [{"url": server_url}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components | {"Failure": _FAILURE_SCHEMA},
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Token K` or `Bearer K`, with the key that a login answers.",
                }
            },
        },
    }


def path_of(route: URLSpec) -> str:
    """A route's pattern as a path template: `/api/v1/accounts/users/{id}/`."""
    pattern = route.regex.pattern.rstrip("$")
    pattern = pattern.removesuffix("/?") + ("/" if pattern.endswith("/?") else "")
    names = iter(["id", "key", "name"])
    return re.sub(r"\([^)]*\)", lambda _: "{" + next(names) + "}", pattern).replace("\\", "")


def _described(routes: Iterable[URLSpec]) -> Iterator[tuple[str, str, type, Operation]]:
    for route in routes:
        handler = route.target
        for method in METHODS:
            declared = declared_by(handler, method)
            if declared is not None:
                yield path_of(route), method, handler, declared


def _types(declared: Operation) -> Iterator[Any]:
    yield from (kind for kind in declared.answers.values() if kind is not None)
    if declared.body is not None:
        yield declared.body
    if declared.query is not None:
        for field in msgspec.structs.fields(declared.query):
            yield field.type


def _key(kind: Any) -> str:
    return repr(kind)


def _operation(
    path: str, method: str, handler: type, declared: Operation, by_type: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    text = (getattr(handler, method.lower()).__doc__ or "").strip()
    answers: dict[str, Any] = {}
    for status, kind in declared.answers.items():
        answers[str(status)] = {"description": "Success."}
        if kind is not None:
            answers[str(status)]["content"] = {declared.media: {"schema": by_type[_key(kind)]}}
    for status, sentence in _FAILURES.items():
        failure = {"application/json": {"schema": {"$ref": REFERENCES.format(name="Failure")}}}
        answers.setdefault(str(status), {"description": sentence, "content": failure})
    result: dict[str, Any] = {
        "operationId": f"{method.lower()}_{re.sub('[^a-z]+', '_', path.removeprefix('/api/v1/').lower()).strip('_')}",
        "summary": text.splitlines()[0] if text else "",
        "tags": [path.removeprefix("/api/v1/").split("/")[1 if path.count("/") > 4 else 0]],
        "responses": answers,
    }
    parameters = [*_path_parameters(path), *_query_parameters(declared, by_type)]
    if parameters:
        result["parameters"] = parameters
    if getattr(handler, "open_to_all", False):
        result["security"] = []
    if declared.roles is not None:
        result["description"] = "For " + ", ".join(sorted(declared.roles)) + "."
    if declared.body is not None:
        content = {"application/json": {"schema": by_type[_key(declared.body)]}}
        result["requestBody"] = {"required": True, "content": content}
    return result


def _path_parameters(path: str) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", path):
        schema = {"type": "integer", "minimum": 1} if name == "id" else {"type": "string"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(declared: Operation, by_type: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if declared.query is not None:
        for field in msgspec.structs.fields(declared.query):
            schema = by_type[_key(field.type)]
            yield {"name": field.encode_name, "in": "query", "required": field.required, "schema": schema}
