"""A roster: a CSV file of people, as an import reads it. Knows no database and no disk; each problem names its line.

UTF-8 with or without a byte order mark, commas, a first line of column names, which may come in any order. Only
`username` is needed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from data import passwords, user_fields
from data.errors import Invalid

MOST_SHOWN = 100

Problem = tuple[int, str]  # a line and what is wrong with it


@dataclass(frozen=True, slots=True)
class Person:
    """One line of a roster, as it stands there; only the password keeps the white space around it."""

    line: int
    username: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    user_type: str = "student"
    password: str = ""
    college: str = ""
    class_name: str = ""
    section_name: str = ""


# A column is called as its field is, but for these, which would be Python's words or others' meanings.
FIELD_OF = {"class": "class_name", "section": "section_name"}
_COLUMN_OF = {name: column for column, name in FIELD_OF.items()}
COLUMNS = tuple(_COLUMN_OF.get(field.name, field.name) for field in fields(Person) if field.name != "line")


class BadRoster(Invalid):
    """Nothing of it can be imported. `count` is of all problems; `told` has a sentence for each of the first, in the
    order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        told = [f"line {line}: {text}" for line, text in sorted(problems, key=lambda problem: problem[0])]
        self.count = len(told)
        if self.count > MOST_SHOWN:
            told[MOST_SHOWN:] = [f"and {self.count - MOST_SHOWN} more"]
        self.told = told
        super().__init__({"file": told})


def parse(content: bytes) -> tuple[list[Person], list[Problem]]:
    """The people of a roster, and what is wrong with it as far as that shows without a database.

    Raises BadRoster where no line can be understood: another encoding, broken quotes, unknown columns.
    """
    rows = _rows(content)
    _, header = next(rows, (1, []))
    names = _columns(header)
    people: list[Person] = []
    problems: list[Problem] = []
    lines: dict[bytes, int] = {}
    for line, cells in rows:
        if len(cells) > len(names):
            problems.append((line, f"has {len(cells)} cells, more than the {len(names)} columns"))
            continue
        values = {name: cell if name == "password" else cell.strip() for name, cell in zip(names, cells, strict=False)}
        given = {FIELD_OF.get(name, name): value for name, value in values.items() if value or name == "username"}
        person = Person(line, **given)
        # The database's idea of the same name: ASCII case does not count.
        key = user_fields.canonical_username(person.username).encode("utf-8", "surrogatepass").lower()
        if lines.setdefault(key, line) != line:
            problems.append((line, f"username: {person.username} is on line {lines[key]} already"))
        if person.password and (found := passwords.problems(person.password, person.username)):
            problems.append((line, f"password: {' '.join(found)}"))
        people.append(person)
    return people, problems


def _columns(header: list[str]) -> list[str]:
    names = [name.strip().lower() for name in header]
    problems = [(1, f"unknown column {name!r}") for name in names if name not in COLUMNS]
    problems += [(1, f"column {name} comes twice") for name in dict.fromkeys(names) if names.count(name) > 1]
    if "username" not in names:
        problems.append((1, f"there is no column username; columns are {', '.join(COLUMNS)}"))
    if problems:
        raise BadRoster(problems)
    return names


def _rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not empty, with the line on which it begins."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadRoster([(line, "is not UTF-8")]) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise BadRoster([(line, str(error))]) from None
        if cells is None:
            return
        if any(cells):
            yield line, cells
        line = reader.line_num + 1
