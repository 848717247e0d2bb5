"""The data folder: whose it is, what lies in it, and whether the database is whole. Reads; writes nothing."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from commands.backup_progress import number, size
from commands.doctor_finding import Finding, Findings, Subject
from data import backup_archive, backup_check, clock, restoring_swap
from data.backup_check import BrokenDatabase
from data.connection import connect
from data.migrate import newest, stored_version

LARGE_WAL_BYTES = 256 << 20  # the server empties it past 64 MiB, at the next quiet moment
TOLD = 5
AS_SERVER = "run the doctor as the server's user, or as root"


def look(subject: Subject, *, quick: bool) -> Findings:
    """Everything of the folder; `quick` leaves out what reads all of the database."""
    closed = _closed(subject.settings.data_dir)
    if closed is not None:
        yield closed
        return
    yield _rights(subject)
    yield _leftovers(subject)
    if not subject.database.exists():
        yield Finding("schema", "ok", "there is no database; the first start makes it")
        return
    if not _is_readable(subject):
        yield Finding("schema", "bad", f"{subject.database} is no file that this user can read", AS_SERVER)
        return
    yield _wal(subject)
    try:
        with closing(connect(subject.database, query_only=True)) as connection:
            yield _schema(stored_version(connection))
            if not quick:
                yield _integrity(connection)
            if not subject.settings.s3_bucket:
                yield _files(connection, subject.settings.data_dir / "files")
    except sqlite3.Error as error:
        yield Finding("integrity", "bad", f"{subject.database} cannot be read: {error}", "restore a backup")


def newest_row_s(subject: Subject) -> float | None:
    """When the newest event was stored, in Unix seconds; None if there is none or it cannot be told."""
    return _asked(subject, "SELECT created_at FROM event_log ORDER BY id DESC LIMIT 1")


def campus_stamp(subject: Subject) -> str | None:
    """The moment at which the campus's row was written last: no two databases have the same, but copies."""
    if not _is_readable(subject):
        return None
    try:
        with closing(connect(subject.database, query_only=True)) as connection:
            row = connection.execute("SELECT updated_at FROM campus").fetchone()
    except sqlite3.Error:  # an older schema has none; a damaged file is told of by `look`
        return None
    return None if row is None else str(row[0])


def _asked(subject: Subject, sql: str) -> float | None:
    if not _is_readable(subject):
        return None
    try:
        with closing(connect(subject.database, query_only=True)) as connection:
            row = connection.execute(sql).fetchone()
    except sqlite3.Error:  # told of by `look`
        return None
    return None if row is None else clock.seconds(row[0])


def _is_readable(subject: Subject) -> bool:
    """Whether there is a database that this user may read; of what lies in a closed folder `access` says no."""
    return os.access(subject.database, os.R_OK) and subject.database.is_file()


def _closed(folder: Path) -> Finding | None:
    """Why nothing can be told of what is in the folder; None if it is open to this user."""
    try:
        found = _stat(folder)
    except OSError as error:  # a folder above it is closed, or none
        return Finding("data folder", "bad", f"{folder}: {error.strerror}", AS_SERVER)
    if found is None:
        return Finding("data folder", "ok", f"{folder} is not there; the first start makes it")
    if not stat.S_ISDIR(found.st_mode):
        return Finding("data folder", "bad", f"{folder} is no folder", "name another place in data_dir")
    if not os.access(folder, os.R_OK | os.X_OK):
        return Finding("data folder", "bad", f"this user cannot look into {folder}", AS_SERVER)
    return None


