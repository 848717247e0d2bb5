"""FolderLock: one server to a data folder. Two on one file would each tell only their own half of the events."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from data.errors import DataError, StorageError

_POLL_S = 0.05


class FolderLocked(DataError):
    """Another process, or another lock of this one, holds the folder."""


class FolderLock:
    """`flock` on `<folder>/lock`. The kernel lets go of it when the process ends, however it ends.

    The file stays and holds the owner's process id, for people. A child that is executed does not inherit it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "lock"
        self._descriptor: int | None = None

    def acquire(self, wait_s: float = 0.0) -> None:
        """Take the lock, polling for up to wait_s; blocks, so it is for the time before the loop starts.

        Raises FolderLocked, with the folder and the holder's process id, or StorageError when it cannot be asked for.
        """
        give_up_s = time.monotonic() + wait_s
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StorageError(f"The lock {self._path} cannot be opened: {error.strerror}.") from error
        try:
            while not self._try(descriptor):
                if time.monotonic() >= give_up_s:
                    raise FolderLocked(self._refusal(descriptor))
                time.sleep(_POLL_S)
            # Only information: a full disk must not keep the lock from being taken.
            with suppress(OSError):
                self._give(descriptor)
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go of the lock; harmless without it."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        try:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)

    def __enter__(self) -> FolderLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _try(self, descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            raise StorageError(f"The lock {self._path} cannot be taken: {error.strerror}.") from error
        return True

    def _give(self, descriptor: int) -> None:
        """What root makes in somebody else's folder is theirs: a restore as root must not keep the server out."""
        owner = self._folder.stat()
        if os.geteuid() == 0 and os.fstat(descriptor).st_uid != owner.st_uid:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)

    def _refusal(self, descriptor: int) -> str:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        return f"The data folder {self._folder} is in use by {f'process {holder}' if holder else 'another process'}."
