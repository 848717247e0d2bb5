"""Answers that a client may keep as long as it asks whether they are still the same. It knows no file."""

from __future__ import annotations

import hashlib

from realtime.api.base import Handler


class CachedHandler(Handler):
    """What is the same for everybody until the server is another one."""

    open_to_all = True

    def answer_cached(self, content: bytes, media: str) -> None:
        """Answer with these bytes, or 304 to who has them."""
        self.set_header("Content-Type", media)
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Etag", f'"{hashlib.sha256(content).hexdigest()[:32]}"')
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
        else:
            self.finish(content)
