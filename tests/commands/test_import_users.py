"""import-users: everybody or nobody, and each wrong line by its number."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from data import passwords, users
from data.session import command_transaction
from tests.commands.support import Run, database, roster, stored_password, usernames


def test_import_makes_everyone(run: Run, folder: Path, tmp_path: Path) -> None:
    path = roster(
        tmp_path,
        "\ufeffUsername, email ,first_name,last_name,user_type,password,college,class,section\r\n"
        'ann,ann@campus.example,Ann,"Lee, ""the"" elder",teacher, long enough ,CAMPUS,,\r\n'
        "\r\n"
        " Zoë ,,,,,,,,\r\n"
        "ben\r\n",
    )
    done = run("import-users", path)
    assert done.stdout == "imported 3 users\n"
    assert "hashing passwords" in done.stderr
    assert usernames(folder) == ["ann", "Zoë", "ben"]
    with command_transaction(database(folder)) as tx:
        ann = users.by_username(tx, "ann")
        assert ann is not None
        assert (ann["last_name"], ann["user_type"], ann["email"]) == (
            'Lee, "the" elder',
            "teacher",
            "ann@campus.example",
        )
        assert passwords.check_password(" long enough ", ann["password_hash"])
        assert set(users.keys_of(tx, ann["id"])) == {"user:1", "all", "college:1", "college:1/type:teacher"}
    assert stored_password(folder, "ben") == ""


def test_import_names_every_wrong_line_and_imports_nothing(run: Run, folder: Path, tmp_path: Path) -> None:
    run("create-user", "there")
    path = roster(
        tmp_path,
        "username,password,user_type,college,class,section,email\n"
        "fine,,,,,,\n"
        "THERE,,,,,,\n"
        "short,1234567,,,,,\n"
        'multi,,,,,,"a\nb"\n'
        "\n"
        "pupil,,,,3A,,\n"
        "pupil2,,,,,B,\n"
        "king,,king,,,,\n"
        "lost,,,NOPE,,,\n"
        "FINE,,,,,,\n"
        ",,student,,,,\n"
        "nul\0,,,,,,\n"
        "wide,,,,,,,,\n",
    )
    err = run("import-users", path, code=1).stderr
    told = {int(line): text for line, text in re.findall(r"^  line (\d+): (.*)$", err, re.MULTILINE)}
    assert list(told) == [3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15]
    assert "already exists" in told[3]
    assert "too short" in told[4]
    assert "email" in told[5]
    assert told[8] == told[9] == "classes and sections are not supported yet"
    assert "king" in told[10]
    assert "NOPE" in told[11]
    assert told[12] == "username: FINE is on line 2 already"
    assert "blank" in told[13]
    assert "more than the 7 columns" in told[15]
    assert usernames(folder) == ["there"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"username\nann\n\xff\xfe\n", "line 3: is not UTF-8"),
        ("username\n".encode("utf-16"), "line 1: is not UTF-8"),
        ("username,pasword\nann,secret\n", "line 1: unknown column 'pasword'"),
        ("username;password\nann;secret\n", "line 1: unknown column 'username;password'"),
        ("first_name\nAnn\n", "line 1: there is no column username"),
        ("username,username\nann,ann\n", "line 1: column username comes twice"),
        ("", "line 1: there is no column username"),
        ('username\nann\n"ben', "line 3: unexpected end of data"),
        ('username\n"ann"x\n', "line 2: "),
        ("username\n" + "x" * 200_000, "line 2: field larger than field limit"),
    ],
)
def test_import_refuses_a_file_that_it_cannot_read(
    run: Run, folder: Path, tmp_path: Path, text: str | bytes, said: str
) -> None:
    assert f"  {said}" in run("import-users", roster(tmp_path, text), code=1).stderr
    assert not folder.exists()


def test_import_refuses_a_file_that_is_not_there(run: Run, tmp_path: Path) -> None:
    assert "can't be read: No such file" in run("import-users", str(tmp_path / "nope.csv"), code=1).stderr
    assert "can't be read: Is a directory" in run("import-users", str(tmp_path), code=1).stderr


def test_a_whole_campus_takes_seconds(run: Run, folder: Path, tmp_path: Path) -> None:
    names = [f"user{number}" for number in range(20_000)]
    start_s = time.monotonic()
    run("import-users", roster(tmp_path, "username\n" + "\n".join(names)))
    lines = run("create-token", "-", input="\n".join(names)).stdout.splitlines()
    assert [line.split("\t")[1] for line in lines] == names
    assert time.monotonic() - start_s < 40  # about 2 s on a free machine
