"""Search in messages: the words of one's own, sent or received, while they are there.

The index has a row a message: its folded text, and who is in it, as tags. A search begins at the asker's tag, so what
others wrote neither shows nor costs anything, however many of them used the same word. Who writes a message calls `put`
or `remove` in the same transaction (I9).
"""

from __future__ import annotations

from collections.abc import Iterable

from data import search
from data.message_rows import SELECT, Message, from_row
from data.transaction import Transaction

_TABLE = "messages_search"


def put(tx: Transaction, message_id: int, user_ids: Iterable[int], text: str) -> None:
    """Make a message's text searchable for these users, whether it is new or was another one. None is no row."""
    if not text:
        remove(tx, message_id)
        return
    tx.execute(
        f"INSERT OR REPLACE INTO {_TABLE} (rowid, people, text) VALUES (?, ?, ?)",
        (message_id, "".join(map(search.tag, user_ids)), search.fold(text)),
    )


def remove(tx: Transaction, message_id: int) -> None:
    """Forget a message; nothing if it is not there."""
    search.remove(tx, _TABLE, message_id)


def page(
    tx: Transaction, user_id: int, words: str, with_id: int | None, limit: int, offset: int
) -> tuple[int, list[Message]]:
    """How many of one's own messages have every word, and those from offset on, newest first.

    `with_id` leaves the messages between the two.
    """
    if with_id == user_id:
        return 0, []
    people = [user_id] if with_id is None else [user_id, with_id]
    found = search.matches(_TABLE, words, " AND ".join(f'people : "{search.tag(one)}"' for one in people))
    if found is None:
        return 0, []
    sql, parameters = found
    count = tx.value(f"SELECT count(*) FROM ({sql})", parameters)
    rows = tx.rows(
        f"{SELECT} WHERE m.id IN ({sql} ORDER BY 1 DESC LIMIT ? OFFSET ?) ORDER BY m.id DESC",
        (*parameters, limit, offset),
    )
    return count, [from_row(row) for row in rows]
