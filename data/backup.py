"""Making a backup while the server serves: an archive with the database as it was at one moment and all of its files.

Files first, the database after them, then the few files that have come meanwhile: what takes long is not what has to be
of one moment. The database is copied in steps, all from one snapshot: SQLite's online backup begins anew whenever
another connection has written between two steps, and beside a busy server would never end. While the snapshot is open
the server's write-ahead log grows by what is written.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import zipfile
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from data import backup_archive, backup_check, clock
from data.backup_archive import FORMAT, PIECE_BYTES, BadBackup, Manifest
from data.backup_check import NamedFile
from data.backup_pace import Pace, Synced
from data.connection import connect, meaning
from data.errors import StorageError
from data.migrate import MigrationError, mismatch, newest, stored_version

STEP_PAGES = 64
ROUNDS = 5

Progress = Callable[[str, int, int], None]  # what is done, how many bytes of it, of how many


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up. `files` is the folder of the files, None where they are not to be in the archive; `without`
    then says why."""

    database: Path
    files: Path | None
    without: str


def make(source: Source, target: BinaryIO, scratch: Path, *, wall_s: float, pace: Pace, progress: Progress) -> Manifest:
    """Write an archive of the source into an empty file; `scratch` is a path for the copy of the database.

    Raises StorageError, MigrationError for a database from the future, BrokenDatabase for a damaged one, OSError.
    """
    synced = Synced(target.fileno())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        store = _Store(source.files, archive, wall_s, pace, synced)
        if source.files is not None:
            store.add(_named(source.database), progress)
        for left in reversed(range(ROUNDS)):
            rows = _copy_database(source.database, scratch, pace, progress)
            with backup_check.untouched(scratch) as copy:
                schema, named = stored_version(copy), backup_check.named_files(copy)
            missing = store.add(named, progress) if source.files is not None else []
            # A file that was removed after the copy goes with its row; the next copy knows nothing of it.
            if not missing or not left or not _were_removed(source.database, missing):
                break
        _check_copy(scratch, rows, progress)
        size = scratch.stat().st_size
        _write(archive, scratch, backup_archive.DATABASE, wall_s, pace, synced)
        manifest = Manifest(
            format=FORMAT,
            made_at=clock.stamp(wall_s),
            schema=schema,
            database_bytes=size,
            rows=rows,
            files=len(store.held),
            files_bytes=store.bytes,
            without=source.without,
            missing=missing,
        )
        archive.writestr(backup_archive.member(backup_archive.MANIFEST, wall_s), backup_archive.manifest_text(manifest))
    return manifest


def check(path: Path, file: BinaryIO, scratch: Path, pace: Pace, progress: Progress) -> None:
    """Read the whole archive back and compare it with the copy of the database that went into it. Raises BadBackup."""
    with backup_archive.opened(path, file) as archive, backup_check.untouched(scratch) as copy:
        total, done = archive.total_bytes, 0
        keys = archive.keys
        named = [] if archive.manifest.without else backup_check.named_files(copy)
        for one in named:
            if one.key not in keys and one.key not in archive.manifest.missing:
                raise BadBackup(f"The file {one.key} is not in the backup.")
        for name in [backup_archive.DATABASE, *map(backup_archive.file_name, sorted(keys))]:
            for piece in archive.pieces(name):
                pace.spend(len(piece))
                done += len(piece)
                progress("checking", done, total)


