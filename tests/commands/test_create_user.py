"""create-user: an account, its id on standard output, its password from standard input."""

from __future__ import annotations

from pathlib import Path

import pytest

from data import passwords, users
from data.session import command_transaction
from tests.commands.support import Run, database, stored_password, usernames


def test_create_user_makes_the_folder_and_prints_the_id(run: Run, folder: Path) -> None:
    assert run("create-user", "john_doe", "--first-name", "John", "--email", "j@campus.example").stdout == "1\n"
    assert run("create-user", "boss", "--user-type", "super_admin", "--college", "campus").stdout == "2\n"
    assert folder.stat().st_mode & 0o077 == 0
    with command_transaction(database(folder)) as tx:
        john, boss = users.by_id(tx, 1), users.by_id(tx, 2)
        assert john is not None
        assert boss is not None
        assert (john["first_name"], john["user_type"], john["college_id"], john["password_hash"]) == (
            "John", "student", 1, "",
        )  # fmt: skip
        assert (boss["user_type"], boss["college_id"]) == ("super_admin", 1)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_create_user_takes_the_password_from_standard_input(run: Run, folder: Path, end: str) -> None:
    run("create-user", "ann", "--password-stdin", input=f" sécure Password {end}")
    assert passwords.check_password(" sécure Password ", stored_password(folder, "ann"))


@pytest.mark.parametrize(
    ("args", "input", "said"),
    [
        (["ANN"], "", "username: A user with that username already exists."),
        (["a b"], "", "username: Enter a valid username."),
        ([b"\xff".decode("utf-8", "surrogateescape")], "", "username: This is not valid Unicode."),
        (["ben", "--email", "nope"], "", "email: Enter a valid email address."),
        (["ben", "--college", "NOPE"], "", "NOPE"),
        (["ben", "--password-stdin"], "", "too short"),
        (["ben", "--password-stdin"], "one line\nand another", "more than one line"),
        (["ben", "--password-stdin"], "x" * 1025, "too long"),
        (["ben", "--password-stdin"], b"\xff\xfe password", "not UTF-8"),
        (["benjamin", "--password-stdin"], "Benjamin", "same as the username"),
    ],
)
def test_create_user_refuses_in_one_line(
    run: Run, folder: Path, args: list[str], input: str | bytes, said: str
) -> None:
    run("create-user", "ann")
    err = run("create-user", *args, code=1, input=input).stderr
    assert said in err
    assert err.count("\n") == 1
    assert usernames(folder) == ["ann"]


def test_among_several_colleges_one_is_named_unless_the_role_is_global(run: Run, folder: Path) -> None:
    run("create-user", "ann")
    with command_transaction(database(folder)) as tx:
        tx.execute(
            "INSERT INTO colleges (code, name, short_name, created_at, updated_at) VALUES ('NORTH', 'N', 'N', '', '')"
        )
    assert "CAMPUS, NORTH" in run("create-user", "ben", code=1).stderr
    run("create-user", "ben", "--college", "north")
    run("create-user", "boss", "--user-type", "central_manager")
    with command_transaction(database(folder)) as tx:
        assert [row[0] for row in tx.rows("SELECT college_id FROM users ORDER BY id")] == [1, 2, None]
