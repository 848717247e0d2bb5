"""The OpenAPI 3.1 document, made of the route table and of what each handler declares. Nothing is written by hand.

Source: the OpenAPI Specification 3.1, whose schemas are JSON Schema 2020-12, which msgspec writes. Schemas of bodies
and of answers are open: unknown fields of a body are ignored, and answers may gain fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from tornado.routing import URLSpec

from realtime.api import refusals
from realtime.api.base import JSON, Handler
from realtime.api.operation import Operation, declared_by

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
BASE = "/api/v1/"

Schema = dict[str, Any]

_ABOUT = (
    "Every path also answers without its trailing slash. Ids are integers, date-times are UTC with `Z`. Bodies are "
    "JSON, or forms with the same fields; unknown fields and parameters are ignored, and an empty parameter is none."
)
# What an answer calls so is such a text. The data's side makes them, and knows no schemas.
_DATE_TIMES = re.compile(r".+_at|timestamp|last_seen|last_login|date_joined")
_DATES = re.compile(r".+_date|date_of_birth")
# Who one is, chats, streams and the server itself know no college of a request.
_IN_COLLEGE = re.compile(
    r"\w+ /api/v1/(accounts/users/(?!me/|change_password/)|academic/|communication/(?!chats/|sse/|poll/))"
    r"|\w+ /api/v1/admin/(streams|audit)/"
    r"|POST /api/v1/admin/imports/"
)
_SNAPSHOT = re.compile(r"/api/v1/communication/(?!sse/|poll/)")
_HEADERS = {
    "X-Request-ID": ("What the server's log calls this request by.", {"type": "string"}),
    "X-Last-Event-ID": (
        "The log's position in the same read: a stream opened from there has no gap.",
        {"type": "string", "pattern": "^[0-9]+$"},
    ),
    "WWW-Authenticate": ("`Token`.", {"type": "string"}),
    "Retry-After": ("Seconds.", {"type": "string", "pattern": "^[0-9]+$"}),
}
_COLLEGE = {
    "name": "X-College-ID",
    "in": "header",
    "description": "The college that the request is held to, or `all`. Only a global role has the choice.",
    "schema": {"type": "string", "pattern": "^(all|[1-9][0-9]{0,14})$"},
}
_SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "The `key` of a login. `Token K` is the same."},
    "token_in_query": {"type": "apiKey", "in": "query", "name": "token", "description": "For `EventSource`."},
}


@dataclass(frozen=True, slots=True)
class Described:
    """One operation and where it is."""

    path: str
    method: str
    handler: type[Handler]
    declared: Operation

    @property
    def in_college(self) -> bool:
        """Whether the request's college matters."""
        return _IN_COLLEGE.match(f"{self.method} {self.path}") is not None and not self.handler.is_open(self.method)

    @property
    def is_snapshot(self) -> bool:
        """Whether the answer tells the log's position."""
        return self.method == "GET" and _SNAPSHOT.match(self.path) is not None


class Schemas:
    """The schemas of all types that operations name."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        operations = list(operations)
        types = list(dict.fromkeys(kind for declared in operations for kind in _types(declared)))
        found, self.components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
        self._by_type = dict(zip(types, found, strict=True))
        hinted: set[str] = set()
        for declared in operations:
            for kind in declared.answers.values():
                if kind is not None:
                    self._hint(self._by_type[kind], hinted)

    def of(self, kind: Any) -> Schema:
        """The schema of a type, mostly a reference."""
        return dict(self._by_type[kind])

    def resolved(self, kind: Any) -> Schema:
        """The same without a reference."""
        schema = self.of(kind)
        return dict(self.components[_named(schema)]) if "$ref" in schema else schema

    def _hint(self, schema: Schema, hinted: set[str]) -> None:
        """Say which texts of an answer are times, by the names of their fields."""
        if "$ref" in schema and _named(schema) not in hinted:
            hinted.add(_named(schema))
            self._hint(self.components[_named(schema)], hinted)
        for inner in (*schema.get("anyOf", ()), *filter(None, [schema.get("items")])):
            self._hint(inner, hinted)
        for name, field in schema.get("properties", {}).items():
            form = "date-time" if _DATE_TIMES.fullmatch(name) else "date" if _DATES.fullmatch(name) else None
            for choice in (field, *field.get("anyOf", ())):
                if form and choice.get("type") == "string":
                    choice["format"] = form
            self._hint(field, hinted)


def document(routes: Iterable[URLSpec], *, title: str, version: str, server_url: str) -> dict[str, Any]:
    """The whole document for a table of routes."""
    described = list(_described(routes))
    schemas = Schemas(one.declared for one in described)
    paths: dict[str, dict[str, Any]] = {}
    for one in described:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas)
    used = set(re.findall(r"#/components/responses/(\w+)", repr(paths)))
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "description": _ABOUT, "version": version},
        "servers": [{"url": server_url}],
        "security": [{"token": []}],
        "tags": [{"name": name} for name in dict.fromkeys(_tag(path) for path in paths)],
        "paths": paths,
        "components": {
            "schemas": schemas.components | refusals.SCHEMAS,
            "responses": {name: value for name, value in refusals.responses() if name in used},
            "parameters": {"X-College-ID": _COLLEGE},
            "headers": {name: {"description": text, "schema": schema} for name, (text, schema) in _HEADERS.items()},
            "securitySchemes": _SECURITY,
        },
    }


def path_of(route: URLSpec) -> str:
    """A route's pattern as a path template: `/api/v1/accounts/users/{id}/`."""
    pattern = route.regex.pattern.removesuffix("$").replace("\\.", ".")
    pattern = pattern.replace("/?", "/" if pattern.startswith(BASE) else "")
    names = iter(route.target.path_names)
    return re.sub(r"\([^)]*\)", lambda _: "{" + next(names) + "}", pattern)


