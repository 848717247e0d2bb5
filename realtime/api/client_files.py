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

    def get(self, name: str) -> None:
        """A module of the client. Raises Problem 404."""
        content = _files().get(name)
        if content is None:
            raise Problem(404, "Not found.")
        self.answer_cached(content, _MEDIA)


@cache
def _files() -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in _FOLDER.glob("*.js")}
