"""Processes that hash the passwords of an import: an hour of work for a whole campus, on every core that is spared.

They end with whoever began them, also when that is killed, and leave Ctrl-C to it.
"""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import connection, get_context, parent_process

_NICENESS = 10


def of_command(most: int) -> ProcessPoolExecutor:
    """At most so many, one for each core, of a process that does nothing else."""
    return ProcessPoolExecutor(min(os.cpu_count() or 1, most), initializer=_begin)


def of_server() -> ProcessPoolExecutor:
    """One for each core but the server's own, and after all else that wants to run.

    Each is a new program: a copy of a process with threads and sockets would hold its locks and its listening socket.
    """
    count = max(1, (os.cpu_count() or 1) - 1)
    return ProcessPoolExecutor(count, get_context("spawn"), initializer=_begin_nicely)


def _begin() -> None:
    # A Ctrl-C goes to the whole terminal: only the parent answers it, or each of these prints a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _begin_nicely() -> None:
    os.nice(_NICENESS)
    _begin()


def _end_with_parent() -> None:
    # A killed parent closes no queue that its children hold the other end of as well.
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)
