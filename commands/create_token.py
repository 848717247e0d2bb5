"""`create-token`: tokens without a login, for scripts and load tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import click

from commands import folder, standard_input
from data import audit, clock, tokens, users
from data.audit import COMMAND, Act
from data.session import command_transaction
from data.transaction import Transaction

MOST_NAMED = 20
DAY_S = 86_400.0


@click.command("create-token")
@click.argument("usernames", nargs=-1, required=True, metavar="USERNAME... | -")
@click.pass_obj
def command(load: folder.Loader, usernames: tuple[str, ...]) -> None:
    """Make a token for each user; `-` reads the names from standard input, separated by white space.

    Prints a line for each, in their order: id, username and token, separated by tabs. A name that is unknown or whose
    account is inactive is an error, and then no token is made.
    """
    settings = load()
    path = folder.existing(settings)
    names = [name for given in usernames for name in (standard_input.text().split() if given == "-" else [given])]
    if not names:
        raise click.ClickException("there are no names on standard input")
    now = folder.now()
    lifetime_s = settings.token_lifetime_days * DAY_S
    expires_at = clock.later(now, lifetime_s) if lifetime_s else None
    with command_transaction(path) as tx:
        found = _find(tx, names)
        made = tokens.create_many(tx, [user["id"] for user in found], now=now, expires_at=expires_at)
        for user in found:
            audit.append_of(tx, Act(None, COMMAND, now), "token_created", user)
    lines = [f"{user['id']}\t{user['username']}\t{token}\n" for user, (_, token) in zip(found, made, strict=True)]
    # Bytes: a terminal's encoding must not lose tokens that are stored already.
    click.echo("".join(lines).encode(), nl=False)


def _find(tx: Transaction, names: Sequence[str]) -> list[sqlite3.Row]:
    found = [(name, users.by_username(tx, name)) for name in names]
    problems = [
        f"there is no user {name}" if user is None else f"the account {name} is inactive"
        for name, user in found
        if user is None or not user["is_active"]
    ]
    if problems:
        more = f"; and {len(problems) - MOST_NAMED} more" if len(problems) > MOST_NAMED else ""
        raise click.ClickException("; ".join(problems[:MOST_NAMED]) + more)
    return [user for _, user in found if user is not None]