def _described(routes: Iterable[URLSpec]) -> Iterator[Described]:
    for route in routes:
        for method in METHODS:
            declared = declared_by(route.target, method)
            if declared is not None:
                yield Described(path_of(route), method, route.target, declared)


def _types(declared: Operation) -> Iterator[Any]:
    yield from (kind for kind in declared.answers.values() if kind is not None)
    if declared.body is not None:
        yield declared.body
    if declared.query is not None:
        for field in msgspec.structs.fields(declared.query):
            yield field.type


def _named(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _operation(one: Described, schemas: Schemas) -> dict[str, Any]:
    declared = one.declared
    summary, _, more = (getattr(one.handler, one.method.lower()).__doc__ or "").strip().partition("\n")
    failures = refusals.statuses(one.path, one.method, one.handler, declared, in_college=one.in_college)
    words = re.sub("[^a-z]+", "_", one.path.removeprefix(BASE).lower()).strip("_")
    result: dict[str, Any] = {
        "operationId": f"{one.method.lower()}_{words}",
        "summary": summary,
        "tags": [_tag(one.path)],
        "responses": _answers(one, schemas) | refusals.references(failures, one.handler, declared.media),
    }
    roles = f"For {', '.join(sorted(declared.roles))}." if declared.roles else ""
    if more or roles:
        result["description"] = "\n\n".join(filter(None, (" ".join(more.split()), roles)))
    parameters = [*_path_parameters(one.path), *_query_parameters(declared, schemas)]
    if one.in_college:
        parameters.append({"$ref": "#/components/parameters/X-College-ID"})
    if parameters:
        result["parameters"] = parameters
    if one.handler.is_open(one.method):
        result["security"] = []
    elif declared.query is not None and "token" in declared.query.__struct_fields__:
        result["security"] = [{"token": []}, {"token_in_query": []}]
    if declared.body is not None:
        result["requestBody"] = _body(declared.body, declared.files, schemas)
    return result


def _answers(one: Described, schemas: Schemas) -> dict[str, Any]:
    names = ("X-Request-ID", "X-Last-Event-ID") if one.is_snapshot else ("X-Request-ID",)
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    answers: dict[str, Any] = {}
    for status, kind in one.declared.answers.items():
        answer: dict[str, Any] = {"description": "Done." if kind is None else "The answer.", "headers": headers}
        if kind is not None:
            schema = {"type": "string", "format": "binary"} if kind is bytes else schemas.of(kind)
            answer["content"] = {one.declared.media: {"schema": schema}}
        answers[str(status)] = answer
    return answers


def _body(kind: type[msgspec.Struct], files: tuple[str, ...], schemas: Schemas) -> dict[str, Any]:
    """JSON, and a form too where files may come."""
    content: dict[str, Any] = {JSON: {"schema": schemas.of(kind)}}
    if files:
        schema = schemas.resolved(kind)
        parts = {name: {"type": "string", "format": "binary"} for name in files}
        content["multipart/form-data"] = {"schema": schema | {"properties": schema["properties"] | parts}}
    return {"required": any(field.required for field in msgspec.structs.fields(kind)), "content": content}


def _tag(path: str) -> str:
    parts = path.removeprefix(BASE).strip("/").split("/")
    if not path.startswith(BASE):
        return "operations"
    return parts[1] if parts[0] in ("accounts", "academic", "communication") else parts[0]


def _path_parameters(path: str) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", path):
        schema = {"type": "integer", "minimum": 1} if name == "id" else {"type": "string"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(declared: Operation, schemas: Schemas) -> Iterator[dict[str, Any]]:
    """What a query may have. The token of a stream is a way of signing in and no parameter."""
    for field in msgspec.structs.fields(declared.query) if declared.query is not None else ():
        if field.encode_name == "token":
            continue
        schema = schemas.of(field.type)
        choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
        if len(choices) == 1:
            schema = dict(choices[0])
        if field.default not in (msgspec.NODEFAULT, msgspec.UNSET, None, ""):
            schema["default"] = field.default
        yield {"name": field.encode_name, "in": "query", "required": field.required, "schema": schema}
