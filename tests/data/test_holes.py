"""data/holes.py: ids that nobody has are neither counted nor good cursors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from data import holes, log
from data.connection import connect
from data.transaction import Transaction
from tests.data.support import create

NOW = "2026-01-09T10:30:00.000000Z"


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Transaction]:
    with closing(connect(create(tmp_path))) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield Transaction(connection)


def leave_out(tx: Transaction, through_id: int) -> None:
    """What a restore does to the log."""
    after_id = log.position(tx)
    tx.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'event_log'", (through_id,))
    holes.record(tx, after_id, through_id, NOW)


def fill(tx: Transaction) -> list[int]:
    """Events 1 to 10, 101 to 110, 201 to 205."""
    ids = []
    for count, through_id in ((10, 100), (10, 200), (5, 0)):
        ids += [log.append(tx, "note", {}, ["all"], NOW).id for _ in range(count)]
        if through_id:
            leave_out(tx, through_id)
    assert ids == [*range(1, 11), *range(101, 111), *range(201, 206)]
    return ids


def test_i7_cursors_in_a_hole_are_lost_and_its_ends_are_not(tx: Transaction) -> None:
    fill(tx)
    lost = [cursor for cursor in range(-1, 210) if holes.has(tx, cursor)]
    assert lost == [*range(11, 100), *range(111, 200)]
    assert [log.since(tx, {"all": 0}, cursor, 205, 1000).lost for cursor in (10, 11, 100, 205)] == [
        False, True, False, False,
    ]  # fmt: skip


def test_counts_leave_holes_out(tx: Transaction) -> None:
    ids = fill(tx)
    assert log.span(tx)["events"] == len(ids)
    for first in range(len(ids)):
        for last in range(first, len(ids)):
            assert holes.ids_between(tx, ids[first], ids[last]) == last - first + 1


def test_pruning_keeps_as_many_as_it_is_told(tx: Transaction) -> None:
    ids = fill(tx)
    for keep in (24, 20, 15, 14, 6, 5, 4, 1):
        log.prune(tx, "2000", keep, 100)
        assert [row["id"] for row in tx.rows("SELECT id FROM event_log ORDER BY id")] == ids[-keep:]
    assert log.pruned_through(tx) == 204
    assert log.span(tx)["events"] == 1


def test_an_empty_log_may_have_a_hole(tx: Transaction) -> None:
    tx.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('event_log', 0)")
    leave_out(tx, 1000)
    assert holes.newest_but(tx, 1000, 10) < 1
    assert log.prune(tx, NOW, 10, 100) == 0
    assert [holes.has(tx, cursor) for cursor in (0, 1, 999, 1000)] == [False, True, True, False]
