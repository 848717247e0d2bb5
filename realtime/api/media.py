"""Media types: what a file is, from its first bytes and never from its name or from what its sender says.

Only what a browser can show without running anything is ever shown in place. HTML and SVG are texts, which the library
takes for nothing: they are documents and are downloaded.
"""

from __future__ import annotations

import filetype

from data.files import Kind

HEAD_BYTES = 8192  # what the library looks at
UNKNOWN = "application/octet-stream"

_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_OTHER_NAMES = {"audio/x-wav": "audio/wav", "audio/x-flac": "audio/flac", "video/x-m4v": "video/mp4"}


def detect(head: bytes) -> tuple[str, Kind]:
    """The media type of a file that begins so, and what a client shows it as."""
    guessed = filetype.guess(head)
    media_type = UNKNOWN if guessed is None else _OTHER_NAMES.get(guessed.mime, guessed.mime)
    if media_type in _IMAGES:
        return media_type, "image"
    return media_type, "video" if media_type.startswith("video/") else "document"


def is_shown(media_type: str) -> bool:
    """Whether a browser may show it in place."""
    return media_type in _IMAGES or media_type.startswith(("video/", "audio/"))
