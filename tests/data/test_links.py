"""data/links.py: a link works once, in its time, for its purpose."""

from __future__ import annotations

import pytest

from data import clock, links, users
from data.errors import NotFound
from data.transaction import Transaction

NOW = "2026-01-09T10:30:00.000000Z"


def test_the_first_use_ends_a_link(tx: Transaction) -> None:
    user_id = users.create(tx, users.NewUser("ann", college_id=1), NOW)
    secret = links.create(tx, links.SET_PASSWORD, user_id, NOW, 60.0)
    assert links.valid(tx, secret, links.SET_PASSWORD, NOW) is not None
    assert links.use(tx, secret, links.SET_PASSWORD, NOW)["user_id"] == user_id
    assert links.valid(tx, secret, links.SET_PASSWORD, NOW) is None
    with pytest.raises(NotFound):
        links.use(tx, secret, links.SET_PASSWORD, NOW)


def test_a_link_ends_with_its_time(tx: Transaction) -> None:
    secret = links.create(tx, links.FIRST_ADMIN, None, NOW, 60.0)
    assert links.valid(tx, secret, links.FIRST_ADMIN, clock.later(NOW, 59.9)) is not None
    assert links.valid(tx, secret, links.FIRST_ADMIN, clock.later(NOW, 60.0)) is None
    links.create(tx, links.FIRST_ADMIN, None, clock.later(NOW, 61.0), 60.0)
    assert tx.value("SELECT count(*) FROM one_time_links") == 1


@pytest.mark.parametrize("secret", ["", "guess", "\0", "\ud800"])
def test_another_secret_or_purpose_does_nothing(tx: Transaction, secret: str) -> None:
    real = links.create(tx, links.FIRST_ADMIN, None, NOW, 60.0)
    assert links.valid(tx, secret, links.FIRST_ADMIN, NOW) is None
    with pytest.raises(NotFound):
        links.use(tx, real, links.SET_PASSWORD, NOW)
    assert links.valid(tx, real, links.FIRST_ADMIN, NOW) is not None


def test_a_new_first_administrator_s_link_ends_the_older_ones(tx: Transaction) -> None:
    older = links.replace_first_admin(tx, NOW)
    newer = links.replace_first_admin(tx, NOW)
    assert links.valid(tx, older, links.FIRST_ADMIN, NOW) is None
    assert links.valid(tx, newer, links.FIRST_ADMIN, clock.later(NOW, 24 * 3600 - 1)) is not None


def test_whether_anybody_has_an_account(tx: Transaction) -> None:
    assert not links.has_users(tx)
    users.create(tx, users.NewUser("ann", college_id=1), NOW)
    assert links.has_users(tx)
