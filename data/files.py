"""Files: their rows, and how other objects name them. The bytes are in a store that this room does not know.

A file belongs to one thing: a message names its row (`file_id`), other things hold a *link* in a text column of their
own (LINKED). The row is made and removed in the transaction that makes and changes the thing (I9); what is removed
there is told by FilesRemoved, after which the store drops the bytes.

In objects and in the log a file is a *reference*: MARK and then the path. No text of a client begins with a NUL, as
bodies with one are refused, so whoever encodes an object for somebody can put an address in front of it and of nothing
else: the same file has another host for another reader.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from data.outcome import FilesRemoved
from data.transaction import Transaction

Kind = Literal["image", "video", "document"]

MARK = "\0"
FOLDER = "/files/"
KEY_DIGITS = 40
# The columns that hold links. A file that neither one of them nor a message names is swept away at the next start.
LINKED = (("users", "avatar"), ("notices", "attachment"), ("events", "image"), ("campus", "logo"))

# No client's text can be one: addresses begin with http:, https: or a slash.
_LINK = "file:"


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that lies in the store and has no row yet. `key` is 160 random bits in hexadecimal digits."""

    key: str
    name: str
    media_type: str
    kind: Kind
    size_bytes: int
    etag: str


def add(tx: Transaction, file: NewFile, owner_id: int, now: str) -> int:
    """The row of a new file; its id."""
    return tx.insert(
        "INSERT INTO files (key, name, media_type, kind, size_bytes, etag, owner_id, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (file.key, file.name, file.media_type, file.kind, file.size_bytes, file.etag, owner_id, now),
    )


def add_link(tx: Transaction, file: NewFile, owner_id: int, now: str) -> str:
    """The row of a new file; the link to it, for one of the columns LINKED."""
    add(tx, file, owner_id, now)
    return f"{_LINK}{path(file.key, file.name)}"


def remove(tx: Transaction, file_ids: Sequence[int]) -> None:
    """Remove rows that nothing names any more; the store drops the bytes after the commit."""
    keys = [tx.value("DELETE FROM files WHERE id = ? RETURNING key", (file_id,)) for file_id in file_ids]
    found = tuple(key for key in keys if key is not None)
    if found:
        tx.outcome.append(FilesRemoved(found))


def remove_link(tx: Transaction, text: str | None) -> None:
    """Remove the file that a column linked to; any other text in it is nothing of ours."""
    if is_link(text):
        file_id = tx.value("SELECT id FROM files WHERE key = ?", (_key(text or ""),))
        remove(tx, () if file_id is None else (file_id,))


def replace_link(
    tx: Transaction, given: str | NewFile | None, stored: str | None, owner_id: int, now: str
) -> str | None:
    """What to store in a column of LINKED now: the link of a new file, or what a client's text means. The file that
    was linked to before goes, unless it is the same."""
    text = add_link(tx, given, owner_id, now) if isinstance(given, NewFile) else kept(given, stored)
    if text != stored:
        remove_link(tx, stored)
    return text


def is_link(text: str | None) -> bool:
    """Whether a column's text is a link to a file."""
    return text is not None and text.startswith(_LINK)


def shown(text: str | None) -> str | None:
    """A column's text as objects have it: a link as a reference, anything else as it is."""
    return MARK + text.removeprefix(_LINK) if text is not None and is_link(text) else text


def kept(given: str | None, stored: str | None) -> str | None:
    """What a client means that sends a whole object back: the stored link if it is given its address, else as given."""
    if given is not None and stored is not None and is_link(stored) and f"{FOLDER}{_key(stored)}/" in given:
        return stored
    return given


def reference(key: str, name: str) -> str:
    """What objects name a file by."""
    return MARK + path(key, name)


def path(key: str, name: str) -> str:
    """Where a file is served."""
    return f"{FOLDER}{key}/{quote(name, safe='')}"


def by_key(tx: Transaction, key: str) -> sqlite3.Row | None:
    """A file's row."""
    return tx.row("SELECT * FROM files WHERE key = ?", (key,))


def uploaded(tx: Transaction, owner_id: int, since: str, most_bytes: int) -> tuple[int, str | None]:
    """How many bytes of a user's files are newer than `since`; and when the one was made without which, and without
    those before it, there are at most `most_bytes`: None if there are no more. Deleted files are not counted."""
    total_bytes = tx.value(
        "SELECT coalesce(sum(size_bytes), 0) FROM files WHERE owner_id = ? AND created_at > ?", (owner_id, since)
    )
    if total_bytes <= most_bytes:
        return total_bytes, None
    blocking = tx.value(
        "SELECT coalesce(min(created_at) FILTER (WHERE gone_bytes >= ?3), max(created_at)) FROM "
        "(SELECT created_at, sum(size_bytes) OVER (ORDER BY created_at, id) AS gone_bytes "
        "FROM files WHERE owner_id = ?1 AND created_at > ?2)",
        (owner_id, since, total_bytes - most_bytes),
    )
    return total_bytes, blocking


def nameless_keys(tx: Transaction, keys: Sequence[str]) -> list[str]:
    """Those of keys that no row has."""
    return [key for key in keys if tx.value("SELECT 1 FROM files WHERE key = ?", (key,)) is None]


def unused(tx: Transaction) -> list[int]:
    """The rows that nothing names: a thing that was removed by other means than ours left them behind."""
    linked = {
        _key(row[0])
        for table, column in LINKED
        for row in tx.rows(f"SELECT {column} FROM {table} WHERE {column} LIKE '{_LINK}%'")
    }
    rows = tx.rows(
        "SELECT id, key FROM files AS f WHERE NOT EXISTS "
        "(SELECT 1 FROM messages AS m WHERE m.file_id = f.id AND m.is_active = 1)"
    )
    return [row["id"] for row in rows if row["key"] not in linked]


def _key(link: str) -> str:
    return link.removeprefix(_LINK + FOLDER).partition("/")[0]
