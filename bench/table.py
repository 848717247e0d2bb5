"""Table: a report as text, for a terminal."""

from __future__ import annotations

from bench.report import Column, Report, Value

NOTHING = "-"


def text(report: Report) -> str:
    """Title, table, goals and notes, a line each, without a line feed at the end."""
    shown = [[column.heading for column in report.columns]]
    shown += [[cell(row[column.name], column) for column in report.columns] for row in report.rows]
    widths = [max(len(line[at]) for line in shown) for at in range(len(report.columns))]
    are_texts = [any(isinstance(row[column.name], str) for row in report.rows) for column in report.columns]
    lines = [f"{report.name}: {report.title}"]
    for line in shown:
        cells = zip(line, widths, are_texts, strict=True)
        lines.append("  ".join(one.ljust(width) if left else one.rjust(width) for one, width, left in cells).rstrip())
    lines += [f"baseline: {report.baseline}"]
    for goal in report.goals:
        word = "at least" if goal.at_least else "at most"
        verdict = "reached" if goal.reached else "MISSED"
        lines.append(f"{verdict}: {goal.what}: {goal.found:.4g} {goal.unit}".rstrip() + f" ({word} {goal.limit:g})")
    return "\n".join([*lines, *report.notes])


def cell(value: Value, column: Column) -> str:
    """One value as people read it."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:,.{column.digits}f}"
