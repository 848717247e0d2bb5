"""data/message_search.py: one's own words and nobody else's, from the moment at which they are stored, at any size."""

from __future__ import annotations

import time
from pathlib import Path
from shutil import copy
from unicodedata import lookup

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import message_search, messages, search, users
from data.connection import connect
from data.migrate import MIGRATIONS, migrate
from data.session import command_transaction
from data.transaction import Transaction

NOW = "2026-01-09T10:30:00.000000Z"
IDS = st.integers(1, 2**53 - 1)
OTHERS = 100_000


def people(tx: Transaction, *names: str) -> list[int]:
    return [users.create(tx, users.NewUser(name, college_id=1), NOW) for name in names]


def send(tx: Transaction, sender_id: int, receiver_id: int, text: str) -> int:
    return messages.send(tx, sender_id, receiver_id, text, None, NOW)[0]["id"]


def found(tx: Transaction, user_id: int, words: str, with_id: int | None = None) -> list[int]:
    """The ids, newest first; the count is theirs."""
    count, page = message_search.page(tx, user_id, words, with_id, 100, 0)
    assert count == len(page)
    return [message["id"] for message in page]


def test_both_sides_find_a_message_and_nobody_else_does(tx: Transaction) -> None:
    ann, bob, cy = people(tx, "ann", "bob", "cy")
    first = send(tx, ann, bob, "the meeting is at noon")
    second = send(tx, bob, ann, "which Meeting?")
    third = send(tx, bob, cy, "no meeting with Ann")
    assert found(tx, ann, "meeting") == [second, first]
    assert found(tx, bob, "meeting") == [third, second, first]
    assert found(tx, cy, "meeting") == [third]
    assert found(tx, ann, "meeting noon") == found(tx, ann, "NOON Meet") == [first]
    assert found(tx, ann, "meeting midnight") == []


def test_with_leaves_the_messages_between_the_two(tx: Transaction) -> None:
    ann, bob, cy = people(tx, "ann", "bob", "cy")
    to_bob, to_cy = send(tx, ann, bob, "hello"), send(tx, ann, cy, "hello")
    between = send(tx, bob, cy, "hello")
    assert found(tx, ann, "hello", bob) == [to_bob]
    assert found(tx, cy, "hello", ann) == [to_cy]
    assert found(tx, cy, "he", bob) == [between]
    assert found(tx, ann, "hello", ann) == found(tx, ann, "hello", 2**53 - 1) == []


def test_an_edit_and_a_deletion_reach_the_index_with_the_message(tx: Transaction) -> None:
    ann, bob = people(tx, "ann", "bob")
    message = send(tx, ann, bob, "the old secret")
    messages.edit(tx, ann, message, "the new plan", NOW)
    for user in (ann, bob):
        assert found(tx, user, "secret") == found(tx, user, "se") == []
        assert found(tx, user, "plan") == found(tx, user, "pl") == [message]
    messages.delete(tx, ann, message, NOW)
    for user in (ann, bob):
        assert found(tx, user, "plan") == found(tx, user, "pl") == []
    assert tx.value("SELECT count(*) FROM messages_search") == 0


def test_what_is_rolled_back_is_not_found(tmp_path: Path) -> None:
    path = tmp_path / "realtime.sqlite3"
    with command_transaction(path) as tx:
        ann, bob = people(tx, "ann", "bob")
        kept = send(tx, ann, bob, "kept for good")

    def fail() -> None:
        with command_transaction(path) as tx:
            messages.edit(tx, ann, kept, "changed in vain", NOW)
            send(tx, ann, bob, "sent in vain")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with command_transaction(path) as tx:
        assert found(tx, ann, "vain") == []
        assert found(tx, ann, "good") == [kept]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Straße nach Zürich", "STRASSE zürich"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("राम कुमार आया", "कुमार"),
        ("明天開會", "開會"),
        ("see you 🎓🎉", "🎓"),
        ('he said "yes" AND left', '"yes" and'),
        ("x", "X"),
        ("first line\nsecond line", "line second"),
        ("100%_sure*", "0%_s"),
    ],
)
def test_words_are_found_as_everywhere(tx: Transaction, text: str, words: str) -> None:
    ann, bob = people(tx, "ann", "bob")
    message = send(tx, ann, bob, text)
    send(tx, ann, bob, "something else")
    assert found(tx, bob, words) == [message]


def test_a_page_is_a_part_and_the_count_is_of_all(tx: Transaction) -> None:
    ann, bob = people(tx, "ann", "bob")
    sent = [send(tx, ann, bob, f"hello number {number}") for number in range(7)][::-1]
    for words in ("hello", "he", "hello er"):
        pages = [message_search.page(tx, bob, words, None, 3, offset) for offset in (0, 3, 6, 9)]
        assert [count for count, _ in pages] == [7] * 4
        assert [[one["id"] for one in page] for _, page in pages] == [sent[:3], sent[3:6], sent[6:], []]


@pytest.mark.parametrize(
    "words",
    [
        "people:",
        "people : x",
        'x" OR people : "',
        "x OR y",
        "NOT x",
        "{people text} : x",
        "^hello",
        "NEAR(hello)",
        "-x",
        "*",
    ],
)
def test_no_word_is_an_expression(tx: Transaction, words: str) -> None:
    ann, bob, cy = people(tx, "ann", "bob", "cy")
    send(tx, ann, bob, "hello x y")
    assert found(tx, cy, words) == []
    assert words not in ("x OR y", "^hello") or found(tx, ann, words) == []


