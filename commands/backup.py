"""`backup`: everything in one file, while the server serves.

The file is written under a name that begins with a dot, read back, and renamed when it is whole: whoever finds FILE
finds a backup.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from commands import backup_progress, folder
from commands.backup_progress import number, size
from data import backup
from data.backup_archive import Manifest
from data.backup_pace import Pace
from settings import Settings

RATE_MB = 32.0
TOLD = 20


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--force", is_flag=True, help="Replace FILE if it is there; until the new one is whole it stays.")
@click.option("--database-only", is_flag=True, help="Without the files that people sent.")
@click.option(
    "--rate",
    type=click.FloatRange(min=0),
    default=RATE_MB,
    show_default=True,
    metavar="MB",
    help="Copy at most so many megabytes a second, so that the server does not feel it; 0: as fast as the disk goes.",
)
@click.pass_obj
def command(load: folder.Loader, file: Path, force: bool, database_only: bool, rate: float) -> None:
    """Write the database and all files to FILE, while the server serves.

    FILE is a ZIP archive that only its owner may read. It is read back and checked before it gets its name. Files in an
    S3-compatible bucket are not in it: copy the bucket as well. While the backup runs FILE's folder needs room for the
    database a second time.
    """
    settings = load()
    database = folder.existing(settings)
    _check_target(settings, file, force)
    source = _source(settings, database, database_only)
    began_s = time.monotonic()
    with backup_progress.shown() as bars, _partial(file) as (partial, target, scratch):
        pace = Pace(rate * 1e6)
        made = backup.make(source, target, scratch, wall_s=time.time(), pace=pace, progress=bars)
        target.flush()
        os.fsync(target.fileno())
        backup.check(partial, target, scratch, pace, bars)
        bars.close()
        _check_target(settings, file, force)  # it took a while
        total = os.fstat(target.fileno()).st_size
        partial.rename(file)
        _sync(file.absolute().parent)
    click.echo(f"{file}: {size(total)} in {time.monotonic() - began_s:.1f} s, checked: {_held(made)}")
    _warn(made)


def _check_target(settings: Settings, file: Path, force: bool) -> None:
    if file.is_dir():
        raise click.ClickException(f"{file} is a folder; name a file")
    if file.exists() and not file.is_file():  # --force would put a file in the place of /dev/null, for everybody
        raise click.ClickException(f"{file} is a device or a pipe; name a file")
    if file.exists() and not force:
        raise click.ClickException(f"{file} is there already; --force replaces it")
    if not file.absolute().parent.is_dir():
        raise click.ClickException(f"there is no folder {file.absolute().parent}")
    if file.resolve().is_relative_to(settings.data_dir.resolve()):
        raise click.ClickException(
            f"{file} is in the data folder, which a backup is for the loss of; name another place"
        )


def _source(settings: Settings, database: Path, database_only: bool) -> backup.Source:
    if settings.s3_bucket:
        where = f"s3://{settings.s3_bucket}/{settings.s3_prefix}"
        return backup.Source(database, None, where)
    if database_only:
        return backup.Source(database, None, "database only")
    return backup.Source(database, settings.data_dir / "files", "")


@contextmanager
def _partial(file: Path) -> Iterator[tuple[Path, BinaryIO, Path]]:
    """The path under which the archive is written, the open and empty file, and a path for the database's copy. What
    is left of them goes, however this ends; what a `kill -9` leaves is used by the next backup to FILE."""
    partial = file.with_name(f".{file.name}.partial")
    scratch = file.with_name(f".{file.name}.partial.sqlite3")
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w+b") as target:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.ClickException(f"another backup to {file} is under way") from None
        if not _is_at(partial, descriptor):  # it was given its name meanwhile, and is a backup now
            raise click.ClickException(f"another backup to {file} has just ended")
        try:
            os.fchmod(descriptor, 0o600)
            target.truncate(0)
            yield partial, target, scratch
        finally:
            scratch.unlink(missing_ok=True)
            partial.unlink(missing_ok=True)


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether what is open is still what the name leads to."""
    return path.exists() and os.path.samestat(path.stat(), os.fstat(descriptor))


def _held(made: Manifest) -> str:
    counts = [number(made.rows.get("users", 0), "user"), number(made.rows.get("messages", 0), "message")]
    if not made.without:
        counts.append(f"{number(made.files, 'file')} ({size(made.files_bytes)})")
    return ", ".join(counts)


def _warn(made: Manifest) -> None:
    if made.without.startswith("s3://"):
        click.echo(f"the files are in {made.without} and not in this backup: copy the bucket as well", err=True)
    elif made.without:
        click.echo("the files that people sent are not in this backup", err=True)
    if made.missing:
        more = f" and {len(made.missing) - TOLD} more" if len(made.missing) > TOLD else ""
        click.echo(
            f"warning: {number(len(made.missing), 'file')} that rows name {'is' if len(made.missing) == 1 else 'are'} "
            f"not in the data folder, or damaged there: {', '.join(made.missing[:TOLD])}{more}",
            err=True,
        )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
