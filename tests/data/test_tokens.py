"""data/tokens.py: a token is found by itself alone, and its end is told (I10)."""

from __future__ import annotations

import re

import pytest

from data import tokens, users
from data.outcome import TokensRevoked
from data.transaction import Transaction

NOW = "2026-01-09T10:30:00.000000Z"
LATER = "2026-01-10T10:30:00.000000Z"


@pytest.fixture
def ann(tx: Transaction) -> int:
    return users.create(tx, users.NewUser("ann", college_id=1), NOW)


def test_a_token_finds_its_user(tx: Transaction, ann: int) -> None:
    token_id, token = tokens.create(tx, ann, now=NOW, expires_at=LATER, address="127.0.0.1", user_agent="curl")
    assert re.fullmatch("[0-9a-f]{40}", token)
    row = tokens.find(tx, token)
    assert row is not None
    assert (row["token_id"], row["id"], row["username"], row["expires_at"], row["last_used_at"]) == (
        token_id, ann, "ann", LATER, None,
    )  # fmt: skip


@pytest.mark.parametrize("token", ["", "0" * 40, "x", "\0", "\ud800", "a" * 10_000])
def test_what_is_no_token_finds_nobody(tx: Transaction, ann: int, token: str) -> None:
    tokens.create(tx, ann, now=NOW, expires_at=None)
    assert tokens.find(tx, token) is None


def test_the_database_does_not_hold_the_token(tx: Transaction, ann: int) -> None:
    _, token = tokens.create(tx, ann, now=NOW, expires_at=None)
    stored = tx.row("SELECT * FROM tokens")
    assert stored is not None
    assert token not in str(tuple(stored))
    assert bytes.fromhex(token) not in stored["hash"]


def test_many_are_made_in_order_and_all_differ(tx: Transaction, ann: int) -> None:
    ben = users.create(tx, users.NewUser("ben", college_id=1), NOW)
    made = tokens.create_many(tx, [ben, ann, ben], now=NOW, expires_at=None)
    assert len(set(made)) == 3
    owners = [tokens.find(tx, token) for _, token in made]
    assert [owner["id"] for owner in owners if owner is not None] == [ben, ann, ben]


def test_revoked_tokens_are_gone_and_told(tx: Transaction, ann: int) -> None:
    first, token = tokens.create(tx, ann, now=NOW, expires_at=None)
    second, _ = tokens.create(tx, ann, now=NOW, expires_at=None)
    kept, _ = tokens.create(tx, ann, now=NOW, expires_at=None)
    tokens.revoke(tx, [first], "logout")
    tokens.revoke(tx, [], "logout")
    tokens.revoke_user(tx, ann, "revoked", except_id=kept)
    assert tokens.find(tx, token) is None
    assert [row["id"] for row in tokens.sessions(tx, ann, NOW)] == [kept]
    tokens.revoke_user(tx, ann, "disabled")
    assert tx.outcome == [
        TokensRevoked((first,), "logout"),
        TokensRevoked((second,), "revoked"),
        TokensRevoked((kept,), "disabled"),
    ]


def test_expired_tokens_end_a_batch_at_a_time(tx: Transaction, ann: int) -> None:
    over = [tokens.create(tx, ann, now=NOW, expires_at=NOW)[0] for _ in range(3)]
    lasting = [tokens.create(tx, ann, now=NOW, expires_at=expires_at)[0] for expires_at in (None, LATER)]
    assert [row["id"] for row in tokens.sessions(tx, ann, NOW)] == lasting[::-1]
    assert [tokens.revoke_expired(tx, NOW, 2) for _ in range(3)] == [2, 1, 0]
    assert tx.outcome == [TokensRevoked(tuple(over[:2]), "expired"), TokensRevoked(tuple(over[2:]), "expired")]


def test_a_use_is_noted_and_never_goes_back(tx: Transaction, ann: int) -> None:
    token_id, token = tokens.create(tx, ann, now=NOW, expires_at=None)
    tokens.touch(tx, [(token_id, LATER)])
    tokens.touch(tx, [(token_id, NOW)])
    row = tokens.find(tx, token)
    assert row is not None
    assert row["last_used_at"] == LATER
