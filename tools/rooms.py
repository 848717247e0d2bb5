"""The import table of docs/architecture.md as a contract of import-linter: each room names all that it may import.

import-linter's own contracts forbid what they list; this one forbids what is not listed, so that a new dependency or
a new file is a decision and not an accident. It reads the import graph for the packages, and by itself the modules
of a single file beside them (server.py, settings.py), which the graph cannot hold.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

ANYTHING = "anything"
STANDARD_LIBRARY = "stdlib"


class Import(NamedTuple):
    """One import: who, whom, and the line's number and text."""

    importer: str
    imported: str
    line: int
    text: str


def within(module: str, room: str) -> bool:
    """Whether a module is that package or module, or lies in it."""
    return module == room or module.startswith(room + ".")


def imports_of_file(path: Path) -> Iterator[Import]:
    """The imports of a module that is one file at the top."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(path.stem, alias.name, node.lineno, ast.unparse(node))
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield Import(path.stem, node.module, node.lineno, ast.unparse(node))


def imports_of_graph(graph: ImportGraph) -> Iterator[Import]:
    """The imports of every module of the packages."""
    for importer in graph.modules:
        if graph.is_module_squashed(importer):
            continue
        for imported in graph.find_modules_directly_imported_by(importer):
            for detail in graph.get_import_details(importer=importer, imported=imported):
                yield Import(importer, imported, detail["line_number"], detail["line_contents"])


def permitted(found: Import, allowed: list[str]) -> bool:
    """Whether one of the room's allowed names covers the import.

    The graph knows a foreign package by its first name only; where the table says more (tornado.ioloop), the line does.
    """
    top = found.imported.partition(".")[0]
    if ANYTHING in allowed or (STANDARD_LIBRARY in allowed and top in sys.stdlib_module_names):
        return True
    return any(
        within(found.imported, name)
        or (found.imported == name.partition(".")[0] and re.match(rf"(from|import) {re.escape(name)}\b", found.text))
        for name in allowed
    )


class RoomsContract(Contract):
    """`rooms`: lines `ROOM: NAME, NAME ...`. The longest room that holds a module speaks for it."""

    type_name = "rooms"
    rooms = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Kept when every import is permitted, every module has a room, and every room is there."""
        lines = cast(list[str], self.rooms)  # what the field has parsed, where its class names the field
        table = {room: names.split(", ") for room, _, names in (line.partition(": ") for line in lines)}
        files = {path.stem: path for path in Path.cwd().glob("*.py")}
        found = [*imports_of_graph(graph), *(item for path in files.values() for item in imports_of_file(path))]
        modules = {name for name in graph.modules if not graph.is_module_squashed(name)} | set(files)
        home = {module: max((r for r in table if within(module, r)), key=len, default="") for module in modules}

        wrong = [f"{module} has no room in the table" for module, room in home.items() if not room]
        wrong += [f"the table's room {room} is not there" for room in table if room not in modules]
        wrong += [
            f"{one.importer} may not import {one.imported} (line {one.line}: {one.text})"
            for one in found
            if (room := home[one.importer]) and not permitted(one, table[room])
        ]
        return ContractCheck(kept=not wrong, metadata={"wrong": sorted(set(wrong))})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line for each import that the table does not permit."""
        for line in check.metadata["wrong"]:
            output.print_error(line)
