"""Logs: where records go and in which form. Lines for people, or one object of JSON a line for what collects them.

Both are written without secrets (api/redact.py). What is logged is nothing of this file.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from realtime.api.redact import Formatter, redact

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# Louder than anybody wants: a line for each statement of SQL, and one for each request, which is access_log's. The last
# tells of each request that is no HTTP, as many as somebody likes to send, and with what was in it: a token that is
# followed by a wrong byte is one that nobody would know to redact.
_TALKATIVE = ("aiosqlite", "tornado.access", "tornado.general")
# Warns of each form that is none; whoever sent it is told.
_ALARMED = ("python_multipart.multipart",)


class JsonFormatter(logging.Formatter):
    """A record as one line: time (UTC), level, logger, message, and where there are some request_id and exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. Texts are redacted before they are quoted, or a quoted secret would have another shape."""
        message = record.getMessage()
        line = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": message if getattr(record, "shows_secret", False) else redact(message),
        }
        if request_id := getattr(record, "request_id", None):
            line["request_id"] = request_id
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = redact(self.formatStack(record.stack_info))
        return json.dumps(line)


def to_stderr(level: str, form: str) -> None:
    """Write every record of that level and worse to standard error, as `text` or `json`."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else Formatter(LINE))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    if form == "json":
        logging.captureWarnings(True)  # they would be lines of another form
    # Without its link an empty server is of no use, whatever the level hides.
    logging.getLogger("realtime.setup").setLevel(logging.WARNING)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _ALARMED:
        logging.getLogger(name).setLevel(logging.ERROR)
