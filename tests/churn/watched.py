"""The real server, which shows at a signal what it holds: its tasks, its objects by class, the sizes of its tables.

`Watched` starts this file in the place of server.py and asks it. What is looked at is found by the garbage collector's
list and not by name, so a table that somebody adds to the hub tomorrow is counted too. A look costs the server a
collection and about 0.1 s at 2,000 streams.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Sized
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from tests.support.server import ServerProcess
from tests.support.waiting import eventually

FILE_VARIABLE = "WATCHED_FILE"
ROOMS = ("realtime.", "data.")
FOREIGN = ("Task", "Future", "IOStream", "HTTP1Connection", "HTTP1ServerConnection", "socket")


@dataclass(frozen=True, slots=True)
class Look:
    """What a server holds at one moment. `tables` are the containers of objects that there is one of, by name."""

    rss_bytes: int
    descriptors: int
    threads: int
    tasks: int
    objects: dict[str, int]
    tables: dict[str, int]


class Watched(ServerProcess):
    """A server of which look() tells what it holds."""

    def __init__(self, folder: Path, *args: Any, env: dict[str, str] | None = None, **options: Any) -> None:
        self._file = folder / "look.json"
        super().__init__(folder, *args, env={FILE_VARIABLE: str(self._file), **(env or {})}, **options)

    def look(self) -> Look:
        """Ask for it; takes as long as the server needs to come to a signal."""
        self._file.unlink(missing_ok=True)
        os.kill(self.pid, signal.SIGUSR1)
        said = json.loads(eventually(self._said, "the server looks"))
        proc = Path(f"/proc/{self.pid}")
        return Look(
            rss_bytes=self.rss_bytes(),
            descriptors=len(list((proc / "fd").iterdir())),
            threads=len(list((proc / "task").iterdir())),
            tasks=said["tasks"],
            objects=said["objects"],
            tables=said["tables"],
        )

    def _said(self) -> str:
        return self._file.read_text(encoding="ascii") if self._file.exists() else ""

    def _server(self) -> list[str]:
        return ["-m", "tests.churn.watched", "--data-dir", str(self.data_dir)]


def _size(value: object) -> int | None:
    """How much a container holds, a list of dicts by what is in them; None for what is none."""
    if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        return sum(map(len, value))
    if isinstance(value, Sized) and not isinstance(value, str | bytes):
        return len(value)
    return None


def _attributes(one: object) -> dict[str, object]:
    names = {name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())}
    return {name: getattr(one, name) for name in names if hasattr(one, name)} | getattr(one, "__dict__", {})


def _is_ours(one: object) -> bool:
    module: object = type(one).__module__  # a class may have a property of this name
    return isinstance(module, str) and module.startswith(ROOMS)


def _held() -> dict[str, Any]:
    gc.unfreeze()  # what is frozen is not listed; from now on a collection takes it along
    gc.collect()
    found = gc.get_objects()
    objects = Counter(type(one).__name__ for one in found if _is_ours(one) or type(one).__name__ in FOREIGN)
    tables = {
        f"{type(one).__name__}.{name.lstrip('_')}": size
        for one in found
        if _is_ours(one) and objects[type(one).__name__] == 1
        for name, value in _attributes(one).items()
        if (size := _size(value)) is not None
    }
    return {"tasks": len(asyncio.all_tasks()), "objects": objects, "tables": tables}


def _show(number: int, frame: FrameType | None) -> None:
    path = Path(os.environ[FILE_VARIABLE])
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(_held()), encoding="ascii")
    unfinished.replace(path)


if __name__ == "__main__":
    from commands import cli
    from server import serve

    signal.signal(signal.SIGUSR1, _show)
    sys.exit(cli.build(serve)())
