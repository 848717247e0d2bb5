"""The import contract refuses what the table does not list, in packages and in modules of a single file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = {
    "core/__init__.py": "",
    "core/hub.py": "import json\nfrom core import wire\n",
    "core/wire.py": "from tornado.ioloop import IOLoop\n",
    "options.py": "import os\n",
    "main.py": "import core.hub\nimport tornado.web\nimport options\n",
}
CONTRACT = """
[tool.importlinter]
root_packages = ["core"]
include_external_packages = true
contract_types = ["rooms: tools.rooms.RoomsContract"]
[[tool.importlinter.contracts]]
name = "rooms"
type = "rooms"
rooms = [
    "core: stdlib", "core.hub: stdlib, core.wire", "core.wire: stdlib, tornado.ioloop", "options: stdlib",
    "main: anything",
]
"""


def check(folder: Path, changes: dict[str, str]) -> subprocess.CompletedProcess[str]:
    (folder / "pyproject.toml").write_text(CONTRACT)
    (folder / "tools").mkdir()
    shutil.copy(ROOT / "tools/rooms.py", folder / "tools")
    for name, text in (FILES | changes).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env={"COLUMNS": "500"}, check=False)


def test_what_the_table_lists_is_kept(tmp_path: Path) -> None:
    done = check(tmp_path, {})
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("core/hub.py", "import core.other\n", "core.hub may not import core.other"),
        ("core/hub.py", "def f():\n    from tornado.ioloop import IOLoop\n", "core.hub may not import tornado"),
        ("core/wire.py", "from tornado import web\n", "core.wire may not import tornado"),
        ("core/wire.py", "from . import hub\n", "core.wire may not import core.hub"),
        ("core/wire.py", "import main\n", "core.wire may not import main"),
        ("options.py", "import os, core\n", "options may not import core"),
        ("options.py", "from core import hub\n", "options may not import core"),
        ("script.py", "import os\n", "script has no room in the table"),
    ],
)
def test_what_it_does_not_list_is_not(tmp_path: Path, name: str, text: str, told: str) -> None:
    done = check(tmp_path, {"core/other.py": "", name: text})
    assert done.returncode == 1
    assert told in done.stdout
