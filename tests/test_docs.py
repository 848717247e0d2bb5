"""The documents name what there is: every route with its methods, every event, every command; and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands import cli
from realtime.api import routes
from realtime.api.base import Handler

ROOT = Path(__file__).resolve().parents[1]
PROTOCOL = ROOT / "docs/protocol.md"
DOCUMENTS = [ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What git ignores and what it keeps for itself.
NOT_OURS = {
    ".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache",
    ".hypothesis", "campus-data",
}  # fmt: skip
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def our_files() -> Iterator[Path]:
    waiting = [ROOT]
    while waiting:
        for path in waiting.pop().iterdir():
            if path.name in NOT_OURS or path.is_symlink():
                continue
            if path.is_dir():
                waiting.append(path)
            else:
                yield path


def code_of(document: Path) -> list[str]:
    """What stands in code spans and fences, a line each."""
    text = document.read_text(encoding="utf-8")
    fenced = re.findall(r"^```.*?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    return [*spans, *(line for block in fenced for line in block.splitlines())]


def events_in_code() -> set[str]:
    """The names of events in the code: what goes to `frame.encode` and to the log's `append` as a constant."""
    found = set()
    for folder in ("data", "realtime"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                    continue
                owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
                at = {("frame", "encode"): 0, ("log", "append"): 1, ("event_log", "append"): 1}.get(
                    (owner, node.func.attr)
                )
                if at is not None and isinstance(node.args[at], ast.Constant):
                    found.add(str(node.args[at].value))
    return found


def test_every_route_and_its_methods_are_in_the_protocol() -> None:
    there = {}
    for spec in routes.table():
        path = spec.regex.pattern.removesuffix("$").replace("/?", "/")
        path = (
            path.replace(routes.ID, "{id}")
            .replace(routes.SEGMENT, "{id}")
            .replace(routes.PATH, "{id}")
            .replace(routes.KEY, "{key}")
        )
        kinds = [kind for kind in spec.handler_class.__mro__ if issubclass(kind, Handler)]
        there[path.rstrip("/") or "/"] = {name.upper() for kind in kinds for name in vars(kind)} & METHODS
    told: dict[str, set[str]] = {}
    for span in code_of(PROTOCOL):
        found = re.fullmatch(r"((?:(?:GET|POST|PUT|PATCH|DELETE) )+)(/[^ ?]*)(\?.*)?", span)
        if found is not None:
            told.setdefault(found[2].rstrip("/") or "/", set()).update(found[1].split())
    assert told == there


def test_every_event_is_in_the_protocol() -> None:
    told = set(re.findall(r"^\| `([a-z_]+)` \|", PROTOCOL.read_text(encoding="utf-8"), re.MULTILINE))
    spans = set(code_of(PROTOCOL))
    names = events_in_code()
    assert len(names) > 15, "the names are not found in the code any more"
    assert {"message", "connected", "typing", "notification", "disconnected"} <= names
    missing = {name for name in names if name not in spans and f"event: {name}" not in spans}
    assert not missing, f"events that docs/protocol.md does not name: {sorted(missing)}"
    assert told <= names, f"events that nothing sends: {sorted(told - names)}"


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_a_document_names_only_what_is_there(document: Path) -> None:
    commands = set(cli.build(lambda settings: 0).commands)
    for line in code_of(document):
        if named := re.match(r"make ([a-z]+)\b", line):
            assert named[1] in targets(), line
        if named := re.search(r"\bserver\.py ([a-z][a-z-]+)", line):
            assert named[1] in commands, line
        for path in re.findall(r"^((?:data|realtime|commands|tests|tools|docs)/[\w/.-]+\.\w+)$", line):
            assert (ROOT / path).exists(), line
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
        assert (document.parent / link).exists(), link


def test_the_readme_has_the_commands_of_a_fresh_machine() -> None:
    said = {named[1] for line in code_of(ROOT / "README.md") if (named := re.match(r"make ([a-z]+)\b", line))}
    assert {"run", "test", "demo"} <= said <= targets()


def test_no_file_names_a_path_of_a_machine_or_a_registry() -> None:
    """The repository stands alone. The words are put together here, so that this file has none of them."""
    folders = "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me", "tm" + "p", "Us" + "ers", "priv" + "ate"])
    hosts = "|".join(["py" + r"pi\.", "python" + r"hosted\.", "npm" + r"js\.", "deb" + r"ian\.org", "cond" + r"a\."])
    index = "ind" + r"ex-url[ =]+\S"
    unwanted = re.compile(rf"(?<![\w.$)}}\]/:-])/(?:{folders})/\w|\b(?:{hosts})\w|(?<!emit-){index}")
    found = []
    for path in our_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in unwanted.finditer(text)]
    assert not found
