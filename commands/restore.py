"""`restore`: a backup takes the place of the data folder's data, which is kept beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from commands import backup_progress, folder
from commands.backup_progress import number, size
from data import backup_archive, restoring, restoring_swap
from data.backup_archive import Archive, Manifest
from data.lock import FolderLock, FolderLocked
from data.restoring import Restored
from data.restoring_ids import Sessions
from settings import Settings

TOLD = 20


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--end-sessions", is_flag=True, help="Everybody must sign in again.")
@click.option("--keep-sessions", is_flag=True, help="Keep every session of the backup, also those that ended after it.")
@click.pass_obj
def command(load: folder.Loader, file: Path, end_sessions: bool, keep_sessions: bool) -> None:
    """Put the backup in FILE in the place of the data. Stop the server first.

    Nothing is lost: what was there is moved to a folder beside it, whose name is told. A backup that is damaged, or
    that a newer program made, changes nothing.

    Sessions that are still good in the data that is replaced stay; others end, all of them where that data cannot be
    read. One-time links end in any case. Browsers that saw what is lost with the restore are told to fetch again.
    """
    if end_sessions and keep_sessions:
        raise click.UsageError("--end-sessions and --keep-sessions exclude each other")
    settings = load()
    sessions: Sessions = "all" if keep_sessions else "none" if end_sessions else "known"
    if file.exists() and not file.is_file():  # a pipe would wait for somebody who writes
        raise click.ClickException(f"{file} is {'a folder' if file.is_dir() else 'a device or a pipe'}; name a file")
    try:
        opened = file.open("rb")
    except OSError as error:
        raise click.ClickException(f"{file} can't be read: {error.strerror}") from None
    with opened, backup_archive.opened(file, opened) as archive, backup_progress.shown() as bars:
        restoring.check(archive)
        data_dir = folder.made(settings).parent
        with _held(data_dir):
            restoring_swap.finish(data_dir)
            began_s = time.monotonic()
            done = restoring.restore(
                archive,
                data_dir,
                own_files=not settings.s3_bucket,
                sessions=sessions,
                now=folder.now(),
                progress=bars,
            )
        bars.close()
        _tell(file, archive, done, time.monotonic() - began_s)
        _warn(settings, archive.manifest, done)


@contextmanager
def _held(data_dir: Path) -> Iterator[None]:
    """The folder's lock."""
    lock = FolderLock(data_dir)
    try:
        lock.acquire()
    except FolderLocked as error:
        raise click.ClickException(f"{error} Stop the server first.") from None
    try:
        yield
    except KeyboardInterrupt:
        if (data_dir / restoring_swap.READY).exists():  # past the point of return: the next start would finish it
            restoring_swap.finish(data_dir)
            raise click.ClickException("interrupted, when the restored data was in its place already") from None
        raise
    finally:
        lock.release()


def _tell(file: Path, archive: Archive, done: Restored, duration_s: float) -> None:
    manifest, changed = archive.manifest, done.changed
    counts = [number(manifest.rows.get("users", 0), "user"), number(manifest.rows.get("messages", 0), "message")]
    if not manifest.without:
        counts.append(number(manifest.files, "file"))
    made_at = manifest.made_at[:16].replace("T", " ")
    click.echo(
        f"restored {file} of {made_at} UTC ({size(archive.total_bytes)} in {duration_s:.1f} s): {', '.join(counts)}"
    )
    if done.kept is not None:
        click.echo(f"what was there is in {done.kept}; remove it when nobody needs it any more")
    click.echo(f"event ids go on after {changed.through_id}; cursors above {changed.after_id} are told to fetch again")
    why = f": {done.unread}" if done.unread and changed.sessions_ended else ""
    click.echo(f"sessions: {changed.sessions_kept:,} stay, {changed.sessions_ended:,} are ended{why}")


def _warn(settings: Settings, manifest: Manifest, done: Restored) -> None:
    """What an operator should look after."""
    lines = []
    if done.changed.enabled_again:
        lines.append(f"active again, though disabled after the backup: {_some(done.changed.enabled_again)}")
    if done.changed.earlier_passwords:
        lines.append(f"their passwords are those of the backup again: {_some(done.changed.earlier_passwords)}")
    if done.missing:
        lines.append(f"{number(done.missing, 'file')} that messages and others name cannot be had any more")
    if settings.s3_bucket:
        lines.append(
            "at its next start the server removes from the bucket what the restored data does not name; copy the "
            "bucket first if the replaced data may be needed again"
        )
        if not manifest.without and manifest.files:
            lines.append(f"the backup's files are in {settings.data_dir / 'files'}, and s3_bucket looks elsewhere")
    elif manifest.without.startswith("s3://"):
        lines.append(f"the backup's files are in {manifest.without}, and this folder is set to have its own")
    for line in lines:
        click.echo(f"warning: {line}", err=True)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - TOLD} more" if len(names) > TOLD else ""
    return ", ".join(names[:TOLD]) + more
