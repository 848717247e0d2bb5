"""Listing: filters, search, ordering and pages of a table, the same for every resource.

A resource says where its rows are and what may be asked of them; this builds the one condition for the count and
for the rows. Every text that becomes SQL is the resource's own; what clients send is only ever a parameter.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from data import search
from data.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of a WHERE clause and its parameters."""

    sql: str = "1"
    parameters: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """Where the rows are. `select` gets them, `source` is as much of its FROM as filters and counting need.

    `filters` maps a parameter to a condition with one `?`, `orderings` a name to its column. Without an ordering rows
    come by `default`, a name with or without "-". `id` breaks ties, so that pages never overlap.
    """

    select: str
    source: str
    id: str
    filters: Mapping[str, str] = field(default_factory=dict)
    orderings: Mapping[str, str] = field(default_factory=dict)
    default: str = "-created_at"
    search_table: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asks of a list; None is no filter."""

    filters: Mapping[str, Any] = field(default_factory=dict)
    search: str = ""
    ordering: Sequence[str] = ()
    limit: int = 20
    offset: int = 0


def page(tx: Transaction, listing: Listing, scope: Condition, asked: Asked) -> tuple[int, list[sqlite3.Row]]:
    """How many rows there are in scope that the filters leave, and those from offset on."""
    conditions, values = [scope.sql], list(scope.parameters)
    if listing.search_table and asked.search.split():
        # Looked for once, and not for the count and for the rows: a word without a trigram reads thousands of texts.
        found = search.matches(listing.search_table, asked.search)
        ids = [] if found is None else [row[0] for row in tx.rows(*found)]
        conditions.append(f"{listing.id} IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(ids))
    for name, value in asked.filters.items():
        if value is not None and name in listing.filters:
            conditions.append(listing.filters[name])
            values.append(value.isoformat() if isinstance(value, date) else value)
    where = " AND ".join(f"({condition})" for condition in conditions)
    count = tx.value(f"SELECT count(*) FROM {listing.source} WHERE {where}", values)
    sql = f"{listing.select} WHERE {where} ORDER BY {_order(listing, asked.ordering)} LIMIT ? OFFSET ?"
    return count, tx.rows(sql, [*values, asked.limit, asked.offset])


def one(tx: Transaction, listing: Listing, scope: Condition, row_id: int) -> sqlite3.Row | None:
    """The row with that id, None when it is not in scope."""
    return tx.row(f"{listing.select} WHERE {listing.id} = ? AND ({scope.sql})", (row_id, *scope.parameters))


def both(*conditions: Condition) -> Condition:
    """All of these hold."""
    parameters = tuple(value for condition in conditions for value in condition.parameters)
    return Condition(" AND ".join(f"({condition.sql})" for condition in conditions) or "1", parameters)


def _order(listing: Listing, ordering: Sequence[str]) -> str:
    names = [name for name in dict.fromkeys(ordering) if name.removeprefix("-") in listing.orderings]
    names = names or [listing.default]
    terms = []
    for name in names:
        column = listing.orderings[name.removeprefix("-")]
        terms.append(f"{column} {'DESC' if name.startswith('-') else 'ASC'}")
    return ", ".join((*terms, f"{listing.id} {'DESC' if names[0].startswith('-') else 'ASC'}"))
