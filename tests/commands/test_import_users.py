"""import-users: everybody or nobody, and each wrong line by its number."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from data import enrollments, keys, passwords, users
from data.listing import Asked
from data.session import command_transaction
from tests.commands.support import Run, database, roster, stored_password, usernames
from tests.data.test_enrollments import ADMIN


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
        assert set(keys.held(tx, ann["id"])) == {"user:1", "all", "college:1", "college:1/type:teacher"}
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
    assert told[8] == 'class: There is no class "3A"; there are: none. --create-classes makes what is missing.'
    assert told[9] == "section: A section needs its class."
    assert "king" in told[10]
    assert "NOPE" in told[11]
    assert told[12] == "username: FINE is on line 2 already"
    assert "blank" in told[13]
    assert "more than the 7 columns" in told[15]
    assert usernames(folder) == ["there"]


ROSTER = """username,user_type,college,class,section
ann,student,,1A,Red
ben,student,CAMPUS,1a,blue
cy,teacher,,1A,
dee,student,,2B,Red
eve,,,,
"""


def enrolled(folder: Path) -> list[tuple[str, str, str | None]]:
    sql = (
        "SELECT u.username, c.name, s.name FROM enrollments AS e JOIN users AS u ON u.id = e.user_id "
        "JOIN classes AS c ON c.id = e.class_id LEFT JOIN sections AS s ON s.id = e.section_id ORDER BY e.id"
    )
    with command_transaction(database(folder)) as tx:
        return [tuple(row) for row in tx.rows(sql)]


def test_import_makes_the_classes_that_are_missing_if_told_to(run: Run, folder: Path, tmp_path: Path) -> None:
    done = run("import-users", roster(tmp_path, ROSTER), "--create-classes")
    assert done.stdout == "imported 5 users\nmade 5 of the classes and sections\n"
    assert enrolled(folder) == [("ann", "1A", "Red"), ("ben", "1A", "blue"), ("cy", "1A", None), ("dee", "2B", "Red")]
    more = run("import-users", roster(tmp_path, "username,class,section\nfay,2B,RED\n"))
    assert more.stdout == "imported 1 user\n"
    assert enrolled(folder)[-1] == ("fay", "2B", "Red")
    with command_transaction(database(folder)) as tx:
        assert {key.split(":")[0] for key in keys.held(tx, 1)} == {"user", "all", "college", "class", "section"}
        found = enrollments.page(tx, ADMIN, Asked({"is_active": True}, "dee 2b"))
        assert [item["user_name"] for item in found[1]] == ["dee"]


def test_import_without_it_names_what_there_is(run: Run, folder: Path, tmp_path: Path) -> None:
    run("import-users", roster(tmp_path, "username,class,section\nfay,1A,Red\n"), "--create-classes")
    with command_transaction(database(folder)) as tx:
        tx.execute(
            "INSERT INTO classes (college_id, name, created_at, updated_at, is_active) VALUES (1, 'Old', '', '', 0)"
        )
    text = ROSTER + "gil,,,Old,\nboss,super_admin,,1A,Red\n"
    err = run("import-users", roster(tmp_path, text), code=1).stderr
    told = {int(line): text for line, text in re.findall(r"^  line (\d+): (.*)$", err, re.MULTILINE)}
    assert told == {
        3: 'section: There is no section "blue"; there are: Red. --create-classes makes what is missing.',
        5: 'class: There is no class "2B"; there are: 1A. --create-classes makes what is missing.',
        7: 'class: The class "Old" is not active.',
    }
    assert usernames(folder) == ["fay"]
    assert len(enrolled(folder)) == 1


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
