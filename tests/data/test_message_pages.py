"""A user's messages in pages: the quick way of the newest first has what the general way has."""

from __future__ import annotations

from pathlib import Path

import pytest

from data import messages, users
from data.listing import Asked
from data.migrate import migrate
from data.session import command_transaction
from data.transaction import Transaction

NOW = "2026-01-01T00:00:00.000000Z"
PAIRS = [(1, 2), (2, 1), (1, 3), (3, 2), (1, 2), (2, 3), (2, 1)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "messages.sqlite3"
    migrate(found)
    with command_transaction(found) as tx:
        for number in range(3):
            users.create(tx, users.NewUser(f"user{number}", college_id=1), NOW)
        for number, (sender_id, receiver_id) in enumerate(PAIRS):
            messages.send(tx, sender_id, receiver_id, f"number {number}", None, NOW)
        messages.delete(tx, 1, 1, NOW)
    return found


def ids(tx: Transaction, user_id: int, asked: Asked) -> list[int]:
    return [message["id"] for message in messages.page(tx, user_id, asked)[1]]


@pytest.mark.parametrize("ordering", [(), ("-timestamp",), ("-created_at", "-timestamp")])
def test_the_newest_first_is_the_oldest_first_turned_round(path: Path, ordering: tuple[str, ...]) -> None:
    with command_transaction(path) as tx:
        for user_id in (1, 2, 3):
            count, oldest = messages.page(tx, user_id, Asked(ordering=("timestamp",), limit=50))
            expected = [message["id"] for message in reversed(oldest)]
            assert len(expected) == count == sum(user_id in pair for pair in PAIRS)
            assert messages.page(tx, user_id, Asked(ordering=ordering, limit=50)) == (count, oldest[::-1])
            for offset in range(count + 1):
                assert ids(tx, user_id, Asked(ordering=ordering, limit=2, offset=offset)) == expected[offset:][:2]


def test_filters_and_other_orders_are_kept(path: Path) -> None:
    with command_transaction(path) as tx:
        assert ids(tx, 1, Asked(filters={"sender": 2})) == [7, 2]
        assert ids(tx, 1, Asked(filters={"sender": None, "is_active": None})) == [7, 5, 3, 2, 1]
        assert ids(tx, 1, Asked(ordering=("timestamp", "-created_at"))) == [1, 2, 3, 5, 7]
