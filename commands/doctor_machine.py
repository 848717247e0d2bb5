"""The machine under the server: its limits, disk, clock and versions. For Linux; what it does not tell is left out."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import resource
import shutil
import socket
import sqlite3
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from commands.backup_progress import size
from commands.doctor_finding import Finding, Findings, Subject

BACKLOG = 4096  # realtime/listener.py asks for as much
RESERVED_FILES = 256  # what the server keeps for requests, files and SQLite
FEW_FILES = 4096
LOW_BYTES, LOWEST_BYTES = 2 << 30, 256 << 20
LOW_SHARE = 0.05
IDLE_PROXY_S = 60  # nginx's proxy_read_timeout, if nobody sets it
JUMP_S = 0.5
_LOCK = Path(__file__).parents[1] / "requirements.lock"
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
_TIMEX_BYTES = 512  # more than struct timex has anywhere


def look(subject: Subject) -> Findings:
    """Everything but the clock."""
    yield _versions()
    yield _files(subject)
    yield _backlog()
    yield _disk(subject)
    yield _vanished(subject)


def _versions() -> Finding:
    told = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    wanted = dict(re.findall(r"^([\w.-]+)==([\w.]+)", _LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    differing = []
    for name, wants in wanted.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            continue  # of another platform or Python; what is needed and missing stops the start
        if found != wants:
            differing.append(f"{name} {found} instead of {wants}")
    told += f", Tornado {version('tornado')}"
    if differing:
        return Finding("versions", "warn", f"{told}; not as tested: {', '.join(differing)}", "run `make install`")
    return Finding("versions", "ok", f"{told}; all packages are those of requirements.lock")


def _files(subject: Subject) -> Finding:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    whose = "of this shell"
    if subject.pid is not None:
        try:
            text = Path(f"/proc/{subject.pid}/limits").read_text(encoding="ascii")
        except OSError:
            whose = "of this shell, the server's own cannot be read"
        else:
            found = re.search(r"^Max open files\s+\S+\s+(\S+)", text, re.MULTILINE)
            hard = resource.RLIM_INFINITY if found is None or found[1] == "unlimited" else int(found[1])
            whose = "of the server"
    most = 1 << 20 if hard == resource.RLIM_INFINITY else hard
    room, wanted = max(1, most - min(RESERVED_FILES, most // 2)), subject.settings.max_streams
    told = f"{most:,} descriptors ({whose}): room for {room:,} streams"
    change = "raise LimitNOFILE of the service, or `ulimit -Hn` before the start"
    if wanted > room:
        return Finding("file limit", "bad", f"{told}, and max_streams is {wanted:,}", change)
    return Finding("file limit", "warn", told, change) if most < FEW_FILES else Finding("file limit", "ok", told)


def _backlog() -> Finding:
    path = Path("/proc/sys/net/core/somaxconn")
    try:
        found = int(path.read_text(encoding="ascii"))
    except OSError as error:
        return Finding("backlog", "warn", f"{path} cannot be read: {error.strerror}")
    if found < BACKLOG:
        return Finding(
            "backlog",
            "warn",
            f"net.core.somaxconn is {found:,}: when all come back at once after a restart, some are refused",
            f"`sysctl -w net.core.somaxconn={BACKLOG}`, and a line in /etc/sysctl.d",
        )
    return Finding("backlog", "ok", f"net.core.somaxconn is {found:,}, the server asks for {BACKLOG:,}")


def _disk(subject: Subject) -> Finding:
    folder = next(
        path for path in (subject.settings.data_dir.absolute(), *subject.database.absolute().parents) if path.exists()
    )
    usage, inodes = shutil.disk_usage(folder), os.statvfs(folder)
    told = f"{size(usage.free)} of {size(usage.total)} are free for {subject.settings.data_dir}"
    change = "make room, or shorten log_keep_days"
    if usage.free < LOWEST_BYTES or (inodes.f_files and inodes.f_favail == 0):
        return Finding("disk", "bad", told + ("" if inodes.f_favail else ", and no file can be made"), change)
    if usage.free < LOW_BYTES or usage.free < usage.total * LOW_SHARE:
        return Finding("disk", "warn", told, change)
    return Finding("disk", "ok", told)


def _vanished(subject: Subject) -> Finding:
    """What notices a peer that is gone without a word."""
    settings = subject.settings
    if not hasattr(socket, "TCP_USER_TIMEOUT"):
        return Finding("vanished peers", "warn", "this system has no TCP_USER_TIMEOUT: they are noticed after minutes")
    total = settings.heartbeat_s + settings.tcp_user_timeout_s + settings.presence_grace_s
    told = f"a peer that vanishes is offline within {total:g} s (heartbeat_s, tcp_user_timeout_s, presence_grace_s)"
    if not settings.tcp_user_timeout_s:
        return Finding(
            "vanished peers",
            "warn",
            "tcp_user_timeout_s is 0: who vanishes is online until the kernel gives up, a quarter of an hour",
            "set tcp_user_timeout_s to 20",
        )
    if settings.heartbeat_s >= IDLE_PROXY_S:
        return Finding(
            "vanished peers",
            "warn",
            f"{told}; proxies cut what is silent for {IDLE_PROXY_S} s",
            "set heartbeat_s to 30",
        )
    return Finding("vanished peers", "ok", told)


class Clock:
    """The wall clock against the monotonic one, from the making of this to `look`."""

    def __init__(self) -> None:
        self._offset_s = time.time() - time.monotonic()

    def look(self, newest_s: float | None) -> Findings:
        """`newest_s` is when the newest row was made, by the clock of then."""
        jumped_s = time.time() - time.monotonic() - self._offset_s
        state = _synchronised()
        if newest_s is not None and newest_s - time.time() > 60:
            yield Finding(
                "clock",
                "bad",
                f"the newest row is {_span(newest_s - time.time())} in the future: the clock is behind, or was ahead",
                "set the clock, and let NTP keep it",
            )
        elif abs(jumped_s) > JUMP_S:
            yield Finding("clock", "warn", f"it jumped by {jumped_s:+.1f} s meanwhile", "let NTP slew it")
        elif newest_s is not None and time.time() - newest_s > 400 * 86_400:
            yield Finding("clock", "warn", f"the newest row is {_span(time.time() - newest_s)} old: is the date right?")
        elif state is False:
            yield Finding(
                "clock", "warn", "the kernel says that nothing synchronises it", "install chrony or systemd-timesyncd"
            )
        else:
            told = "synchronised" if state else "the system does not tell whether it is synchronised"
            yield Finding("clock", "ok", f"{told}; it did not jump")


def _synchronised() -> bool | None:
    """What the kernel says of NTP; None where it may not be asked."""
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR


def _span(seconds: float) -> str:
    days = seconds / 86_400
    return f"{days:,.0f} days" if days >= 2 else f"{seconds:,.0f} s"
