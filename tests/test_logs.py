"""The log as JSON: an object a line whatever goes wrong, and no more secrets in it than in the other form."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from realtime.logs import JsonFormatter
from tests.support.campus import api, create_user
from tests.support.server import ServerFactory, ServerProcess
from tests.support.shared import sql as server_sql
from tests.support.sse import EVENTS_PATH, Stream

TOKEN = "0123456789abcdef" * 2 + "01234567"
PASSWORD = "correct horse 9 battery"


def lines(server: ServerProcess) -> list[dict[str, Any]]:
    """What was logged; each line has to be an object."""
    found = [json.loads(line) for line in server.log().splitlines()]
    assert all(isinstance(one, dict) for one in found)
    return found


def formatted(message: str, *args: object, **fields: object) -> dict[str, Any]:
    record = logging.LogRecord("realtime.some", logging.WARNING, __file__, 1, message, args, None)
    vars(record).update(fields)
    text = JsonFormatter().format(record)
    assert text.isascii()
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_record_is_one_line() -> None:
    found = formatted("two\nlines of %s \u2028 \x00", "Zoë", created=1767954600.25, request_id="a-1")
    assert found == {
        "time": "2026-01-09T10:30:00.250Z",
        "level": "WARNING",
        "logger": "realtime.some",
        "message": "two\nlines of Zoë \u2028 \x00",
        "request_id": "a-1",
    }
    assert set(formatted("plain")) == {"time", "level", "logger", "message"}


@pytest.mark.parametrize(
    "text",
    [
        f"token {TOKEN}.",
        f"GET {EVENTS_PATH}?token={TOKEN}&wait=1",
        'GET /x?token=quoted"secret',
        f"/x?%74oken={TOKEN}",
        f"/x?a={TOKEN[:6]}%{ord(TOKEN[6]):02x}{TOKEN[7:]}",
    ],
)
def test_secrets_are_redacted_in_every_text(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        found = formatted("it was %s", text, exc_info=sys.exc_info(), stack_info=f"Stack:\n  {text}")
    assert found["exception"].startswith("Traceback ")
    assert found["exception"].rstrip().endswith(found["message"].removeprefix("it was "))
    for name in ("message", "exception", "stack"):
        assert "[redacted]" in found[name]
        assert TOKEN not in found[name]


def test_the_one_time_link_is_shown(server_factory: ServerFactory) -> None:
    server = server_factory(log_format="json")
    (found,) = [one for one in lines(server) if one["logger"] == "realtime.setup"]
    assert f"{server.url}/setup/?key=" in found["message"]
    assert "[redacted]" not in found["message"]


def test_the_whole_life_of_a_server(server_factory: ServerFactory) -> None:
    began = datetime.now(UTC)
    server = server_factory(log_format="json", log_level="debug", access_log=True)
    server.expect_errors = True
    ann = create_user(server, "ann_lee", PASSWORD)
    with api(server, ann) as client, Stream(server, ann) as stream:
        stream.wait_for("presence_snapshot")
        ok = client.get("accounts/users/me/", params={"token": ann.token})
        # A role that the code does not know: a 500 with a traceback.
        server_sql(server, "UPDATE users SET user_type = 'emperor'")
        broken = client.get(f"accounts/users/{ann.id}/")
        assert broken.status_code == 500
        server_sql(server, "UPDATE users SET user_type = 'student'")
    httpx.get(f"{server.url}/nothing/?token={TOKEN}")
    assert server.stop() == 0
    found = lines(server)
    by_request = {one["request_id"]: one for one in found if one["logger"] == "realtime.access"}
    assert " 200 GET " in by_request[ok.headers["x-request-id"]]["message"]
    (failure,) = [one for one in found if one["level"] == "ERROR"]
    assert failure["request_id"] == broken.headers["x-request-id"]
    assert failure["exception"].startswith("Traceback ")
    assert "emperor" in failure["exception"]
    assert any(one["message"] == "stopped" for one in found)
    for one in found:
        assert {"time", "level", "logger", "message"} <= set(one) <= {
            "time", "level", "logger", "message", "request_id", "exception", "stack",
        }  # fmt: skip
        assert began <= datetime.fromisoformat(one["time"]) <= datetime.now(UTC)
    for secret in (ann.token, TOKEN, PASSWORD):
        assert secret not in server.log()


def test_the_form_is_a_setting(server_factory: ServerFactory) -> None:
    server = server_factory(access_log=True)
    httpx.get(f"{server.url}/healthz")
    server.wait_log(r"(?m)^[\d-]+ [\d:,]+ INFO realtime\.access: ")
