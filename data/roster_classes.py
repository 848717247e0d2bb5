"""Classes and sections as a roster names them: by name, within a college. ASCII case does not count."""

from __future__ import annotations

from data import classes, enrollments, sections
from data.errors import Invalid
from data.transaction import Transaction

MOST_SHOWN = 20


class RosterClasses:
    """Finds them in one transaction, or makes what is missing if `create` says so. `made` counts those.

    `option` is what whoever imports says that by, for the sentence about what is missing.
    """

    def __init__(self, tx: Transaction, now: str, *, create: bool, option: str) -> None:
        self._tx = tx
        self._now = now
        self._create = create
        self._option = option
        self.made = 0

    def check(self, college_id: int | None, class_name: str, section_name: str) -> None:
        """Raise Invalid for what is not there and will not be made."""
        found = self._find(college_id, class_name, section_name)
        if self._create:
            return
        class_id, section_id = found
        if class_id is None:
            raise Invalid({"class": [self._missing("class", class_name, "classes", "college_id", college_id)]})
        if section_name and section_id is None:
            raise Invalid({"section": [self._missing("section", section_name, "sections", "class_id", class_id)]})

    def enroll(self, user_id: int, college_id: int | None, class_name: str, section_name: str) -> None:
        """Put a new user into them. Raises Invalid."""
        self.check(college_id, class_name, section_name)
        assert college_id is not None
        class_id, section_id = self._find(college_id, class_name, section_name)
        if class_id is None:
            class_id = classes.make(self._tx, college_id, {"name": class_name}, self._now)
            self.made += 1
        if section_name and section_id is None:
            section_id = sections.make(self._tx, class_id, {"name": section_name}, self._now)
            self.made += 1
        columns = {"user_id": user_id, "class_id": class_id, "section_id": section_id}
        enrollments.enroll(self._tx, college_id, columns, self._now)

    def _find(self, college_id: int | None, class_name: str, section_name: str) -> tuple[int | None, int | None]:
        if not class_name:
            raise Invalid({"section": ["A section needs its class."]})
        if college_id is None:
            raise Invalid({"class": ["A class needs its college."]})
        class_id = self._one("class", class_name, "classes", "college_id", college_id)
        section_id = None
        if section_name and class_id is not None:
            section_id = self._one("section", section_name, "sections", "class_id", class_id)
        return class_id, section_id

    def _one(self, what: str, name: str, table: str, column: str, parent_id: int) -> int | None:
        row = self._tx.row(f"SELECT id, is_active FROM {table} WHERE {column} = ? AND name = ?", (parent_id, name))
        if row is not None and not row["is_active"]:
            raise Invalid({what: [f'The {what} "{name}" is not active.']})
        return None if row is None else int(row["id"])

    def _missing(self, what: str, name: str, table: str, column: str, parent_id: int | None) -> str:
        sql = f"SELECT name FROM {table} WHERE {column} = ? AND is_active = 1 ORDER BY name LIMIT {MOST_SHOWN + 1}"
        names = [row["name"] for row in self._tx.rows(sql, (parent_id,))]
        there = ", ".join(names[:MOST_SHOWN]) + (" and more" if len(names) > MOST_SHOWN else "")
        return f'There is no {what} "{name}"; there are: {there or "none"}. {self._option} makes what is missing.'
