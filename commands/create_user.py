"""`create-user`: one account."""

from __future__ import annotations

import click

from commands import folder, standard_input
from data import audit, colleges, passwords, roles, users
from data.audit import COMMAND, Act
from data.session import command_transaction


@click.command("create-user")
@click.argument("username")
@click.option("--first-name", default="", metavar="TEXT")
@click.option("--last-name", default="", metavar="TEXT")
@click.option("--email", default="", metavar="TEXT")
@click.option("--user-type", type=click.Choice(tuple(roles.ROLES)), default="student", show_default=True)
@click.option("--college", "code", default="", metavar="CODE", help="The college's code.  [default: the only college]")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.pass_obj
def command(
    load: folder.Loader,
    username: str,
    first_name: str,
    last_name: str,
    email: str,
    user_type: str,
    code: str,
    password_stdin: bool,
) -> None:
    """Make an account and print its id.

    Without --password-stdin nobody can log in to it until set-password. Makes the data folder if there is none.
    """
    settings = load()
    password = standard_input.password(username) if password_stdin else ""
    password_hash = passwords.hash_password(password, settings.bcrypt_cost) if password else ""
    with command_transaction(folder.made(settings)) as tx:
        new = users.NewUser(
            username=username,
            user_type=user_type,
            college_id=colleges.choose(tx, code, user_type),
            email=email,
            first_name=first_name,
            last_name=last_name,
            password_hash=password_hash,
        )
        now = folder.now()
        user_id = users.create(tx, new, now)
        user = users.by_id(tx, user_id)
        assert user is not None
        audit.append_of(tx, Act(None, COMMAND, now), "user_created", user, detail=user_type)
    click.echo(user_id)
