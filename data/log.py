"""The event log: what was told to whom, kept so that a stream can be told again after a gap.

An event is stored once, whatever its audience, and its id is a place in the one order of everything (I2). Who hears it
is in `event_audience`, a row a key. Pruning forgets the oldest and remembers how far, so that a cursor from before
it is answered with `resync` and never with a hole (I7).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, TypedDict

from data import holes
from data.outcome import Event
from data.transaction import Transaction

# The audience of an event that is for nobody any more. Nobody holds this key.
NOBODY = "nobody"

PAGE_EVENTS = 500


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of somebody's log, in order. `pruned_through` and `position` were read in the same snapshot.

    `complete` says that nothing more was there up to the id that was asked for, `lost` that the cursor is of a past
    that a restored backup does not have.
    """

    events: list[Event]
    pruned_through: int
    position: int
    complete: bool
    lost: bool


class Span(TypedDict):
    """How far the log reaches: the newest id ever, the newest that is forgotten, how many events are kept."""

    position: int
    pruned_through: int
    events: int
    oldest_at: str | None


_encoder = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))  # json.dumps would build one for each event


def dumps(data: object) -> str:
    """Compact ASCII JSON on one line: no client's idea of a line break can cut it."""
    return _encoder.encode(data)


def append(
    tx: Transaction,
    event: str,
    data: Mapping[str, Any] | str,
    keys: Iterable[str],
    now: str,
    subject: str | None = None,
) -> Event:
    """Store one event for the union of keys, and add it to what the transaction will tell.

    `data` is a mapping, or text that `dumps` made of one: two events of the same data are encoded once.
    """
    audience = tuple(dict.fromkeys(keys))
    text = data if isinstance(data, str) else dumps(data)
    event_id = tx.insert(
        "INSERT INTO event_log (event, data, audience, subject, created_at) VALUES (?, ?, ?, ?, ?)",
        (event, text, " ".join(audience), subject, now),
    )
    for key in audience:
        tx.execute("INSERT INTO event_audience (key, event_id) VALUES (?, ?)", (key, event_id))
    stored = Event(event_id, event, text, audience)
    tx.outcome.append(stored)
    return stored


def rewrite(tx: Transaction, subject: str, changes: Mapping[str, Any]) -> None:
    """Replace fields of a subject's earlier rows, where they have them: a replay never tells what was withdrawn."""
    for row in tx.rows("SELECT id, data FROM event_log WHERE subject = ?", (subject,)):
        data = json.loads(row["data"])
        held = {name: value for name, value in changes.items() if name in data}
        if held:
            tx.execute("UPDATE event_log SET data = ? WHERE id = ?", (dumps(data | held), row["id"]))


