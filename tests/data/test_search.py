"""data/search.py: every word, in any field, whatever its case and script."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import search
from data.transaction import Transaction

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def found(tx: Transaction, words: str) -> list[int]:
    condition, parameters = search.clause("users_search", "rowid", words)
    return [row[0] for row in tx.rows(f"SELECT rowid FROM users_search WHERE {condition} ORDER BY rowid", parameters)]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("Straße", "STRASSE"),
        ("STRASSE", "straße"),
        ("Weiß", "SS"),
        ("WEISS", "ß"),
        ("Jürgen", "JÜRG"),
        ("J\u00fcrgen", "ju\u0308rgen"),
        ("İstanbul", "istanbul"),
        ("ISTANBUL", "ıstanbul"),
        ("ılık", "ILIK"),
        ("Diyarbakır", "DİYARBAKIR"),
        ("Ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Привет", "ПРИВЕТ"),
        ("राम कुमार", "कुमार"),
        ("李小龍", "小龍"),
        ("Ann 🎓🎉 Lee", "🎓🎉"),
        ("👩‍👩‍👧‍👦 family", "👩‍👩‍👧‍👦"),
        ('say "hello" now', '"hello"'),
        ("a*b*c", "*b*"),
        ("C++ & C#", "c++ c#"),
        ("O'Brien", "o'brien"),
        ("100% sure", "100%"),
        ("snake_case", "e_c"),
        ("NEAR(a, b)", "near(a,"),
        ("this AND that", "AND"),
        ("text:column", "text:"),
        ("{curly} ^caret -dash", "{curly} ^caret -dash"),
        (r"back\slash", r"k\s"),
        ("; DROP TABLE users; --", "; drop --"),
        ("ﬁne ligature", "FINE"),
    ],
)
def test_a_word_finds_what_has_it(tx: Transaction, field: str, words: str) -> None:
    search.put(tx, "users_search", 7, ["other field", field, ""])
    search.put(tx, "users_search", 8, ["unrelated", "zzz", "zzz"])
    assert found(tx, words) == [7]


def test_every_word_counts_and_each_may_be_in_another_field(tx: Transaction) -> None:
    search.put(tx, "users_search", 1, ["anna", "Smith"])
    search.put(tx, "users_search", 2, ["anna", "Jones"])
    assert found(tx, "smith ann") == [1]
    assert found(tx, "  ann\t\n") == [1, 2]
    assert found(tx, "anna smith jones") == []
    assert found(tx, "jo an") == [2]
    assert found(tx, "anna x") == []


def test_a_word_does_not_span_two_fields(tx: Transaction) -> None:
    search.put(tx, "users_search", 1, ["anna", "smith"])
    assert found(tx, "annasmith") == []
    assert found(tx, "as") == []


def test_no_word_is_no_filter(tx: Transaction) -> None:
    search.put(tx, "users_search", 1, ["anna"])
    assert found(tx, "") == found(tx, " \u2003\n") == [1]


def test_wildcards_are_letters(tx: Transaction) -> None:
    search.put(tx, "users_search", 1, ["plain"])
    assert [found(tx, words) for words in ("*", "%", "_", "pla*", "p%n", "pl?in", '"', "'")] == [[]] * 8


@pytest.mark.parametrize("words", ["\0", "pla\0in", "\ud800", "plain \udfff", '"\0"'])
def test_what_no_row_can_hold_finds_nothing(tx: Transaction, words: str) -> None:
    search.put(tx, "users_search", 1, ["plain"])
    assert found(tx, words) == []


def test_a_changed_row_is_found_by_its_new_text_only(tx: Transaction) -> None:
    search.put(tx, "users_search", 1, ["before"])
    search.put(tx, "users_search", 1, ["after"])
    assert found(tx, "before") == []
    assert found(tx, "after") == [1]
    search.remove(tx, "users_search", 1)
    search.remove(tx, "users_search", 1)
    assert found(tx, "after") == []


def test_short_words_look_at_the_newest_rows_only(tx: Transaction) -> None:
    rows = search.NEWEST_ROWS + 10
    for row in range(1, rows + 1):
        search.put(tx, "users_search", row, ["every row", "first half" if row <= rows // 2 else "second half", "xy"])
    assert found(tx, "xy") == list(range(11, rows + 1))
    assert found(tx, "every") == list(range(1, rows + 1))
    assert found(tx, "first xy") == list(range(1, rows // 2 + 1))


def test_thousands_of_words_are_answered(tx: Transaction) -> None:
    words = [f"word{number}" for number in range(3_000)]
    search.put(tx, "users_search", 1, [" ".join(words)])
    search.put(tx, "users_search", 2, [" ".join(words[:-1])])
    assert found(tx, " ".join(words)) == [1]
    assert found(tx, " ".join(words[:-1])) == [1, 2]


@given(st.lists(WORDS, min_size=1, max_size=4), WORDS)
def test_any_search_agrees_with_a_search_by_hand(fields: list[str], words: str) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.execute('CREATE VIRTUAL TABLE users_search USING fts5 (text, tokenize = "trigram case_sensitive 1")')
        connection.execute("BEGIN")
        tx = Transaction(connection)
        search.put(tx, "users_search", 1, fields)
        text = search.fold("\n".join(fields))
        for looked_for in (words, fields[0], fields[-1].upper()):
            expected = all(search.fold(word) in text for word in looked_for.split())
            assert bool(found(tx, looked_for)) == expected
    finally:
        connection.close()
