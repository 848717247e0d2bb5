"""What every refused request gets, whatever was wrong with it: the documented shape, CORS, nothing of the inside."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.support.shared import ORIGIN

CHATS_PATH = "/api/v1/communication/chats/"
EXPOSED = "X-Last-Event-ID, X-Request-ID, Retry-After, Content-Disposition"
_INSIDE = ("Traceback", 'File "', "<html", "<!doctype", ".py", "sqlite", "msgspec", "tornado")


def check_cors(answer: httpx.Response) -> None:
    """The headers for an allowed origin, which the request named as ORIGIN."""
    assert answer.headers.get("access-control-allow-origin") == ORIGIN, answer.headers
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-expose-headers"] == EXPOSED
    assert answer.headers["vary"] == "Origin"


def check_refusal(answer: httpx.Response, *statuses: int) -> Any:
    """Fail unless the answer is a documented refusal with one of these statuses (400, 404); its body.

    The request must have named ORIGIN as its origin.
    """
    sent = answer.request
    what = f"{sent.method} {sent.url} {sent.read()[:200]!r}: {answer.status_code} {answer.text[:500]}"
    assert answer.status_code in (statuses or (400, 404)), what
    check_cors(answer)
    assert answer.headers["x-request-id"]
    assert answer.headers["content-type"] == "application/json", what
    assert not any(word in answer.text for word in _INSIDE), what
    body = answer.json()
    assert isinstance(body, dict), what
    assert body, what
    in_chats = (urlsplit(str(sent.url)).path + "/").startswith(CHATS_PATH)
    if in_chats and answer.status_code not in (401, 403, 405, 413, 429):
        assert list(body) == ["error"], what
        assert isinstance(body["error"], str), what
        assert body["error"], what
    elif "detail" in body:
        assert list(body) == ["detail"], what
        assert isinstance(body["detail"], str), what
        assert body["detail"], what
    else:
        assert answer.status_code == 400, what
        for messages in body.values():
            assert isinstance(messages, list), what
            assert messages, what
            assert all(isinstance(message, str) and message for message in messages), what
    return body
