"""`/api/docs/`: the page that shows the interface to a person. It needs nothing from anywhere but the server."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.support.server import ServerFactory, ServerProcess
from tests.support.shared import Shared, running

LIMIT_MS = 30_000


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("docs")) as found:
        yield found


@pytest.fixture
def seen(page: Page) -> Iterator[list[Request]]:
    """What the page asks for. It may not complain."""
    asked: list[Request] = []
    said: list[str] = []
    page.on("request", lambda one: asked.append(one))
    page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
    yield asked
    assert not said


def open_docs(page: Page, url: str) -> None:
    page.goto(f"{url}/api/docs/")
    page.wait_for_selector(".opblock", timeout=LIMIT_MS)


def test_the_page_lists_every_operation_and_asks_nobody_else(shared: Shared, page: Page, seen: list[Request]) -> None:
    open_docs(page, shared.server.url)
    document = httpx.get(f"{shared.server.url}/api/v1/schema/", trust_env=False).json()
    operations = [(method, path) for path, calls in document["paths"].items() for method in calls]
    shown = page.locator(".opblock-summary").evaluate_all(
        "all => all.map(one => [one.querySelector('.opblock-summary-method').textContent.toLowerCase(),"
        " one.querySelector('.opblock-summary-path').dataset.path])"
    )
    assert sorted(map(tuple, shown)) == sorted(operations)
    assert len(shown) > 30
    elsewhere = [one.url for one in seen if not one.url.startswith((shared.server.url, "data:", "blob:"))]
    assert not elsewhere


def test_a_call_can_be_made_from_the_page(shared: Shared, page: Page, seen: list[Request]) -> None:
    open_docs(page, shared.server.url)
    page.get_by_role("button", name="Authorize").first.click()
    page.locator(".auth-container input").first.fill(shared["ann"].token)
    page.locator(".auth-container button[type=submit]").first.click()
    page.locator(".auth-btn-wrapper .btn-done").first.click()
    call = page.locator("#operations-users-get_accounts_users_me")
    call.locator(".opblock-summary").first.click()
    call.get_by_role("button", name="Execute").click()
    expect(call.locator(".live-responses-table .response-col_status").nth(1)).to_contain_text("200", timeout=LIMIT_MS)
    expect(call.locator(".live-responses-table")).to_contain_text('"username": "ann"')
    assert [one.headers["authorization"] for one in seen if one.url.endswith("/me/")] == [
        f"Bearer {shared['ann'].token}"
    ]


def test_the_policy_lets_no_other_script_run(shared: Shared, browser: Browser) -> None:
    answer = httpx.get(f"{shared.server.url}/api/docs/", trust_env=False)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert re.findall(r"<script[^>]*>[^<]+", answer.text) == []
    context = browser.new_context()
    page = context.new_page()
    open_docs(page, shared.server.url)
    page.evaluate(
        "() => { const one = document.createElement('script'); one.textContent = 'window.ran = 1';"
        " document.body.append(one); }"
    )
    assert page.evaluate("() => window.ran === undefined")
    context.close()


def test_files_come_again_only_when_they_changed(shared: Shared) -> None:
    with httpx.Client(base_url=shared.server.url, trust_env=False) as client:
        for path in ("/api/docs/swagger-ui.css", "/api/docs/swagger-ui-bundle.js", "/api/docs/docs.js"):
            first = client.get(path)
            assert first.status_code == 200
            assert first.headers["Content-Type"].startswith("text/")
            assert len(first.content) > 200
            again = client.get(path, headers={"If-None-Match": first.headers["Etag"]})
            assert (again.status_code, again.content) == (304, b"")
        for path in ("/api/docs/index.html", "/api/docs/..%2f__init__.py", "/api/docs/%2e%2e", "/api/docs/docs.html"):
            assert client.get(path).status_code == 404


@pytest.fixture
def closed(server_factory: ServerFactory) -> ServerProcess:
    return server_factory(api_docs="off")


def test_the_operator_can_keep_it_to_himself(closed: ServerProcess) -> None:
    with httpx.Client(base_url=closed.url, trust_env=False) as client:
        for path in ("/api/docs/", "/api/docs/docs.js", "/api/v1/schema/"):
            assert client.get(path).status_code == 404
        assert client.get("/healthz").status_code == 200
