"""`make audit`: a vulnerability fails, what nobody could be asked about is said and is not taken for well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools import audit

ROOT = Path(__file__).resolve().parents[1]
GOOD = {"name": "tornado", "version": "6.6.1", "vulns": []}
BAD = {
    "name": "click",
    "version": "8.1.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fix_versions": ["8.1.9"], "description": "long"}],
}
SKIPPED = {"name": "bcrypt", "skip_reason": "Dependency not found and could not be audited: bcrypt (5.0.0)"}


def report(*packages: dict[str, Any]) -> audit.Findings:
    return audit.read_report(json.dumps({"dependencies": list(packages), "fixes": []}))


@pytest.mark.parametrize(
    ("packages", "code", "strict"),
    [((GOOD,), 0, 0), ((GOOD, SKIPPED), 0, 2), ((SKIPPED,), 0, 2), ((GOOD, BAD), 1, 1), ((SKIPPED, BAD), 1, 1)],
)
def test_the_exit_code(packages: tuple[dict[str, Any], ...], code: int, strict: int) -> None:
    assert audit.told(report(*packages), [], strict=False)[1] == code
    assert audit.told(report(*packages), [], strict=True)[1] == strict


def test_what_is_said() -> None:
    lines, _ = audit.told(report(GOOD, BAD, SKIPPED), ["js: dependencies left-pad"], strict=False)
    assert lines == [
        "VULNERABLE: click 8.1.0: PYSEC-1, CVE-2026-1; fixed in: 8.1.9",
        "npm dependency, which nobody audits: js: dependencies left-pad",
        "NOT CHECKED: 1 (of 2); the first: Dependency not found and could not be audited: bcrypt (5.0.0)",
        "checked, and nothing known against them: 1 packages",
    ]


@pytest.mark.parametrize("text", ["", "[]", "{}", "no json", '{"dependencies": 1}'])
def test_what_is_no_report_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        audit.read_report(text)


def test_a_tool_that_can_not_be_had_means_not_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    found = audit.ask(ROOT / "requirements.lock", "pip-audit==2.10.1", [])
    assert (found.checked, found.vulnerable, len(found.unchecked)) == ([], [], 1)
    assert "pip-audit" in found.unchecked[0]


def test_the_npm_packages_bring_nothing_along(tmp_path: Path) -> None:
    assert audit.npm_dependencies(ROOT / path for path in audit.NPM_PACKAGES) == []
    (tmp_path / "package.json").write_text('{"dependencies": {"left-pad": "1"}, "peerDependencies": {"react": "19"}}')
    assert audit.npm_dependencies([tmp_path / "package.json"]) == [f"{tmp_path.name}: dependencies left-pad"]
