"""Rows: one row into a table and changes of it, from columns by their names. Every name is the caller's own, never a
client's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data.errors import Invalid
from data.transaction import Transaction

Columns = Mapping[str, Any]


def insert(tx: Transaction, table: str, columns: Columns) -> int:
    """A new row; its id."""
    marks = ", ".join("?" * len(columns))
    return tx.insert(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", tuple(columns.values()))


def update(tx: Transaction, table: str, row_id: int, columns: Columns) -> None:
    """Other values in some columns of a row."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    tx.execute(f"UPDATE {table} SET {assignments} WHERE id = ?", (*columns.values(), row_id))


def check_unique(tx: Transaction, table: str, columns: Columns, own_id: int | None, **names: str) -> None:
    """Raise Invalid if another row has the same in all of these columns, which clients know by `names`."""
    same = " AND ".join(f"{name} IS ?" for name in columns)
    if tx.row(f"SELECT 1 FROM {table} WHERE {same} AND id IS NOT ?", (*columns.values(), own_id)) is not None:
        known = ", ".join(names.get(name, name) for name in columns)
        raise Invalid({"non_field_errors": [f"The fields {known} must make a unique set."]})


def differing(before: Columns, columns: Columns) -> dict[str, Any]:
    """Those of the columns that are not so already."""
    return {name: value for name, value in columns.items() if before[name] != value}
