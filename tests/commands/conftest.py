"""Commands as an operator runs them: a process each, on a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.support import MAIN, ROOT, Done, Run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "campus"


@pytest.fixture
def run(folder: Path) -> Run:
    """`run("create-user", "ann")` on the folder; `code` is what it has to end with. Never a traceback."""

    def run(*args: str, code: int = 0, input: str | bytes = "", env: dict[str, str] | None = None) -> Done:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", MAIN, "--data-dir", str(folder), "--bcrypt-cost", "4", *args],
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            input=input.encode() if isinstance(input, str) else input,
            capture_output=True,
            timeout=60,
            check=False,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert done.returncode == code, f"{args} ended with {done.returncode}: {out}{err}"
        assert "Traceback" not in err
        if code:
            assert err.count("error: ") == 1
            assert code == 7 or not out
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    return run
