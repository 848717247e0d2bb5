"""Search in an FTS5 table of trigrams: one row a thing, its fields folded and joined by line feeds.

Every word of a search must be part of one of the fields. Case does not count, beyond ASCII too: both sides are folded
here (SQLite folds by tables of its own), so `STRASSE` finds `Straße`. Knows no table by name; who writes a row
of a noun calls `put` in the same transaction (I9).
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable

from data.texts import storable
from data.transaction import Transaction

TRIGRAM = 3
NEWEST_ROWS = 5_000
MOST_PHRASES = 16  # each phrase costs a merge of its trigrams' postings, and FTS5's expressions have a greatest depth


def fold(text: str) -> str:
    """A text as it is compared: canonical caseless form (Unicode 3.13, D145), composed, with one letter i.

    Turkish has two of them, and `I` is the capital of one there and of the other elsewhere: a search must not choose.
    """
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFC", folded.replace("i\u0307", "i").replace("\u0131", "i"))


def tag(number: int) -> str:
    """A number below 2^53 as three characters that are one term of the index, of their own: it is found whole, or not.

    Each character is of an alphabet of its own (planes 1 to 4, 5 to 8, 9 to 12), so that tags may stand side by side:
    no trigram that reaches over two of them is a tag.
    """
    return "".join(chr(0x10000 + (place << 18) + (number >> 18 * place & 0x3FFFF)) for place in range(TRIGRAM))


def put(tx: Transaction, table: str, rowid: int, fields: Iterable[str]) -> None:
    """Make these the searchable fields of a row, new or known."""
    tx.execute(f"INSERT OR REPLACE INTO {table} (rowid, text) VALUES (?, ?)", (rowid, fold("\n".join(fields))))


def remove(tx: Transaction, table: str, rowid: int) -> None:
    """Forget a row; nothing if there is none."""
    tx.execute(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))


def clause(table: str, id_column: str, search: str) -> tuple[str, tuple[str, ...]]:
    """A condition for WHERE, with its parameters; "1" if the search has no word, "0" if no row can have one."""
    if not search.split():
        return "1", ()
    found = matches(table, search)
    return ("0", ()) if found is None else (f"{id_column} IN ({found[0]})", found[1])


def matches(table: str, search: str, within: str = "") -> tuple[str, tuple[str, ...]] | None:
    """A SELECT of the rowids whose text has every word, with its parameters; None if no row can.

    `within` is an expression of FTS5 on other columns of the table: what is searched at all. It goes first, because
    FTS5 walks the rows of what goes first and only looks them up in the rest, so a word that everybody uses costs no
    more than its asker's own rows. Words of three characters and more use the index. Shorter ones, which have no
    trigram, look at the newest NEWEST_ROWS rows (of those that the rest leaves).
    """
    words = dict.fromkeys(fold(word) for word in search.split())
    if not storable(search):  # a NUL would cut FTS5's expression in the middle of a string; and no row holds either
        return None
    indexed = sorted((word for word in words if len(word) >= TRIGRAM), key=len, reverse=True)[:MOST_PHRASES]
    others = [word for word in words if word not in indexed]
    terms = [within] if within else []
    terms += [f"text : {_quoted(word)}" for word in indexed]
    match = (" AND ".join(terms),) if terms else ()
    condition = f" WHERE {table} MATCH ?" if terms else ""
    if not others:
        return f"SELECT rowid FROM {table}{condition}", match
    inline, rest = others[:MOST_PHRASES], others[MOST_PHRASES:]
    has_all = " AND ".join(["instr(newest.text, ?)"] * len(inline))
    if rest:
        has_all += " AND NOT EXISTS (SELECT 1 FROM json_each(?) AS word WHERE instr(newest.text, word.value) = 0)"
    newest = (
        f"SELECT row FROM (SELECT rowid AS row, text FROM {table}{condition} ORDER BY rowid DESC LIMIT {NEWEST_ROWS})"
        f" AS newest WHERE {has_all}"
    )
    # A list of words costs as much again as reading the texts.
    return newest, (*match, *inline, *([json.dumps(rest, ensure_ascii=False)] if rest else []))


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
