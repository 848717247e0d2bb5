"""The notification centre, toasts and the browser's notifications, in one tab, in two, and while none is looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import browser
from tests.support.campus import send
from tests.support.devtools import Chromium, Target
from tests.support.shared import Shared
from tests.support.waiting import eventually
from tests.web.board import PLACE, SESSION, OpenApp, apps, made, open_app, session, shared

__all__ = ["apps", "browser", "open_app", "shared"]

ANNOUNCEMENTS = "communication/announcements/"
NAME = "campus.test"
XSS = "<img src=x onerror=alert(1)>"
# Notifications are shown nowhere where a test could look: the page's own way to make one also writes it down.
RECORD = """window.told = [];
window.Notification = class extends window.Notification {
    constructor(title, options) { super(title, options); told.push([title, options.body]); }
}; true"""


def announce(shared: Shared, title: str, *usernames: str, message: str = "Listen.") -> int:
    audience = {"users": [shared[name].id for name in usernames]} if usernames else {"all": True}
    with shared.api("dean") as dean:
        said = made(dean.post(ANNOUNCEMENTS, json={"title": title, "message": message, "audience": audience}))
    number: int = said["id"]
    return number


def bell(page: Page) -> Locator:
    return page.get_by_role("button", name="Notifications", exact=True)


def unread(page: Page, count: int) -> None:
    """The badge, and the page's title, which has the unread messages in it as well."""
    expect(bell(page)).to_have_accessible_description(f"{count} unread" if count else "")


def test_read_in_one_tab_is_read_in_the_other(shared: Shared, open_app: OpenApp) -> None:
    bob = open_app("bob", "notices")
    beside = open_app("bob", "notices", beside=bob)
    for title in ("First", "Second", "Third"):
        announce(shared, title, "bob")
    for page in (bob, beside):
        page.bring_to_front()  # behind another tab it draws once a second
        unread(page, 3)
        expect(page).to_have_title(re.compile(r"^\(3\) "))
        bell(page).click()
        expect(page.get_by_role("list", name="Notifications").get_by_role("listitem")).to_have_count(3)
    bob.bring_to_front()
    bob.get_by_role("button", name="Mark as read: Second").click()
    for page in (bob, beside):
        unread(page, 2)
        expect(page.get_by_role("button", name="Mark as read: Second")).to_have_count(0)
        expect(page.get_by_role("button", name="Unread: Third")).to_be_visible()
    beside.bring_to_front()
    beside.get_by_role("button", name="Mark all as read").click()
    for page in (bob, beside):
        unread(page, 0)
        expect(page.get_by_text("Everything is read.")).to_be_visible()
        expect(page.get_by_role("button", name="Unread:")).to_have_count(0)
        expect(page).not_to_have_title(re.compile(r"^\("))


def test_an_announcement_is_a_toast_that_leads_to_it(shared: Shared, open_app: OpenApp) -> None:
    ann, tara = open_app("ann", "notices"), open_app("tara", "compose/announcement")
    tara.get_by_role("textbox", name="Title").fill("The bus leaves")
    tara.get_by_role("textbox", name="Message").fill("From gate 2.")
    tara.get_by_label("Only these").check()
    expect(tara.get_by_role("status", name="Reach")).to_have_text("Choose whom it is for.")
    tara.get_by_role("group", name="Everybody who is").get_by_label("Parents").check()
    expect(tara.get_by_role("status", name="Reach")).to_have_text(re.compile("Reaches 2 people"))
    finder = tara.get_by_role("combobox", name="Add a class, a section or a person")
    finder.fill("ann")
    tara.get_by_role("option", name="Ann Student, ann", exact=True).click()
    expect(tara.get_by_role("status", name="Reach")).to_have_text(re.compile("Reaches 3 people"))
    tara.get_by_role("button", name="Send").click()
    tara.get_by_role("dialog", name="Send it to 3 people?").get_by_role("button", name="Send now").click()
    # First of all: a toast goes after some seconds.
    toast = ann.get_by_role("status", name="News").locator(".toast").filter(has_text="The bus leaves")
    toast.filter(has_text="From gate 2.").get_by_role("button", name="Open").click()
    expect(ann.get_by_role("heading", name="The bus leaves")).to_be_visible()
    expect(ann.get_by_role("article")).to_contain_text("From gate 2.")
    expect(tara.get_by_text("It is for 3 people, you among them; 2 of them were online")).to_be_visible()


