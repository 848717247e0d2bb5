"""The folder's lock: one holder, named in the refusal, gone with its process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from data.errors import StorageError
from data.lock import FolderLock, FolderLocked
from tests.data.support import LIMIT_S

ROOT = Path(__file__).parents[2]

HOLDER = """
import sys, pathlib
from data.lock import FolderLock
FolderLock(pathlib.Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_lock_of_the_same_process_is_refused(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.acquire()
    for refused in (second, first):
        with pytest.raises(FolderLocked) as caught:
            refused.acquire()
        assert str(caught.value) == f"The data folder {tmp_path} is in use by process {os.getpid()}."
    first.release()
    first.release()
    second.acquire()
    second.release()
    assert (tmp_path / "lock").read_text() == ""


def test_another_process_holds_it_until_it_ends(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        lock = FolderLock(tmp_path)
        with pytest.raises(FolderLocked, match=f"process {holder.pid}"):
            lock.acquire(wait_s=0.1)
        killer = threading.Thread(target=holder.kill)
        killer.start()
        lock.acquire(wait_s=LIMIT_S)
        killer.join()
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
        lock.release()


def test_a_child_does_not_keep_it(tmp_path: Path) -> None:
    program = [sys.executable, "-c", "print('up', flush=True); input()"]
    with FolderLock(tmp_path):
        child = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, close_fds=False)
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
    with child:
        with FolderLock(tmp_path):
            assert child.poll() is None
        child.communicate("\n")


def test_refusals_leak_no_descriptor(tmp_path: Path) -> None:
    with FolderLock(tmp_path):
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            with pytest.raises(FolderLocked):
                FolderLock(tmp_path).acquire()
        assert len(os.listdir("/proc/self/fd")) == before


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened: No such file or directory"):
        FolderLock(tmp_path / "nowhere").acquire()
