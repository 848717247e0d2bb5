"""What the tests of the commands share: the command line without a server behind it, and looks into the folder."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from data import users
from data.session import command_transaction

ROOT = Path(__file__).resolve().parents[2]
MAIN = """
from commands.cli import build
def serve(settings):
    print("serving", settings.port)
    return 7
build(serve)(prog_name="server.py")
"""
Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


def database(folder: Path) -> Path:
    return folder / "realtime.sqlite3"


def usernames(folder: Path) -> list[str]:
    with command_transaction(database(folder)) as tx:
        return [row[0] for row in tx.rows("SELECT username FROM users ORDER BY id")]


def roster(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "roster.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def stored_password(folder: Path, username: str) -> str:
    with command_transaction(database(folder)) as tx:
        row = users.by_username(tx, username)
        assert row is not None
        return str(row["password_hash"])
