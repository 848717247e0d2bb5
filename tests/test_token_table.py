"""The table of tokens: learnt before anybody asks, and right whatever changes meanwhile (I10)."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from commands.folder import DATABASE_NAME
from data import clock, migrate, tokens, users
from data.connection import connect
from data.session import command_transaction
from data.transaction import Transaction
from realtime.api import tokens as table
from realtime.api.tokens import LEARNT_AT_ONCE, Learnt, TokenTable, newest
from realtime.api.upkeep import LEARN_AFTER_S
from tests.support.inside import Inside, served
from tests.support.waiting import until

NOW = "2026-01-01T00:00:00.000000Z"
WALL_S = clock.seconds(NOW)
USERS = LEARNT_AT_ONCE + 20  # more than one page
LIMIT_S = 30.0


def make(tx: Transaction, *, expires_at: str | None = None) -> list[tuple[int, str]]:
    """So many users, each with a token: ids and tokens."""
    made = []
    for number in range(USERS):
        user_id = users.create(tx, users.NewUser(f"user{number}", college_id=1), NOW)
        made.append(tokens.create(tx, user_id, now=NOW, expires_at=expires_at))
    return made


class Storage:
    """A database without a server, and a count of the look-ups."""

    def __init__(self, folder: Path, *, expires_at: str | None = None) -> None:
        self.path = folder / DATABASE_NAME
        migrate.migrate(self.path)
        with command_transaction(self.path) as tx:
            self.made = make(tx, expires_at=expires_at)
        self.found = 0
        self.table = TokenTable(self.find)

    async def find(self, token: str) -> table.Caller | None:
        self.found += 1
        with closing(connect(self.path)) as connection:
            connection.execute("BEGIN")
            return table.find(Transaction(connection), token)

    async def page(self, before_id: int) -> Learnt:
        with closing(connect(self.path)) as connection:
            connection.execute("BEGIN")
            return newest(Transaction(connection), before_id, NOW)


def test_what_is_learnt_is_not_looked_up(tmp_path: Path) -> None:
    async def test() -> None:
        storage = Storage(tmp_path)
        await storage.table.learn(storage.page)
        callers = [await storage.table.authenticate(token, WALL_S) for _, token in storage.made]
        assert [caller and caller.token_id for caller in callers] == [token_id for token_id, _ in storage.made]
        assert storage.found == 0
        assert await storage.table.authenticate("0" * 40, WALL_S) is None
        assert storage.found == 1

    asyncio.run(test())


def test_expired_tokens_are_not_learnt(tmp_path: Path) -> None:
    async def test() -> None:
        storage = Storage(tmp_path, expires_at=NOW)
        await storage.table.learn(storage.page)
        assert await storage.table.authenticate(storage.made[0][1], WALL_S) is None
        assert storage.found == 1

    asyncio.run(test())


def test_i10_a_token_that_ends_while_it_is_learnt_is_not_known(tmp_path: Path) -> None:
    async def test() -> None:
        storage = Storage(tmp_path)
        token_id, token = storage.made[-1]
        pages = 0

        async def page(before_id: int) -> Learnt:
            nonlocal pages
            found = await storage.page(before_id)
            pages += 1
            if pages == 1:  # it is in what was read, and ends before that is remembered
                with command_transaction(storage.path) as tx:
                    tokens.revoke(tx, [token_id], "revoked")
                storage.table.forget_tokens([token_id])
            return found

        await storage.table.learn(page)
        assert await storage.table.authenticate(token, WALL_S) is None
        assert await storage.table.authenticate(storage.made[0][1], WALL_S) is not None
        assert storage.found == 1, "of all tokens that one alone is looked up"

    asyncio.run(test())


@pytest.mark.parametrize("what", ["token", "user", "all", "too many"])
def test_i10_a_look_up_beside_a_change_of_what_it_finds_is_done_again(tmp_path: Path, what: str) -> None:
    async def test() -> None:
        storage = Storage(tmp_path)
        token_id, token = storage.made[0]

        async def find(token: str) -> table.Caller | None:
            found = await storage.find(token)
            if storage.found > 1:
                return found
            assert found is not None
            with command_transaction(storage.path) as tx:
                tokens.revoke(tx, [token_id], "revoked")
            match what:
                case "token":
                    known.forget_tokens([token_id])
                case "user":
                    known.forget_user(found.user_id)
                case "all":
                    known.forget_all()
                case _:
                    known.forget_tokens([token_id, *range(10**6, 10**6 + table.MOST_CHANGES)])
            return found

        known = TokenTable(find)
        assert await known.authenticate(token, WALL_S) is None
        assert storage.found == 2

    asyncio.run(test())


def test_look_ups_come_to_an_end_beside_others_who_sign_out(tmp_path: Path) -> None:
    async def test() -> None:
        storage = Storage(tmp_path)

        async def find(token: str) -> table.Caller | None:
            found = await storage.find(token)
            known.forget_tokens([10**6 + storage.found])
            known.forget_user(10**6 + storage.found)
            return found

        known = TokenTable(find)
        async with asyncio.timeout(LIMIT_S):
            callers = await asyncio.gather(*(known.authenticate(token, WALL_S) for _, token in storage.made[:50]))
        assert all(callers)
        assert storage.found == 50
        assert (known._changes._tokens, known._changes._users) == ({}, {}), "nothing is kept once none is under way"

    asyncio.run(test())


def test_i10_a_user_is_forgotten_with_all_tokens_and_nobody_else(tmp_path: Path) -> None:
    async def test() -> None:
        storage = Storage(tmp_path)
        with command_transaction(storage.path) as tx:
            row = tokens.find(tx, storage.made[0][1])
            assert row is not None
            second = tokens.create(tx, row["id"], now=NOW, expires_at=None)
        await storage.table.learn(storage.page)
        storage.table.forget_tokens([second[0]])
        storage.table.forget_user(row["id"])
        storage.table.forget_user(row["id"])
        for token in (second[1], storage.made[0][1], storage.made[1][1]):
            assert await storage.table.authenticate(token, WALL_S) is not None
        assert storage.found == 2

    asyncio.run(test())


def count_known(inside: Inside) -> int:
    """How many tokens the server knows."""
    return len(inside.campus.tokens._callers)


async def known(inside: Inside) -> bool:
    """Whether the user's token needs no look-up: with the readers standing still it answers or it does not."""
    held = await inside.hold_readers()
    asked = asyncio.ensure_future(inside.campus.tokens.authenticate(inside.token, inside.campus.wall_s()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    found = asked.done()
    for one in held:
        await one.release()
    assert await asked is not None
    return found


def test_a_server_knows_tokens_before_they_are_used(tmp_path: Path) -> None:
    async def test() -> None:
        async with served(tmp_path) as inside:
            assert await known(inside)

    asyncio.run(test())


def test_after_a_command_a_server_learns_them_again(tmp_path: Path) -> None:
    async def test() -> None:
        async with served(tmp_path) as inside:
            with command_transaction(inside.path) as tx:
                users.create(tx, users.NewUser("another", college_id=1), NOW)
            server = inside.server
            await server._upkeep.notice_outside_changes()
            assert count_known(inside) == 0
            mono_s = inside.campus.mono_s()
            server._upkeep.tick(mono_s, inside.campus.wall_s())
            await until(lambda: server._upkeep._round is None or server._upkeep._round.done())
            assert count_known(inside) == 0, "a script may be at work"
            server._upkeep.tick(mono_s + LEARN_AFTER_S + 1, inside.campus.wall_s())
            await until(lambda: count_known(inside) > 0)

    asyncio.run(test())
