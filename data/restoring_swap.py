"""The swap: restored data takes the place of what was there, which is kept beside it.

What is restored lies whole in `restore.ready` of the data folder before anything is moved, and from then on the swap is
only renames, each of which is skipped when it is done already. Whoever holds the folder's lock calls `finish` before it
opens the database: after a crash in the midst of it, it goes on where it was.
"""

from __future__ import annotations

import os
from pathlib import Path

from data.backup_archive import DATABASE
from data.errors import StorageError

PARTIAL = "restore.partial"
READY = "restore.ready"
KEPT = "before-restore-"
FILES = "files"
_KEPT_AS = "kept-as"


def name_kept(folder: Path, partial: Path, moment: str) -> Path:
    """Choose where what is there goes, and note it in what will be moved; that path."""
    digits = "".join(letter for letter in moment.partition(".")[0] if letter.isalnum())
    number = 1
    while (kept := folder / f"{KEPT}{digits}{'' if number == 1 else f'-{number}'}").exists():
        number += 1
    (partial / _KEPT_AS).write_text(kept.name, encoding="ascii")
    sync(partial / _KEPT_AS)
    sync(partial)
    return kept


def finish(folder: Path) -> Path | None:
    """Put what is ready in its place; where what was there is now, None if there was nothing. Raises StorageError."""
    ready = folder / READY
    if not ready.is_dir():
        return None
    try:
        if not any(ready.iterdir()):  # all was moved
            ready.rmdir()
            return None
        kept = folder / (ready / _KEPT_AS).read_text(encoding="ascii")
        kept.mkdir(mode=0o700, exist_ok=True)
        if (ready / DATABASE).exists():
            # The old log goes before the new database comes: it would be taken for its own.
            for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
                _move(folder / name, kept / name)
            sync(kept)
            sync(folder)
            _move(ready / DATABASE, folder / DATABASE)
        if (ready / FILES).exists():
            _move(folder / FILES, kept / FILES)
            _move(ready / FILES, folder / FILES)
        sync(kept)
        sync(folder)
        (ready / _KEPT_AS).unlink()
        ready.rmdir()
        if not any(kept.iterdir()):
            kept.rmdir()
            return None
    except OSError as error:
        raise StorageError(
            f"The restored data in {ready} cannot be put in its place: {error.filename}: {error.strerror}."
        ) from error
    return kept


def sync(path: Path) -> None:
    """Bring a file, or a folder's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _move(source: Path, target: Path) -> None:
    """Rename, unless there is nothing to rename."""
    if source.exists():
        source.rename(target)