def test_tags_in_texts_and_in_words_are_nobodys(tx: Transaction) -> None:
    """Whoever writes another's tag into a message does not put it before them, and a tag as a word finds no people."""
    ann, bob, cy = people(tx, "ann", "bob", "cy")
    message = send(tx, ann, bob, f"{search.tag(cy)} hello {search.tag(cy)}")
    send(tx, ann, bob, "hello")
    assert found(tx, cy, "hello") == found(tx, ann, "hello", cy) == []
    assert found(tx, cy, search.tag(ann)) == []
    assert found(tx, ann, search.tag(cy)) == [message]
    assert found(tx, ann, search.tag(bob)) == []


@given(st.lists(IDS, min_size=1, max_size=4), IDS)
@settings(max_examples=200)
def test_tags_side_by_side_hold_no_other_tag(ids: list[int], other: int) -> None:
    text = "".join(map(search.tag, ids))
    assert (search.tag(other) in text) == (other in ids)
    assert all(search.tag(one) in text for one in ids)


def test_messages_from_before_the_index_are_found(tmp_path: Path) -> None:
    """Among them letters that SQLite's own lower() leaves alone; deleted ones are not."""
    before = tmp_path / "before"
    before.mkdir()
    copy(MIGRATIONS / "0001_core.sql", before)
    path = tmp_path / "realtime.sqlite3"
    assert migrate(path, before) == 1
    texts = ["Straße", "ПРИВЕТ", lookup("LATIN CAPITAL LETTER I WITH DOT ABOVE") + "stanbul", "", "gone"]
    connection = connect(path)
    for name in ("ann", "bob", "cy"):
        connection.execute(
            "INSERT INTO users (username, user_type, college_id, date_joined, created_at, updated_at) "
            "VALUES (?1, 'student', 1, ?2, ?2, ?2)",
            (name, NOW),
        )
    connection.execute(
        "INSERT INTO conversations (low_user_id, high_user_id, created_at, updated_at) VALUES (1, 2, ?1, ?1)", (NOW,)
    )
    for number, text in enumerate(texts, 1):
        connection.execute(
            "INSERT INTO messages (conversation_id, sender_id, text, is_active, created_at, updated_at) "
            "VALUES (1, 1, ?1, ?1 <> 'gone', ?2, ?2)",
            (text, NOW),
        )
        connection.execute("INSERT INTO receipts (message_id, user_id, conversation_id) VALUES (?, 2, 1)", (number,))
    connection.close()
    with command_transaction(path) as tx:
        for user in (1, 2):
            assert [found(tx, user, words) for words in ("STRASSE", "привет", "istanbul", "gone")] == [
                [1],
                [2],
                [3],
                [],
            ]
        assert found(tx, 3, "strasse") == []
        messages.edit(tx, 1, 1, "Gasse", NOW)
        assert (found(tx, 1, "gasse"), found(tx, 1, "strasse")) == ([1], [])


def test_a_word_that_all_others_use_costs_its_asker_nothing(tmp_path: Path) -> None:
    path = tmp_path / "realtime.sqlite3"
    with command_transaction(path) as tx:
        ann, bob = people(tx, "ann", "bob")
        own = [send(tx, ann, bob, f"hello own {number}") for number in range(25)][::-1]
        last = own[0]
        tx.executemany(
            "INSERT INTO messages_search (rowid, people, text) VALUES (?, ?, 'hello there')",
            (
                (last + number, search.tag(1000 + number % 500) + search.tag(2000 + number % 700))
                for number in range(1, OTHERS + 1)
            ),
        )
    with command_transaction(path) as tx:
        for words in ("hello", "he", "hello lo", "hello there"):
            times_s = []
            for _ in range(5):
                begun_s = time.perf_counter()
                count, page = message_search.page(tx, ann, words, None, 20, 0)
                times_s.append(time.perf_counter() - begun_s)
            expected = own if words != "hello there" else []
            assert (count, [one["id"] for one in page]) == (len(expected), expected[:20])
            print(f"{words!r} among {OTHERS} of others: {1000 * min(times_s):.2f} ms")
            assert min(times_s) < 0.020, words


@pytest.mark.parametrize("words", ["hello", "he", "hello he", "hello world"])
@pytest.mark.parametrize("with_id", [None, 2])
def test_no_table_is_scanned(tx: Transaction, words: str, with_id: int | None) -> None:
    ann, bob = people(tx, "ann", "bob")
    send(tx, ann, bob, "hello world")
    asked: list[str] = []
    tx._connection.set_trace_callback(asked.append)
    message_search.page(tx, ann, words, with_id, 20, 0)
    tx._connection.set_trace_callback(None)
    selects = [sql for sql in asked if sql.startswith("SELECT") and "messages_search" in sql]
    assert selects
    for sql in selects:
        plan = [row["detail"] for row in tx.rows(f"EXPLAIN QUERY PLAN {sql}")]
        scans = [step for step in plan if step.startswith("SCAN")]
        # The index by what it matches, what that found, and the words themselves.
        allowed = (
            "SCAN messages_search VIRTUAL TABLE INDEX",
            "SCAN newest",
            "SCAN word VIRTUAL TABLE",
            "SCAN (subquery",
        )
        assert all(step.startswith(allowed) for step in scans), plan
        assert all(":M" in step for step in scans if "messages_search" in step), f"without MATCH: {plan}"
