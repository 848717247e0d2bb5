"""A login stores a password of a lower cost anew, within itself, and never against a change of password."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from data import logins, passwords, users
from data.errors import Conflict
from data.session import command_transaction
from realtime.api import auth
from tests.support.inside import Inside, served
from tests.support.shared import DATABASE, PASSWORD, Shared, running
from tests.test_logins import HERE, log_in


def stored_hash(shared: Shared, username: str) -> str:
    ((found,),) = shared.sql("SELECT password_hash FROM users WHERE username = ?", (username,))
    return str(found)


def test_a_login_raises_the_cost_and_nothing_else(tmp_path: Path) -> None:
    with running(tmp_path) as campus:
        before = campus.sql("SELECT password_hash, updated_at FROM users WHERE username = 'ann'")[0]
        with campus.api() as client:
            key = log_in(client, "ann").json()["key"]
        assert stored_hash(campus, "ann") == before[0], "the cost is what the setting says"
        campus.server.env["REALTIME_BCRYPT_COST"] = "6"
        campus.server.restart()
        with campus.api() as client:
            assert log_in(client, "ann", "wrong").status_code == 400
            assert stored_hash(campus, "ann") == before[0]
            assert log_in(client, "ann").status_code == 200
            raised = stored_hash(campus, "ann")
            assert passwords.cost_of(raised) == 6
            assert passwords.check_password(PASSWORD, raised)
            assert log_in(client, "ann").status_code == 200
            assert stored_hash(campus, "ann") == raised
            me = client.get("auth/user/", headers={"Authorization": f"Token {key}"})
            assert me.status_code == 200, "no session ends by it"
        assert campus.sql("SELECT updated_at FROM users WHERE username = 'ann'") == [(before[1],)]


@asynccontextmanager
async def inside(folder: Path) -> AsyncIterator[tuple[Inside, httpx.AsyncClient]]:
    """A server of cost 4 whose reader has a password that was stored at a higher cost, or rather would be."""
    async with (
        served(folder) as found,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{found.port}/api/v1/", timeout=60) as client,
    ):
        yield found, client


async def _changed_while_logging_in(folder: Path) -> None:
    async with inside(folder) as (found, _):
        user_id, database = found.user_id, found.campus.database
        low, better = passwords.hash_password(PASSWORD, 4), passwords.hash_password(PASSWORD, 5)
        other = passwords.hash_password("another password", 4)
        terms = logins.Terms("2026-01-09T10:30:00.000000Z", None, HERE, "")
        await database.write(users.set_hash, user_id, other)
        assert await database.write(logins.begin, user_id, low, terms, better) is None, "it is another by now"
        row = await database.read(users.by_id, user_id)
        assert row is not None
        assert row["password_hash"] == other


def test_a_raise_never_brings_an_old_password_back(tmp_path: Path) -> None:
    asyncio.run(_changed_while_logging_in(tmp_path))


async def _raised_while_changing(folder: Path, monkeypatch: pytest.MonkeyPatch, stored: str) -> int:
    """The status of a change of password, between whose check and write `stored` has come into the row."""
    async with inside(folder) as (found, client):
        database = found.campus.database
        await database.write(users.set_hash, found.user_id, passwords.hash_password(PASSWORD, 4))
        real = auth.hash_of

        async def meanwhile(*args: object, **more: object) -> str:
            await database.write(users.set_hash, found.user_id, stored)
            return await real(*args, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(auth, "hash_of", meanwhile)
        new = {"new_password1": "quite another 8", "new_password2": "quite another 8"}
        answer = await client.post(
            "auth/password/change/",
            json={"old_password": PASSWORD, **new},
            headers={"Authorization": f"Token {found.token}"},
        )
        row = await database.read(users.by_id, found.user_id)
        assert row is not None
        assert passwords.check_password("quite another 8", row["password_hash"]) == (answer.status_code == 200)
        return answer.status_code


def test_a_raise_meanwhile_does_not_refuse_a_change_of_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised = passwords.hash_password(PASSWORD, 5)
    assert asyncio.run(_raised_while_changing(tmp_path, monkeypatch, raised)) == 200


def test_another_password_meanwhile_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = passwords.hash_password("somebody set this", 4)
    assert asyncio.run(_raised_while_changing(tmp_path, monkeypatch, other)) == 409


def test_the_rule_below_it(tmp_path: Path) -> None:
    """What is changed is what was checked, whatever the caller makes of a Conflict."""
    with running(tmp_path) as campus, command_transaction(campus.server.data_dir / DATABASE) as tx:
        act = auth.Act(campus["ann"].id, HERE, "2026-01-09T10:30:00.000000Z")
        with pytest.raises(Conflict):
            logins.change_password(tx, act, 1, "another hash", "v1$new")
