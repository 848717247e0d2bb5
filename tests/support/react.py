"""React for tests, as an app has it: from npm, with our packages as `npm pack` makes them, bundled for a page.

It knows no server and no test.
"""

from __future__ import annotations

import json
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.support.npm import NpmFailed, installed, run
from tests.support.server import ROOT

FIXTURE = ROOT / "tests" / "clients" / "react_fixture"
PACKAGES = ROOT / "clients"
VERSIONS = ("18", "19")
_MANIFESTS = ["package.json", "package-lock.json", *(f"react{version}/package.json" for version in VERSIONS)]


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
        self._npm = installed(FIXTURE, _MANIFESTS)
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
