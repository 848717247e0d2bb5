"""The OpenAPI document: it is one, it has every call of the route table, and what it says of them is so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from realtime.api import openapi, routes
from realtime.api.base import Handler
from realtime.api.operation import declared_by
from realtime.api.pages import PageQuery
from tests.support.shared import Shared, running

PATH = "/api/v1/schema/"
# Pages and what they load, for people: no part of the interface.
FOR_PEOPLE = {
    "/", "/setup", "/set-password", "/static/style.css", "/static/client/{name}", "/static/app/{name}", "/api/docs",
    "/api/docs/{name}", "/admin",
}  # fmt: skip
CHATS = "/api/v1/communication/chats/"
NOTICES = "/api/v1/communication/notices/"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi.document(routes.table(), title="t", version="1", server_url="http://localhost")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("schema"), allowed_hosts="campus.example") as found:
        yield found


def parameters(document: dict[str, Any], path: str, method: str = "get") -> dict[str, dict[str, Any]]:
    """An operation's parameters by name, references resolved."""
    found = document["paths"][path][method].get("parameters", [])
    named = document["components"]["parameters"]
    resolved = [named[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in found]
    return {one["name"]: one for one in resolved}


def failure(document: dict[str, Any], path: str, method: str, status: int) -> Any:
    """The schema of an operation's failure."""
    name = document["paths"][path][method]["responses"][str(status)]["$ref"].rpartition("/")[2]
    return document["components"]["responses"][name]["content"]["application/json"]["schema"]


def test_it_is_a_document_of_openapi_3_1(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"] == "3.1.0"


def test_every_route_and_method_is_in_it(document: dict[str, Any]) -> None:
    missing = []
    for route in routes.table():
        path = openapi.path_of(route)
        kinds = [kind for kind in route.target.__mro__ if issubclass(kind, Handler)]
        for method in openapi.METHODS:
            has = any(method.lower() in vars(kind) for kind in kinds)
            if has and path not in FOR_PEOPLE and method.lower() not in document["paths"].get(path, {}):
                missing.append(f"{method} {path}")
    assert not missing
    assert len(document["paths"]) > 20


def test_every_operation_says_what_it_is_for(document: dict[str, Any]) -> None:
    for path, calls in document["paths"].items():
        for method, one in calls.items():
            assert one["summary"].endswith("."), f"{method} {path}"
            assert len(one["tags"]) == 1


def test_a_list_has_its_filters_with_their_defaults(document: dict[str, Any]) -> None:
    found = parameters(document, NOTICES)
    assert found["page_size"]["schema"]["default"] == 20
    assert found["is_active"]["schema"] == {"type": "boolean", "default": True}
    assert found["publish_date"]["schema"] == {"type": "string", "format": "date"}
    assert {"page", "search", "ordering", "is_urgent", "X-College-ID"} <= set(found)
    assert not any(one.get("required") for one in found.values())
    for route in routes.table():
        declared = declared_by(route.target, "GET")
        if declared is not None and declared.query is not None and issubclass(declared.query, PageQuery):
            listed = parameters(document, openapi.path_of(route))
            assert {"page", "page_size"} <= set(listed)
            assert "404" in document["paths"][openapi.path_of(route)]["get"]["responses"]


def test_failures_have_the_shape_of_their_section(document: dict[str, Any]) -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    detail, error = {"$ref": "#/components/schemas/Detail"}, {"$ref": "#/components/schemas/Error"}
    assert failure(document, CHATS, "post", 400) == error
    assert failure(document, CHATS, "post", 404) == error
    assert failure(document, CHATS, "post", 409) == error
    assert failure(document, CHATS, "post", 413) == detail
    assert failure(document, CHATS, "get", 401) == detail
    assert failure(document, NOTICES, "post", 400) == {"anyOf": [problem, detail]}
    assert failure(document, NOTICES, "post", 403) == detail
    assert failure(document, NOTICES + "{id}/", "get", 404) == detail


def test_bodies_paths_and_signing_in(document: dict[str, Any]) -> None:
    sending = document["paths"][CHATS]["post"]["requestBody"]["content"]
    assert sending["multipart/form-data"]["schema"]["properties"]["attachment"]["format"] == "binary"
    assert set(document["paths"][CHATS]["post"]["responses"]) >= {"200", "201"}
    login = document["components"]["schemas"]["Login"]
    assert login["required"] == ["username", "password"]
    assert document["paths"]["/api/v1/auth/login/"]["post"]["security"] == []
    stream = document["paths"]["/api/v1/communication/sse/events/"]["get"]
    assert stream["security"] == [{"token": []}, {"token_in_query": []}]
    assert set(stream["responses"]["200"]["content"]) == {"text/event-stream"}
    assert parameters(document, CHATS + "{id}/")["id"]["schema"] == {"type": "integer", "minimum": 1}
    assert "/healthz" in document["paths"]


def test_times_are_told_from_texts(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Message"]["properties"]["created_at"]["format"] == "date-time"
    assert {"type": "string", "format": "date-time"} in schemas["Message"]["properties"]["read_at"]["anyOf"]
    assert schemas["Notice"]["properties"]["publish_date"]["format"] == "date"
    assert "format" not in schemas["Notice"]["properties"]["title"]


def test_the_server_answers_it_to_everybody_and_only_once(shared: Shared, document: dict[str, Any]) -> None:
    with shared.api(base="") as client:
        first = client.get(PATH)
        assert (first.status_code, first.headers["Content-Type"]) == (200, "application/json")
        found = first.json()
        assert found["servers"] == [{"url": shared.server.url}]
        assert found["paths"] == document["paths"]
        assert found["components"] == document["components"]
        again = client.get(PATH, headers={"If-None-Match": first.headers["Etag"]})
        assert (again.status_code, again.content) == (304, b"")
        other = client.get(PATH, headers={"Host": "campus.example"})
        assert other.json()["servers"] == [{"url": "http://campus.example"}]
        assert other.headers["Etag"] != first.headers["Etag"]


def reads(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each GET that needs a token and ends."""
    for path, calls in document["paths"].items():
        if "get" in calls and calls["get"].get("security") != [] and "/sse/" not in path:
            yield path, calls["get"]


def test_the_college_matters_where_it_says_so(shared: Shared, document: dict[str, Any]) -> None:
    wrong = []
    with shared.api("boss", base="") as client:
        for path, _ in reads(document):
            where = path.replace("{id}", "1").replace("{type}", "student")
            answer = client.get(where, headers={"X-College-ID": "x"}, params={"wait": "0", "q": "x"})
            refused = answer.status_code == 400 and "X-College-ID" in answer.text
            if refused != ("X-College-ID" in parameters(document, path)):
                wrong.append(f"{path}: {answer.status_code} {answer.text}")
    assert not wrong


def test_a_snapshot_tells_the_position_where_it_says_so(shared: Shared, document: dict[str, Any]) -> None:
    missing, found = [], 0
    with shared.api("boss", base="") as client:
        for path, one in reads(document):
            if "X-Last-Event-ID" not in one["responses"]["200"].get("headers", {}):
                continue
            answer: httpx.Response = client.get(path.replace("{id}", str(shared["ann"].id)), params={"q": "x"})
            if answer.status_code == 200:
                found += 1
                if not answer.headers.get("X-Last-Event-ID", "").isdigit():
                    missing.append(path)
    assert not missing
    assert found > 5