class _Store:
    """The files that are in the archive so far."""

    def __init__(
        self, folder: Path | None, archive: zipfile.ZipFile, wall_s: float, pace: Pace, synced: Synced
    ) -> None:
        self._folder = folder or Path()
        self._archive = archive
        self._with = (wall_s, pace, synced)
        self._damaged: set[str] = set()
        self.held: set[str] = set()
        self.bytes = 0

    def add(self, named: Iterable[NamedFile], progress: Progress) -> list[str]:
        """Add those that are not in it yet; the keys of those that the folder does not have as they came in."""
        wanted = [one for one in named if one.key not in self.held]
        total, done = sum(one.size_bytes for one in wanted), 0
        missing: list[str] = []
        for one in wanted:
            if one.key in self._damaged or not self._add(one):
                missing.append(one.key)
                continue
            done += one.size_bytes
            progress("files", done, total)
        return missing

    def _add(self, one: NamedFile) -> bool:
        path = backup_archive.in_folder(self._folder, one.key)
        try:
            digest = _write(self._archive, path, backup_archive.file_name(one.key), *self._with)
        except FileNotFoundError:
            return False
        if not digest.startswith(one.etag):  # what is in the archive now nobody asks for
            self._damaged.add(one.key)
            return False
        self.held.add(one.key)
        self.bytes += one.size_bytes
        return True


def _write(archive: zipfile.ZipFile, path: Path, name: str, wall_s: float, pace: Pace, synced: Synced) -> str:
    """Put the file at path into the archive; its SHA-256 in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        # Else a member past 2 GiB fails at its end.
        is_large = os.fstat(file.fileno()).st_size > zipfile.ZIP64_LIMIT // 2
        with archive.open(backup_archive.member(name, wall_s), "w", force_zip64=is_large) as target:
            while piece := file.read(PIECE_BYTES):
                digest.update(piece)
                target.write(piece)
                synced.wrote(len(piece))
                pace.spend(len(piece))
    return digest.hexdigest()


def _copy_database(source: Path, scratch: Path, pace: Pace, progress: Progress) -> dict[str, int]:
    """Copy one snapshot of the database to scratch; the counts of its rows, read in the same snapshot."""
    scratch.unlink(missing_ok=True)
    with closing(_reading(source)) as reading, closing(sqlite3.connect(scratch, isolation_level=None)) as writing:
        try:
            page_bytes = int(reading.execute("PRAGMA page_size").fetchone()[0])
            # Nobody else sees it before it is whole, so it needs neither a journal nor SQLite's syncs.
            writing.execute("PRAGMA journal_mode = OFF").fetchall()
            writing.execute("PRAGMA synchronous = OFF")
            with scratch.open("rb") as file:
                synced = Synced(file.fileno())

                def step(_: int, remaining: int, total: int) -> None:
                    pace.spend(STEP_PAGES * page_bytes)
                    synced.wrote(STEP_PAGES * page_bytes)
                    progress("database", (total - remaining) * page_bytes, total * page_bytes)

                reading.execute("BEGIN")
                rows = backup_check.counts(reading)
                reading.backup(writing, pages=STEP_PAGES, progress=step)
                reading.execute("COMMIT")
        except sqlite3.Error as error:
            if (said := meaning(error)) is error:
                raise
            raise said from error
    return rows


def _check_copy(scratch: Path, rows: dict[str, int], progress: Progress) -> None:
    size = scratch.stat().st_size
    with backup_check.untouched(scratch) as copy:
        backup_check.check(copy, tick=lambda: progress("checking the database", 0, size))
        if (copied := backup_check.counts(copy)) != rows:
            differing = sorted(name for name in rows if copied.get(name) != rows[name])
            raise BadBackup(f"The copy of the database has other rows than the database: {', '.join(differing)}.")


def _reading(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing. Raises StorageError, MigrationError."""
    try:
        connection = connect(path, query_only=True)
    except sqlite3.Error as error:
        raise StorageError(f"The database {path} cannot be opened: {error}.") from error
    try:
        if (found := stored_version(connection)) > newest():
            raise MigrationError(mismatch(path, found, newest()))
    except BaseException:
        connection.close()
        raise
    return connection


def _named(path: Path) -> list[NamedFile]:
    with closing(_reading(path)) as connection:
        return backup_check.named_files(connection)


def _were_removed(path: Path, keys: list[str]) -> bool:
    """Whether the database has done without one of these files by now."""
    there = {one.key for one in _named(path)}
    return not there.issuperset(keys)
