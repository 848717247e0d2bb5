"""What commands read from standard input: names and passwords, in UTF-8. Nothing secret comes as an argument, where
every user of the machine could see it."""

from __future__ import annotations

import sys

import click

from data import passwords

MOST_PASSWORD_BYTES = 16 * passwords.MOST_CHARACTERS


def text(most_bytes: int = -1) -> str:
    """Standard input, up to most_bytes of it, without a byte order mark."""
    try:
        return sys.stdin.buffer.read(most_bytes).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException("standard input is not UTF-8") from None


def password(username: str) -> str:
    """A password that the user may have: one line, whose end is not part of it."""
    line = text(MOST_PASSWORD_BYTES).removesuffix("\n").removesuffix("\r")
    if "\n" in line or "\r" in line:
        raise click.ClickException("the password on standard input has more than one line")
    problems = passwords.problems(line, username)
    if problems:
        raise click.ClickException(f"password: {' '.join(problems)}")
    return line