def _rights(subject: Subject) -> Finding:
    folder = subject.settings.data_dir
    found = folder.stat()
    mode = stat.S_IMODE(found.st_mode)
    told = f"{folder} has mode {mode:04o}"
    if mode & 0o077:
        held = (subject.database, Path(f"{subject.database}-wal"), folder / "files")
        is_open = any((one := _stat(path)) is not None and one.st_mode & 0o077 for path in held)
        return Finding(
            "data folder",
            "bad" if is_open else "warn",
            f"{told}: others can {'read hashes and chats' if is_open else 'see what is in it'}",
            f"`chmod 0700 {folder}`",
        )
    if subject.pid is not None:
        try:
            owner = os.stat(f"/proc/{subject.pid}").st_uid
        except FileNotFoundError:  # it has just ended
            owner = found.st_uid
        names = ("", "files", *(f"{subject.database.name}{end}" for end in ("", "-wal", "-shm")))
        foreign = [path for path in (folder / name for name in names) if _owner(path) not in (owner, None)]
        if foreign and owner != 0:
            return Finding(
                "data folder",
                "bad",
                f"{', '.join(map(str, foreign))}: not the server's own (user {owner})",
                f"`chown -R {owner} {folder}`",
            )
    if not os.access(folder, os.W_OK):
        return Finding("data folder", "warn", f"{told} and is not this user's; run the doctor as the server's user")
    return Finding("data folder", "ok", f"{told}, nobody else's")


def _leftovers(subject: Subject) -> Finding:
    folder = subject.settings.data_dir
    if (folder / restoring_swap.READY).exists():
        return Finding("leftovers", "warn", "a restore was interrupted; the next start finishes it", "start the server")
    found = []
    if (folder / restoring_swap.PARTIAL).exists():
        found.append(f"{folder / restoring_swap.PARTIAL} of a restore that did not end (remove it)")
    kept = sorted(folder.glob(f"{restoring_swap.KEPT}*"))
    if kept:
        total = sum(path.stat().st_size for one in kept for path in one.rglob("*") if path.is_file())
        found.append(
            f"{number(len(kept), 'folder')} {restoring_swap.KEPT}* of {size(total)} (remove what nobody needs)"
        )
    if found:
        return Finding("leftovers", "warn", "; ".join(found))
    return Finding("leftovers", "ok", "none")


def _wal(subject: Subject) -> Finding:
    path = Path(f"{subject.database}-wal")
    found = _size(path) or 0
    told = f"{size(found)}"
    if found > LARGE_WAL_BYTES:
        return Finding(
            "write-ahead log",
            "warn",
            f"{told}: something keeps the database open for reading, a backup or another program",
            "end it; the log is emptied within a minute",
        )
    if found and subject.pid is None:
        told += ", of a server that did not end by itself; the next start takes it in"
    return Finding("write-ahead log", "ok", told)


def _schema(found: int) -> Finding:
    if found > newest():
        return Finding(
            "schema",
            "bad",
            f"version {found}, newer than this program, which knows {newest()}",
            "start the newer program, or restore a backup of the older one",
        )
    if found < newest():
        return Finding("schema", "ok", f"version {found}; the next start brings it to {newest()}: back up before")
    return Finding("schema", "ok", f"version {found}")


def _integrity(connection: sqlite3.Connection) -> Finding:
    try:
        backup_check.check(connection, quick=True)
    except BrokenDatabase as error:
        return Finding("integrity", "bad", str(error), "restore a backup")
    return Finding("integrity", "ok", "the database is whole, and every reference leads somewhere")


def _files(connection: sqlite3.Connection, folder: Path) -> Finding:
    try:
        named = backup_check.named_files(connection)
    except BrokenDatabase as error:
        return Finding("files", "bad", str(error), "restore a backup")
    missing = []
    for one in named:
        if _size(backup_archive.in_folder(folder, one.key)) != one.size_bytes:
            missing.append(one.key)
    # Removed while this looked: its row went first.
    there = {one.key for one in backup_check.named_files(connection)} if missing else set[str]()
    missing = [key for key in missing if key in there]
    if missing:
        return Finding(
            "files",
            "bad",
            f"{number(len(missing), 'file')} of {len(named):,} are not there or not whole: {', '.join(missing[:TOLD])}",
            f"take them from a backup's files/ into {folder}",
        )
    return Finding(
        "files", "ok", f"{number(len(named), 'file')}, {size(sum(one.size_bytes for one in named))}: all there"
    )


def _stat(path: Path) -> os.stat_result | None:
    """What the system says of a path; None if nothing is there. A server beside this makes and removes files."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _size(path: Path) -> int | None:
    found = _stat(path)
    return None if found is None else found.st_size


def _owner(path: Path) -> int | None:
    found = _stat(path)
    return None if found is None else found.st_uid
