"""`import-users`: a whole campus at once, or nothing of it.

Passwords are hashed in processes before the one transaction that writes, so that the server beside it waits for a
second and not for an hour.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import click

from commands import folder, roster
from commands.roster_classes import RosterClasses
from data import colleges, passwords, users
from data.errors import Invalid
from data.session import command_transaction
from data.transaction import Transaction

T = TypeVar("T")


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
    people, problems = roster.read(file)
    path = folder.made(settings)
    # Twice: a wrong line should be known before an hour of hashing, and what the hour changed after it.
    with command_transaction(path) as tx:
        _check(RosterClasses(tx, folder.now(), create=create_classes), tx, file, people, problems)
    hashes = _hashed([person for person in people if person.password], settings.bcrypt_cost)
    with command_transaction(path) as tx:
        rooms = RosterClasses(tx, folder.now(), create=create_classes)
        _make(rooms, tx, file, people, hashes)
    click.echo(f"imported {len(people)} user{'' if len(people) == 1 else 's'}")
    if rooms.made:
        click.echo(f"made {rooms.made} of the classes and sections")


def _check(
    rooms: RosterClasses, tx: Transaction, file: Path, people: list[roster.Person], problems: list[roster.Problem]
) -> None:
    """Raise RosterError with the problems of all lines, those that are known already among them."""

    def look(person: roster.Person) -> None:
        new = _new_user(tx, person, "")
        users.check(tx, new)
        if person.class_name or person.section_name:
            rooms.check(new.college_id, person.class_name, person.section_name)

    _each(file, people, look, problems, "checking")


def _make(
    rooms: RosterClasses, tx: Transaction, file: Path, people: list[roster.Person], hashes: Mapping[int, str]
) -> None:
    """Create everyone. Raises RosterError, which rolls everything back."""
    now = folder.now()

    def make(person: roster.Person) -> None:
        new = _new_user(tx, person, hashes.get(person.line, ""))
        user_id = users.create(tx, new, now)
        if person.class_name or person.section_name:
            rooms.enroll(user_id, new.college_id, person.class_name, person.section_name)

    _each(file, people, make, [], "making accounts")


def _each(
    file: Path,
    people: list[roster.Person],
    do: Callable[[roster.Person], None],
    problems: list[roster.Problem],
    label: str,
) -> None:
    with _progress(people, len(people), label) as shown:
        for person in shown:
            try:
                do(person)
            except Invalid as error:
                problems += [(person.line, f"{name}: {' '.join(found)}") for name, found in error.fields.items()]
    if problems:
        raise roster.RosterError(file, problems)


def _new_user(tx: Transaction, person: roster.Person, password_hash: str) -> users.NewUser:
    return users.NewUser(
        username=person.username,
        user_type=person.user_type,
        college_id=colleges.choose(tx, person.college, person.user_type),
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        password_hash=password_hash,
    )


def _hashed(people: list[roster.Person], cost: int) -> dict[int, str]:
    """The stored form of each person's password, by line."""
    if not people:
        return {}
    # A Ctrl-C goes to the whole terminal: only this process answers it, or each of the others prints a traceback.
    pool = ProcessPoolExecutor(
        min(os.cpu_count() or 1, len(people)), initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    )
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
