"""How a stream is answered: its headers, and each way of being refused, in a shape that EventSource can show."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import httpx
import pytest
from playwright.sync_api import Page

from data.connection import connect
from tests.support.browser import PageServer
from tests.support.campus import create_users
from tests.support.server import ServerFactory, ServerProcess
from tests.support.sse import EVENTS_PATH, TEST_PATH, Stream
from tests.support.waiting import eventually

ORIGIN = "http://localhost:3000"
UNAUTHORIZED = b'event: error\ndata: {"error":"Unauthorized"}\n\n'


def assert_cors(stream: Stream) -> None:
    assert stream.headers["access-control-allow-origin"] == ORIGIN
    assert stream.headers["access-control-allow-credentials"] == "true"
    assert stream.headers["vary"] == "Origin"


def assert_refused(stream: Stream, status: int, *, retry_after: bool = True) -> None:
    assert stream.status == status
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["cache-control"] == "no-cache"
    assert_cors(stream)
    error = stream.wait_for("error")
    assert list(error.data) == ["error"]
    assert ("retry-after" in stream.headers) == retry_after
    assert not retry_after or int(stream.headers["retry-after"]) > 0


@pytest.mark.parametrize("path", [EVENTS_PATH, EVENTS_PATH.removesuffix("/"), TEST_PATH])
def test_a_stream_has_the_guides_headers(server: ServerProcess, path: str) -> None:
    (user,) = create_users(server, "reader")
    headers = {"Accept-Encoding": "gzip, deflate, br", "Origin": ORIGIN}
    with Stream(server, user, path=path, headers=headers) as stream:
        assert stream.status_line == "HTTP/1.1 200 OK"
        named = {name: stream.headers[name] for name in ("content-type", "cache-control", "x-accel-buffering")}
        assert named == {
            "content-type": "text/event-stream",
            "cache-control": "no-cache",
            "x-accel-buffering": "no",
        }
        assert stream.headers["connection"] == "keep-alive"
        assert "content-encoding" not in stream.headers
        assert "content-length" not in stream.headers
        assert path == TEST_PATH or "transfer-encoding" not in stream.headers, "no frame keeps to chunks"
        assert_cors(stream)
        assert {"date", "x-request-id"} <= set(stream.headers)
        first = stream.wait_count(1)[0]
        if path != TEST_PATH:
            assert (first.event, first.data) == ("connected", {"status": "connected", "user_id": user.id})
            assert first.retry_ms == 3000


def test_an_origin_that_is_not_allowed_gets_no_cors_headers(server: ServerProcess) -> None:
    (user,) = create_users(server, "reader")
    with Stream(server, user, headers={"Origin": "http://evil.example"}) as stream:
        assert stream.headers["vary"] == "Origin"
        assert not [name for name in stream.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("token", [None, "", "0" * 40, "x", "é😀", "a" * 5000])
def test_a_bad_token_is_answered_with_the_guides_words(server: ServerProcess, token: str | None) -> None:
    with Stream(server, token, headers={"Origin": ORIGIN}) as stream:
        assert_refused(stream, 401, retry_after=False)
        assert stream.headers["www-authenticate"] == "Token"
        assert stream.wait_end() == "fin"
        assert stream.raw == UNAUTHORIZED


def test_a_disabled_account_is_answered_like_a_bad_token(server: ServerProcess) -> None:
    (user,) = create_users(server, "reader")
    with closing(connect(server.data_dir / "realtime.sqlite3")) as connection:
        connection.execute("UPDATE users SET is_active = 0")
    with Stream(server, user, headers={"Origin": ORIGIN}) as stream:
        assert_refused(stream, 401, retry_after=False)
        assert stream.wait_end() == "fin"
        assert stream.raw == UNAUTHORIZED


@pytest.mark.parametrize("kind", ["Token", "Bearer", "token"])
def test_the_token_may_come_in_a_header(server: ServerProcess, kind: str) -> None:
    (user,) = create_users(server, "reader")
    with Stream(server, headers={"Authorization": f"{kind} {user.token}"}) as stream:
        assert stream.wait_for("connected").data["user_id"] == user.id
    with Stream(server, headers={"Authorization": f"{kind} {'0' * 40}"}) as stream:
        assert stream.status == 401


def test_a_stale_header_goes_before_the_query(server: ServerProcess) -> None:
    (user,) = create_users(server, "reader")
    with Stream(server, user, headers={"Authorization": f"Token {'0' * 40}"}) as stream:
        assert stream.status == 401


def test_in_a_browser_a_bad_token_closes_for_good(
    server_factory: ServerFactory, page: Page, page_server: Callable[..., PageServer]
) -> None:
    pages = page_server(port=0)
    server = server_factory(access_log=True, heartbeat_s=1, retry_ms=100, cors_origins=pages.origin)
    (user,) = create_users(server, "reader")
    page.goto(pages.origin)
    # The good stream beside it is the clock: its beats are far more than a retry apart.
    found = page.evaluate(
        """([bad, good]) => new Promise(resolve => {
            const source = new EventSource(bad), states = [];
            let opened = false, beats = 0;
            source.onopen = () => { opened = true; };
            source.onerror = () => states.push(source.readyState);
            const clock = new EventSource(good);
            clock.addEventListener("heartbeat", () => {
                beats += states.length > 0;
                if (beats < 4) return;
                clock.close();
                resolve([opened, states, source.readyState]);
            });
        })""",
        [f"{server.url}{EVENTS_PATH}?token={'0' * 40}", f"{server.url}{EVENTS_PATH}?token={user.token}"],
    )
    assert found == [False, [2], 2]
    assert server.log().count(f" 401 GET {EVENTS_PATH}") == 1


@pytest.mark.parametrize("path", [EVENTS_PATH, TEST_PATH])
def test_head_and_options_answer_and_other_methods_do_not(server: ServerProcess, path: str) -> None:
    (user,) = create_users(server, "reader")
    with httpx.Client(base_url=server.url, headers=user.headers | {"Origin": ORIGIN}, trust_env=False) as client:
        head = client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == "text/event-stream"
        assert head.headers["x-accel-buffering"] == "no"
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = client.request(method, path)
            assert answer.status_code == 405
            assert answer.json() == {"detail": f'Method "{method}" not allowed.'}
            assert answer.headers["content-type"].startswith("application/json")
            assert {"GET", "HEAD", "OPTIONS"} <= set(answer.headers["allow"].split(", "))
            assert answer.headers["access-control-allow-origin"] == ORIGIN
        del client.headers["Authorization"]
        preflight = client.options(path, headers={"Access-Control-Request-Method": "GET"})
        assert (preflight.status_code, preflight.content) == (204, b"")
        assert preflight.headers["access-control-allow-origin"] == ORIGIN
        assert "last-event-id" in preflight.headers["access-control-allow-headers"]
        assert preflight.headers["access-control-max-age"] == "600"


def test_head_of_a_stream_needs_a_token(server: ServerProcess) -> None:
    answer = httpx.head(server.url + EVENTS_PATH, trust_env=False)
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize("data", [b"x", b"\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_any_byte_after_the_request_ends_the_stream(server_factory: ServerFactory, data: bytes) -> None:
    server = server_factory(access_log=True)
    (user,) = create_users(server, "reader")
    with Stream(server, user) as stream, Stream(server, user) as other:
        stream.wait_for("presence_snapshot")
        stream.send(data)
        stream.wait_end()
        server.wait_log(rf"stream \d+ of user {user.id} ends")
        assert other.ended is None
        assert server.log().count(f"of user {user.id} ends") == 1


def test_a_client_that_half_closes_ends_its_stream(server_factory: ServerFactory) -> None:
    server = server_factory(access_log=True)
    (user,) = create_users(server, "reader")
    for how in ("fin", "rst"):
        with Stream(server, user) as stream:
            stream.wait_for("connected")
            stream.cut(how)
    eventually(lambda: server.log().count(f"of user {user.id} ends") == 2, "both have ended")
