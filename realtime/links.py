"""Links: references to files in JSON text, made addresses for whoever gets the text.

An object names a file by a text that begins with a NUL and goes on with the path (data/files.py). In JSON that is
`"\\u0000/`, a quotation mark and a reverse solidus that no other text can bring about: inside of one, every quotation
mark and every reverse solidus is escaped, and texts of clients have no NUL. So what people write is never touched.
Most text has no reference, and is only searched for one.
"""

from __future__ import annotations

import json

REFERENCE = b'"\\u0000/'


def absolute(text: bytes, base_url: str) -> bytes:
    """The text with base_url, which ends with no slash, in front of every reference."""
    if REFERENCE not in text:
        return text
    return text.replace(REFERENCE, json.dumps(base_url)[:-1].encode("ascii") + b"/")
