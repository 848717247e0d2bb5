"""What an error of the disk means to who stores a file."""

from __future__ import annotations

import errno

from data.errors import StorageError, StorageFull


def from_os_error(error: OSError) -> StorageError:
    """StorageFull when no room is left, StorageError for anything else. The paths in it are for the log alone."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageFull("There is no room for the file.")
    return StorageError(f"The file could not be stored or read: {error.strerror or type(error).__name__}.")
