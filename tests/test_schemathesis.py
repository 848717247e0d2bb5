"""The server does what its OpenAPI document says, for whatever schemathesis thinks of, as each of three roles.

Each role has a process and a server of its own, so that what one changes is nobody else's surprise, and they run
beside each other. FUZZ_EXAMPLES (50) is how many calls an operation and role gets; `make fuzz EXAMPLES=1000` sets it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.fuzz.roles import ROLES
from tests.support.server import ROOT

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "50"))
LIMIT_S = 120 + 6 * EXAMPLES

pytestmark = pytest.mark.timeout(LIMIT_S + 30)


@pytest.fixture(scope="module")
def playing() -> Iterator[dict[str, subprocess.Popen[str]]]:
    found = {
        role: subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz", role, str(EXAMPLES)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for role in ROLES
    }
    yield found
    for process in found.values():
        if process.poll() is None:
            process.terminate()
        process.communicate()


@pytest.mark.parametrize("role", ROLES)
def test_the_server_keeps_to_its_document(playing: dict[str, subprocess.Popen[str]], role: str) -> None:
    text, _ = playing[role].communicate(timeout=LIMIT_S)
    print(text)
    assert playing[role].returncode == 0, text
    assert f"{role}: " in text.splitlines()[-1]
