"""Finding: one thing that the doctor looked at. And what all its rooms look at: the subject."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from settings import Settings

Level = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`name` stays the same from one version to the next; `found` is a sentence, `change` what to do about it."""

    name: str
    level: Level
    found: str
    change: str = ""


Findings = Iterator[Finding]


@dataclass(frozen=True, slots=True)
class Subject:
    """An installation: its settings, its database, and the process that serves it, None if none does."""

    settings: Settings
    database: Path
    pid: int | None


def subject(settings: Settings, database: Path) -> Subject:
    """The installation in the settings' data folder."""
    return Subject(settings, database, _holder(settings.data_dir / "lock"))


def _holder(lock: Path) -> int | None:
    """The process that holds the folder's lock. Looking takes it for an instant, shared; a start waits for longer."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # no server has ever run here; a folder that cannot be read is doctor_data's to tell
        return None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            return int(text) if text.isdecimal() else None
        return None
    finally:
        os.close(descriptor)
