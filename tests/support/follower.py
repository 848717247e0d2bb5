"""What a stream has to tell, and a client that checks that it tells exactly this.

`Ledger` keeps every row that the event log ever had, also after it was pruned; `Follower` is a client with a cursor
that outlives its streams, and compares what it gets with the ledger. Neither shares code with the server.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from tests.support.campus import User, api
from tests.support.server import ServerProcess
from tests.support.sse import Event, Stream

DATABASE_NAME = "realtime.sqlite3"
IDS = ("id", "message_id", "conversation_id")


PATIENCE_S = 30.0


def wait_until_pruned(server: ServerProcess, through_id: int) -> None:
    """Wait until the log has forgotten that event; between two looks the server answers a request."""
    give_up_s = time.monotonic() + PATIENCE_S
    with api(server) as client, closing(_connect(server)) as database:
        while (done := _pruned_through(database)) < through_id:
            assert time.monotonic() < give_up_s, f"pruned through {done} and not {through_id}"
            assert client.get(f"{server.url}/healthz").is_success


def _connect(server: ServerProcess) -> sqlite3.Connection:
    return sqlite3.connect(f"{(server.data_dir / DATABASE_NAME).as_uri()}?mode=ro", uri=True, timeout=PATIENCE_S)


def _pruned_through(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT pruned_through FROM log_state").fetchone()[0])


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the event log."""

    id: int
    event: str
    data: Any
    keys: frozenset[str]


class Ledger:
    """The event log of a server's folder with nothing forgotten, if `look` is called before pruning forgets it."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self.rows: list[Row] = []
        self.pruned_through = 0

    @property
    def position(self) -> int:
        """The newest id."""
        return self.rows[-1].id if self.rows else 0

    def look(self) -> int:
        """Take in what is new; how far the log is pruned."""
        with closing(_connect(self._server)) as database:
            database.execute("BEGIN")
            found = database.execute(
                "SELECT id, event, data, audience FROM event_log WHERE id > ? ORDER BY id", (self.position,)
            ).fetchall()
            pruned_through = _pruned_through(database)
            newest = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event_log'").fetchone()
        self.rows += [
            Row(event_id, event, json.loads(data), frozenset(keys.split(" "))) for event_id, event, data, keys in found
        ]
        # Ids have no gaps here, so one would be an event that was pruned before anybody looked.
        assert [row.id for row in self.rows] == list(range(1, len(self.rows) + 1))
        assert self.position == (newest[0] if newest else 0), "the log's position is never below what it stored (I2)"
        assert pruned_through >= self.pruned_through
        self.pruned_through = pruned_through
        return self.pruned_through

    def of(self, key: str, after_id: int) -> list[Row]:
        """What a holder of the key has to be told after that id."""
        return [row for row in self.rows[after_id:] if key in row.keys]


@dataclass(slots=True)
class Follower:
    """One stream of a user at a time. The cursor is what a browser would hold: None until an id has arrived."""

    server: ServerProcess
    user: User
    ledger: Ledger
    cursor: int | None = None
    stream: Stream | None = None
    resyncs: list[Event] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    _taken: int = 0
    _position_before: int = 0

    @property
    def key(self) -> str:
        """The key of which the follower is told."""
        return f"user:{self.user.id}"

    def open(self) -> Stream:
        """A new stream from the cursor on, of which nothing is read yet."""
        assert self.stream is None
        self.ledger.look()
        self._position_before = self.ledger.position
        self.stream = Stream(self.server, self.user, last_event_id=self.cursor, reading=False)
        assert self.stream.status == 200
        self._taken = 0
        return self.stream

    def cut(self, how: str) -> None:
        """Drop the stream and check what it told up to there."""
        assert self.stream is not None
        self.stream.cut(how)
        self.take()
        self.stream = None

    def catch_up(self) -> None:
        """Read until everything is told that the log holds for this user, then stop reading."""
        assert self.stream is not None
        self.ledger.look()
        self.stream.resume()
        self.stream.wait_for("presence_snapshot")
        if self.cursor is not None:
            rest = self.ledger.of(self.key, self.cursor)
            if rest:
                last_id = rest[-1].id
                self.stream.wait_for(lambda event: event.id is not None and event.id >= last_id)
        self.stream.pause()
        self.take()

    def take(self) -> None:
        """Compare what has arrived since the last time with the ledger."""
        assert self.stream is not None
        self.ledger.look()
        events = self.stream.events()
        for event in events[self._taken :]:
            self._check(event, events[event.index - 1] if event.index else None)
        self._taken = len(events)
        assert not self.stream.violations, self.stream.violations
        assert self.stream.last_event_id == self.cursor

    def _check(self, event: Event, before: Event | None) -> None:
        assert (event.event == "connected") == (event.index == 0)
        if before is not None and before.event == "resync":
            assert event.event == "presence_snapshot", "after a resync the client has to know who is online"
        if event.event == "connected":
            assert (event.id is None) == (self.cursor is not None)
            if event.id is not None:
                assert self._position_before <= event.id <= self.ledger.position
                self.cursor = event.id
        elif event.event == "resync":
            self._check_resync(event)
        elif event.id is not None:
            assert self.cursor is not None
            expected = next(iter(self.ledger.of(self.key, self.cursor)), None)
            assert expected is not None, f"event {event.id} is no news after {self.cursor}"
            assert (event.id, event.event) == (expected.id, expected.event), f"after {self.cursor}"
            # Whatever an edit has changed since, it tells of the same thing.
            assert [event.data.get(name) for name in IDS] == [expected.data.get(name) for name in IDS]
            self.told.append(event)
            self.cursor = event.id

    def _check_resync(self, event: Event) -> None:
        assert self.cursor is not None, "a stream without a cursor has nothing to refetch"
        assert self.cursor < self.ledger.pruned_through, f"the log still covered {self.cursor}"
        assert event.id is not None
        assert event.id == event.data["last_event_id"]
        assert event.data["reason"] == "pruned"
        assert self._position_before <= event.id <= self.ledger.position
        self.resyncs.append(event)
        self.cursor = event.id
