"""The event log: any interleaving of appends, prunes and reads gives each holder exactly its events, in order, once."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from data import log
from data.clock import stamp
from data.connection import connect
from data.migrate import migrate
from data.outcome import Event
from data.transaction import Transaction, TransactionEnded

ALL_KEYS = ("all", "college:1", "user:1", "user:2")
keys = st.sets(st.sampled_from(ALL_KEYS), min_size=1)


class Folder:
    """A migrated database in a folder of its own, with one transaction at a time."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name) / "realtime.sqlite3"
        migrate(self.path)
        self.connection = connect(self.path)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield Transaction(self.connection)
            if self.connection.in_transaction:
                self.connection.execute("COMMIT")
        finally:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")

    def close(self) -> None:
        self.connection.close()
        self._folder.cleanup()


@pytest.fixture
def folder() -> Iterator[Folder]:
    made = Folder()
    yield made
    made.close()


def read_through(tx: Transaction, held: dict[str, int], after_id: int, through_id: int, most_bytes: int) -> list[Event]:
    """Page by page, as a stream replays."""
    events: list[Event] = []
    while True:
        page = log.since(tx, held, events[-1].id if events else after_id, through_id, most_bytes)
        if not page.events:
            return events
        events.extend(page.events)


class Log(RuleBasedStateMachine):
    """The log beside a plain list of everything that was ever appended."""

    @initialize()
    def begin(self) -> None:
        self.folder = Folder()
        self.appended: list[Event] = []
        self.times_s: list[float] = []
        self.gone = 0
        self.last_id = 0

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.close()

    @rule(audiences=st.lists(keys, min_size=1, max_size=5), size=st.integers(0, 300), jump_s=st.integers(-5, 20))
    def append(self, audiences: list[set[str]], size: int, jump_s: int) -> None:
        """Some events in one transaction; the wall clock may go back."""
        with self.folder.transaction() as tx:
            for audience in audiences:
                self.times_s.append((self.times_s[-1] if self.times_s else 1e9) + jump_s)
                made = log.append(tx, "message", {"text": "é" * size}, sorted(audience), stamp(self.times_s[-1]))
                assert made.id > self.last_id, "ids only rise (I2)"
                self.last_id = made.id
                self.appended.append(made)
            assert tx.outcome == self.appended[-len(audiences) :]

    @rule(audience=keys)
    def append_and_roll_back(self, audience: set[str]) -> None:
        with self.folder.transaction() as tx:
            log.append(tx, "message", {"text": "never"}, audience, stamp(1e9))
            tx.execute("ROLLBACK")

    @rule(back_s=st.integers(-10, 40), keep=st.sampled_from([0, 1, 3, 10]), most=st.integers(1, 8))
    def prune(self, back_s: int, keep: int, most: int) -> None:
        before_s = (self.times_s[-1] if self.times_s else 1e9) - back_s
        with self.folder.transaction() as tx:
            went = log.prune(tx, stamp(before_s), keep, most)
        left = self.appended[self.gone :]
        expected = 0
        while expected < min(most, len(left)):
            one, at_s = left[expected], self.times_s[self.gone + expected]
            if not (at_s < before_s or (keep and one.id <= self.last_id - keep)):
                break
            expected += 1
        assert went == expected
        self.gone += went

    @rule()
    def prune_everything(self) -> None:
        with self.folder.transaction() as tx:
            while log.prune(tx, "9999-12-31T00:00:00.000000Z", 0, 7) == 7:
                pass
        self.gone = len(self.appended)

    @rule(
        held=st.just(dict.fromkeys(ALL_KEYS, 0)) | st.dictionaries(st.sampled_from(ALL_KEYS), st.integers(0, 40)),
        after_id=st.integers(0, 60),
    )
    def replay(self, held: dict[str, int], after_id: int) -> None:
        with self.folder.transaction() as tx:
            for through_id, most_bytes in ((self.last_id, 1), (self.last_id, 700), (self.last_id // 2, 1 << 20)):
                expected = [
                    one
                    for one in self.appended[self.gone :]
                    if after_id < one.id <= through_id and any(key in held and one.id > held[key] for key in one.keys)
                ]
                assert read_through(tx, held, after_id, through_id, most_bytes) == expected

    @rule()
    def restart(self) -> None:
        self.folder.connection.close()
        self.folder.connection = connect(self.folder.path)

    @invariant()
    def position_survives(self) -> None:
        if not hasattr(self, "folder"):
            return
        with self.folder.transaction() as tx:
            assert log.position(tx) == self.last_id
            assert log.pruned_through(tx) == (self.appended[self.gone - 1].id if self.gone else 0)
            left = tx.value("SELECT count(*) FROM event_audience")
            assert left == sum(len(one.keys) for one in self.appended[self.gone :]), "no audience row is left behind"


TestLog = Log.TestCase
TestLog.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_i7_a_page_knows_its_own_snapshot(folder: Folder) -> None:
    with folder.transaction() as tx:
        for number in range(5):
            log.append(tx, "message", {"n": number}, ["all"], stamp(1e9 + number))
        log.prune(tx, stamp(1e9 + 2), 0, 100)
        page = log.since(tx, {"all": 0}, 0, 5, 1 << 20)
    assert [one.id for one in page.events] == [3, 4, 5]
    assert (page.pruned_through, page.position) == (2, 5)


def test_a_page_is_bounded(folder: Folder) -> None:
    with folder.transaction() as tx:
        for number in range(log.PAGE_EVENTS + 20):
            log.append(tx, "message", {"n": number}, ["all", "user:1"], stamp(1e9))
        last_id = log.position(tx)
        assert len(log.since(tx, {"all": 0, "user:1": 0}, 0, last_id, 1 << 20).events) == log.PAGE_EVENTS
        assert len(log.since(tx, {"all": 0}, 0, last_id, 30).events) == 5
        assert len(log.since(tx, {"all": 0}, 0, last_id, 1).events) == 1
        assert len(read_through(tx, {"all": 0, "user:1": 0}, 0, last_id, 1 << 20)) == last_id


def test_an_event_is_one_line_of_ascii(folder: Folder) -> None:
    text = "caf\u00e9 \u2028\u0085\r\n\x00 \U0001f600 \u05e9\u05dc\u05d5\u05dd"
    with folder.transaction() as tx:
        made = log.append(tx, "message", {"text": text}, ["all"], stamp(1e9))
        read = log.since(tx, {"all": 0}, 0, 1, 1 << 20).events
    assert read == [made]
    assert made.data.isascii()
    assert made.data.isprintable()
    assert json.loads(made.data) == {"text": text}


def test_rewrite_replaces_what_earlier_rows_have(folder: Folder) -> None:
    with folder.transaction() as tx:
        log.append(tx, "message", {"text": "secret", "id": 5}, ["user:1"], stamp(1e9), subject="message:5")
        log.append(tx, "read_receipt", {"message_id": 5}, ["user:2"], stamp(1e9), subject="message:5")
        log.append(tx, "message", {"text": "other", "id": 55}, ["user:1"], stamp(1e9), subject="message:55")
        log.rewrite(tx, "message:5", {"text": ""})
        events = log.since(tx, {"user:1": 0, "user:2": 0}, 0, 3, 1 << 20).events
    assert [json.loads(one.data) for one in events] == [
        {"text": "", "id": 5},
        {"message_id": 5},
        {"text": "other", "id": 55},
    ]


def test_a_statement_after_the_end_is_refused(folder: Folder) -> None:
    folder.connection.execute("BEGIN")
    tx = Transaction(folder.connection)
    folder.connection.execute("ROLLBACK")
    with pytest.raises(TransactionEnded):
        tx.execute("DELETE FROM log_state")
    with pytest.raises(TransactionEnded):
        tx.executemany("DELETE FROM log_state WHERE only = ?", [(1,)])
