"""What changes between a stream's authentication and its being live is not lost (I10), nor told twice (I3)."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from pathlib import Path

import pytest

from data import clock, conversations, log, messages, tokens, users
from data.connection import connect
from data.outcome import KeysChanged
from data.transaction import Transaction
from tests.support.inside import Client, Inside, append, served
from tests.support.moments import MOMENTS, Change, Moment, attached, authenticated, live, looked_up, looking_up, read
from tests.support.waiting import until

KEY = "class:3"


async def revoke(inside: Inside) -> None:
    """As DELETE of a session or another password does."""

    def ended(tx: Transaction) -> None:
        tokens.revoke_user(tx, inside.user_id, "revoked")

    await inside.campus.database.write(ended)


async def delete_beside(inside: Inside) -> None:
    """As a command does, whose commit nobody here is told of until the clock looks."""
    with closing(connect(inside.path)) as connection:
        connection.execute("DELETE FROM tokens")


async def deactivate_beside(inside: Inside) -> None:
    with closing(connect(inside.path)) as connection:
        connection.execute("UPDATE users SET is_active = 0")


async def assert_nothing_is_left(inside: Inside, client: Client) -> None:
    """The client was refused, or its stream has ended for good; the hub knows of none."""
    await client.read_until(lambda client: client.status != 0)
    if client.status == 401:
        await client.read_until(lambda client: bool(client.events))
        assert client.events[-1].text == '{"error":"Unauthorized"}'
    else:
        await client.read_to_end()
        assert client.status == 200
        assert client.events[-1].text == '{"status":"disconnected","reason":"revoked"}'
    await until(lambda: not inside.campus.hub.streams and not inside.campus.hub.slow)
    assert not inside.campus.hub.is_listening(inside.user_id)
    again = await inside.connect()
    await again.read_until(lambda client: client.status != 0)
    assert again.status == 401


@pytest.mark.parametrize("moment", MOMENTS)
def test_i10_a_revocation_between_authentication_and_live_leaves_no_stream(moment: Moment, tmp_path: Path) -> None:
    async def test() -> None:
        async with served(tmp_path) as inside:
            client = await moment(inside, revoke, None)
            await assert_nothing_is_left(inside, client)
            assert (client.status == 401) == (moment in (looking_up, looked_up))

    asyncio.run(test())


@pytest.mark.parametrize("change", [delete_beside, deactivate_beside])
@pytest.mark.parametrize("moment", [authenticated, attached])
def test_i10_a_stream_looks_its_token_up_once_more_when_it_opens(
    moment: Moment, change: Change, tmp_path: Path
) -> None:
    async def test() -> None:
        async with served(tmp_path) as inside:
            client = await moment(inside, change, None)
            await client.read_to_end()
            assert client.events[-1].text == '{"status":"disconnected","reason":"revoked"}'
            assert not inside.campus.hub.streams
            assert not inside.campus.presence.is_online(inside.user_id)

    asyncio.run(test())


def test_i10_a_revocation_while_a_replay_runs_ends_it_between_two_frames(tmp_path: Path) -> None:
    async def test() -> None:
        async with served(tmp_path, send_buffer_bytes=4096) as inside:
            for _ in range(200):
                await inside.tell(f"user:{inside.user_id}", size=4000)
            client = await inside.connect(cursor=0)
            await client.read_until(lambda client: len(client.ids) >= 10)
            await revoke(inside)
            await assert_nothing_is_left(inside, client)
            assert client.ids == list(range(1, len(client.ids) + 1))
            assert len(client.ids) < 100

    asyncio.run(test())


async def gain(inside: Inside) -> None:
    """The user gets a key, after one event of it and before another, in one transaction."""

    def joined(tx: Transaction) -> None:
        append(tx, KEY)
        since_id = log.position(tx)
        tx.execute("INSERT INTO user_keys VALUES (?, ?, ?)", (inside.user_id, KEY, since_id))
        tx.outcome.append(KeysChanged(inside.user_id, gained=((KEY, since_id),)))
        append(tx, KEY)

    await inside.campus.database.write(joined)


async def lose(inside: Inside) -> None:
    """The user loses a key, before another event of it, in one transaction."""

    def left(tx: Transaction) -> None:
        tx.execute("DELETE FROM user_keys WHERE user_id = ? AND key = ?", (inside.user_id, KEY))
        tx.outcome.append(KeysChanged(inside.user_id, lost=(KEY,)))
        append(tx, KEY)

    await inside.campus.database.write(left)


@pytest.mark.parametrize("cursor", [0, None])
@pytest.mark.parametrize("moment", MOMENTS)
def test_i10_a_key_gained_while_a_stream_opens_is_heard_from_then_on_and_once(
    moment: Moment, cursor: int | None, tmp_path: Path
) -> None:
    async def test() -> None:
        async with served(tmp_path) as inside:
            client = await moment(inside, gain, cursor)
            await until(lambda: bool(inside.campus.hub.streams))
            after = await inside.tell(KEY)
            await client.read_event(after)
            # A stream without a cursor begins where it attaches.
            missed = cursor is None and moment in (looking_up, looked_up, authenticated)
            assert client.ids == ([3] if missed else [2, 3])

    asyncio.run(test())


@pytest.mark.parametrize("cursor", [0, None])
@pytest.mark.parametrize("moment", MOMENTS)
def test_i10_a_key_lost_while_a_stream_opens_is_heard_no_more(
    moment: Moment, cursor: int | None, tmp_path: Path
) -> None:
    async def test() -> None:
        async with served(tmp_path) as inside:

            def joined(tx: Transaction) -> None:
                tx.execute("INSERT INTO user_keys VALUES (?, ?, 0)", (inside.user_id, KEY))

            await inside.campus.database.write(joined)
            client = await moment(inside, lose, cursor)
            await until(lambda: bool(inside.campus.hub.streams))
            await inside.tell(KEY)
            own = await inside.tell(f"user:{inside.user_id}")
            await client.read_event(own)
            assert client.ids == [own]

    asyncio.run(test())


@pytest.mark.parametrize("cursor", [0, None])
@pytest.mark.parametrize("keys", [("user:{}",), ("all",), ("college:1", "user:{}", "all")])
@pytest.mark.parametrize("moment", MOMENTS)
def test_i3_an_event_while_a_stream_opens_is_told_once(
    moment: Moment, keys: tuple[str, ...], cursor: int | None, tmp_path: Path
) -> None:
    async def test() -> None:
        async with served(tmp_path) as inside:
            audience = [key.format(inside.user_id) for key in keys]
            client = await moment(inside, lambda inside: inside.tell(*audience), cursor)
            await until(lambda: bool(inside.campus.hub.streams))
            after = await inside.tell(*audience)
            await client.read_event(after)
            missed = cursor is None and moment in (looking_up, looked_up, authenticated)
            assert client.ids == ([2] if missed else [1, 2])

    asyncio.run(test())


@pytest.mark.parametrize("moment", [attached, read, live])
def test_who_is_first_written_to_while_a_stream_opens_sees_its_user_come_and_go(moment: Moment, tmp_path: Path) -> None:
    async def test() -> None:
        async with served(tmp_path) as inside:
            now = clock.stamp(time.time())
            other_id = await inside.campus.database.write(users.create, users.NewUser("other", college_id=1), now)

            async def write_first(inside: Inside) -> None:
                await inside.campus.database.write(messages.send, other_id, inside.user_id, "hello", None, now)

            client = await moment(inside, write_first, None)
            await client.read_until(lambda client: "presence_snapshot" in [one.event for one in client.events])
            await until(lambda: not inside.campus.hub.slow)
            assert await inside.campus.database.read(conversations.between, inside.user_id, other_id)
            inside.campus.presence.arrive(other_id, "Other", [inside.user_id])
            assert inside.campus.presence.snapshot(other_id) == {"online": [inside.user_id]}
            assert inside.campus.presence.snapshot(inside.user_id) == {"online": [other_id]}

    asyncio.run(test())
