"""The long poll from inside: what a poll hears while it waits, what ends it, and that polls lose nothing."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from data import clock, log, messages, tokens, users
from data.connection import connect
from data.outcome import KeysChanged
from data.transaction import Transaction
from realtime import frame
from realtime.hub import user_key
from tests.support.inside import Inside, append
from tests.support.poller import hang_up, polled


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def told(answer: dict[str, Any]) -> list[tuple[str, int | None]]:
    return [(one["event"], one["id"]) for one in answer["events"]]


async def acquaintance(inside: Inside) -> int:
    """Another user who has written to the inside's."""
    now = clock.stamp(time.time())
    other_id = await inside.campus.database.write(users.create, users.NewUser("other", college_id=1), now)
    await inside.campus.database.write(messages.send, other_id, inside.user_id, "hello", None, now)
    return other_id


def test_what_is_stored_ends_the_wait_and_only_what_is_ones_own(tmp_path: Path) -> None:
    async def test() -> None:
        async with polled(tmp_path) as poller, poller.waiting(0) as answer:
            inside = poller.inside
            await inside.tell("user:999", "class:7")
            assert inside.campus.hub.streams
            event_id = await inside.tell(user_key(inside.user_id))
            found = await answer()
            assert told(found) == [("notification", event_id)]
            assert (found["last_event_id"], found["has_more"]) == (event_id, False)

    run(test())


def test_what_is_committed_together_comes_together_and_the_rest_waits_in_the_log(tmp_path: Path) -> None:
    async def test() -> None:
        async with polled(tmp_path) as poller:
            inside = poller.inside

            def many(tx: Transaction) -> list[int]:
                return [append(tx, user_key(inside.user_id)).id for _ in range(120)]

            async with poller.waiting(0) as answer:
                ids = await inside.campus.database.write(many)
                found = await answer()
                assert [one["id"] for one in found["events"]] == ids[:100]
                assert found["has_more"]
            rest = await poller.ask(found["last_event_id"])
            assert [one["id"] for one in rest["events"]] == ids[100:]
            assert not rest["has_more"]

    run(test())


def test_typing_and_presence_are_told_while_a_poll_waits(tmp_path: Path) -> None:
    async def test() -> None:
        async with polled(tmp_path) as poller:
            inside = poller.inside
            other_id = await acquaintance(inside)
            cursor = (await poller.ask(0))["last_event_id"]
            typing = {"sender_id": other_id, "sender_name": "O", "is_typing": True, "conversation_id": 1}
            async with poller.waiting(cursor) as answer:
                inside.campus.hub.publish((user_key(inside.user_id),), frame.encode("typing", typing))
                found = await answer()
                assert found["events"] == [{"id": None, "event": "typing", "data": typing}]
                assert (found["last_event_id"], found["has_more"]) == (cursor, False)
            inside.campus.hub.publish((user_key(inside.user_id),), frame.encode("typing", typing))
            async with poller.waiting(cursor) as answer:
                inside.campus.presence.arrive(other_id, "Other", [inside.user_id])
                assert told(await answer()) == [("presence", None)]

    run(test())


def test_presence_that_changed_between_two_polls_is_told_by_the_snapshot(tmp_path: Path) -> None:
    async def test() -> None:
        async with polled(tmp_path, presence_grace_s=0) as poller:
            inside = poller.inside
            other_id = await acquaintance(inside)
            cursor = (await poller.ask(0))["last_event_id"]
            for online in ([other_id], []):
                if online:
                    inside.campus.presence.arrive(other_id, "Other", [inside.user_id])
                else:
                    inside.campus.presence._left.append(other_id)
                    inside.campus.presence.tick(time.monotonic(), time.time())
                found = await poller.ask(cursor)
                assert told(found) == [("presence_snapshot", None)]
                assert found["events"][0]["data"] == {"online": online}
                assert (found["last_event_id"], found["has_more"]) == (cursor, False)
                assert (await poller.ask(cursor, 0))["events"] == [], "it is told once"

    run(test())


def test_a_poll_is_online_while_it_waits_and_for_a_grace(tmp_path: Path) -> None:
    async def test() -> None:
        async with polled(tmp_path, presence_grace_s=10) as poller:
            presence, user_id = poller.inside.campus.presence, poller.inside.user_id
            async with poller.waiting(0) as answer:
                assert presence.is_online(user_id)
                await poller.inside.tell(user_key(user_id))
                await answer()
            for mono_s, is_online in ((100.0, True), (109.0, True), (111.0, False)):
                presence.tick(mono_s, time.time())
                assert presence.is_online(user_id) == is_online

    run(test())


