"""File names: what a browser calls a file, made safe to show, to send in a header and to save on any system.

No name ever reaches a path of the server: files lie under random keys. It is for people, and for the folder of whoever
downloads it.
"""

from __future__ import annotations

import re
import unicodedata

MOST_BYTES = 200  # in UTF-8; file systems take 255, and a browser may add " (1)"
MOST_EXTENSION_CHARACTERS = 16
FALLBACK = "file"

_FORBIDDEN = re.compile(r'[<>:"|?*]')  # by Windows
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")  # there too, with any extension
# Joiners, which Indic scripts and emoji are written with. All others that show nothing could turn `gpj.exe` around.
_JOINERS = "\u200c\u200d"


def clean(name: str) -> str:
    """A name without folders, control and invisible characters; never empty, at most MOST_BYTES."""
    text = unicodedata.normalize("NFC", name.replace("\\", "/")).rpartition("/")[2]
    text = "".join(" " if character.isspace() else character for character in text)
    text = "".join(c for c in text if c in _JOINERS or unicodedata.category(c)[0] != "C")
    text = " ".join(_FORBIDDEN.sub("_", text).split()).strip(" .")
    stem, dot, extension = text.rpartition(".")
    if not dot or len(extension) > MOST_EXTENSION_CHARACTERS:
        stem, extension = text, ""
    tail = f".{extension}" if extension else ""
    stem = _cut(stem, MOST_BYTES - len(tail.encode())).strip(" .")
    text = f"{stem}{tail}" if stem else extension
    if _RESERVED.fullmatch(text):
        text = f"_{text}"
    return text or FALLBACK


def _cut(text: str, most_bytes: int) -> str:
    """The beginning of a text that fits, without half a character at its end."""
    return text.encode()[:most_bytes].decode(errors="ignore")
