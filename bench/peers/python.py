"""Peers in Python, from PyPI, each in an environment of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.peers.peer import APPS, Peer, call

UVICORN = ("uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0")


class PythonPeer(Peer):
    """A library with the program of ours that uses it; with uvicorn the program is an ASGI module."""

    def __init__(self, name: str, version: str, program: str, packages: tuple[str, ...]) -> None:
        self.name, self.edition = name, version
        self._program = program
        self._packages = (f"{name}=={version}", *packages)

    def install(self, folder: Path) -> str:
        """Into a venv of the folder."""
        call([sys.executable, "-m", "venv", "--clear", "venv"], folder)
        pip = ["venv/bin/python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        call([*pip, *self._packages], folder)
        return self.edition

    def command(self, folder: Path, work: Path, port: int) -> list[str]:
        """One process, without access logs."""
        python = str(folder / "venv/bin/python")
        if UVICORN[0] not in self._packages:
            return [python, str(APPS / f"{self._program}.py"), str(port)]
        return [
            python, "-m", "uvicorn", "--app-dir", str(APPS), "--host", "127.0.0.1", "--port", str(port), "--loop",
            "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning", "--backlog", "4096",
            "--lifespan", "off", "--timeout-graceful-shutdown", "1", f"{self._program}:app",
        ]  # fmt: skip


SSE_STARLETTE = PythonPeer("sse-starlette", "3.7.0", "sse_starlette_app", ("starlette==1.10.0", *UVICORN))
AIOHTTP_SSE = PythonPeer("aiohttp-sse", "3.0", "aiohttp_sse_app", ("aiohttp==3.14.5", "uvloop==0.23.0"))
DJANGO_EVENTSTREAM = PythonPeer("django-eventstream", "5.3.4", "django_app", ("django==5.2.19", *UVICORN))
