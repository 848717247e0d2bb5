"""Identity: what the campus calls itself, and its picture. One row, which is always there; everybody may know it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from data import audit, files, log, names
from data.asker import Asker
from data.audit import Act
from data.files import NewFile
from data.transaction import Transaction

MOST_CHARACTERS = {"name": 100}


class Identity(TypedDict):
    """The campus's name, and the address of its logo."""

    name: str
    logo: str | None
    updated_at: str


def read(tx: Transaction) -> Identity:
    """What it is now."""
    row = tx.row("SELECT name, logo, updated_at FROM campus")
    assert row is not None
    return {"name": row["name"], "logo": files.shown(row["logo"]), "updated_at": row["updated_at"]}


def update(tx: Transaction, asker: Asker, values: Mapping[str, Any], logo: NewFile | None = None) -> Identity:
    """Change the name or the logo, and tell everybody. Raises Invalid.

    `logo` is another picture; `values` may have one that is None, which takes the picture away.
    """
    before = tx.row("SELECT name, logo FROM campus")
    assert before is not None
    name = names.cleaned(values, MOST_CHARACTERS).get("name", before["name"])
    given = None if "logo" in values else before["logo"]
    link = files.replace_link(tx, logo or given, before["logo"], asker.user_id, asker.at.now)
    if (name, link) != (before["name"], before["logo"]):
        tx.execute("UPDATE campus SET name = ?, logo = ?, updated_at = ?", (name, link, asker.at.now))
        which = {"name": name != before["name"], "logo": link != before["logo"]}
        detail = audit.changed(one for one, is_other in which.items() if is_other)
        audit.append(tx, Act.of(asker), "campus_changed", ("campus", 1), detail=detail)
        log.append(tx, "campus_updated", read(tx), ("all",), asker.at.now)
    return read(tx)
