"""Restoring a backup: unpacked and checked beside the data, made ready, then put in its place.

Nothing of what is there changes before the restored data is whole on the disk, and afterwards it is kept: see
restoring_swap.py. Whoever calls this holds the folder's lock.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from data import backup_archive, backup_check, restoring_ids, restoring_swap
from data.backup import Progress
from data.backup_archive import DATABASE, Archive, BadBackup
from data.backup_check import NamedFile
from data.connection import connect, meaning
from data.errors import StorageError, StorageFull
from data.migrate import MigrationError, migrate, newest, stored_version
from data.restoring_ids import Before, Changed, Sessions
from data.restoring_swap import FILES, PARTIAL, READY, sync
from data.transaction import Transaction

SPARE_BYTES = 64 << 20  # what a migration and the system may need meanwhile


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. `kept` is where the replaced data is, None if there was none; `unread` says why nothing is
    known of it. `missing` counts the files that rows name and that are nowhere."""

    changed: Changed
    kept: Path | None
    unread: str
    missing: int


def check(archive: Archive) -> None:
    """Raise MigrationError for a backup that this program is too old for."""
    if archive.manifest.schema > newest():
        raise MigrationError(
            f"The backup has schema version {archive.manifest.schema}, newer than this program, which knows {newest()}."
        )


def restore(
    archive: Archive, folder: Path, *, own_files: bool, sessions: Sessions, now: str, progress: Progress
) -> Restored:
    """Put the backup in the place of the folder's data. `own_files`: files are in the folder and not in a bucket.

    Raises BadBackup, MigrationError, StorageError and OSError, and leaves the folder as it was then.
    """
    check(archive)
    room = shutil.disk_usage(folder).free
    if room < (needed := archive.total_bytes + SPARE_BYTES):
        raise StorageFull(f"The backup needs {needed:,} bytes in {folder}, and {room:,} are free.")
    partial = folder / PARTIAL
    shutil.rmtree(partial, ignore_errors=True)  # of a restore that a crash ended: nothing in it was ever in use
    try:
        partial.mkdir(mode=0o700)
        named = _unpack(archive, partial, progress)
        missing = len(archive.manifest.missing)
        if archive.manifest.without and own_files:
            missing = _link_files(folder / FILES, partial / FILES, named)
        before, unread = _look(folder / DATABASE)
        changed = _make_ready(partial / DATABASE, before, sessions, archive.manifest.made_at, now)
        restoring_swap.name_kept(folder, partial, now)
        for path in (partial / DATABASE, partial):
            sync(path)
        _give(partial, folder)
        partial.rename(folder / READY)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    sync(folder)
    return Restored(changed, restoring_swap.finish(folder), unread, missing)


def _unpack(archive: Archive, partial: Path, progress: Progress) -> list[NamedFile]:
    """Unpack and check everything; the files that the database names. Raises BadBackup."""
    manifest, total = archive.manifest, archive.total_bytes
    done = _write(archive, DATABASE, partial / DATABASE)[0]
    progress("unpacking", done, total)
    with backup_check.untouched(partial / DATABASE) as copy:
        backup_check.check(copy, tick=lambda: progress("unpacking", done, total))
        if stored_version(copy) != manifest.schema or backup_check.counts(copy) != manifest.rows:
            raise BadBackup("The backup's database is not the one that its manifest describes.")
        named = backup_check.named_files(copy)
    if manifest.without:
        return named
    there = archive.keys
    (partial / FILES).mkdir(mode=0o700)
    for one in named:
        if one.key in manifest.missing:
            continue
        if one.key not in there:
            raise BadBackup(f"The file {one.key} is not in the backup.")
        path = backup_archive.in_folder(partial / FILES, one.key)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        size, digest = _write(archive, backup_archive.file_name(one.key), path)
        if size != one.size_bytes or not digest.startswith(one.etag):
            raise BadBackup(f"The file {one.key} in the backup is not the one that its row describes.")
        done += size
        progress("unpacking", done, total)
    _sync_folders(partial / FILES)
    return named


def _write(archive: Archive, name: str, path: Path) -> tuple[int, str]:
    """Unpack one member to path; its size and its SHA-256."""
    digest, size = hashlib.sha256(), 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for piece in archive.pieces(name):
            file.write(piece)
            digest.update(piece)
            size += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()


def _link_files(source: Path, target: Path, named: list[NamedFile]) -> int:
    """Give the files that are there a second name where the restored data looks for them; how many are not there.

    The folder itself is kept with the replaced data: the next start sweeps away what the restored rows do not name.
    """
    target.mkdir(mode=0o700)
    missing = 0
    for one in named:
        path = backup_archive.in_folder(target, one.key)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        try:
            path.hardlink_to(backup_archive.in_folder(source, one.key))
        except FileNotFoundError:
            missing += 1
    _sync_folders(target)
    return missing


def _sync_folders(files: Path) -> None:
    for path in (*files.iterdir(), files):
        sync(path)


def _give(partial: Path, folder: Path) -> None:
    """Whoever owns the folder owns what is restored: root restores for a server that is somebody else."""
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        for path in (partial, *partial.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)


def _look(path: Path) -> tuple[Before | None, str]:
    """What the folder has until now; None and why, if there is nothing or it cannot be read."""
    if not path.exists():
        return None, "there was no database in the folder"
    try:
        return restoring_ids.look(path), ""
    except sqlite3.Error as error:
        return None, f"the folder's own database cannot be read ({error})"


def _make_ready(path: Path, before: Before | None, sessions: Sessions, made_at: str, now: str) -> Changed:
    """Bring the database to this program's schema and change what must not go on as it was."""
    migrate(path)
    try:
        with closing(connect(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            changed = restoring_ids.change(Transaction(connection), before, sessions, made_at, now)
            if not connection.in_transaction:
                raise StorageError("SQLite ended the transaction by itself; nothing is restored.")
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        if (said := meaning(error)) is error:
            raise
        raise said from error
    if path.with_name(f"{DATABASE}-wal").exists():
        raise StorageError(f"The restored database could not be completed; another program has {path} open.")
    return changed
