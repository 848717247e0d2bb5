"""Somebody without a mouse: goes from stop to stop by Tab, and sees where the focus is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.stage import Stage
from tests.web.visitors import Visitors

STOPS = 80
# An outline, an edge or a ground that it does not have without the focus.
SHOWN = """() => {
    const one = document.activeElement;
    const looks = ['outline', 'boxShadow', 'borderColor', 'backgroundColor', 'clipPath'];
    const look = (element) => looks.map((name) => getComputedStyle(element)[name]).join();
    const places = [one, one.parentElement, one.closest('form') ?? one.parentElement];
    const now = places.map(look).join();
    one.blur();
    const before = places.map(look).join();
    one.focus({focusVisible: true, preventScroll: true});
    return now !== before || one.outerHTML.slice(0, 200);
}"""


@pytest.fixture(scope="module")
def visitors(browser: Browser, stage: Stage) -> Iterator[Visitors]:
    found = Visitors(browser, stage, reduced_motion="reduce")
    yield found
    found.close()


class Keys:
    """Somebody without a mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def tab_to(self, target: Locator, key: str = "Tab") -> None:
        """Go there by Tab; where one comes by is seen to have the focus."""
        expect(target).to_be_visible()
        for _ in range(STOPS):
            if target.evaluate("(one) => one === document.activeElement"):
                assert self.page.evaluate(SHOWN) is True
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"not reached by {key}: {target}")

    def press(self, name: str, role: str = "button", key: str = "Enter") -> Locator:
        """Go to that button or link, and press it."""
        target = self.page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
        self.tab_to(target)
        self.page.keyboard.press(key)
        return target

    def fill(self, name: str, text: str, role: str = "textbox") -> None:
        """Go to that field, and type."""
        self.tab_to(self.page.get_by_role(role, name=name, exact=True).first)  # type: ignore[arg-type]
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)


def at(visitors: Visitors, who: str, view: str) -> Keys:
    page = visitors.page(who)
    page.goto(f"{visitors.shared.server.url}/#/{view}")
    expect(page.get_by_role("status", name="Connection")).to_have_text("Connected")
    return Keys(page)
