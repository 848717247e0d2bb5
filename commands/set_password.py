"""`set-password`: another password, and the end of every session that the old one opened (I10)."""

from __future__ import annotations

import click

from commands import folder, standard_input
from data import audit, links, passwords, tokens, users
from data.audit import COMMAND, Act
from data.session import command_transaction


@click.command("set-password")
@click.argument("username")
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password from standard input; needed.")
@click.pass_obj
def command(load: folder.Loader, username: str, password_stdin: bool) -> None:
    """Set a user's password.

    All tokens of the user end; a running server ends their streams within a second.
    """
    settings = load()
    path = folder.existing(settings)
    password_hash = passwords.hash_password(standard_input.password(username), settings.bcrypt_cost)
    with command_transaction(path) as tx:
        user = users.by_username(tx, username)
        if user is None:
            raise click.ClickException(f"there is no user {username}")
        now = folder.now()
        users.set_password(tx, user["id"], password_hash, now)
        tokens.revoke_user(tx, user["id"], "revoked")
        links.end_of_user(tx, user["id"])
        audit.append_of(tx, Act(None, COMMAND, now), "password_set", user)
