"""No list and no search reads a whole table: what SQLite says it will do, for every statement that the lists run.

The statements are those that the server's reading connections really run, written down while it answers. Plans don't
depend on how much there is, because nothing here runs ANALYZE; `python -m bench lists` measures.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from bench import crowd, questions
from bench.rows import Size
from commands.folder import DATABASE_NAME
from data import readers
from data.connection import connect
from data.search import NEWEST_ROWS
from tests.support.inside import served

# Tables that grow with the campus and its use.
GROWING = {
    "users", "user_keys", "messages", "receipts", "members", "conversations", "notices", "notice_visibility", "events",
    "event_registrations", "enrollments", "notifications", "notification_audience", "announcements", "event_log",
    "tokens", "files", "audit",
}  # fmt: skip
IDS = {"college": 1, "class_obj": 3, "section": 5, "notice": 30, "event": 7, "user": 20, "sender": 20, "with": 20}


@dataclass
class Seen:
    """What the reading connections run, each statement with the request that it was first seen in."""

    request: str = ""
    statements: dict[str, str] = field(default_factory=dict)

    def connect(self, path: Path, *, query_only: bool = False) -> sqlite3.Connection:
        """A connection that tells."""
        connection = connect(path, query_only=query_only)
        connection.set_trace_callback(lambda sql: self.statements.setdefault(sql, self.request))
        return connection


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    found = Seen()
    monkeypatch.setattr(readers, "connect", found.connect)
    return found


async def ask_everything(folder: Path, seen: Seen) -> int:
    """Ask every question as every asker; how many were answered."""
    tokens = crowd.build(folder / DATABASE_NAME, Size(users=60, messages=200, notices=60))
    count = 0
    async with (
        served(folder) as inside,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{inside.port}", trust_env=False, timeout=30) as client,
    ):
        document = (await client.get("/api/v1/schema/")).json()
        for name, token in tokens.items():
            for path, asked in questions.everything(document, IDS):
                seen.request = f"{name}: {path} {asked}"
                answer = await client.get(path, params=asked, headers={"Authorization": f"Token {token}"})
                assert answer.status_code in (200, 403), f"{seen.request}: {answer.status_code} {answer.text}"
                count += answer.status_code == 200
    return count


def tables_of(sql: str) -> dict[str, str]:
    """The tables of a statement by the names it gives them."""
    found = re.findall(r"\b(?:FROM|JOIN)\s+(\w+)(?:\s+AS\s+(\w+))?", sql, re.IGNORECASE)
    return {alias or table: table for table, alias in found}


def scans(connection: sqlite3.Connection, sql: str) -> list[str]:
    """Where a statement's plan reads all of a growing table.

    Walking an index in the order of the list is none when a LIMIT ends it, and counting in an index that has all that
    is asked costs no look at the table.
    """
    names = tables_of(sql)
    found = []
    for _, _, _, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}"):
        scanned = re.match(r"SCAN (\w+)(.*)", step)
        if scanned is None:
            continue
        table = names.get(scanned[1], scanned[1])
        walks = "USING COVERING INDEX" in scanned[2] or ("USING INDEX" in scanned[2] and "LIMIT" in sql)
        if table in GROWING and not walks:
            found.append(step)
        if table.endswith("_search") and re.search(r"INDEX 0:$", scanned[2]) and f"LIMIT {NEWEST_ROWS}" not in sql:
            found.append(step)
    return found


def test_no_list_and_no_search_reads_a_whole_table(tmp_path: Path, seen: Seen) -> None:
    count = asyncio.run(ask_everything(tmp_path, seen))
    asked = {
        sql: request for sql, request in seen.statements.items() if request and re.match(r"\s*(SELECT|WITH)\b", sql)
    }
    assert count > 400
    assert len(asked) > 200
    for table in ("users", "messages", "notices", "messages_search", "notices_search", "users_search"):
        assert any(table in sql for sql in asked), table
    connection = connect(tmp_path / DATABASE_NAME)
    try:
        found = {f"{request}\n  {sql}\n  {step}" for sql, request in asked.items() for step in scans(connection, sql)}
    finally:
        connection.close()
    assert not found, "\n".join(sorted(found))


def test_a_whole_read_would_be_found(tmp_path: Path) -> None:
    crowd.build(tmp_path / DATABASE_NAME, Size(users=60, messages=200, notices=60))
    connection = connect(tmp_path / DATABASE_NAME)
    try:
        assert scans(connection, "SELECT * FROM notices AS n WHERE n.title = 'x'")
        assert scans(connection, "SELECT count(*) FROM users WHERE phone = 'x'")
        assert scans(connection, "SELECT id FROM messages ORDER BY created_at LIMIT 5")
        assert scans(connection, "SELECT rowid FROM messages_search WHERE instr(text, 'x')")
        assert not scans(connection, "SELECT * FROM notices WHERE id = 5")
    finally:
        connection.close()
