"""The application in a browser, for tests of notices, events and notifications: a server, and signed-in pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.support.shared import Shared, running
from tests.support.waiting import WAIT_S

expect.set_options(timeout=WAIT_S * 1000)

SESSION = "campus:session"
# A picture of the application: a page of its origin on which nothing runs.
PLACE = "/static/app/mark.svg"
TODAY = datetime.now(UTC).date()
# What Chromium says of every answer that is a refusal; the page itself says the rest.
REFUSED = "Failed to load resource"

OpenApp = Callable[..., Page]


def day(offset: int) -> str:
    """A day of the campus, from today."""
    return (TODAY + timedelta(days=offset)).isoformat()


def made(answer: httpx.Response) -> dict[str, Any]:
    """The object that a call has made."""
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def session(shared: Shared, username: str) -> str:
    """What the application keeps of whoever is signed in."""
    with shared.api(username) as client:
        return json.dumps({"token": shared[username].token, "user": client.get("accounts/users/me/").json()})


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """A server with people of every role."""
    with running(tmp_path_factory.mktemp("board"), allowed_hosts="campus.test") as found:
        yield found


class Apps:
    """A page for each person, which tests of a module use one after the other: a new one costs half a second."""

    def __init__(self, browser: Browser, shared: Shared) -> None:
        self.errors: list[str] = []
        self._browser = browser
        self._shared = shared
        self._pages: dict[str, Page] = {}
        self._beside: list[Page] = []

    def open(self, username: str, view: str, beside: Page | None = None) -> Page:
        """That view, as if it were opened anew, signed in; `beside=page` is another tab of that browser."""
        if beside is not None:
            self._beside.append(self._watched(beside.context))
            page = self._beside[-1]
        elif username in self._pages:
            page = self._pages[username]
            page.evaluate("for (const one of document.querySelectorAll('dialog')) one.close()")
            page.goto(f"{self._shared.server.url}/#/settings")
            expect(page.get_by_role("heading", name="Settings")).to_be_visible()
            # What the test's own preparations have said lies over buttons for some seconds.
            page.evaluate("for (const one of document.querySelectorAll('.toast')) one.remove()")
        else:
            page = self._pages[username] = self._watched(self._browser.new_context())
            page.goto(self._shared.server.url + PLACE)
            page.evaluate(
                "([key, text]) => localStorage.setItem(key, text)", [SESSION, session(self._shared, username)]
            )
        page.goto(f"{self._shared.server.url}/#/{view}")
        expect(page.get_by_role("status", name="Connection")).to_contain_text("Connected")
        return page

    def end_test(self) -> None:
        """Close what the next test must not find, and fail for what a page has said meanwhile."""
        for page in self._beside:
            page.close()
        self._beside.clear()
        errors, self.errors = self.errors, []
        assert not errors, f"said by a page: {errors}"

    def close(self) -> None:
        """Close all."""
        for page in self._pages.values():
            page.context.close()

    def _watched(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._hear)
        page.on("dialog", lambda dialog: self.errors.append(f"a dialog: {dialog.message}"))
        return page

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type == "error" and REFUSED not in said.text:
            self.errors.append(said.text)


@pytest.fixture(scope="module")
def apps(browser: Browser, shared: Shared) -> Iterator[Apps]:
    """The pages of a module's people."""
    apps = Apps(browser, shared)
    yield apps
    apps.close()


@pytest.fixture
def open_app(apps: Apps) -> Iterator[OpenApp]:
    """`open_app("ann", "notices")` is that view, signed in; `beside=page` is another tab of that browser.

    What a page does not catch, what its policy refuses and what it writes to the console as an error fails the test.
    """
    yield apps.open
    apps.end_test()
