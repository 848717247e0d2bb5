"""Imports of accounts by an admin: everybody or nobody, each wrong line by its number, nobody above oneself."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.server import ServerFactory
from tests.support.shared import Shared, add_people, running
from tests.support.waiting import eventually

IMPORTS = "admin/imports/"
ENDED = ("done", "failed", "cancelled")
PASSWORD = "nine quiet rivers"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("imports")) as found:
        yield found


@pytest.fixture
def dean(shared: Shared) -> Iterator[httpx.Client]:
    with shared.api("dean") as client:
        yield client


def begin(client: httpx.Client, text: str | bytes, *, college: int | None = None, **fields: str) -> httpx.Response:
    headers = {} if college is None else {"X-College-ID": str(college)}
    return client.post(IMPORTS, data=fields, files={"file": ("people.csv", text)}, headers=headers)


def finished(client: httpx.Client, begun: httpx.Response) -> dict[str, Any]:
    assert begun.status_code == 202, begun.text
    path = f"{IMPORTS}{begun.json()['id']}/"

    def ended() -> Any:
        found = client.get(path).json()
        return found if found["state"] in ENDED else None

    shown: dict[str, Any] = eventually(ended, "the import has ended")
    return shown


def problems(refused: httpx.Response) -> dict[int, str]:
    assert refused.status_code == 400, refused.text
    assert list(refused.json()) == ["file"]
    found = [re.fullmatch(r"line (\d+): (.*)", text) for text in refused.json()["file"]]
    return {int(one[1]): one[2] for one in found if one is not None}


def count(shared: Shared) -> int:
    return int(shared.sql("SELECT count(*) FROM users")[0][0])


def name() -> str:
    return f"new{secrets.token_hex(6)}"


def test_everybody_is_made_and_can_log_in(shared: Shared, dean: httpx.Client) -> None:
    one, two = name(), name()
    text = f"Username,first_name,user_type,password,class,section\n{one},Ida,teacher,{PASSWORD},7A,Red\n{two},,,,7a,\n"
    begun = begin(dean, text, create_classes="true")
    assert (begun.json()["state"], begun.json()["people"], begun.json()["passwords"]) == ("waiting", 2, 1)
    shown = finished(dean, begun)
    assert (shown["state"], shown["imported"], shown["rooms_made"], shown["hashed"], shown["problems"]) == (
        "done", 2, 2, 1, [],
    )  # fmt: skip
    assert dean.get(IMPORTS).json()[0] == shown
    people = dean.get("accounts/users/", params={"search": one}).json()["results"]
    assert [(row["username"], row["user_type"], row["college"]) for row in people] == [(one, "teacher", 1)]
    with shared.api() as client:
        assert client.post("auth/login/", json={"username": one, "password": PASSWORD}).status_code == 200
        assert client.post("auth/login/", json={"username": two, "password": ""}).status_code == 400
    enrolled = dean.get("academic/enrollments/", params={"search": one}).json()["results"]
    assert [(row["class_name"], row["section_name"]) for row in enrolled] == [("7A", "Red")]
    again = begin(dean, text, create_classes="true")
    assert {line: text.split(":")[0] for line, text in problems(again).items()} == {2: "username", 3: "username"}


def test_each_wrong_line_is_named_and_nobody_is_made(shared: Shared, dean: httpx.Client) -> None:
    before = count(shared)
    text = (
        f"username,password,user_type,college,class\n{name()},,,,\nANN,,,,\n{name()},short,,,\n"
        f"{name()},,king,,\n{name()},,super_admin,,\n{name()},,central_manager,,\n{name()},,college_admin,EAST,\n"
        f"{name()},,,,No such class\n{name()},,,CAMPUS,\n"
    )
    told = problems(begin(dean, text))
    assert list(told) == [3, 4, 5, 6, 7, 8, 9]
    assert "already exists" in told[3]
    assert "too short" in told[4]
    assert "king" in told[5]
    assert told[6] == 'user_type: You may not make a "super_admin".'
    assert told[7] == 'user_type: You may not make a "central_manager".'
    assert told[8] == 'college: Accounts can be made in "CAMPUS" only, and not in "EAST".'
    assert told[9].endswith("create_classes makes what is missing.")
    assert count(shared) == before


def test_a_global_role_imports_into_each_college_or_the_one_it_names(shared: Shared) -> None:
    one, two, three = name(), name(), name()
    with shared.api("manager") as manager:
        text = f"username,user_type,college\n{one},student,EAST\n{two},college_admin,campus\n"
        assert finished(manager, begin(manager, text))["imported"] == 2
        assert 2 in problems(begin(manager, f"username\n{three}\n")), "there are two colleges"
        assert finished(manager, begin(manager, f"username\n{three}\n", college=shared.east))["state"] == "done"
        assert 2 in problems(begin(manager, f"username,college\n{name()},CAMPUS\n", college=shared.east))
        assert 2 in problems(begin(manager, f"username,user_type\n{name()},super_admin\n", college=1))
    found = shared.sql("SELECT username, college_id FROM users WHERE username IN (?, ?, ?)", (one, two, three))
    assert dict(found) == {one: shared.east, two: 1, three: shared.east}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: there is no column username"),
        ("username\n", "There is nobody in it."),
        (b"username\n\xff\n", "line 2: is not UTF-8"),
        ("username,pasword\nx,y\n", "line 1: unknown column 'pasword'"),
        ('username\n"a', "line 2: unexpected end of data"),
        ("username\n" + "x\n" * 150, "line 3: username: x is on line 2 already"),
        ("username\n" + "\n".join(f"u{number}" for number in range(50_001)), "There are more than 50000 people in it."),
        ("username\n" + "x" * (8 << 20), "A list of people has at most 8388608 bytes."),
    ],
)
def test_a_file_that_cannot_be_imported(shared: Shared, dean: httpx.Client, text: str | bytes, said: str) -> None:
    before = count(shared)
    refused = begin(dean, text)
    assert refused.status_code == 400, refused.text
    if text:
        assert refused.json()["file"][0].startswith(said), refused.text
        assert len(refused.json()["file"]) <= 101
    assert count(shared) == before


def test_a_request_without_a_file(dean: httpx.Client) -> None:
    for answer in (dean.post(IMPORTS, json={}), dean.post(IMPORTS, data={"create_classes": "true"})):
        assert (answer.status_code, answer.json()) == (400, {"file": ["No file was submitted."]})
    assert dean.post(IMPORTS, json={"create_classes": "perhaps"}).status_code == 400


def test_nobody_sees_others_imports(shared: Shared, dean: httpx.Client) -> None:
    shown = finished(dean, begin(dean, f"username\n{name()}\n"))
    path = f"{IMPORTS}{shown['id']}/"
    assert dean.get(path).json() == shown
    for username in ("boss", "east_dean"):
        with shared.api(username) as other:
            assert other.get(path).status_code == other.delete(path).status_code == 404
            assert shown["id"] not in [one["id"] for one in other.get(IMPORTS).json()]
    for username in ("tara", "ann"):
        with shared.api(username) as other:
            assert other.get(path).status_code == begin(other, "username\nx\n").status_code == 403
    assert dean.delete(path).status_code == 409


def test_an_import_that_takes_long(server_factory: ServerFactory) -> None:
    """Given up, forgotten by a restart, refused when many wait, and failed when its admin is none any more."""
    server = server_factory(bcrypt_cost=10)
    dean, other = add_people(server, {"dean": ("super_admin", ""), "other": ("college_admin", "CAMPUS")})
    many = "username,password\n" + "\n".join(f"pupil{number},{PASSWORD}" for number in range(400))
    with (
        httpx.Client(base_url=f"{server.url}/api/v1/", headers=dean.headers, trust_env=False) as client,
        httpx.Client(base_url=f"{server.url}/api/v1/", headers=other.headers, trust_env=False) as college,
    ):
        first = client.post(IMPORTS, files={"file": ("people.csv", many)}).json()
        path = f"{IMPORTS}{first['id']}/"
        assert eventually(lambda: client.get(path).json()["hashed"] > 0, "hashing has begun")
        assert client.get(path).json()["state"] == "hashing"
        second = college.post(IMPORTS, files={"file": ("people.csv", f"username,password\nlate,{PASSWORD}\n")}).json()
        more = [client.post(IMPORTS, files={"file": ("people.csv", many)}) for _ in range(3)]
        assert [one.status_code for one in more] == [202, 202, 429]
        assert more[-1].headers["Retry-After"] == "30"
        assert client.patch(f"accounts/users/{other.id}/", json={"user_type": "teacher"}).status_code == 200
        for one in (path, *(f"{IMPORTS}{begun.json()['id']}/" for begun in more[:2])):
            assert client.delete(one).status_code == 204
            assert client.get(one).json()["state"] == "cancelled"
            assert client.delete(one).status_code == 409
        # Imports take turns: when this one is done, the one of who is no admin any more has ended.
        assert finished(client, begin(client, "username\nlast\n", college=1))["state"] == "done"
        assert client.patch(f"accounts/users/{other.id}/", json={"user_type": "college_admin"}).status_code == 200
        shown = college.get(f"{IMPORTS}{second['id']}/").json()
        assert (shown["state"], shown["problems"]) == (
            "failed", ["Whoever began this import may not make accounts any more."],
        )  # fmt: skip
        assert client.get("accounts/users/", params={"search": "late"}).json()["count"] == 0
        again = client.post(IMPORTS, files={"file": ("people.csv", many)}).json()
        eventually(lambda: client.get(f"{IMPORTS}{again['id']}/").json()["hashed"] > 0, "hashing has begun")
        server.restart()
        assert client.get(f"{IMPORTS}{again['id']}/").status_code == 404
        assert client.get("accounts/users/", params={"search": "pupil"}).json()["count"] == 0


def test_the_processes_that_hash_end_with_a_server_that_is_killed(server_factory: ServerFactory) -> None:
    server = server_factory(bcrypt_cost=10)
    (dean,) = add_people(server, {"dean": ("super_admin", "")})
    many = "username,password\n" + "\n".join(f"pupil{number},{PASSWORD}" for number in range(1000))
    with httpx.Client(base_url=f"{server.url}/api/v1/", headers=dean.headers, trust_env=False) as client:
        path = f"{IMPORTS}{client.post(IMPORTS, files={'file': ('people.csv', many)}).json()['id']}/"
        eventually(lambda: client.get(path).json()["hashed"] > 0, "hashing has begun")
    begun = processes_below(server.pid)
    assert begun
    server.kill()
    eventually(lambda: not [pid for pid in begun if Path(f"/proc/{pid}").exists()], "they have ended")


def processes_below(pid: int) -> list[int]:
    """The processes that this one has begun."""
    found = [one for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()]
    return [int(one) for one in found]
