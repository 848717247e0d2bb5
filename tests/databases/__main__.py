"""`python -m tests.databases` makes the database of each schema that has none yet, beside this file."""

from __future__ import annotations

import lzma
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from data import migrate
from tests.databases import path_of, rows


def main() -> None:
    """One for each migration that there is."""
    with tempfile.TemporaryDirectory() as folder:
        for version in range(1, migrate.newest() + 1):
            if not path_of(version).exists():
                path_of(version).write_bytes(lzma.compress(_made(Path(folder), version), preset=9))


def _made(folder: Path, version: int) -> bytes:
    """The bytes of a database with the first migrations, and rows."""
    migrations = folder / f"{version:04}"
    migrations.mkdir()
    for file in sorted(migrate.MIGRATIONS.glob("*.sql"))[:version]:
        shutil.copy(file, migrations)
    path = folder / f"{version:04}.sqlite3"
    assert migrate.migrate(path, migrations) == version
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        with connection:
            rows.fill(connection, version)
        assert not connection.execute("PRAGMA foreign_key_check").fetchall()
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return path.read_bytes()


if __name__ == "__main__":
    main()
