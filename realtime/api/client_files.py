"""`/static/client/{name}`: the JavaScript client for pages that this server serves, the very files of the npm package.

A page imports `/static/client/index.js`, and that the rest. Only names that are in the folder are answered, so no name
leads out of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from realtime.api.cached import CachedHandler
from realtime.api.problem import Problem

_FOLDER = Path(__file__).resolve().parents[2] / "clients" / "js"
_MEDIA = "text/javascript; charset=utf-8"


class ClientFileHandler(CachedHandler):
    """`GET /static/client/{name}`."""

    path_names = ("name",)

    def set_default_headers(self) -> None:
        """One of the files may be a worker, whose policy is its own: it imports the others, and connects wherever the
        page says. Pages of other origins may load them, as they may load a package."""
        super().set_default_headers()
        policy = "default-src 'none'; script-src 'self'; connect-src *; frame-ancestors 'none'"
        self.set_header("Content-Security-Policy", policy)
        self.set_header("Cross-Origin-Resource-Policy", "cross-origin")

    def get(self, name: str) -> None:
        """A module of the client. Raises Problem 404."""
        content = _files().get(name)
        if content is None:
            raise Problem(404, "Not found.")
        self.answer_cached(content, _MEDIA)


@cache
def _files() -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in _FOLDER.glob("*.js")}
