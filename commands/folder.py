"""The data folder as commands find it: where its database is, and whether it may be made.

Whether its schema fits, and migrating it when no server holds the folder, is `data.session.command_transaction`'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import click

from data import clock
from settings import Settings

DATABASE_NAME = "realtime.sqlite3"
Loader = Callable[[], Settings]  # what commands are handed: `--help` must work under settings that don't


def existing(settings: Settings) -> Path:
    """The database's path. An error for people if there is none: a typing error must not make an empty campus."""
    path = settings.data_dir / DATABASE_NAME
    if not path.is_file():
        raise click.ClickException(
            f"there is no database in {settings.data_dir}; create-user, import-users and serve make one"
        )
    return path


def made(settings: Settings) -> Path:
    """The database's path, in a folder that exists now. Only its owner may look into a new one."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"the folder {settings.data_dir} can't be made: {error.strerror}") from None
    return settings.data_dir / DATABASE_NAME


def now() -> str:
    """The stamp of this moment."""
    return clock.stamp(time.time())
