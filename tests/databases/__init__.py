"""Databases of earlier schemas, as an upgrade finds them: schema-NNNN.sqlite3.xz has the first N migrations and rows of
that time. A file stays as it was made; `python -m tests.databases` makes those that are not there yet."""

from __future__ import annotations

import lzma
from pathlib import Path

FOLDER = Path(__file__).parent


def versions() -> list[int]:
    """The schemas that there are files of."""
    return sorted(int(path.name[7:11]) for path in FOLDER.glob("schema-*.sqlite3.xz"))


def path_of(version: int) -> Path:
    """Where the file of a schema is."""
    return FOLDER / f"schema-{version:04}.sqlite3.xz"


def unpack(version: int, path: Path) -> None:
    """Put the database of that schema there."""
    path.write_bytes(lzma.decompress(path_of(version).read_bytes()))
