"""Everything from the keyboard alone: what has the focus shows it, and after a dialog it is where it was."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.support.browser import browser
from tests.support.samples import PDF
from tests.support.shared import PASSWORD
from tests.web.keys import SHOWN, Keys, at, visitors
from tests.web.stage import stage
from tests.web.visitors import Visitors

__all__ = ["browser", "stage", "visitors"]


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


def test_a_file_is_attached_taken_back_and_sent(visitors: Visitors) -> None:
    keys = at(visitors, "bob", f"chats/{visitors.shared['cy'].id}")
    page = keys.page
    files = [{"name": name, "mimeType": "application/pdf", "buffer": PDF} for name in ("first.pdf", "second.pdf")]
    with page.expect_file_chooser() as chooser:
        keys.press("Attach files")
    chooser.value.set_files(files)  # type: ignore[arg-type]
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    keys.tab_to(page.get_by_role("button", name="Remove first.pdf"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    page.keyboard.type("Read this")
    page.keyboard.press("Enter")
    log = page.get_by_role("log", name="Messages")
    expect(log.get_by_role("img", name="Sent")).to_have_count(1)
    keys.tab_to(log.locator(".message").last, "Shift+Tab")
    with page.expect_download() as download:
        keys.press("second.pdf (download)", "link")
    assert download.value.path().read_bytes() == PDF
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
