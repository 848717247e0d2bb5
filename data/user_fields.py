"""User fields: what an account's texts may be, and every reason why they may not. Reads only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from data import texts
from data.transaction import Transaction

MOST_CHARACTERS = {"username": 150, "email": 254, "first_name": 150, "last_name": 150, "phone": 32, "gender": 32}
EARLIEST_BIRTH = "1900-01-01"

_EMAIL = re.compile(r"[^@\s]+@([^@\s.]+(\.[^@\s.]+)+|localhost)")


def canonical_username(text: str) -> str:
    """A username as it is stored and looked for: NFKC, so that one that looks the same is the same."""
    return unicodedata.normalize("NFKC", text)


def stored(name: str, text: str) -> str:
    """A field's text as it is stored."""
    return canonical_username(text) if name == "username" else text.strip()


def problems(tx: Transaction, values: Mapping[str, str | None], own_id: int | None) -> dict[str, list[str]]:
    """What is wrong with these of MOST_CHARACTERS and `date_of_birth`, by field. `own_id` may have its own name."""
    found: dict[str, list[str]] = {}
    for name, text in values.items():
        problem = _birth_problem(text) if name == "date_of_birth" else _text_problem(tx, name, text or "", own_id)
        if problem:
            found[name] = [problem]
    return found


def _text_problem(tx: Transaction, name: str, text: str, own_id: int | None) -> str | None:
    problem = texts.problem(text, MOST_CHARACTERS[name])
    if problem:
        return problem
    if name == "email" and text and not _EMAIL.fullmatch(text):
        return "Enter a valid email address."
    if name == "username":
        return _username_problem(tx, canonical_username(text), own_id)
    return None


def _username_problem(tx: Transaction, username: str, own_id: int | None) -> str | None:
    if not username:
        return "This field may not be blank."
    # Marks are letters' parts in most scripts of India and South-East Asia.
    if not all(character in "@.+-_" or unicodedata.category(character)[0] in "LMN" for character in username):
        return "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
    if tx.row("SELECT 1 FROM users WHERE username = ? AND id IS NOT ?", (username, own_id)) is not None:
        return "A user with that username already exists."
    return None


def _birth_problem(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        good = date.fromisoformat(text).isoformat() == text  # Python reads 20260109, too
    except ValueError:
        good = False
    if not good:
        return "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
    return None if text >= EARLIEST_BIRTH else f"Ensure this date is not before {EARLIEST_BIRTH}."
