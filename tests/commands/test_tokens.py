"""set-password and create-token: sessions that operators end and make."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data import passwords, tokens
from data.session import command_transaction
from tests.commands.support import Run, database, stored_password


def test_set_password_ends_every_token_of_the_user(run: Run, folder: Path) -> None:
    run("create-user", "ann")
    run("create-user", "ben")
    tokens_of = [line.split("\t")[2] for line in run("create-token", "ann", "ben", "ann").stdout.splitlines()]
    assert run("set-password", "ANN", "--password-stdin", input="securePassword123\n").stdout == ""
    assert passwords.check_password("securePassword123", stored_password(folder, "ann"))
    with command_transaction(database(folder)) as tx:
        assert [tokens.find(tx, token) is not None for token in tokens_of] == [False, True, False]


def test_create_token_prints_a_line_for_each_name(run: Run, folder: Path) -> None:
    run("create-user", "ann")
    run("create-user", "Zoë")
    lines = run("create-token", "Zoë", "ANN", "Zoë").stdout.splitlines()
    assert [line.split("\t")[:2] for line in lines] == [["2", "Zoë"], ["1", "ann"], ["2", "Zoë"]]
    assert all(re.fullmatch("[0-9a-f]{40}", line.split("\t")[2]) for line in lines)
    assert len(set(lines)) == 3
    more = run("create-token", "-", input="\ufeffann\r\nZoë\n\nann").stdout
    assert [line.split("\t")[1] for line in more.splitlines()] == ["ann", "Zoë", "ann"]


def test_a_token_lasts_as_long_as_the_setting_says(run: Run, folder: Path) -> None:
    run("create-user", "ann")
    run("--token-lifetime-days", "2", "create-token", "ann")
    run("--token-lifetime-days", "0", "create-token", "ann")
    with command_transaction(database(folder)) as tx:
        days = tx.rows("SELECT julianday(expires_at) - julianday(created_at) FROM tokens ORDER BY id")
    assert [None if row[0] is None else round(row[0], 3) for row in days] == [2, None]


def test_create_token_names_the_unknown_and_makes_none(run: Run, folder: Path) -> None:
    run("create-user", "ann")
    run("create-user", "gone")
    with command_transaction(database(folder)) as tx:
        tx.execute("UPDATE users SET is_active = 0 WHERE username = 'gone'")
    err = run("create-token", "ann", "nobody", "gone", "a\nb", code=1).stderr
    assert "there is no user nobody" in err
    assert "the account gone is inactive" in err
    many = run("create-token", "-", code=1, input=" ".join(f"user{number}" for number in range(5_000))).stderr
    assert "user19" in many
    assert "and 4980 more" in many
    assert "no names" in run("create-token", "-", code=1, input=" \n").stderr
    with command_transaction(database(folder)) as tx:
        assert tx.value("SELECT count(*) FROM tokens") == 0


@pytest.mark.parametrize("args", [["create-token", "ann"], ["set-password", "ann", "--password-stdin"]])
def test_what_needs_a_user_does_not_make_a_campus(run: Run, folder: Path, args: list[str]) -> None:
    assert "there is no database in" in run(*args, code=1, input="securePassword123").stderr
    assert not folder.exists()
    run("create-user", "ben")
    assert "there is no user ann" in run(*args, code=1, input="securePassword123").stderr
