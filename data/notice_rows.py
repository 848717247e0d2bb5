"""Notices as they are stored and as they are shown: one row, its object, and when readers see it.

Reads and nothing else; data/notices.py changes rows and data/notice_dues.py tells of them. Knows no HTTP and no clock.
"""

from __future__ import annotations

import sqlite3
from typing import TypedDict

from data.transaction import Transaction

SELECT = "SELECT n.*, c.name AS college_name FROM notices AS n JOIN colleges AS c ON c.id = n.college_id"

# What readers see on a day, which is its one parameter, given twice.
VISIBLE = (
    "n.is_published = 1 AND n.is_active = 1 AND n.publish_date <= ? AND (n.expiry_date IS NULL OR n.expiry_date >= ?)"
)


class Notice(TypedDict):
    """A notice as clients get it."""

    id: int
    college: int
    college_name: str
    title: str
    content: str
    publish_date: str
    expiry_date: str | None
    attachment: str | None
    is_urgent: bool
    is_published: bool
    is_active: bool
    visibility: list[dict[str, int | str | None]]
    created_at: str
    updated_at: str
    created_by: int
    updated_by: int


def by_id(tx: Transaction, notice_id: int) -> sqlite3.Row | None:
    """One notice in whatever state: all columns and college_name."""
    return tx.row(f"{SELECT} WHERE n.id = ?", (notice_id,))


def is_visible(row: sqlite3.Row, today: str) -> bool:
    """Whether readers see it on that day of the campus: VISIBLE, of a row that is at hand."""
    return is_out(row, today) and (row["expiry_date"] is None or row["expiry_date"] >= today)


def is_out(row: sqlite3.Row, today: str) -> bool:
    """Whether it was given to readers and not taken back, expired or not."""
    return bool(row["is_published"] and row["is_active"]) and row["publish_date"] <= today


def to_object(row: sqlite3.Row) -> Notice:
    """A notice as clients get it, from REST and in events."""
    return {
        "id": row["id"],
        "college": row["college_id"],
        "college_name": row["college_name"],
        "title": row["title"],
        "content": row["content"],
        "publish_date": row["publish_date"],
        "expiry_date": row["expiry_date"],
        "attachment": row["attachment"],
        "is_urgent": bool(row["is_urgent"]),
        "is_published": bool(row["is_published"]),
        "is_active": bool(row["is_active"]),
        "visibility": [],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "created_by": row["created_by"],
        "updated_by": row["updated_by"],
    }
