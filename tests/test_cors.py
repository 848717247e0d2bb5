"""Pages of allowed origins may use every answer, errors included; pages of others may use none."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page

from realtime.api import routes
from tests.support.browser import PageServer
from tests.support.refusal import EXPOSED, check_cors
from tests.support.shared import CHATS, ORIGIN, Shared, raw, running
from tests.support.sse import EVENTS_PATH, TEST_PATH, Stream

DEFAULTS = [f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in (3000, 3030, 5173)]
OTHERS = [
    "http://localhost:3001", "https://localhost:3000", "http://localhost:3000.evil.example", "http://evil.example",
    "http://localhost", "http://localhost:3000/", "http://localhost:30000", "null", "*", "http://localhost:3000, http://x",
]  # fmt: skip
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
HEADERS = {
    "authorization", "content-type", "accept", "cache-control", "last-event-id", "idempotency-key", "if-none-match",
    "range", "x-college-id", "x-tenant-id", "x-requested-with", "x-csrftoken",
}  # fmt: skip
PATHS = sorted(
    spec.regex.pattern.removesuffix("$")
    .replace("/?", "/")
    .replace(routes.ID, "1")
    .replace(routes.SEGMENT, "1")
    .replace(routes.PATH, "1")
    for spec in routes.table()
)
STREAMS = (EVENTS_PATH, TEST_PATH)


@pytest.fixture(scope="module")
def pages() -> Iterator[PageServer]:
    with PageServer(0) as pages:
        yield pages


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, pages: PageServer) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("cors"), cors_origins=",".join([*DEFAULTS, pages.origin])) as found:
        yield found


@pytest.fixture
def client(shared: Shared) -> Iterator[httpx.Client]:
    with shared.api("ann", base="") as client:
        yield client


def check_no_cors(answer: httpx.Response) -> None:
    assert not [name for name in answer.headers if name.startswith("access-control-allow-origin")], answer.headers
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["vary"] == "Origin"


def words(text: str) -> set[str]:
    return {word.strip() for word in text.split(",")}


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_of_every_route(client: httpx.Client, path: str) -> None:
    nobody = {"Authorization": ""}
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        for headers in ({}, nobody):
            if path in STREAMS and method == "GET" and (headers is not nobody or path == TEST_PATH):
                continue  # an answer without an end; below
            if path.endswith("logout/") and headers is not nobody:
                continue
            check_cors(client.request(method, path, headers={"Origin": ORIGIN, **headers}))
            for origin in ({}, {"Origin": "http://evil.example"}):
                check_no_cors(client.request(method, path, headers={**origin, **headers}))


@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_needs_no_token(shared: Shared, path: str) -> None:
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization,x-college-id"}
    with shared.api(base="") as client:
        for where in (path, path.rstrip("/") or "/"):
            answer = client.options(where, headers={"Origin": ORIGIN, **asked})
            assert (answer.status_code, answer.content) == (204, b"")
            check_cors(answer)
            assert words(answer.headers["access-control-allow-methods"]) == METHODS
            assert words(answer.headers["access-control-allow-headers"]) == HEADERS
            assert answer.headers["access-control-max-age"] == "600"
        check_no_cors(client.options(path, headers={"Origin": "http://evil.example", **asked}))


def test_a_preflight_of_what_is_not_there_lets_pages_read_the_404(client: httpx.Client) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    answer = client.options("/api/v1/nothing/", headers=asked)
    assert answer.status_code == 204
    assert words(answer.headers["access-control-allow-headers"]) == HEADERS
    check_cors(answer)


@pytest.mark.parametrize("origin", DEFAULTS)
def test_each_allowed_origin_is_echoed(client: httpx.Client, origin: str) -> None:
    answer = client.get("/api/v1/auth/user/", headers={"Origin": origin})
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize("origin", OTHERS)
def test_no_other_origin_is(client: httpx.Client, origin: str) -> None:
    check_no_cors(client.get("/api/v1/auth/user/", headers={"Origin": origin}))
    check_no_cors(client.options("/api/v1/auth/user/", headers={"Origin": origin}))


def test_the_defaults_are_those_of_the_interface(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("defaults")) as plain, plain.api("ann") as client:
        for origin in DEFAULTS:
            answer = client.get("auth/user/", headers={"Origin": origin})
            assert answer.headers["access-control-allow-origin"] == origin
        check_no_cors(client.get("auth/user/", headers={"Origin": "http://localhost:8000"}))


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", CHATS, {"receiver_id": "x"}, 400),
        ("POST", CHATS, {"receiver_id": 999999, "message": "x"}, 404),
        ("POST", "communication/notices/", {}, 403),
        ("POST", "auth/login/", {"username": "x", "password": "y"}, 400),
        ("PATCH", "auth/user/", {"email": "x"}, 400),
        ("GET", "accounts/users/?page=9", None, 404),
        ("GET", "nothing/", None, 404),
        ("FOO", "auth/user/", None, 405),
        ("POST", CHATS, "x" * (1 << 20), 413),
    ],
)
def test_errors_are_readable(client: httpx.Client, method: str, path: str, body: object, status: int) -> None:
    answer = client.request(method, f"/api/v1/{path}", json=body, headers={"Origin": ORIGIN})
    assert answer.status_code == status, answer.text
    check_cors(answer)


def test_an_early_413_is_readable(shared: Shared) -> None:
    lines = ["POST /api/v1/auth/login/ HTTP/1.1", "Host: a", f"Origin: {ORIGIN}", f"Content-Length: {1 << 40}", "", ""]
    answer = raw(shared.server, "\r\n".join(lines).encode())
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (413, ORIGIN)


@pytest.mark.parametrize("path", STREAMS)
def test_an_open_stream_has_the_headers(shared: Shared, path: str) -> None:
    with Stream(shared.server, shared["bob"], path=path, headers={"Origin": ORIGIN}) as stream:
        assert stream.status == 200
        assert stream.headers["access-control-allow-origin"] == ORIGIN
        assert stream.headers["access-control-allow-credentials"] == "true"
        assert stream.headers["access-control-expose-headers"] == EXPOSED
        assert stream.headers["vary"] == "Origin"
    for headers in ({}, {"Origin": "http://evil.example"}):
        with Stream(shared.server, shared["bob"], path=path, headers=headers) as stream:
            assert stream.status == 200
            assert "access-control-allow-origin" not in stream.headers
            assert stream.headers["vary"] == "Origin"


@pytest.mark.parametrize("token", [None, "0" * 40, "x"])
def test_the_401_of_the_stream_has_the_headers(shared: Shared, token: str | None) -> None:
    with Stream(shared.server, token, headers={"Origin": ORIGIN}) as stream:
        assert stream.wait_for("error").data == {"error": "Unauthorized"}
        assert (stream.status, stream.headers["content-type"]) == (401, "text/event-stream")
        assert stream.headers["access-control-allow-origin"] == ORIGIN
        assert stream.headers["access-control-allow-credentials"] == "true"
        assert stream.headers["vary"] == "Origin"


FETCH = """async ([url, token]) => {
    const answer = await fetch(url, {
        credentials: "include",
        headers: {Authorization: "Token " + token, "X-College-ID": "all", "Cache-Control": "no-cache"},
    });
    return [answer.status, answer.headers.get("X-Last-Event-ID"), answer.headers.get("X-Request-ID") !== null];
}"""


def test_a_page_of_an_allowed_origin_reads_answers_and_errors(shared: Shared, pages: PageServer, page: Page) -> None:
    page.goto(pages.origin)
    url, token = f"{shared.server.url}/api/v1/{CHATS}", shared["ann"].token
    status, position, has_id = page.evaluate(FETCH, [url, token])
    assert (status, has_id) == (200, True)
    assert int(position) >= 0
    assert page.evaluate(FETCH, [url, "0" * 40]) == [401, None, True]
    assert page.evaluate(FETCH, [url + "999999/", token])[0] == 404
    assert page.evaluate(FETCH, [f"{shared.server.url}/api/v1/nothing/", token])[0] == 404
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        call = """async ([url, method, token]) => (await fetch(url, {
            method, body: method == "DELETE" ? undefined : "{}", credentials: "include",
            headers: {"Content-Type": "application/json", "Idempotency-Key": "1", "Authorization": "Token " + token},
        })).status"""
        assert page.evaluate(call, [url + "999999/", method, token]) in (404, 405)


def test_a_page_of_another_origin_reads_nothing(shared: Shared, page: Page) -> None:
    with PageServer(0) as elsewhere:
        page.goto(elsewhere.origin)
        for url in (f"{shared.server.url}/api/v1/{CHATS}", f"{shared.server.url}/healthz"):
            attempt = f"given => ({FETCH})(given).catch(error => error.name)"
            assert page.evaluate(attempt, [url, shared["ann"].token]) == "TypeError"


@pytest.mark.parametrize("credentials", [False, True])
def test_a_bad_token_closes_an_event_source_for_good(
    shared: Shared, pages: PageServer, page: Page, credentials: bool
) -> None:
    page.goto(pages.origin)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    url = f"{shared.server.url}{EVENTS_PATH}?token={'0' * 40}"
    state = page.evaluate(
        """([url, withCredentials]) => new Promise(resolve => {
            const source = new EventSource(url, {withCredentials});
            source.onerror = () => resolve(source.readyState);
        })""",
        [url, credentials],
    )
    assert state == 2
    assert requests == [url]
