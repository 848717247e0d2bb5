"""The judge: what every reader was told against what the log had for it, and every message against the database."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.ledger import Ledger, keys_of_all
from tests.chaos.reader import Reader
from tests.chaos.work import Published, Sent

IDS = ("id", "message_id", "conversation_id")
SHOWN = 8


@dataclass(slots=True)
class Verdict:
    """How often what went wrong, and the evidence of it, a sentence each."""

    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    evidence: list[str] = field(default_factory=list)

    def note(self, *sentences: str) -> None:
        """Keep evidence."""
        self.evidence.extend(sentences)


def told(verdict: Verdict, readers: Iterable[Reader], ledger: Ledger, database: sqlite3.Connection) -> None:
    """Each reader was told each event of its user's keys from its beginning on, once and in order."""
    keys = keys_of_all(database)
    for reader in readers:
        verdict.note(*(f"{reader.name}: {problem}" for problem in reader.problems))
        if reader.began_at is None:
            verdict.note(f"{reader.name} never had a first id")
            continue
        ids = [heard.id for heard in reader.heard]
        _once_and_in_order(verdict, reader.name, ids)
        due = {
            row.id: row
            for row in ledger.of(keys[reader.user.id], reader.began_at, ledger.position)
            if not any(after < row.id <= through for after, through in reader.holes)
        }
        lost = sorted(due.keys() - set(ids))
        verdict.lost += len(lost)
        if lost:
            ago_s = time.monotonic() - reader.alive_s
            verdict.note(
                f"{reader.name}, which heard last {ago_s:.0f} s ago, was not told {len(lost)} events: {_some(lost)}"
            )
        for heard in reader.heard:
            row = ledger.rows.get(heard.id)
            if row is None or heard.id not in due:
                verdict.note(f"{reader.name} was told {heard.id} ({heard.event}), which is not for it or not stored")
            elif heard.event != row.event or any(heard.data.get(name) != row.data.get(name) for name in IDS):
                verdict.note(f"{reader.name} was told {heard.id} as {heard.event}, and it is {row.event}")


def stored(verdict: Verdict, sent: Iterable[Sent], ledger: Ledger, database: sqlite3.Connection) -> None:
    """Each answered message is there and was told to both; none is there twice, and none that nobody sent."""
    rows = {
        row[0]: row
        for row in database.execute(
            "SELECT m.id, m.sender_id, m.client_msg_id, m.text, r.user_id FROM messages AS m "
            "JOIN receipts AS r ON r.message_id = m.id"
        )
    }
    by_client: dict[tuple[int, str], list[int]] = {}
    for message_id, sender_id, client_id, _, _ in rows.values():
        by_client.setdefault((sender_id, client_id), []).append(message_id)
    tellings = Counter((row.event, row.data["id"]) for row in ledger.rows.values() if row.event.startswith("message"))
    for one in sent:
        found = by_client.pop((one.sender.id, one.client_id), [])
        if len(found) > 1:
            verdict.doubled += 1
            verdict.note(f"{one.client_id} is stored as {found}")
        if one.id is not None and one.id not in found:
            verdict.lost += 1
            verdict.note(f"{one.client_id} was answered with message {one.id}, and stored is {found}")
        for message_id in found:
            _, _, _, text, receiver_id = rows[message_id]
            if receiver_id != one.receiver.id or text not in one.texts | {one.text}:
                verdict.note(f"message {message_id} is not what was sent: {text!r} to {receiver_id}")
            for event in ("message", "message_sent"):
                if tellings[event, message_id] != 1 and not ledger.unseen:
                    verdict.note(f"the log tells {event} of {message_id} {tellings[event, message_id]} times")
    if by_client:
        verdict.note(f"messages that nobody sent: {_some(list(by_client))}")


def published(verdict: Verdict, ones: Iterable[Published], database: sqlite3.Connection) -> None:
    """Each answered notice and announcement is there, and none twice."""
    titles = Counter(
        title for (title,) in database.execute("SELECT title FROM notices UNION ALL SELECT title FROM announcements")
    )
    for one in ones:
        if one.id is not None and not titles[one.title]:
            verdict.lost += 1
            verdict.note(f"{one.path} {one.id} was answered and is not stored")
        if titles[one.title] > 1:
            verdict.doubled += 1
            verdict.note(f"{one.title} is stored {titles[one.title]} times")


def files(verdict: Verdict, data_dir: Path, database: sqlite3.Connection) -> int:
    """The data folder has the files of rows and no others; how many."""
    rows = {key: size for key, size in database.execute("SELECT key, size_bytes FROM files")}
    folder = data_dir / "files"
    there = {path.name: path.stat().st_size for path in folder.glob("[0-9a-f][0-9a-f]/*")}
    for key in sorted(rows.keys() | there.keys()):
        if rows.get(key) != there.get(key):
            verdict.note(f"file {key}: {rows.get(key)} bytes in its row, {there.get(key)} in the folder")
    known = {"realtime.sqlite3", "realtime.sqlite3-wal", "realtime.sqlite3-shm", "lock", "files"}
    others = [str(path.relative_to(data_dir)) for path in data_dir.iterdir() if path.name not in known]
    others += [str(path.relative_to(data_dir)) for path in (folder / "incoming").glob("*")]
    if others:
        verdict.note(f"left in the data folder: {_some(others)}")
    return len(there)


def database(verdict: Verdict, path: Path) -> None:
    """SQLite finds nothing wrong with the file."""
    with closing(sqlite3.connect(path)) as connection:
        for pragma in ("integrity_check", "foreign_key_check"):
            rows = connection.execute(f"PRAGMA {pragma}").fetchall()
            if rows not in ([], [("ok",)]):
                verdict.note(f"{pragma}: {_some(rows)}")


def _once_and_in_order(verdict: Verdict, name: str, ids: list[int]) -> None:
    most, seen = 0, set[int]()
    for number in ids:
        if number in seen:
            verdict.doubled += 1
            verdict.note(f"{name} was told {number} again")
        elif number < most:
            verdict.disordered += 1
            verdict.note(f"{name} was told {number} after {most}")
        seen.add(number)
        most = max(most, number)


def _some(values: Sequence[object]) -> str:
    shown = ", ".join(map(str, values[:SHOWN]))
    return shown if len(values) <= SHOWN else f"{shown} and so on"
