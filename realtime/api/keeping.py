"""Keeping: a file that came in is in the store before the row that names it, and gone again if no row does."""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from data import filenames, files
from data.errors import DataError
from data.files import KEY_DIGITS, NewFile
from realtime.api import media
from realtime.api.campus import Campus
from realtime.api.upload import Received

log = logging.getLogger(__name__)

ETAG_DIGITS = 32


@asynccontextmanager
async def kept(campus: Campus, received: Received | None) -> AsyncIterator[NewFile | None]:
    """The file, in the store under a new key; None for none. Write its row inside of the block.

    Afterwards it is looked for whether the row is there: the write may have failed, or have found a first message of
    the same client_msg_id. If that cannot be read either, the sweep of the next start removes what nothing names.
    """
    if received is None:
        yield None
        return
    media_type, kind = media.detect(received.head)
    file = NewFile(
        key=secrets.token_hex(KEY_DIGITS // 2),
        name=filenames.clean(received.name),
        media_type=media_type,
        kind=kind,
        size_bytes=received.size_bytes,
        etag=received.digest[:ETAG_DIGITS],
    )
    try:
        await campus.store.put(file.key, received.path)
        yield file
    finally:
        try:
            if await campus.database.read(files.nameless_keys, [file.key]):
                await campus.store.delete(file.key)
        except DataError as error:
            log.warning("a file that nothing names stays until the next start: %s", error)
