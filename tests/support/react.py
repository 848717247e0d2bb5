"""React for tests, as an app has it: from npm, with our packages as `npm pack` makes them, bundled for a page.

It knows no server and no test. What npm brings stays in a cache below .venv, by the digest of its lock file.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.support.server import ROOT

FIXTURE = ROOT / "tests" / "clients" / "react_fixture"
PACKAGES = ROOT / "clients"
VERSIONS = ("18", "19")
_CACHE = ROOT / ".venv" / "npm"
_INSTALL_S = 300.0
_RUN_S = 60.0
_MANIFESTS = ["package.json", "package-lock.json", *(f"react{version}/package.json" for version in VERSIONS)]


class NpmFailed(Exception):
    """A program of npm's failed, or is not there; the message has what it said."""


def run(command: list[str], folder: Path, limit_s: float = _RUN_S) -> str:
    """What a program prints that runs in this folder. Raises NpmFailed."""
    if shutil.which(command[0]) is None:
        raise NpmFailed(f"No {command[0]} is here: make chromium installs it, or put one into PATH.")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=limit_s)
    if done.returncode:
        raise NpmFailed(f"{command[0]}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def installed() -> Path:
    """The folder with both Reacts, the bundler and the type checker in it; installed when it is the first time."""
    texts = b"".join((FIXTURE / name).read_bytes() for name in _MANIFESTS)
    folder = _CACHE / hashlib.sha256(texts).hexdigest()[:16]
    if folder.is_dir():
        return folder
    _CACHE.mkdir(parents=True, exist_ok=True)
    # Beside it and then renamed: an install that was broken off is none, and two at once do no harm.
    with tempfile.TemporaryDirectory(dir=_CACHE) as name:
        fresh = Path(name) / "fresh"
        for path in _MANIFESTS:
            (fresh / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(FIXTURE / path, fresh / path)
        run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], fresh, _INSTALL_S)
        try:
            os.rename(fresh, folder)
        except OSError:
            if not folder.is_dir():
                raise
    return folder


def pack(package: Path, into: Path) -> list[str]:
    """Unpack into a folder what `npm pack` makes of a package; the names in it."""
    into.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as name:
        said = run(["npm", "pack", "--json", "--pack-destination", name], package)
        (path,) = Path(name).glob("*.tgz")
        with tarfile.open(path) as archive:
            for member in archive.getmembers():
                found = archive.extractfile(member)
                if found is not None:
                    (into / member.name.removeprefix("package/")).write_bytes(found.read())
    answer = json.loads(said)
    files = (answer if isinstance(answer, list) else list(answer.values()))[0]["files"]
    return sorted(file["path"] for file in files)


class Workbench:
    """A folder of an app, with this React and our packages in its node_modules. `put` writes a source file into it."""

    def __init__(self, folder: Path, version: str) -> None:
        self.folder = folder
        self.version = version
        self._npm = installed()
        modules = folder / "node_modules"
        (modules / "@types").mkdir(parents=True)
        for name in ("react", "react-dom", "@types/react"):
            (modules / name).symlink_to(self._found(name))
        self.packed = {package: pack(PACKAGES / package, modules / name) for package, name in _names().items()}

    def _found(self, name: str) -> Path:
        """Where npm put it: below the workspace of its version, or above both."""
        for place in (self._npm / f"react{self.version}", self._npm):
            if (path := place / "node_modules" / name).is_dir():
                found: str = json.loads((path / "package.json").read_text(encoding="utf-8"))["version"]
                assert found.startswith(f"{self.version}."), f"{name} is {found}"
                return path
        raise NpmFailed(f"npm did not install {name}")

    def put(self, path: str, text: str) -> Path:
        """A source file."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def bundle(self, path: str, env: Mapping[str, str]) -> str:
        """One ES module of a source file and all that it imports. `env` is what `process.env` has in it."""
        defined = [f"--define:process.env.{name}={json.dumps(value)}" for name, value in env.items()]
        return self._esbuild(path, "--bundle", "--format=esm", *defined)

    def execute(self, path: str) -> str:
        """What Node prints for a source file: as it is but for its JSX, with the packages as Node finds them."""
        module = self.put(f"{Path(path).stem}.mjs", self._esbuild(path))
        return run(["node", module.name], self.folder)

    def _esbuild(self, path: str, *options: str) -> str:
        command = [str(self._npm / "node_modules" / ".bin" / "esbuild"), path, "--jsx=automatic", "--charset=utf8"]
        return run([*command, "--log-level=warning", *options], self.folder)

    def check_types(self, path: str) -> None:
        """Raises NpmFailed with what the type checker says against a source file."""
        options = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
        command = [str(self._npm / "node_modules" / ".bin" / "tsc"), "--jsx", "react-jsx", "--types", "react"]
        run([*command, *options, path], self.folder)


def _names() -> dict[str, str]:
    """The packages' names by their folders."""
    folders = ("js", "react")
    return {one: json.loads((PACKAGES / one / "package.json").read_text(encoding="utf-8"))["name"] for one in folders}
