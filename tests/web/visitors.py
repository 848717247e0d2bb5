"""Somebody who looks at every page: a page each, which remembers what must not happen on any of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.support.shared import Shared
from tests.web.board import PLACE, REFUSED, SESSION, session
from tests.web.stage import Stage, View

# Before any script of the page: what its policy refuses, and what moves.
WATCH = """
window.refused = []; window.moved = [];
addEventListener('securitypolicyviolation', (event) => {
    refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});
for (const type of ['animationstart', 'transitionrun']) addEventListener(type, (event) => {
    moved.push(`${type} ${event.animationName ?? event.propertyName} ${event.target.className}`);
}, true);
"""


class Visitors:
    """The pages by who is signed in there. `errors` is what they said, `asked` what is not of the campus."""

    def __init__(self, browser: Browser, stage: Stage, **options: object) -> None:
        self.stage = stage
        self.errors: list[str] = []
        self.asked: list[str] = []
        self._browser = browser
        self._options = options
        self._pages: dict[str | None, Page] = {}

    @property
    def shared(self) -> Shared:
        """The server and its people."""
        return self.stage.shared

    def page(self, who: str | None) -> Page:
        """Theirs, at no page of the application."""
        if who in self._pages:
            return self._pages[who]
        context = self._browser.new_context(**self._options)  # type: ignore[arg-type]
        context.add_init_script(WATCH)
        page = self._pages[who] = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._hear)
        page.on("dialog", lambda dialog: (self.errors.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
        own = (self.shared.server.url, self.stage.bare.url, "data:", "blob:")
        page.on("request", lambda request: None if request.url.startswith(own) else self.asked.append(request.url))
        if who is not None:
            page.goto(self.shared.server.url + PLACE)
            page.evaluate("([key, text]) => localStorage.setItem(key, text)", [SESSION, session(self.shared, who)])
        return page

    def visit(self, view: View) -> Page:
        """That page, as it is when all of it is there."""
        page = self.page(view.who)
        page.evaluate("for (const one of document.querySelectorAll('dialog')) one.close()")
        page.goto(view.url(self.stage))
        expect(view.ready(page)).to_be_visible()
        if view.act is not None:
            view.act(page)
        return page

    def check(self, page: Page) -> None:
        """Nothing was said, asked or refused that must not be."""
        errors, self.errors = self.errors, []
        asked, self.asked = self.asked, []
        assert not errors, f"said by a page: {errors}"
        assert not asked, f"asked elsewhere: {asked}"
        assert page.evaluate("window.refused ?? []") == []

    def close(self) -> None:
        """Close all."""
        for page in self._pages.values():
            page.context.close()

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type == "error" and REFUSED not in said.text:
            self.errors.append(said.text)


@pytest.fixture(scope="module")
def visitors(browser: Browser, stage: Stage) -> Iterator[Visitors]:
    """Who looks at every page."""
    found = Visitors(browser, stage)
    yield found
    found.close()
