"""commands/cli.py: serving by default, help always, and one clear line for whatever is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.support import MAIN, ROOT, Run


def test_it_serves_by_default_and_by_name_and_returns_the_code(run: Run) -> None:
    for words in ([], ["serve"]):
        done = subprocess.run(
            [sys.executable, "-c", MAIN, "--port", "9", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (7, "serving 9\n", "")


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["serve"],
        ["create-user"],
        ["set-password"],
        ["import-users"],
        ["create-token"],
        ["backup"],
        ["restore"],
        ["doctor"],
    ],
)
def test_help_works_whatever_the_settings_are(run: Run, command: list[str]) -> None:
    text = run(*command, "--help", env={"REALTIME_PORT": "x"}).stdout
    assert text.startswith("Usage: server.py")
    if not command:
        assert "--heartbeat-s S" in text
        assert "[default: 30 s]" in text


@pytest.mark.parametrize(
    ("args", "env", "said"),
    [
        (["--port", "x"], {}, "error: --port: must be a whole number from 0 to 65535\n"),
        ([], {"REALTIME_HEARTBEAT_S": "0"}, "error: REALTIME_HEARTBEAT_S: must be a whole number from 1 to 3600\n"),
        (["create-user", "ann"], {"REALTIME_NOPE": "1"}, "error: REALTIME_NOPE: there is no such setting\n"),
        (["--config", "/nowhere.toml"], {}, "error: /nowhere.toml: No such file or directory\n"),
        (["create-user", "ann", "--port", "1"], {}, "error: --port is a setting: it comes before the command\n"),
        (["--prot", "1"], {}, "error: No such option '--prot'"),
        (["frob"], {}, "error: No such command 'frob'"),
        (["create-user"], {}, "error: Missing argument 'USERNAME'"),
        (["create-user", "ann", "--user-type", "king"], {}, "error: Invalid value for '--user-type'"),
        (["set-password", "ann"], {}, "error: Missing option '--password-stdin'"),
        (["create-token"], {}, "error: Missing argument 'USERNAME..."),
    ],
)
def test_a_wrong_line_is_one_line_and_code_2(
    run: Run, folder: Path, args: list[str], env: dict[str, str], said: str
) -> None:
    err = run(*args, code=2, env=env).stderr
    assert err.startswith(said)
    assert err.count("\n") == 1
    assert not folder.exists()
