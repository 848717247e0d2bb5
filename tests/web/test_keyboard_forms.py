"""The forms from the keyboard alone: a notice, an event, an announcement, an import."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.support.browser import browser
from tests.web.keys import Keys, at, visitors
from tests.web.stage import stage
from tests.web.visitors import Visitors

__all__ = ["browser", "stage", "visitors"]


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


def test_an_event_is_composed(visitors: Visitors) -> None:
    keys = at(visitors, "tara", "compose/event")
    page = keys.page
    keys.fill("Title", "A walk by the keys")
    keys.fill("Description", "Bring shoes.")
    for label, typed in (("Day", "12312031"), ("From", "0900AM"), ("To", "1030AM")):
        keys.tab_to(page.get_by_label(label, exact=True))
        page.keyboard.type(typed)
    keys.fill("Place", "The gate")
    keys.press("People register for it", "checkbox", "Space")
    keys.press("Publish")
    keys.press("Open it", "link")
    expect(page.get_by_role("heading", name="A walk by the keys")).to_be_visible()
    expect(page.get_by_text("Just come: no registration is needed.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"December.* 2031.*09:00.*10:30"))).to_be_visible()
    visitors.check(page)


def test_an_announcement_is_composed(visitors: Visitors) -> None:
    keys = at(visitors, "tara", "compose/announcement")
    page = keys.page
    keys.fill("Title", "By the keys alone")
    keys.fill("Message", "No mouse.")
    keys.tab_to(page.get_by_role("radio", name="Everybody in the college"))
    page.keyboard.press("ArrowDown")
    finder = page.get_by_role("combobox", name="Add a class, a section or a person")
    keys.tab_to(finder)
    page.keyboard.type("stan")
    expect(page.get_by_role("option").filter(has_text="stan")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove Stan")).to_be_visible()
    keys.press("Parents", "checkbox", "Space")
    keys.tab_to(page.get_by_role("button", name="Remove Parents"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove Parents")).to_have_count(0)
    opener = keys.press("Send")
    keys.press("Not yet")
    expect(opener).to_be_focused()
    expect(opener).not_to_have_attribute("aria-busy", "true")
    page.keyboard.press("Enter")
    keys.press("Send now")
    keys.press("Open it", "link")
    expect(page.get_by_role("heading", name="By the keys alone")).to_be_visible()
    visitors.check(page)


def test_people_are_imported(visitors: Visitors) -> None:
    page = visitors.page("dean")
    page.goto(f"{visitors.shared.server.url}/admin/#/imports")
    keys = Keys(page)
    field = page.get_by_label("CSV file")
    for text, outcome in (("username\nkey_one\nann\n", "line 3"), ("username\nkey_one\nkey_two\n", "2 accounts made")):
        with page.expect_file_chooser() as chooser:
            keys.tab_to(field)
            page.keyboard.press("Enter")
        chooser.value.set_files([{"name": "people.csv", "mimeType": "text/csv", "buffer": text.encode()}])
        keys.press("Import")
        expect(page.get_by_text(re.compile(outcome)).first).to_be_visible()
    visitors.check(page)