@pytest.mark.parametrize("reason", ["revoked", "logout", "disabled"])
def test_i10_a_revocation_answers_at_once_and_the_next_poll_is_refused(tmp_path: Path, reason: str) -> None:
    async def test() -> None:
        async with polled(tmp_path) as poller:
            inside = poller.inside

            def revoke(tx: Transaction) -> None:
                append(tx, user_key(inside.user_id))
                tokens.revoke_user(tx, inside.user_id, reason)

            async with poller.waiting(0) as answer:
                await inside.campus.database.write(revoke)
                data = {"status": "disconnected", "reason": reason}
                assert await answer() == {
                    "status": 200,
                    "events": [{"id": None, "event": "disconnected", "data": data}],
                    "last_event_id": 0,
                    "has_more": False,
                }
            assert (await poller.ask(0))["status"] == 401

    run(test())


def test_i10_a_token_that_ends_while_a_poll_opens_ends_it(tmp_path: Path) -> None:
    async def test() -> None:
        async with polled(tmp_path) as poller:
            inside = poller.inside
            held = await inside.hold_readers()
            task = asyncio.create_task(poller.ask(0))
            await inside.waiting_reads(1)
            with closing(connect(inside.path)) as connection:
                connection.execute("DELETE FROM tokens")  # as a command does, of which nobody here is told
            for one in held:
                await one.release()
            assert told(await task) == [("disconnected", None)]

    run(test())


def test_i10_a_key_gained_while_a_poll_waits_is_heard_from_then_on(tmp_path: Path) -> None:
    async def test() -> None:
        async with polled(tmp_path) as poller:
            inside = poller.inside

            def join(tx: Transaction) -> int:
                append(tx, "class:3")
                since_id = log.position(tx)
                tx.execute("INSERT INTO user_keys VALUES (?, 'class:3', ?)", (inside.user_id, since_id))
                tx.outcome.append(KeysChanged(inside.user_id, gained=(("class:3", since_id),)))
                return append(tx, "class:3").id

            async with poller.waiting(0) as answer:
                event_id = await inside.campus.database.write(join)
                assert told(await answer()) == [("notification", event_id)]
            assert told(await poller.ask(0)) == [("notification", event_id)]

    run(test())


@pytest.mark.expect_errors
def test_an_event_that_could_not_be_pushed_is_read_from_the_log(tmp_path: Path) -> None:
    async def test() -> None:
        async with polled(tmp_path) as poller:
            inside, publish = poller.inside, poller.inside.campus.hub.publish

            def fail(*args: Any) -> None:
                inside.campus.hub.publish = publish  # type: ignore[method-assign]
                raise RuntimeError

            async with poller.waiting(0) as answer:
                inside.campus.hub.publish = fail  # type: ignore[method-assign]
                event_id = await inside.tell(user_key(inside.user_id))
                assert told(await answer()) == [("notification", event_id)]

    run(test())


def test_a_client_that_goes_leaves_nothing_behind(tmp_path: Path) -> None:
    async def test() -> None:
        async with polled(tmp_path) as poller:
            await hang_up(poller.inside, 0)
            event_id = await poller.inside.tell(user_key(poller.inside.user_id))
            assert told(await poller.ask(0)) == [("notification", event_id)]

    run(test())


def test_i3_polls_one_after_another_tell_each_event_once_in_order(tmp_path: Path) -> None:
    """While others write, in pages of every size, and with clients that lose an answer and ask again."""

    async def test() -> None:
        async with polled(tmp_path, replay_page_bytes=4096) as poller:
            inside, chance = poller.inside, random.Random(7)
            own = user_key(inside.user_id)
            expected: list[int] = []

            async def write() -> None:
                for _ in range(60):
                    keys = [chance.choice([own, "class:1", "all"]) for _ in range(chance.choice([1, 1, 30]))]

                    def burst(tx: Transaction, keys: list[str] = keys) -> list[int]:
                        size = chance.choice([0, 0, 3000])
                        return [append(tx, key, size=size).id for key in keys]

                    ids = await inside.campus.database.write(burst)
                    expected.extend(one for one, key in zip(ids, keys, strict=True) if key != "class:1")
                    for _ in range(chance.randrange(20)):
                        await asyncio.sleep(0)
                expected.append(await inside.tell(own))

            writer = asyncio.create_task(write())
            cursor, heard = 0, list[int]()
            while not writer.done() or heard[-1] < expected[-1]:
                if chance.random() < 0.1:
                    await poller.ask(cursor, 0)  # whose answer is lost on the way
                answer = await poller.ask(cursor, chance.choice([0, 1]))
                heard += [one["id"] for one in answer["events"] if one["id"] is not None]
                cursor = answer["last_event_id"]
            await writer
            assert heard == expected
            assert len(heard) > 100

    run(test())
