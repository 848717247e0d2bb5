"""data/files.py: rows of files, links and references to them, and what nothing names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from data import files, log, messages, users
from data.errors import Conflict, Invalid, NotFound
from data.files import NewFile
from data.outcome import FilesRemoved
from data.transaction import Transaction
from data.users import NewUser
from realtime import links

NOW = "2026-01-09T10:30:00.000000Z"


def new(number: int = 1, name: str = "a b.png") -> NewFile:
    return NewFile(f"{number:040x}", name, "image/png", "image", 3, "e" * 32)


def removed(tx: Transaction) -> list[str]:
    return [key for item in tx.outcome if isinstance(item, FilesRemoved) for key in item.keys]


@pytest.fixture
def people(tx: Transaction) -> tuple[int, int]:
    ann, bob = (users.create(tx, NewUser(name, college_id=1), NOW) for name in ("ann", "bob"))
    return ann, bob


def told(tx: Transaction, event: str) -> list[dict[str, Any]]:

    return [json.loads(row["data"]) for row in tx.rows("SELECT data FROM event_log WHERE event = ?", (event,))]


def test_a_reference_is_what_the_realtime_side_makes_an_address_of() -> None:
    reference = files.reference(new().key, "a b\u00e9.png")
    text = log.dumps({"attachment": reference}).encode()
    assert links.absolute(text, "https://campus.example") == (
        b'{"attachment":"https://campus.example/files/%040x/a%%20b%%C3%%A9.png"}' % 1
    )


def test_a_message_and_its_file_are_one(tx: Transaction, people: tuple[int, int]) -> None:
    ann, bob = people
    message, is_new = messages.send(tx, ann, bob, "", "once", NOW, new())
    reference = files.reference(new().key, new().name)
    assert is_new
    assert (message["attachment"], message["attachment_url"], message["attachment_type"]) == (
        reference, reference, "image",
    )  # fmt: skip
    assert messages.one(tx, bob, message["id"]) == message
    assert [data["attachment"] for data in told(tx, "message")] == [reference]
    again, is_new = messages.send(tx, ann, bob, "", "once", NOW, new(2))
    assert (again, is_new) == (message, False)
    assert files.nameless_keys(tx, [new(1).key, new(2).key]) == [new(2).key]
    messages.delete(tx, ann, message["id"], NOW)
    assert removed(tx) == [new().key]
    assert files.by_key(tx, new().key) is None
    (data,) = told(tx, "message")
    assert (data["attachment"], data["attachment_url"], data["attachment_type"]) == (None, None, None)
    with pytest.raises(Conflict):
        messages.send(tx, ann, bob, "", "once", NOW, new(3))
    with pytest.raises(NotFound):
        messages.send(tx, ann, 999, "", None, NOW, new(3))


def test_a_text_may_be_taken_from_a_file_and_not_from_nothing(tx: Transaction, people: tuple[int, int]) -> None:
    ann, bob = people
    with_file, _ = messages.send(tx, ann, bob, "look", None, NOW, new())
    bare, _ = messages.send(tx, ann, bob, "words", None, NOW)
    assert messages.edit(tx, ann, with_file["id"], "", NOW)["message"] == ""
    assert [data["attachment"] for data in told(tx, "message_updated")] == [with_file["attachment"]]
    with pytest.raises(Invalid):
        messages.edit(tx, ann, bare["id"], "", NOW)


def test_an_edit_keeps_the_reference_in_the_log(tx: Transaction, people: tuple[int, int]) -> None:
    ann, bob = people
    message, _ = messages.send(tx, ann, bob, 'say "\\u0000/files/x"', None, NOW, new())
    messages.edit(tx, ann, message["id"], "changed", NOW)
    rows = [row["data"] for row in tx.rows("SELECT data FROM event_log WHERE event = 'message'")]
    assert [text.count('"\\u0000/files/') for text in rows] == [2]


def test_links_are_in_columns_of_other_things(tx: Transaction, people: tuple[int, int]) -> None:
    ann, _ = people
    link = files.add_link(tx, new(), ann, NOW)
    tx.execute("UPDATE users SET avatar = ? WHERE id = ?", (link, ann))
    address = f"https://campus.example/files/{new().key}/a%20b.png"
    assert files.is_link(link)
    assert files.shown(link) == files.reference(new().key, new().name)
    assert files.kept(address, link) == link
    for other in (None, "https://elsewhere.example/a.png", f"/files/{2:040x}/a.png"):
        assert files.shown(other) == other
        assert files.kept(other, link) == other
        assert not files.is_link(other)
    assert files.unused(tx) == []
    files.remove_link(tx, "https://elsewhere.example/a.png")
    files.remove_link(tx, None)
    assert removed(tx) == []
    files.remove_link(tx, link)
    assert removed(tx) == [new().key]


def test_what_nothing_names_is_found(tx: Transaction, people: tuple[int, int]) -> None:
    ann, bob = people
    messages.send(tx, ann, bob, "", None, NOW, new(1))
    avatar = files.add_link(tx, new(2), ann, NOW)
    tx.execute("UPDATE users SET avatar = ? WHERE id = ?", (avatar, ann))
    left = files.add(tx, new(3), ann, NOW)
    assert files.unused(tx) == [left]
    files.remove(tx, files.unused(tx))
    assert removed(tx) == [new(3).key]
    assert files.nameless_keys(tx, [new(number).key for number in (1, 2, 3)]) == [new(3).key]
    assert files.unused(tx) == []
