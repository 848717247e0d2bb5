"""`python -m bench NAME`: measure something of the server, print the table, and write it as JSON if that is asked for.

Exit codes: 0 when it was measured, whatever the figures are; 1 when the measuring failed; 2 for a wrong command line.
"""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import sqlite3
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import click

from bench import driver, machine, measures, plot, table
from bench.options import Options
from bench.report import Failed, Report
from data.errors import DataError

ALL = "all"


class Names(click.Command):
    """A command whose help has the list of benchmarks."""

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """A line for each."""
        with formatter.section("Benchmarks"):
            formatter.write_dl([(name, measures.about(name)) for name in measures.names()])


def _check_folder(context: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """What has no place is said now, and not after an hour of measuring."""
    if path is not None and not path.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.absolute().parent}", context, option)
    return path


@click.command(cls=Names, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False, writable=True), metavar="FILE",
              callback=_check_folder, help="Write what was measured there, too.")  # fmt: skip
@click.option("--plot", "plot_path", type=click.Path(path_type=Path, dir_okay=False, writable=True), metavar="FILE",
              callback=_check_folder,
              help=f"Draw what {plot.REPORT} finds, as PNG or SVG; needs matplotlib.")  # fmt: skip
@click.option("--quick", is_flag=True, help="Tiny sizes: shows that everything works, and measures nothing.")
@click.option("--peers", is_flag=True,
              help="Other servers beside ours, where it matters. The first time installs them.")  # fmt: skip
@click.option("--streams", multiple=True, type=click.IntRange(2, 100_000), metavar="N",
              help="So many streams instead of the benchmark's own number; may be given several times.")  # fmt: skip
@click.option("--rounds", type=click.IntRange(1, 10_000), metavar="N", help="Repeat so often.")
@click.option("--seconds", type=click.FloatRange(1, 3600), metavar="S", help="Go on for so long.")
def main(
    names: tuple[str, ...],
    json_path: Path | None,
    plot_path: Path | None,
    quick: bool,
    peers: bool,
    streams: tuple[int, ...],
    rounds: int | None,
    seconds: float | None,
) -> None:
    """Measure the server on this machine: the named benchmarks one after the other, or `all`, also without a name.

    Everything runs on loopback, with servers and data in a temporary folder that goes afterwards.
    """
    known = measures.names()
    unknown = [name for name in names if name not in (*known, ALL)]
    if unknown:
        raise click.UsageError(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(known)} and {ALL}")
    wanted = known if not names or ALL in names else list(dict.fromkeys(names))
    if plot_path is not None and plot.REPORT not in wanted:
        raise click.UsageError(f"--plot draws what {plot.REPORT} finds, and that is not asked for")
    reports: list[Report] = []
    failures: list[str] = []
    click.echo(machine.line(), err=True)
    with _temporary_folder() as folder:
        given = Options(Path(folder), quick, peers, streams, rounds or 0, seconds or 0.0)
        try:
            driver.build(given.folder)
            if plot_path is not None:
                plot.check()
        except Failed as error:
            raise click.ClickException(str(error)) from None
        for name in wanted:
            try:
                reports.append(_run(name, given))
                if plot_path is not None and name == plot.REPORT:
                    plot.draw(reports[-1].to_json(), plot.caption_of(machine.described()), plot_path)
            except (Failed, DataError, OSError, sqlite3.Error) as error:
                failures.append(f"{name}: {error}")
                click.echo(f"error: {failures[-1]}", err=True)
            else:
                click.echo(table.text(reports[-1]) + "\n")
            if json_path is not None:  # after each: what was measured in an hour is not lost with the next
                _write(json_path, reports, failures)
    if failures:
        sys.exit(1)


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="bench-")
    except OSError as error:
        raise click.ClickException(f"there is no place for a temporary folder: {error.strerror}") from None


def _run(name: str, given: Options) -> Report:
    """One benchmark, in a folder of its own."""
    folder = given.folder / name
    folder.mkdir()
    shutil.copy(given.folder / driver.BINARY, folder)
    try:
        return measures.load(name).run(replace(given, folder=folder))
    finally:
        shutil.rmtree(folder)  # a campus of a million messages is not kept beside the next


def _write(path: Path, reports: list[Report], failures: list[str]) -> None:
    found: dict[str, Any] = {
        "command": shlex.join(["python", "-m", "bench", *sys.argv[1:]]),
        "machine": machine.described(),
        "reports": [report.to_json() for report in reports],
        "failures": failures,
    }
    try:
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None


def _end(number: int, frame: FrameType | None) -> None:
    """SIGTERM, and SIGHUP of a terminal that goes, like ^C: what runs has to be ended first."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, _end)
    main(prog_name="python -m bench")
