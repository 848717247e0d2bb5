"""Failed logins over HTTP: who waits and who never does, storms, and what nobody learns by them."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from data import links, passwords
from data.session import command_transaction
from tests.support.refusal import check_refusal
from tests.support.server import ServerFactory
from tests.support.shared import DATABASE, ORIGIN, PASSWORD, Shared, running, sql
from tests.test_limits import check_429

LOGIN = "auth/login/"
HERE, ELSEWHERE, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"
WRONG = {"non_field_errors": ["Unable to log in with provided credentials."]}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("logins")) as found:
        yield found


def client_at(shared: Shared, address: str) -> httpx.Client:
    """A client of that machine."""
    return httpx.Client(
        base_url=f"{shared.server.url}/api/v1/",
        transport=httpx.HTTPTransport(local_address=address),
        headers={"Origin": ORIGIN},
        timeout=60,
    )


def log_in(client: httpx.Client, username: str, password: str = PASSWORD) -> httpx.Response:
    return client.post(LOGIN, json={"username": username, "password": password})


def test_the_wait_is_told_and_is_nobody_elses(shared: Shared) -> None:
    with client_at(shared, ELSEWHERE) as attacker, client_at(shared, HERE) as good:
        for name in ("ann", "nobody_at_all"):
            for spelling in (name, name.upper(), name, name, name):
                assert check_refusal(log_in(attacker, spelling, "wrong"), 400) == WRONG
            refused = log_in(attacker, name)
            assert refused.json() == {"detail": "Too many failed logins."}, "also with the right password"
            assert check_429(refused, 2)
        assert log_in(attacker, "bob").status_code == 200
        assert log_in(good, "ann").status_code == 200
    log = shared.server.log()
    assert len(re.findall("address 127.0.0.2 is at the limit for failed_logins", log)) == 1
    assert "nobody_at_all" not in log, "people type passwords there"


def test_with_a_token_the_old_password_cannot_be_guessed_either(shared: Shared) -> None:
    new = {"new_password1": PASSWORD + "x", "new_password2": PASSWORD + "x"}
    with shared.api("cy") as thief, client_at(shared, ELSEWHERE) as owner:
        thief.headers["Origin"] = ORIGIN
        for _ in range(5):
            assert thief.post("auth/password/change/", json={"old_password": "wrong", **new}).status_code == 400
        check_429(thief.post("auth/password/change/", json={"old_password": PASSWORD, **new}), 2)
        assert log_in(owner, "cy").status_code == 200


def test_without_limits_nobody_waits(server_factory: ServerFactory) -> None:
    server = server_factory(limits="off", failed_logins_per_address=3)
    with httpx.Client(base_url=f"{server.url}/api/v1/", trust_env=False) as client:
        assert {log_in(client, "nobody", "wrong").status_code for _ in range(20)} == {400}


def test_the_cap_of_an_address_spares_who_is_known_there(tmp_path: Path) -> None:
    with (
        running(tmp_path, failed_logins_per_address=8) as campus,
        client_at(campus, HERE) as here,
        client_at(campus, ELSEWHERE) as elsewhere,
    ):
        assert log_in(here, "ann").status_code == 200
        for number in range(8):
            assert log_in(here, f"nobody_{number}", "wrong").status_code == 400
        check_429(log_in(here, "bob"), 60)
        assert log_in(here, "ann").status_code == 200, "has signed in from there"
        assert log_in(elsewhere, "bob").status_code == 200


async def _storm(port: int, address: str, names: list[str], count: int) -> list[int]:
    """So many wrong logins over some connections from there, as fast as they are answered; their statuses."""
    statuses: list[int] = []
    waiting = iter(range(count))

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        for number in waiting:
            body = b'{"username": "%s", "password": "wrong"}' % names[number % len(names)].encode()
            writer.write(b"POST /api/v1/auth/login/ HTTP/1.1\r\nHost: campus\r\nContent-Length: %d\r\n\r\n" % len(body))
            writer.write(body)
            head = await reader.readuntil(b"\r\n\r\n")
            statuses.append(int(head[9:12]))
            found = re.search(rb"Content-Length: (\d+)", head)
            assert found is not None
            await reader.readexactly(int(found[1]))
        writer.close()

    await asyncio.gather(*[one() for _ in range(16)])
    return statuses


async def _good(shared: Shared, address: str, storm: asyncio.Task[list[int]], name: str) -> list[float]:
    """Right logins from there until the storm is over: how long each took."""
    took_s = []
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(local_address=address), timeout=60) as client:
        while not storm.done():
            began_s = time.perf_counter()
            answer = await client.post(
                f"{shared.server.url}/api/v1/{LOGIN}", json={"username": name, "password": PASSWORD}
            )
            took_s.append(time.perf_counter() - began_s)
            assert answer.status_code == 200, answer.text
    return took_s


async def _both(shared: Shared, names: list[str], count: int, name: str) -> tuple[list[int], list[float]]:
    storm = asyncio.create_task(_storm(shared.server.port, ELSEWHERE, names, count))
    good = asyncio.create_task(_good(shared, THIRD, storm, name))
    return await storm, await good


def test_a_right_password_is_accepted_beside_ten_thousand_wrong_ones_from_elsewhere(tmp_path: Path) -> None:
    with running(tmp_path) as campus:
        began_s = time.perf_counter()
        statuses, took_s = asyncio.run(_both(campus, ["ann"], 10_000, "ann"))
        lasted_s = time.perf_counter() - began_s
        assert len(statuses) == 10_000
        assert set(statuses) == {400, 429}
        assert statuses.count(400) < 20
        assert len(took_s) > 3
        print(f"{10_000 / lasted_s:.0f} wrong a second; {len(took_s)} right ones, the slowest {max(took_s):.3f} s")


def test_a_storm_over_many_accounts_does_not_fill_the_queue_before_bcrypt(tmp_path: Path) -> None:
    """At a cost that makes the queue matter: 2,000 wrong ones would be a minute and more of two cores."""
    with running(tmp_path, env={"REALTIME_BCRYPT_COST": "9"}, failed_logins_per_address=60) as campus:
        names = [f"nobody_{number}" for number in range(2000)]
        statuses, took_s = asyncio.run(_both(campus, names, 2000, "ann"))
        assert set(statuses) == {400, 429}
        assert statuses.count(400) <= 60
        assert statistics.median(took_s) < 2.0
        print(f"{len(took_s)} right ones, median {statistics.median(took_s):.3f} s, the slowest {max(took_s):.3f} s")


# What nobody learns


def medians(client: httpx.Client, names: dict[str, str], rounds: int) -> dict[str, float]:
    """How long a wrong login of each takes. Of several names a kind, so that nobody has to wait."""
    took_s: dict[str, list[float]] = {kind: [] for kind in names}
    for number in range(rounds):
        for kind, name in names.items():
            began_s = time.perf_counter()
            answer = log_in(client, name.format(number), "wrong")
            took_s[kind].append(time.perf_counter() - began_s)
            assert (answer.status_code, answer.json()) == (400, WRONG), kind
    return {kind: statistics.median(times) for kind, times in took_s.items()}


def test_a_wrong_login_takes_one_time_for_everybody(tmp_path: Path) -> None:
    """Known, unknown, disabled, without a password, and stored when the cost was lower."""
    with running(tmp_path, env={"REALTIME_BCRYPT_COST": "9"}) as campus, campus.api() as client:
        people = {f"{kind}_{n}": ("student", "CAMPUS") for kind in ("known", "gone", "bare", "low") for n in range(7)}
        campus.add(people)
        low, now = passwords.hash_password(PASSWORD, 5), ""
        with closing(sqlite3.connect(campus.server.data_dir / DATABASE, timeout=10)) as connection, connection:
            connection.execute("UPDATE users SET password_hash = ? WHERE username LIKE 'low!_%' ESCAPE '!'", (low,))
            connection.execute("UPDATE users SET password_hash = ? WHERE username LIKE 'bare!_%' ESCAPE '!'", (now,))
            connection.execute("UPDATE users SET is_active = 0 WHERE username LIKE 'gone!_%' ESCAPE '!'")
        kinds = {kind: kind + "_{}" for kind in ("known", "gone", "bare", "low", "nobody")}
        found = medians(client, kinds, 7)
        print({kind: f"{seconds * 1000:.1f} ms" for kind, seconds in found.items()})
        assert min(found.values()) > 0.01
        assert max(found.values()) < 4 * min(found.values()), found


def test_a_link_that_does_not_work_is_one_answer_in_one_time(tmp_path: Path) -> None:
    """Unknown, used, over, of somebody who is disabled; and nobody hashes for it."""
    with running(tmp_path, env={"REALTIME_BCRYPT_COST": "9"}) as campus, campus.api(base="/") as client:
        now, past = "2026-11-24T00:00:00.000000Z", "2020-01-01T00:00:00.000000Z"
        with command_transaction(campus.server.data_dir / DATABASE) as tx:
            secrets = {
                "over": links.create(tx, links.SET_PASSWORD, campus["ann"].id, past, 60.0),
                "disabled": links.create(tx, links.SET_PASSWORD, campus["gone"].id, "2099-01-01T00:00:00Z", 60.0),
                "used": links.create(tx, links.SET_PASSWORD, campus["bob"].id, now, 1e9),
                "unknown": "x" * 43,
            }
            links.use(tx, secrets["used"], links.SET_PASSWORD, now)
        typed = {"password1": "quite another 8", "password2": "quite another 8"}
        took_s: dict[str, list[float]] = {kind: [] for kind in secrets}
        pages = set()
        for _ in range(9):
            for kind, secret in secrets.items():
                began_s = time.perf_counter()
                answer = client.post("set-password/", data={"key": secret, **typed})
                took_s[kind].append(time.perf_counter() - began_s)
                assert answer.status_code == 404, kind
                pages.add(answer.text)
        assert len(pages) == 1
        found = {kind: statistics.median(times) for kind, times in took_s.items()}
        assert max(found.values()) < 5 * min(found.values()), found


def test_a_registration_tells_no_more_than_that_a_name_is_taken(tmp_path: Path) -> None:
    """Of e-mail addresses it tells nothing, nor whose a name is."""
    with running(tmp_path, registration="on") as campus, campus.api() as client:

        def said(**body: str | int) -> object:
            given = {"password1": PASSWORD, "password2": PASSWORD, "college": 1, **body}
            return client.post("auth/registration/", json=given).json()

        taken = {"username": ["A user with that username already exists."]}
        assert [said(username=name) for name in ("ann", "gone", "boss", "east_ann")] == [taken] * 4
        assert "key" in str(said(username="newcomer", email="ann@campus.example"))
        assert sql(campus.server, "SELECT count(*) FROM users WHERE email = 'ann@campus.example'") == [(2,)]
