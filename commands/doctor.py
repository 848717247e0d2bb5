"""`doctor`: what stands between this installation and a good night, each with what to change. Changes nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict

import click

from commands import doctor_address, doctor_data, doctor_finding, doctor_machine, doctor_public, folder
from commands.doctor_finding import Finding
from settings import TABLE


@click.command("doctor")
@click.option("--url", metavar="URL", help="The address at which people reach the server.  [default: public_url]")
@click.option("--quick", is_flag=True, help="Without reading the whole database, and without waiting for idle cuts.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
@click.pass_context
def command(context: click.Context, url: str | None, quick: bool, as_json: bool) -> None:
    """Look for what is wrong with the machine, the data folder and the way to the server.

    A line for each thing: ok, warn or bad, what was found, and what to change. Ends with 1 if something is bad. Works
    beside a running server and without one; it takes about five seconds and one heartbeat, as it listens to a stream.
    """
    load: folder.Loader = context.obj
    settings = load()
    try:
        url = TABLE["public_url"].metadata["parse"](url or "") or settings.public_url
    except ValueError as error:
        raise click.UsageError(f"--url: {error}") from None
    subject = doctor_finding.subject(settings, settings.data_dir / folder.DATABASE_NAME)
    clock = doctor_machine.Clock()
    rooms: tuple[Callable[[], Iterable[Finding]], ...] = (
        lambda: doctor_machine.look(subject),
        lambda: doctor_data.look(subject, quick=quick),
        lambda: doctor_address.look(subject),
        lambda: doctor_public.look(subject, url or "", quick=quick),
        lambda: clock.look(doctor_data.newest_row_s(subject)),
    )
    found: list[Finding] = []
    for room in rooms:
        for one in room():
            found.append(one)
            if not as_json:
                _tell(one)
    is_well = all(one.level != "bad" for one in found)
    if as_json:
        click.echo(json.dumps({"ok": is_well, "findings": [asdict(one) for one in found]}, indent=1))
    context.exit(0 if is_well else 1)


def _tell(finding: Finding) -> None:
    colour = {"ok": "green", "warn": "yellow", "bad": "red"}[finding.level]
    level = click.style(f"{finding.level:<4}", fg=colour) if sys.stdout.isatty() else f"{finding.level:<4}"
    change = f" -> {finding.change}" if finding.change and finding.level != "ok" else ""
    click.echo(f"{level} {finding.name}: {finding.found}{change}")