def test_a_message_is_a_toast_but_in_its_own_chat(shared: Shared, open_app: OpenApp) -> None:
    cy = open_app("cy", f"chats/{shared['bob'].id}")
    with shared.api("bob") as bob:
        send(bob, shared["cy"], "Seen in the chat")
        expect(cy.get_by_role("log", name="Messages")).to_contain_text("Seen in the chat")
        cy.goto(f"{shared.server.url}/#/notices")
        send(bob, shared["cy"], "Seen as a toast")
    news = cy.get_by_role("status", name="News")
    expect(news).to_contain_text("Seen as a toast")
    expect(news).not_to_contain_text("Seen in the chat")


def test_what_was_missed_is_in_the_centre_and_no_wall_of_toasts(shared: Shared, open_app: OpenApp) -> None:
    pat = open_app("pat", "notices")
    pat.goto(shared.server.url + PLACE)
    for number in range(5):
        announce(shared, f"Missed {number}", "pat")
    pat.goto(f"{shared.server.url}/#/notices")
    unread(pat, 5 + 1)  # one was for all parents
    bell(pat).click()
    rows = pat.get_by_role("list", name="Notifications").get_by_role("listitem")
    expect(rows.filter(has_text="Missed")).to_have_count(5)
    expect(pat.get_by_role("status", name="News").get_by_text("Missed")).to_have_count(0)
    rows.filter(has_text="Missed 4").get_by_role("button").first.click()
    expect(pat.get_by_role("heading", name="Missed 4")).to_be_visible()
    unread(pat, 5)


def test_html_is_text(shared: Shared, open_app: OpenApp) -> None:
    ann = open_app("ann", "notices")
    number = announce(shared, XSS, "ann", message=XSS)
    expect(ann.get_by_role("status", name="News")).to_contain_text(XSS)
    bell(ann).click()
    expect(ann.get_by_role("list", name="Notifications").get_by_role("listitem").first).to_contain_text(XSS)
    ann.goto(f"{shared.server.url}/#/announcements/{number}")
    expect(ann.get_by_role("heading", name=XSS)).to_be_visible()
    assert ann.locator("img[src=x]").count() == 0


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Chromium]:
    """Tabs of one window: the newest is looked at, the others are hidden."""
    with Chromium(tmp_path / "profile", [f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]) as chromium:
        yield chromium


def tab(chromium: Chromium, shared: Shared, origin: str) -> Target:
    """A tab of the application, with stella signed in."""
    target = chromium.tab(origin + PLACE)
    target.look(f"localStorage.setItem({json.dumps(SESSION)}, {json.dumps(session(shared, 'stella'))})")
    target.close()
    target = chromium.tab(f"{origin}/#/notices")
    eventually(
        lambda: target.look("document.querySelector('.connection-status')?.textContent === 'Connected'"), "connected"
    )
    return target


def test_hidden_tabs_tell_it_once_and_a_looked_at_one_not(chromium: Chromium, shared: Shared) -> None:
    chromium.call("Browser.grantPermissions", permissions=["notifications"], origin=shared.server.url)
    tabs = [tab(chromium, shared, shared.server.url) for _ in range(2)]
    for one in tabs:
        one.look(RECORD)
    tabs[1].look("document.querySelector('.news-button').click()")
    assert tabs[1].look("document.querySelector('campus-alerts-setting input').click() || true")
    eventually(lambda: tabs[1].look("localStorage.getItem('campus:alerts') === 'on'"), "switched on")

    def told() -> list[list[str]]:
        return [one for target in tabs for one in target.look("told")]

    def count() -> str:
        return str(tabs[0].look("document.querySelector('#news-unread').textContent"))

    announce(shared, "While it is looked at", "stella")
    eventually(lambda: count().startswith("1 "), "it has come")
    front = chromium.tab(shared.server.url + PLACE)
    eventually(lambda: all(one.look("document.visibilityState === 'hidden'") for one in tabs), "hidden")
    announce(shared, "While all are hidden", "stella")
    with shared.api("ann") as ann:
        send(ann, shared["stella"], "Are you there?")
    eventually(lambda: len(told()) >= 2, "told")
    eventually(lambda: count().startswith("2 "), "it has come")
    assert sorted(told()) == [["Ann", "Are you there?"], ["While all are hidden", "Listen."]]
    front.close()


def test_where_there_can_be_none_the_setting_says_why(chromium: Chromium, shared: Shared) -> None:
    plain = tab(chromium, shared, f"http://{NAME}:{shared.server.port}")
    plain.look("document.querySelector('.news-button').click()")
    said = eventually(
        lambda: plain.look("document.querySelector('campus-alerts-setting p').textContent"), "the setting"
    )
    assert "need HTTPS" in said
    assert plain.look("document.querySelector('campus-alerts-setting label').hidden")
