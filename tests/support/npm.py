"""What tests take from npm: by a lock file, into a cache below .venv. It knows no package."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.support.server import ROOT

_CACHE = ROOT / ".venv" / "npm"
_INSTALL_S = 300.0
_RUN_S = 60.0


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


def installed(fixture: Path, manifests: Sequence[str] = ("package.json", "package-lock.json")) -> Path:
    """The folder with what these files of a folder ask for in its node_modules; installed when it is the first time.

    Raises NpmFailed.
    """
    texts = b"".join((fixture / name).read_bytes() for name in manifests)
    folder = _CACHE / hashlib.sha256(texts).hexdigest()[:16]
    if folder.is_dir():
        return folder
    _CACHE.mkdir(parents=True, exist_ok=True)
    # Beside it and then renamed: an install that was broken off is none, and two at once do no harm.
    with tempfile.TemporaryDirectory(dir=_CACHE) as name:
        fresh = Path(name) / "fresh"
        for path in manifests:
            (fresh / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(fixture / path, fresh / path)
        run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], fresh, _INSTALL_S)
        try:
            os.rename(fresh, folder)
        except OSError:
            if not folder.is_dir():
                raise
    return folder
