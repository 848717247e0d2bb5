"""The command line: every setting as a flag, the commands, and what a person sees when one fails.

`build(serve)` is handed what serves, so that nothing here knows the server. Exit codes: 0, 2 for a wrong command line
or setting, 1 for the rest. A failure is one clear line on standard error, never a traceback.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import click

import settings
from commands import backup, create_token, create_user, doctor, import_users, restore, set_password
from data.errors import DataError
from settings import TABLE, Settings, SettingsError, flag_name


class Commands(click.Group):
    """The group, with one way for all errors."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run, and exit with the code; without standalone_mode return it."""
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra) or 0
        except Exception as error:
            message, code = _told(error)
            click.echo(f"error: {message}", err=True)
        if standalone_mode:
            sys.exit(code)
        return code


def build(serve: Callable[[Settings], int]) -> click.Group:
    """The whole command line. `serve` runs until it is told to end and returns the exit code."""

    def root(context: click.Context, config: str | None, **flags: str | None) -> None:
        context.obj = partial(settings.load, flags, os.environ, config)
        if context.invoked_subcommand is None:
            context.exit(serve(context.obj()))

    def serve_here(context: click.Context) -> None:
        context.exit(serve(context.obj()))

    group = Commands(
        "server.py",
        callback=click.pass_context(root),
        invoke_without_command=True,
        subcommand_metavar="[COMMAND [ARGS]...]",
        params=[_config(), *map(_option, TABLE)],
        help="Realtime messages, receipts, presence and notices for a campus. Serves when no command is named.\n\n"
        "Settings come before the command; each may also be an environment variable (REALTIME_PORT) or a line of the "
        "file of --config (port = 8000). A flag goes before the environment, the environment before the file.",
    )
    group.add_command(
        click.Command(
            "serve", callback=click.pass_context(serve_here), help="Serve until SIGTERM: the default command."
        )
    )
    for module in (create_user, set_password, import_users, create_token, backup, restore, doctor):
        group.add_command(module.command)
    return group


def _config() -> click.Option:
    return click.Option(["--config"], metavar="FILE", help="A TOML file of settings: heartbeat_s = 30")


def _option(name: str) -> click.Option:
    setting = TABLE[name]
    metavar = "on|off" if isinstance(setting.default, bool) else setting.metadata["unit"].upper() or "VALUE"
    default = " ".join(filter(None, (settings.shown(setting.default) or "none", setting.metadata["unit"])))
    zero = f"; 0: {setting.metadata['zero']}" if setting.metadata["zero"] else ""
    return click.Option(
        [flag_name(name), name], metavar=metavar, help=f"{setting.metadata['why']}  [default: {default}{zero}]"
    )


def _told(error: Exception) -> tuple[str, int]:
    """What a person is told of an error, and the exit code."""
    match error:
        case click.NoSuchOption() if error.option_name.lstrip("-").replace("-", "_") in {*TABLE, "config"}:
            return f"{error.option_name} is a setting: it comes before the command", error.exit_code
        case click.UsageError():
            where = f" (see {error.ctx.command_path} --help)" if error.ctx is not None else ""
            return error.format_message() + where, error.exit_code
        case click.ClickException():
            return error.format_message(), error.exit_code
        case click.Abort():
            return "interrupted", 1
        case SettingsError():
            return str(error), click.UsageError.exit_code
        case DataError():
            return str(error), 1
        case OSError() | sqlite3.Error():
            return f"{error}", 1
    logging.getLogger(__name__).debug("unexpected", exc_info=error)
    return f"unexpected {type(error).__name__}: {error}", 1