def narrow(tx: Transaction, subject: str, left: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
    """Give a subject's earlier rows what `left` leaves of their keys: a replay tells nobody else."""
    for row in tx.rows("SELECT id, audience FROM event_log WHERE subject = ?", (subject,)):
        before = tuple(row["audience"].split(" "))
        after = left(before) or (NOBODY,)
        if after == before:
            continue
        tx.executemany(
            "DELETE FROM event_audience WHERE key = ? AND event_id = ?", [(key, row["id"]) for key in before]
        )
        tx.executemany("INSERT INTO event_audience (key, event_id) VALUES (?, ?)", [(key, row["id"]) for key in after])
        tx.execute("UPDATE event_log SET audience = ? WHERE id = ?", (" ".join(after), row["id"]))


def share(tx: Transaction, names: Sequence[str], keys: Mapping[str, int], with_key: str) -> None:
    """Give stored events of these names to one more key: those that were told to `keys`, each since its event."""
    for key, since_id in keys.items():
        found = tx.rows(
            "SELECT l.id FROM event_audience AS a JOIN event_log AS l ON l.id = a.event_id "
            "WHERE a.key = ?1 AND a.event_id > ?2 AND l.event IN (SELECT value FROM json_each(?3)) AND NOT EXISTS "
            "(SELECT 1 FROM event_audience AS own WHERE own.key = ?4 AND own.event_id = l.id)",
            (key, since_id, json.dumps(list(names)), with_key),
        )
        tx.executemany(
            "INSERT INTO event_audience (key, event_id) VALUES (?, ?)", [(with_key, row[0]) for row in found]
        )
        tx.executemany(
            "UPDATE event_log SET audience = audience || ' ' || ? WHERE id = ?", [(with_key, row[0]) for row in found]
        )


def position(tx: Transaction) -> int:
    """The id of the newest event ever stored, 0 if there was none. Pruning does not lower it."""
    return tx.value("SELECT seq FROM sqlite_sequence WHERE name = 'event_log'") or 0


def pruned_through(tx: Transaction) -> int:
    """The id up to which events are forgotten, 0 if none are."""
    return int(tx.value("SELECT pruned_through FROM log_state"))


def span(tx: Transaction) -> Span:
    """What of the log there is. Rows are not counted: they are a run of ids but for holes, and may be a million."""
    first = tx.row("SELECT id, created_at FROM event_log ORDER BY id LIMIT 1")
    last_id = tx.value("SELECT max(id) FROM event_log")
    return {
        "position": position(tx),
        "pruned_through": pruned_through(tx),
        "events": 0 if first is None else holes.ids_between(tx, first["id"], last_id),
        "oldest_at": None if first is None else first["created_at"],
    }


def since(tx: Transaction, keys: Mapping[str, int], after_id: int, through_id: int, most_bytes: int) -> Page:
    """The next events of these keys with after_id < id <= through_id, at most PAGE_EVENTS and about most_bytes.

    `keys` maps each key to the event since which it is held: earlier events of it are not news to its holder.
    At least one event comes back if there is any, whatever its size.
    """
    wanted: set[int] = set()
    for key, since_id in keys.items():
        found = tx.execute(
            "SELECT event_id FROM event_audience WHERE key = ? AND event_id > ? AND event_id <= ? "
            "ORDER BY event_id LIMIT ?",
            (key, max(after_id, since_id), through_id, PAGE_EVENTS),
        )
        wanted.update(row[0] for row in found.fetchall())
    page_ids = sorted(wanted)[:PAGE_EVENTS]
    events: list[Event] = []
    room = most_bytes
    for event_id in page_ids:
        row = tx.row("SELECT event, data, audience FROM event_log WHERE id = ?", (event_id,))
        if row is None or room <= 0:
            break  # without its row the event is pruned, and pruned_through tells
        events.append(Event(event_id, row["event"], row["data"], tuple(row["audience"].split(" "))))
        room -= len(row["data"])
    complete = len(page_ids) < PAGE_EVENTS and len(events) == len(page_ids)
    return Page(events, pruned_through(tx), position(tx), complete, holes.has(tx, after_id))


def prune(tx: Transaction, before: str, keep_events: int, most: int) -> int:
    """Forget at most `most` of the oldest events: those made before that stamp, and all but the newest keep_events.

    Returns how many went; fewer than `most` means that nothing is left to do. 0 keep_events keeps any number.
    """
    newest_gone = holes.newest_but(tx, position(tx), keep_events) if keep_events else 0
    oldest = tx.rows("SELECT id, audience, created_at FROM event_log ORDER BY id LIMIT ?", (most,))
    # A prefix and nothing else: a clock that jumped must not punch a hole behind pruned_through.
    rows = list(takewhile(lambda row: row["id"] <= newest_gone or row["created_at"] < before, oldest))
    for row in rows:
        tx.executemany(
            "DELETE FROM event_audience WHERE key = ? AND event_id = ?",
            [(key, row["id"]) for key in row["audience"].split(" ")],
        )
    if rows:
        last_id = rows[-1]["id"]
        tx.execute("DELETE FROM event_log WHERE id <= ?", (last_id,))
        tx.execute("UPDATE log_state SET pruned_through = ?", (last_id,))
    return len(rows)


def probe(tx: Transaction) -> None:
    """Touch the log's state, as an append does: raises what a write would, and changes nothing in the end."""
    for change in (1, -1):  # SQLite writes nothing for a row that stays as it is
        tx.execute("UPDATE log_state SET pruned_through = pruned_through + ?", (change,))
