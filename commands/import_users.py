"""`import-users`: a whole campus at once, or nothing of it.

Passwords are hashed in processes before the one transaction that writes, so that the server beside it waits for a
second and not for an hour.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import click

from commands import folder
from data import imports, password_processes, passwords, roster
from data.imports import Made, Terms
from data.roster import BadRoster, Person
from data.session import command_transaction

T = TypeVar("T")


class RosterError(click.ClickException):
    """Nothing was imported, for these reasons: a line each, in the order of the file."""

    def __init__(self, path: Path, bad: BadRoster) -> None:
        count = f"{bad.count} problem{'s' if bad.count > 1 else ''}"
        super().__init__("\n  ".join([f"{path}: nothing was imported, {count}:", *bad.told]))


@click.command("import-users")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option("--create-classes", is_flag=True, help="Make the classes and sections that are not there yet.")
@click.pass_obj
def command(load: folder.Loader, file: Path, create_classes: bool) -> None:
    """Make accounts from a CSV file: all of them, or none if a line is wrong.

    The first line names the columns: username, first_name, last_name, email, user_type (default: student), password,
    college (a code; default: the only college), class and section (by name, of that college). UTF-8. Without a
    password nobody can log in to an account until one is set. Makes the data folder if there is none.
    """
    settings = load()
    terms = Terms(create_classes=create_classes, option="--create-classes")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{file} can't be read: {error.strerror}") from None
    try:
        people, problems = roster.parse(content)
        made = _import(folder.made(settings), people, problems, terms, settings.bcrypt_cost)
    except BadRoster as error:
        raise RosterError(file, error) from None
    click.echo(f"imported {made.users} user{'' if made.users == 1 else 's'}")
    if made.rooms:
        click.echo(f"made {made.rooms} of the classes and sections")


def _import(path: Path, people: list[Person], problems: list[roster.Problem], terms: Terms, cost: int) -> Made:
    # Twice: a wrong line should be known before an hour of hashing, and what the hour changed after it.
    with command_transaction(path) as tx, _progress(people, len(people), "checking") as shown:
        imports.check(tx, shown, problems, terms, folder.now())
    hashes = _hashed([person for person in people if person.password], cost)
    with command_transaction(path) as tx, _progress(people, len(people), "making accounts") as shown:
        return imports.make(tx, shown, hashes, terms, folder.now())


def _hashed(people: list[Person], cost: int) -> dict[int, str]:
    """The stored form of each person's password, by line."""
    if not people:
        return {}
    pool = password_processes.of_command(len(people))
    try:
        made = pool.map(partial(passwords.hash_password, cost=cost), [person.password for person in people])
        with _progress(made, len(people), "hashing passwords") as shown:
            return {person.line: text for person, text in zip(people, shown, strict=True)}
    except BrokenProcessPool:
        raise click.ClickException("a process that hashed passwords was ended; nothing was imported") from None
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _progress(items: Iterable[T], length: int, label: str) -> Iterator[Iterable[T]]:
    with click.progressbar(items, length=length, label=label, file=sys.stderr) as shown:
        yield shown
