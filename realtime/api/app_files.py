"""`/static/app/{name}`: the application's modules, style sheets and pictures, the files below realtime/web/app.

Only names that are in the folder are answered, so no name leads out of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from realtime.api.cached import CachedHandler
from realtime.api.problem import Problem

_FOLDER = Path(__file__).resolve().parents[1] / "web" / "app"
_MEDIA = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Found(NamedTuple):
    """A file, and what it is."""

    content: bytes
    media: str


class AppFileHandler(CachedHandler):
    """`GET /static/app/{name}`; the name has the folders in it."""

    path_names = ("name",)

    def get(self, name: str) -> None:
        """A file of the application. Raises Problem 404."""
        found = _files().get(name)
        if found is None:
            raise Problem(404, "Not found.")
        self.answer_cached(found.content, found.media)


@cache
def _files() -> Mapping[str, Found]:
    paths = (path for path in _FOLDER.rglob("*") if path.suffix in _MEDIA)
    return {path.relative_to(_FOLDER).as_posix(): Found(path.read_bytes(), _MEDIA[path.suffix]) for path in paths}
