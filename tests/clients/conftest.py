"""A browser with a host name for loopback, a server for all tests here, and two new people for each test."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.clients.pages import NAME
from tests.clients.people import Campus, campus_on
from tests.support.browser import ARGS, find_chromium
from tests.support.campus import User, api
from tests.support.server import ServerProcess, as_flags


@pytest.fixture(scope="package")
def named_browser() -> Iterator[Browser]:
    """A Chromium for which NAME is loopback, and which keeps pages for the way back."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=[*ARGS, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"],
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def context(named_browser: Browser) -> Iterator[BrowserContext]:
    """A profile of its own: tabs in it share storage, locks and workers. What no page caught fails the test."""
    context = named_browser.new_context()
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert not errors, f"uncaught in a page: {errors}"


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    """A server with short intervals. It may be killed and started again; its log is read for errors at the end."""
    server = ServerProcess(
        tmp_path_factory.mktemp("campus"), as_flags({"heartbeat_s": 1, "retry_ms": 500, "allowed_hosts": NAME})
    )
    server.start()
    try:
        with campus_on(server) as campus:
            yield campus
        code = server.stop()
        server.check_log()
        assert code == 0, f"SIGTERM ended it with {code}"
    finally:
        if server.running:
            server.kill()


@pytest.fixture
def campus(shared: Campus) -> Campus:
    """It runs, whatever the test before did to it."""
    if not shared.server.running:
        shared.server.start()
    return shared


@pytest.fixture
def ann(campus: Campus) -> User:
    """The one in the browser."""
    return campus.person()


@pytest.fixture
def jane(campus: Campus) -> Iterator[httpx.Client]:
    """The calls of somebody who writes to her."""
    with api(campus.server, campus.person()) as client:
        yield client
