"""What browsers are told of every kind of answer, all routes walked; and that nothing of what people sent ever runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from realtime.api import headers, routes
from tests.support.browser import PageServer
from tests.support.campus import create_tokens, create_users
from tests.support.samples import PNG
from tests.support.server import ServerFactory
from tests.support.shared import CHATS, ORIGIN, Shared, raw, running
from tests.support.sse import EVENTS_PATH, TEST_PATH, Stream
from tests.support.tls import Certificate

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>document.title = "run"</script></svg>'
HTML = b"<!doctype html><title>still</title><script>document.title = 'run'</script>"
STREAMS = (EVENTS_PATH.rstrip("/"), TEST_PATH.rstrip("/"))
FIXED = {name.lower(): value for name, value in headers.ALWAYS}
HSTS = "strict-transport-security"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("headers"), hsts_days=30, limits=False) as found:
        found.server.expect_errors = True
        yield found


def stored(shared: Shared, name: str, content: bytes) -> str:
    """The address of a file in a message."""
    with shared.api("ann") as client:
        sent = client.post(CHATS, data={"receiver_id": str(shared["bob"].id)}, files={"attachment": (name, content)})
        assert sent.status_code == 201, sent.text
        return str(sent.json()["attachment_url"])


def paths() -> list[str]:
    """A path of every route, of something that is there where that is easy to know."""
    found = []
    for spec in routes.table():
        path = spec.regex.pattern.removesuffix("$").removesuffix("/?")
        pieces = {routes.ID: "1", routes.KEY: "0" * 40, routes.PATH: "app.js", routes.SEGMENT: "index.js"}
        for piece, value in pieces.items():
            path = path.replace(piece, value)
        found.append(path or "/")
    return found


def check(answer: httpx.Response) -> None:
    """One answer by its kind."""
    what = f"{answer.request.method} {answer.request.url}: {answer.status_code} {dict(answer.headers)}"
    given, path = answer.headers, answer.request.url.path
    is_page = given.get("content-type", "").startswith("text/html") or "permissions-policy" in given
    is_client = path.startswith("/static/client/")
    assert HSTS not in given, f"{what}: it came by HTTP"
    assert "x-request-id" in given, what
    assert "set-cookie" not in given, what
    different = {"content-security-policy"} if is_page else set()
    if is_client:
        different = {"content-security-policy", "cross-origin-resource-policy"}
    for name, value in FIXED.items():
        assert name in different or given.get(name) == value, f"{what}: {name}"
    policy = given["content-security-policy"]
    assert policy.startswith("default-src 'none'; "), what
    assert "frame-ancestors 'none'" in policy, what
    assert "unsafe" not in policy, what
    if is_page:
        assert given["permissions-policy"] == headers.NO_DEVICES, what
        assert given["cross-origin-opener-policy"] == "same-origin", what
        assert "base-uri 'none'" in policy, what
        assert "form-action" in policy, what


def test_every_route_however_it_is_asked(shared: Shared) -> None:
    count = 0
    with shared.api("boss", base="") as boss, shared.api(base="") as nobody:
        for path in paths():
            for client in (boss, nobody):
                for method in ("GET", "HEAD", "OPTIONS", "POST", "DELETE", "TRACE"):
                    if method == "GET" and path in STREAMS:
                        continue
                    if path.endswith("/poll/events"):
                        path += "?wait=0"
                    if method == "DELETE" and path.endswith("/users/1"):
                        continue  # oneself
                    check(client.request(method, path, headers={"Origin": ORIGIN}))
                    count += 1
        for path in ("/nothing", "/api/v1/nothing/", "/static/app/nothing", "/static/client/nothing", "/%00", "//x"):
            check(nobody.get(path))
    assert count > 700


def test_streams_and_their_refusals(shared: Shared) -> None:
    (user,) = create_tokens(shared.server, ["bob"])
    for token, path, status in ((user, EVENTS_PATH, 200), (None, EVENTS_PATH, 401), (None, TEST_PATH, 200)):
        with Stream(shared.server, token, path=path) as stream:
            assert stream.status == status
            assert {name: stream.headers.get(name) for name in FIXED} == FIXED


def test_failures_of_ours_and_wrong_hosts(shared: Shared) -> None:
    shared.sql("ALTER TABLE receipts RENAME TO receipts_away")
    try:
        with shared.api("ann") as client:
            broken = client.get(CHATS)
            assert broken.status_code == 500
            check(broken)
    finally:
        shared.sql("ALTER TABLE receipts_away RENAME TO receipts")
    elsewhere = raw(shared.server, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
    assert elsewhere.status == 421
    assert {name: elsewhere.headers.get(name) for name in FIXED} == FIXED
    with shared.api(base="") as client:
        first = client.get("/static/client/index.js")
        again = client.get("/static/client/index.js", headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304
        check(again)


@pytest.mark.parametrize(
    ("name", "content", "how"),
    [
        ("a.png", PNG, "inline"),
        ("a.html", HTML, "attachment"),
        ("a.svg", SVG, "attachment"),
        ("a.png", SVG, "attachment"),
    ],
)
def test_files_are_pictures_or_downloads(shared: Shared, name: str, content: bytes, how: str) -> None:
    answer = httpx.get(stored(shared, name, content), headers={"Origin": ORIGIN})
    given = answer.headers
    assert answer.status_code == 200
    assert given["content-disposition"].startswith(f"{how}; filename=")
    assert given["content-type"] == ("image/png" if how == "inline" else "application/octet-stream")
    assert given["content-security-policy"] == "sandbox; default-src 'none'"
    assert given["cross-origin-resource-policy"] == "cross-origin"
    assert given["access-control-allow-origin"] == ORIGIN
    assert "x-frame-options" not in given
    assert (given["x-content-type-options"], given["referrer-policy"]) == ("nosniff", "no-referrer")


def test_in_a_browser_pictures_are_shown_elsewhere_and_nothing_else_runs(
    server_factory: ServerFactory, page: Page, page_server: Callable[..., PageServer]
) -> None:
    pages = page_server(port=0)
    server = server_factory(cors_origins=pages.origin)
    ann, bob = create_users(server, "ann", "bob")
    found = Shared(server, {"ann": ann, "bob": bob}, 0)
    picture = stored(found, "a.png", PNG)
    page.goto(pages.origin)
    shown = """(address) => new Promise(resolve => {
        const image = new Image();
        image.onload = () => resolve(image.naturalWidth);
        image.onerror = () => resolve(0);
        image.src = address;
    })"""
    assert page.evaluate(shown, picture) == 1
    for name, content in (("a.svg", SVG), ("a.html", HTML)):
        address = stored(found, name, content)
        assert page.evaluate(shown, address) == 0
        with page.expect_download() as downloading:
            page.evaluate("(address) => { location.href = address; }", address)
        assert Path(downloading.value.path()).read_bytes() == content
        assert page.title() != "run"


def test_hsts_is_said_over_https_alone_and_when_the_operator_wants_it(
    server_factory: ServerFactory, certificate: Certificate, tmp_path: Path, shared: Shared
) -> None:
    files = certificate.write(tmp_path)
    with httpx.Client(verify=certificate.client, trust_env=False) as client:
        assert HSTS not in client.get(server_factory(**files).url + "/healthz").headers
        told = server_factory(hsts_days=30, trusted_proxies="127.0.0.1", **files)
        for path in ("/", "/healthz", "/nothing"):
            assert client.get(told.url + path).headers[HSTS] == "max-age=2592000"
        plain = {"X-Forwarded-Proto": "http"}
        assert HSTS not in client.get(told.url + "/healthz", headers=plain).headers
    with shared.api(base="") as client:
        assert HSTS not in client.get("/healthz", headers={"X-Forwarded-Proto": "https"}).headers
