"""Machine: on what, with what and when something was measured. A figure without it says nothing."""

from __future__ import annotations

import os
import platform
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import tornado


def described() -> dict[str, str | int]:
    """Date (UTC), processor, cores, memory, kernel, and the versions of what the server stands on."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "processor": _of("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": _of("/proc/meminfo", "MemTotal") or "unknown",
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "tornado": tornado.version,
    }


def line() -> str:
    """The same in one line."""
    found = described()
    return (
        f"{found['date']}, {found['cores']} cores ({found['processor']}), {found['memory']}, {found['kernel']}, "
        f"Python {found['python']}, SQLite {found['sqlite']}, Tornado {found['tornado']}"
    )


def _of(path: str, name: str) -> str:
    for entry in Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = entry.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
