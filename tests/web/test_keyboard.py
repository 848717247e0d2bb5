"""Everything from the keyboard alone: what has the focus shows it, and after a dialog it is where it was."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import browser
from tests.support.shared import PASSWORD
from tests.web.stage import Stage, stage
from tests.web.visitors import Visitors

__all__ = ["browser", "stage"]

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


def test_signing_in_a_chat_and_signing_out(visitors: Visitors) -> None:
    page = visitors.page(None)
    page.goto(visitors.shared.server.url)
    keys = Keys(page)
    keys.fill("Username", "cy")
    keys.fill("Password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status", name="Connection")).to_have_text("Connected")
    opener = keys.press("New chat")
    expect(page.get_by_role("searchbox", name="Search people")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("tara")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Tara")
    page.keyboard.press("Enter")
    box = page.get_by_role("textbox", name="Message")
    expect(box).to_be_focused()
    page.keyboard.type("Good morning")
    keys.press("Send")
    log = page.get_by_role("log", name="Messages")
    expect(log.get_by_role("img", name="Sent")).to_be_visible()
    keys.tab_to(log.locator(".message").last, "Shift+Tab")
    keys.press("Edit message")
    expect(box).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type(", Tara")
    page.keyboard.press("Enter")
    expect(log).to_contain_text("Good morning, Tara")
    keys.tab_to(log.locator(".message").last, "Shift+Tab")
    opener = keys.press("Delete message")
    keys.press("Cancel")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    keys.press("Delete")
    expect(page.get_by_text("This is the beginning of your chat.")).to_be_visible()
    expect(box).to_be_focused()
    keys.press("Sign out")
    expect(page.get_by_role("textbox", name="Username")).to_be_focused()
    visitors.check(page)


def test_a_message_is_found_and_shown(visitors: Visitors) -> None:
    keys = at(visitors, "ann", "chats")
    page = keys.page
    opener = keys.press("Search messages")
    page.keyboard.type("answer")
    expect(page.get_by_role("option", selected=True)).to_be_visible()
    page.keyboard.press("Escape")  # a search field of its own takes the first one
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("question 3")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Question 3")
    page.keyboard.press("Enter")
    found = page.locator(".message").filter(has_text="Question 3")
    expect(found).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".message:focus")).to_contain_text("Answer 3")
    keys.tab_to(page.get_by_role("button", name="Photo"))
    visitors.check(page)


def test_notices_a_registration_and_the_notifications(visitors: Visitors) -> None:
    keys = at(visitors, "ann", "chats")
    page = keys.page
    keys.press("Notices", "link")
    expect(page.get_by_role("main")).to_be_focused()
    keys.fill("Search notices", "exam", "searchbox")
    keys.press("Urgent")
    row = page.get_by_role("list", name="Notices").get_by_role("link")
    expect(row).to_have_count(1)
    keys.tab_to(row)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Exam week")).to_be_visible()
    keys.press("All notices", "link")
    keys.press("Events", "link")
    keys.tab_to(page.get_by_role("list", name="Events").get_by_role("link").filter(has_text="Concert"))
    page.keyboard.press("Enter")
    keys.press("Register")
    expect(page.get_by_text("You are registered.").first).to_be_visible()
    opener = keys.press("Cancel registration")
    keys.press("Keep it")
    expect(opener).to_be_focused()
    bell = keys.press("Notifications")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(bell).to_be_focused()
    page.keyboard.press("Enter")
    row = page.get_by_role("list", name="Notifications").get_by_role("button").filter(has_text="The bus leaves").first
    keys.tab_to(row)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The bus leaves")).to_be_visible()
    visitors.check(page)


def test_a_notice_is_composed_and_deleted(visitors: Visitors) -> None:
    keys = at(visitors, "tara", "chats")
    page = keys.page
    keys.press("Compose", "link")
    keys.fill("Title", "By the keys")
    keys.fill("Text", "No mouse.")
    keys.press("Urgent: it stands out, and its toast stays longer", "checkbox", "Space")
    keys.press("Publish")
    keys.press("Open it", "link")
    expect(page.get_by_role("heading", name="By the keys")).to_be_visible()
    opener = keys.press("Delete")
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    keys.tab_to(page.get_by_role("dialog").get_by_role("button", name="Delete"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Notices").get_by_text("By the keys")).to_have_count(0)
    visitors.check(page)


def test_settings(visitors: Visitors) -> None:
    keys = at(visitors, "pat", "chats")
    page = keys.page
    keys.press("Settings of Pat", "link")
    keys.fill("Last name", "Lee")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your profile is saved.")).to_be_visible()
    keys.fill("Current password", PASSWORD)
    keys.fill("New password", "nine orange lamps")
    keys.fill("New password again", "nine orange lamps")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    expect(page.get_by_role("status", name="Connection")).to_have_text("Connected")
    visitors.check(page)


def test_administration(visitors: Visitors) -> None:
    page = visitors.page("boss")
    page.goto(f"{visitors.shared.server.url}/admin/")
    keys = Keys(page)
    keys.press("People", "link")
    opener = keys.press("New person")
    expect(page.get_by_role("textbox", name="Username")).to_be_visible()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    keys.fill("Username", "by_the_keys")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name=re.compile("link", re.IGNORECASE))).to_be_visible()
    page.keyboard.press("Escape")
    keys.press("Streams", "link")
    expect(page.get_by_role("heading", name="Open streams")).to_be_visible()
    visitors.check(page)


def test_the_first_stop_skips_to_the_content(visitors: Visitors) -> None:
    keys = at(visitors, "ann", "events")
    keys.page.reload()
    expect(keys.page.get_by_role("status", name="Connection")).to_have_text("Connected")
    keys.page.keyboard.press("Tab")
    skip = keys.page.get_by_role("button", name="Skip to the content")
    expect(skip).to_be_focused()
    assert keys.page.evaluate(SHOWN) is True
    keys.page.keyboard.press("Enter")
    expect(keys.page.get_by_role("main")).to_be_focused()
