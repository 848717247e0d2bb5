"""data/passwords.py: any length, any script, one answer for a wrong password and an unknown user."""

from __future__ import annotations

import time

import pytest

from data import passwords

COST = 4


@pytest.mark.parametrize(
    "text",
    ["securePassword123", "a" * 1024, "пароль и ещё", "🔑" * 400, "with \0 inside", " spaces ", "", "half \ud83d"],
)
def test_a_password_opens_what_it_closed_and_nothing_else_does(text: str) -> None:
    stored = passwords.hash_password(text, COST)
    assert stored.startswith("v1$")
    assert passwords.check_password(text, stored)
    assert not passwords.check_password(text + "x", stored)
    assert not passwords.check_password(text.swapcase() + " ", stored)


def test_what_comes_after_72_bytes_counts() -> None:
    stored = passwords.hash_password("a" * 100 + "b", COST)
    assert not passwords.check_password("a" * 100 + "c", stored)


def test_a_nul_does_not_end_a_password() -> None:
    assert not passwords.check_password("one\0two", passwords.hash_password("one\0three", COST))


def test_an_accent_typed_in_two_ways_is_the_same() -> None:
    assert passwords.check_password("pass\u0065\u0301 word", passwords.hash_password("pass\u00e9 word", COST))


def test_two_hashes_of_a_password_differ() -> None:
    assert passwords.hash_password("same", COST) != passwords.hash_password("same", COST)


@pytest.mark.parametrize("text", ["", "anything", "a" * 1024])
def test_nothing_stored_is_never_right(text: str) -> None:
    assert not passwords.check_password(text, "", cost=COST)


def test_nothing_stored_takes_as_long_as_a_wrong_password() -> None:
    stored = passwords.hash_password("right", 8)
    wrong_s = min(_duration_s(stored) for _ in range(5))
    unknown_s = min(_duration_s("") for _ in range(5))
    assert 0.4 < unknown_s / wrong_s < 2.5


def test_a_stored_text_of_an_unknown_form_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown form"):
        passwords.check_password("x", "md5$1234")


def test_the_cost_can_be_read_back() -> None:
    assert passwords.cost_of(passwords.hash_password("x", 5)) == 5
    assert passwords.cost_of("") == 0


@pytest.mark.parametrize("good", ["12345678", "a" * 1024, "ünïcödé!", "eight 8 "])
def test_these_may_be_chosen(good: str) -> None:
    assert passwords.problems(good, "john_doe") == []


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("1234567", "too short"),
        ("", "too short"),
        ("a" * 1025, "too long"),
        ("nul\0 inside", "null character"),
        ("lone \ud800 half", "not valid Unicode"),
        (" \t\n\u2003      ", "white space"),
        ("JOHN_doe", "same as the username"),
    ],
)
def test_these_may_not(bad: str, said: str) -> None:
    assert any(said in problem for problem in passwords.problems(bad, "john_doe"))


def _duration_s(stored: str) -> float:
    start_s = time.perf_counter()
    assert not passwords.check_password("wrong", stored, cost=8)
    return time.perf_counter() - start_s
