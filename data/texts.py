"""What a text must be to be stored: some functions of SQLite cut at a NUL, and a lone surrogate has no UTF-8."""

from __future__ import annotations


def storable(text: str) -> bool:
    """Whether a text has neither a NUL nor a lone surrogate (JSON and command lines can bring both)."""
    return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text)


def problem(text: str, most_characters: int) -> str | None:
    """Why a field can't take this text, a sentence; None if it can."""
    if "\0" in text:
        return "Null characters are not allowed."
    if not storable(text):
        return "This is not valid Unicode."
    if len(text) > most_characters:
        return f"Ensure this field has no more than {most_characters} characters."
    return None
