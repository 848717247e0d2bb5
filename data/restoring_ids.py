"""What a restored database must not do as if nothing had happened: give ids a second time, and let sessions live that
were ended after the backup.

`Before` is what the data folder had until now, as far as it can be read. Without it nothing is known of what happened
after the backup, and the worst is assumed.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from data import clock, holes, log
from data.transaction import Transaction

STEP = 1_000_000_000
MOST_MINUTES = 1_000_000  # two years; so that ids stay below what JSON's numbers hold

Sessions = Literal["known", "all", "none"]


@dataclass(frozen=True, slots=True)
class Before:
    """The data that is replaced: its sequences by table, the tokens (as stored) that are good in it, the usernames of
    accounts that are disabled in it, and the stored passwords by username."""

    sequences: dict[str, int]
    tokens: frozenset[bytes]
    disabled: frozenset[str]
    passwords: dict[str, str]


@dataclass(frozen=True, slots=True)
class Changed:
    """What was done to the restored database. The names are of accounts that the replaced data had disabled, and of
    those whose password is an earlier one again; empty where the replaced data is not known."""

    after_id: int
    through_id: int
    sessions_kept: int
    sessions_ended: int
    enabled_again: list[str]
    earlier_passwords: list[str]


def look(path: Path) -> Before:
    """What is in a database of any schema of ours. Raises sqlite3.Error."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    try:
        connection.execute("PRAGMA query_only = ON")
        users = connection.execute("SELECT username, is_active, password_hash FROM users").fetchall()
        good = connection.execute(
            "SELECT t.hash FROM tokens AS t JOIN users AS u ON u.id = t.user_id WHERE u.is_active"
        ).fetchall()
        return Before(
            dict(connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall()),
            frozenset(row[0] for row in good),
            frozenset(name for name, is_active, _ in users if not is_active),
            {name: password for name, _, password in users},
        )
    finally:
        connection.close()


def change(tx: Transaction, before: Before | None, sessions: Sessions, made_at: str, now: str) -> Changed:
    """Do all of it. `sessions`: "known" keeps the tokens that are good in the replaced data, and none without it."""
    after_id = log.position(tx)
    minutes = int((clock.seconds(now) - clock.seconds(made_at)) // 60)
    _raise_ids(tx, {} if before is None else before.sequences, max(0, min(minutes, MOST_MINUTES)))
    holes.record(tx, after_id, log.position(tx), now)
    # One that was used or replaced after the backup must not work again.
    tx.execute("DELETE FROM one_time_links")
    rows = tx.rows("SELECT id, hash FROM tokens")
    if sessions == "all":
        ended = []
    else:
        good = before.tokens if before is not None and sessions == "known" else frozenset[bytes]()
        ended = [(row["id"],) for row in rows if row["hash"] not in good]
    tx.executemany("DELETE FROM tokens WHERE id = ?", ended)
    users = tx.rows("SELECT username, is_active, password_hash FROM users ORDER BY username")
    disabled, passwords = (before.disabled, before.passwords) if before is not None else (frozenset[str](), {})
    return Changed(
        after_id=after_id,
        through_id=log.position(tx),
        sessions_kept=len(rows) - len(ended),
        sessions_ended=len(ended),
        enabled_again=[row["username"] for row in users if row["is_active"] and row["username"] in disabled],
        earlier_passwords=[
            row["username"]
            for row in users
            if passwords.get(row["username"], row["password_hash"]) != row["password_hash"]
        ],
    )


def _raise_ids(tx: Transaction, before: dict[str, int], minutes: int) -> None:
    """Every table's next id goes up by STEP, or by as many as it takes to be above all that was ever given.

    The log's goes up by another STEP for each minute since the backup: if it is restored once more, and nothing is left
    of the first time, the ids of the two must differ as well.
    """
    held = {row["name"]: row["seq"] for row in tx.rows("SELECT name, seq FROM sqlite_sequence")}
    tables = tx.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'")
    for name in (row["name"] for row in tables):
        least = held.get(name, 0)
        steps = max(1 + (minutes if name == "event_log" else 0), (before.get(name, 0) - least) // STEP + 1)
        # A table that never had a row has no sequence yet.
        if name in held:
            tx.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (least + steps * STEP, name))
        else:
            tx.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, least + steps * STEP))
