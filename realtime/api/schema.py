"""`/api/v1/schema/`, the OpenAPI document, and `/api/docs/`, Swagger UI over it: while the setting api_docs is on.

Swagger UI's files come from the package that ships them, of which nothing is imported, and from nowhere else: the page
works without the internet, and its policy lets nothing run or load but these files.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path

from tornado.routing import URLSpec

from realtime.api import body, openapi
from realtime.api.base import JSON
from realtime.api.browser import PageHandler
from realtime.api.cached import CachedHandler
from realtime.api.operation import operation
from realtime.api.problem import Problem
from realtime.version import VERSION

TITLE = "Campus realtime"

_PACKAGE = "flask_swagger_ui"
_OURS = Path(__file__).resolve().parents[1] / "web"
_FILES = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
    "docs.js": "text/javascript; charset=utf-8",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
_SERVER = "https://server.invalid"


class Document:
    """The document of a route table, built at the first look. Only the server's address differs between requests."""

    def __init__(self, routes: Sequence[URLSpec]) -> None:
        self._routes = routes

    def at(self, server_url: str) -> bytes:
        """The JSON for clients who reach the server there."""
        return self._text.replace(body.encode(_SERVER), body.encode(server_url), 1)

    @cached_property
    def _text(self) -> bytes:
        return body.encode(openapi.document(self._routes, title=TITLE, version=VERSION, server_url=_SERVER))


class _Published(CachedHandler):
    """What is there while the setting api_docs is on."""

    async def prepare(self) -> None:
        """Refuse what the operator does not publish. Raises Problem 404."""
        if not self.campus.options.api_docs:
            raise Problem(404, "Not found.")
        await super().prepare()


class SchemaHandler(_Published):
    """`GET schema/`: what there is to call."""

    def initialize(self, document: Document) -> None:  # type: ignore[override]
        """Take the server's document."""
        super().initialize()
        self._document = document

    @operation({200: dict, 304: None})
    def get(self) -> None:
        """This document."""
        self.answer_cached(self._document.at(self.base_url), JSON)


class DocsHandler(_Published, PageHandler):
    """`GET /api/docs/`: Swagger UI."""

    def set_default_headers(self) -> None:
        """The headers of a page, and a policy that lets these files' scripts run."""
        super().set_default_headers()
        self.set_header("Content-Security-Policy", _POLICY)

    def get(self) -> None:
        """The page."""
        self.show("docs.html")


class DocsFileHandler(_Published):
    """`GET /api/docs/{name}`: what the page loads."""

    path_names = ("name",)

    def get(self, name: str) -> None:
        """One of its files. Raises Problem 404."""
        if name not in _FILES:
            raise Problem(404, "Not found.")
        self.answer_cached(_content(name), _FILES[name])


@cache
def _content(name: str) -> bytes:
    if name == "docs.js":
        return (_OURS / name).read_bytes()
    found = importlib.util.find_spec(_PACKAGE)
    assert found is not None, f"{_PACKAGE}, which the lock file has, is not installed"
    assert found.submodule_search_locations is not None
    return (Path(found.submodule_search_locations[0]) / "dist" / name).read_bytes()
