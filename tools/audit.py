"""`python -m tools.audit` (`make audit`): whether a version that the server runs on has a known vulnerability.

pip-audit asks, in an environment of its own. A package of which nobody could be asked is *not checked*, which is said
and is no failure unless --strict: a build must not be red because a network is away, nor green as if all were well.
The npm packages must have no dependencies, so that there is nothing to ask of them.

Exit codes: 0, 1 for a vulnerability or an npm dependency, 2 with --strict for what was not checked.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NPM_PACKAGES = ("clients/js/package.json", "clients/react/package.json")
INSTALL_S, ASK_S = 180, 120


@dataclass(slots=True)
class Findings:
    """Packages with nothing against them, sentences about vulnerabilities, and reasons for what was not checked."""

    checked: list[str] = field(default_factory=list)
    vulnerable: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


def read_report(text: str) -> Findings:
    """What pip-audit's JSON says. Raises ValueError for what is no report."""
    found = Findings()
    report = json.loads(text)
    if not isinstance(report, dict) or not isinstance(report.get("dependencies"), list):
        raise ValueError("pip-audit answered something else than a report")
    for package in report["dependencies"]:
        name = f"{package['name']} {package.get('version', '')}".strip()
        if "skip_reason" in package:
            found.unchecked.append(str(package["skip_reason"]))
        elif package.get("vulns"):
            found.vulnerable += [_sentence(name, one) for one in package["vulns"]]
        else:
            found.checked.append(name)
    return found


def npm_dependencies(paths: Iterable[Path]) -> list[str]:
    """What the npm packages would bring along, a sentence each. Peers are the application's."""
    found = []
    for path in paths:
        package = json.loads(path.read_text(encoding="utf-8"))
        for kind in ("dependencies", "optionalDependencies", "bundledDependencies", "bundleDependencies"):
            if package.get(kind):
                found.append(f"{path.parent.name}: {kind} {', '.join(sorted(package[kind]))}")
    return found


def told(found: Findings, npm: Sequence[str], *, strict: bool) -> tuple[list[str], int]:
    """The lines for a person, and the exit code."""
    lines = [f"VULNERABLE: {sentence}" for sentence in found.vulnerable]
    lines += [f"npm dependency, which nobody audits: {sentence}" for sentence in npm]
    if found.unchecked:
        total = len(found.checked) + len(found.unchecked)
        lines.append(f"NOT CHECKED: {len(found.unchecked)} (of {total}); the first: {found.unchecked[0]}")
    if found.checked:
        lines.append(f"checked, and nothing known against them: {len(found.checked)} packages")
    if found.vulnerable or npm:
        return lines, 1
    return lines, 2 if strict and found.unchecked else 0


def ask(lock: Path, pip_audit: str, ignored: Sequence[str]) -> Findings:
    """Have pip-audit look at a lock file. Whatever keeps it from answering is a reason why nothing was checked."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "bin" / "python"
        try:
            venv.create(folder, with_pip=True)
            _run([str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", pip_audit], INSTALL_S)
            asked = [str(python), "-m", "pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip"]
            asked += ["--format", "json", "--progress-spinner", "off"]
            asked += [word for one in ignored for word in ("--ignore-vuln", one)]
            return read_report(_run(asked, ASK_S, codes=(0, 1)))
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            return Findings(unchecked=[f"all of {lock.name}: {error}"])


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Ask, say what came of it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.audit", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("lock", nargs="?", type=Path, default=ROOT / "requirements.lock", help="requirements.lock")
    parser.add_argument("--strict", action="store_true", help="fail for what could not be checked, too")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="ID", help="a vulnerability that does not matter"
    )
    given = parser.parse_args(arguments)
    found = ask(given.lock, environ["PIP_AUDIT"], given.ignore)
    lines, code = told(found, npm_dependencies(ROOT / path for path in NPM_PACKAGES), strict=given.strict)
    print("\n".join(lines))
    return code


def _sentence(name: str, one: Mapping[str, Any]) -> str:
    fixed = ", ".join(one.get("fix_versions") or ()) or "none yet"
    names = ", ".join([str(one["id"]), *one.get("aliases", ())])
    return f"{name}: {names}; fixed in: {fixed}"


def _run(command: Sequence[str], timeout_s: float, codes: Sequence[int] = (0,)) -> str:
    """Standard output. Raises ValueError with the last line of standard error for any other exit code."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    if done.returncode not in codes or (done.returncode and not done.stdout):
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise ValueError(said[-1])
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
