"""The archive of a backup: what lies in it under which name, and reading it back.

A ZIP file, not compressed, with the database, each file that one of its rows names, and last of all the manifest: an
archive that was cut off has neither it nor ZIP's own index. Any unzip opens one. Every member has a CRC, which is
checked as it is read. Nothing here writes into a data folder.
"""

from __future__ import annotations

import json
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import BinaryIO

from data import clock
from data.errors import DataError

FORMAT = 1
DATABASE = "realtime.sqlite3"
MANIFEST = "manifest.json"
FILES = "files/"
PIECE_BYTES = 1 << 20
MOST_MANIFEST_BYTES = 64 << 20


class BadBackup(DataError):
    """This is no backup, or a damaged one, or one that this program cannot read. One line for people."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself.

    `schema` is the database's version, `rows` the count of each table, `files` how many files there are. `without` says
    why there are none, empty if they are in it: `database only`, or the address of the bucket where they are. `missing`
    are the keys of files that rows name and that the data folder did not have.
    """

    format: int
    made_at: str
    schema: int
    database_bytes: int
    rows: dict[str, int]
    files: int
    files_bytes: int
    without: str
    missing: list[str]


def file_name(key: str) -> str:
    """A file's name in the archive: files lie there as they do in the data folder."""
    return f"{FILES}{key[:2]}/{key}"


def in_folder(folder: Path, key: str) -> Path:
    """Where the data folder's store has a file; `folder` is its `files`. The same in realtime/storage/local.py."""
    return folder / key[:2] / key


def member(name: str, wall_s: float) -> zipfile.ZipInfo:
    """A new member's head: nobody but the owner may read what unzip makes of it."""
    moment = time.gmtime(wall_s)
    info = zipfile.ZipInfo(name, (max(moment.tm_year, 1980), *moment[1:6]))
    info.external_attr = 0o600 << 16
    return info


def _plain(manifest: Manifest) -> Manifest:
    """The same with values of the right types, where they can be made of what is there; a number stays a number."""
    return Manifest(
        format=int(manifest.format),
        made_at=str(manifest.made_at),
        schema=int(manifest.schema),
        database_bytes=int(manifest.database_bytes),
        rows={str(name): int(count) for name, count in manifest.rows.items()},
        files=int(manifest.files),
        files_bytes=int(manifest.files_bytes),
        without=str(manifest.without),
        missing=[str(key) for key in manifest.missing],
    )


def manifest_text(manifest: Manifest) -> str:
    """A manifest as the archive has it."""
    return json.dumps(asdict(manifest), indent=1)


class Archive:
    """A backup that is open for reading. Made by `opened`."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self.manifest = self._read_manifest()

    @property
    def keys(self) -> set[str]:
        """The keys of the files in it."""
        return {name.rpartition("/")[2] for name in self._archive.namelist() if name.startswith(FILES)}

    @property
    def total_bytes(self) -> int:
        """What all of it takes when it is unpacked."""
        return sum(info.file_size for info in self._archive.infolist())

    def pieces(self, name: str) -> Iterator[bytes]:
        """A member's bytes. Raises BadBackup when it is not there or not what was written."""
        with self._trouble(), self._archive.open(name) as source:
            while piece := source.read(PIECE_BYTES):
                yield piece

    def _read_manifest(self) -> Manifest:
        with self._trouble():
            if self._archive.getinfo(MANIFEST).file_size > MOST_MANIFEST_BYTES:
                raise BadBackup(f"{self._path} is not a backup of this program.")
            held = json.loads(self._archive.read(MANIFEST))
        if not isinstance(held, dict) or not isinstance(held.get("format"), int):
            raise BadBackup(f"{self._path} is not a backup of this program.")
        if held["format"] > FORMAT:
            raise BadBackup(f"{self._path} is of a newer kind of backup ({held['format']}) than this program reads.")
        try:
            known = {field.name: held[field.name] for field in fields(Manifest)}
            manifest = Manifest(**known)
            clock.seconds(manifest.made_at)
            as_written = json.loads(manifest_text(_plain(manifest))) == known
        except (KeyError, TypeError, ValueError, AttributeError):
            as_written = False
        if not as_written:
            raise BadBackup(f"{self._path} has a manifest that is none.")
        return manifest

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except KeyError as error:
            raise BadBackup(f"{self._path} is not a whole backup: {error.args[0]}.") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
            raise BadBackup(f"The backup {self._path} is damaged: {error}.") from error


@contextmanager
def opened(path: Path, file: BinaryIO) -> Iterator[Archive]:
    """The backup in an open file; `path` is for messages. Raises BadBackup."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise BadBackup(f"{path} is not a backup, or not a whole one: {error}.") from error
    with archive:
        yield Archive(path, archive)
