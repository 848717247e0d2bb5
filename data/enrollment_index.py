"""The searchable text of sections and enrolments, which is made of other tables' names: who changes those comes here.

A class is renamed once a year and has tens of members, so writing their rows anew costs less than joining at each
search.
"""

from __future__ import annotations

from data import search
from data.transaction import Transaction

_SECTIONS = "SELECT s.id, s.name, c.name FROM sections AS s JOIN classes AS c ON c.id = s.class_id"
_ENROLLMENTS = (
    "SELECT e.id, u.username, u.first_name, u.last_name, c.name, coalesce(s.name, '') FROM enrollments AS e "
    "JOIN users AS u ON u.id = e.user_id JOIN classes AS c ON c.id = e.class_id "
    "LEFT JOIN sections AS s ON s.id = e.section_id"
)


def of_class(tx: Transaction, class_id: int) -> None:
    """All sections and enrolments of a class."""
    _put(tx, "sections_search", f"{_SECTIONS} WHERE s.class_id = ?", class_id)
    _put(tx, "enrollments_search", f"{_ENROLLMENTS} WHERE e.class_id = ?", class_id)


def of_section(tx: Transaction, section_id: int) -> None:
    """A section and all enrolments in it."""
    _put(tx, "sections_search", f"{_SECTIONS} WHERE s.id = ?", section_id)
    in_section = (
        f"{_ENROLLMENTS} WHERE e.section_id = ?1 AND e.class_id = (SELECT class_id FROM sections WHERE id = ?1)"
    )
    _put(tx, "enrollments_search", in_section, section_id)


def of_user(tx: Transaction, user_id: int) -> None:
    """All enrolments of a user."""
    _put(tx, "enrollments_search", f"{_ENROLLMENTS} WHERE e.user_id = ?", user_id)


def of_enrollment(tx: Transaction, enrollment_id: int) -> None:
    """One enrolment."""
    _put(tx, "enrollments_search", f"{_ENROLLMENTS} WHERE e.id = ?", enrollment_id)


def remove(tx: Transaction, enrollment_id: int) -> None:
    """An enrolment that is gone."""
    search.remove(tx, "enrollments_search", enrollment_id)


def _put(tx: Transaction, table: str, sql: str, row_id: int) -> None:
    for row in tx.rows(sql, (row_id,)):
        search.put(tx, table, row[0], tuple(row)[1:])
