"""Plot: what a fan-out costs and what a stream takes of memory, against the number of streams, as a picture.

`python -m bench.plot FIGURES.json PICTURE.png` draws from what `python -m bench fanout --json FIGURES.json` wrote; with
`--plot` the benchmark draws it at once. Needs matplotlib, which nothing else does; `make bench` installs it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.report import Failed

REPORT = "fanout"
PANELS = (
    ("delivery_us", "cost of a delivery, µs"),
    ("stream_kb", "memory of an open stream, KB"),
)
OURS = "this server"
# Ours and the floor stand out; the others keep their order and so their colours, whichever of them are there.
COLOURS = {"floor": "#888888", OURS: "#c1121f"}
OTHERS = ("#0077b6", "#2a9d8f", "#8338ec", "#bc6c25", "#e09f3e", "#6a994e")
SIZE_INCHES = (10.0, 4.2)
DOTS_PER_INCH = 130


def check() -> None:
    """Raises Failed without matplotlib: sooner than after an hour of measuring."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise Failed("a plot needs matplotlib: run it by `make bench`, which installs it") from None


def draw(report: Mapping[str, Any], caption: str, path: Path) -> None:
    """A picture of a report of fanout, as `Report.to_json` gives it. Raises Failed when there is nothing to draw."""
    check()
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    names = list(dict.fromkeys(str(row["server"]) for row in report["rows"] if row["delivery_us"] is not None))
    if not names:
        raise Failed(f"{report['name']} has no figures to draw")
    colours = dict(zip((name for name in names if name not in COLOURS), OTHERS, strict=False)) | COLOURS
    for axes, (column, title) in zip(figure.subplots(1, len(PANELS)), PANELS, strict=True):
        for name in names:
            points = _points(report["rows"], name, column)
            if any(y >= 0.1 for _, y in points):  # the floor keeps nothing of a stream
                axes.plot(
                    *zip(*points, strict=True), marker="o", label=name, color=colours.get(name, "black"),
                    linewidth=2.6 if name == OURS else 1.4,
                )  # fmt: skip
        axes.set_xlabel("open streams")
        axes.set_title(title)
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False)
    figure.supxlabel(caption, fontsize=7, color="#555555")
    try:
        figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": ""})
    except OSError as error:
        raise Failed(f"{path}: {error.strerror}") from error


def caption_of(machine: Mapping[str, Any]) -> str:
    """When and on what, in a line."""
    return f"{machine['date'][:10]}, {machine['cores']} cores ({machine['processor']}), Python {machine['python']}"


def _points(rows: Sequence[Mapping[str, Any]], name: str, column: str) -> list[tuple[int, float]]:
    found = [(row["streams"], row[column]) for row in rows if row["server"] == name and row[column] is not None]
    return sorted(found)


def main(arguments: Sequence[str]) -> int:
    """Draw; the exit code."""
    if len(arguments) != 2:
        print("usage: python -m bench.plot FIGURES.json PICTURE.png", file=sys.stderr)
        return 2
    source, target = map(Path, arguments)
    try:
        found = json.loads(source.read_text(encoding="utf-8"))
        report = next((one for one in found["reports"] if one["name"] == REPORT), None)
        if report is None:
            raise Failed(f"{source} has nothing of {REPORT}")
        draw(report, caption_of(found["machine"]), target)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"error: {source} is not what `python -m bench {REPORT} --json` writes: {error}", file=sys.stderr)
        return 1
    except Failed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
