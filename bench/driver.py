"""Driver: builds the load tool (bench/load, in C) and talks to it: lines of JSON from it, lines of words to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from bench.report import Failed, last_line

SOURCES = Path(__file__).resolve().parent / "load"
BINARY = "load-tool"
END_S = 10.0


def build(folder: Path) -> None:
    """Compile the load tool into a folder. Raises Failed without a C compiler."""
    compiler = os.environ.get("CC", "cc")
    if shutil.which(compiler) is None:
        raise Failed(
            f"there is no C compiler {compiler!r} for the load tool: install one (on Debian "
            "apt-get install gcc libc6-dev) or name one in CC"
        )
    sources = sorted(map(str, SOURCES.glob("*.c")))
    command = [compiler, "-O2", "-std=gnu11", "-Wall", "-Wextra", "-o", str(folder / BINARY), *sources]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        wrong = (line for line in done.stderr.splitlines() if "error" in line)
        raise Failed(f"the load tool does not compile: {next(wrong, last_line(done.stderr))}")


class Load:
    """`with Load(folder, "hold", ...) as load:` runs one of its commands, from the folder where it was built.

    It ends with the context. `step` is called with the seconds that went by since it was last called.
    """

    def __init__(self, folder: Path, *arguments: object, step: Callable[[int], None] = lambda seconds: None) -> None:
        self._step = step
        self._done_s = 0
        self._process = subprocess.Popen(
            [str(folder / BINARY), *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def result(self) -> dict[str, Any]:
        """The next object that it says, but for those that only tell of the time. Raises Failed."""
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            found: dict[str, Any] = json.loads(line)
            if "error" in found:
                raise Failed(str(found["error"]))
            if "done" not in found:
                return found
            self._step(found["done"] - self._done_s)
            self._done_s = found["done"]
        raise Failed(f"the load tool ended with {self._process.wait()}")

    def ask(self, *words: object) -> dict[str, Any]:
        """Say a line to it; its answer. Raises Failed."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended and said why, which result() raises
            self._process.stdin.write(" ".join(map(str, words)) + "\n")
            self._process.stdin.flush()
        return self.result()

    def close(self) -> None:
        """End it, and with it its streams."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):  # it has ended already
            self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def write_lines(path: Path, lines: Iterable[str]) -> Path:
    """A file of these lines, for the load tool; its path."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    return path


def write_request(path: Path, request: bytes) -> Path:
    """A file of one raw request, for the load tool; its path."""
    path.write_bytes(request)
    return path
