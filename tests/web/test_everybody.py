"""The application for everybody: on a phone, by the keyboard, by ear, for weak eyes; and against who writes markup."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import browser
from tests.support.campus import User, api, send
from tests.support.samples import PNG
from tests.web.axe_core import violations
from tests.web.talk import PASSWORD, Campus, Seat, Sit, ann, bob, campus, complaints, context, named, sit

__all__ = ["ann", "bob", "browser", "campus", "complaints", "context", "sit"]

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>{{ 7*7 }}"
LINK = "javascript:alert(3) https://example.org/?q=1&r=<b>."


def fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    wide = page.evaluate(
        """() => [...document.querySelectorAll('body *')].filter((one) => {
            const box = one.getBoundingClientRect();
            return box.width > 2 && box.right > innerWidth + 1;
        }).map((one) => one.outerHTML.slice(0, 100))"""
    )
    assert wide == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone(sit: Sit, campus: Campus, ann: User, bob: User) -> None:
    with api(campus.server, bob) as client:
        send(client, ann, "A word that does not end: " + "o" * 300)
    one = sit(ann, **PHONE)
    fits(one.page)
    one.row("Bob Okoro").tap()
    expect(one.box).to_be_visible()
    expect(one.page.get_by_role("list", name="Conversations")).to_be_hidden()
    expect(one.page.get_by_role("heading", name="Bob Okoro", level=1)).to_be_visible()
    one.write("From the phone")
    expect(one.tick("From the phone", "Sent")).to_be_visible()
    fits(one.page)
    one.page.get_by_role("link", name="Back to the chats").tap()
    expect(one.row("Bob Okoro")).to_contain_text("You: From the phone")
    one.page.go_back()
    expect(one.message("From the phone")).to_be_visible()
    one.page.go_back()
    one.page.get_by_role("button", name="New chat").tap()
    expect(one.page.get_by_role("searchbox", name="Search people")).to_be_visible()
    fits(one.page)
    one.page.get_by_role("button", name="Close").tap()
    one.page.get_by_role("link", name=re.compile("^Settings")).tap()
    expect(one.page.get_by_text("This device")).to_be_visible()
    fits(one.page)


def test_what_is_written_from_the_right_is_read_from_there(campus: Campus, sit: Sit, ann: User) -> None:
    writer = named(campus, "محمد", "العربي")
    with api(campus.server, writer) as client:
        send(client, ann, "שלום (hello)!")
        send(client, ann, "Good morning, שלום")
    one = sit(ann, f"chats/{writer.id}")
    # Where a character is painted: what ends the Hebrew sentence is left of what begins it.
    order = """(text) => {
        const node = [...document.querySelectorAll('.message-text')].find((one) => one.textContent === text).firstChild;
        const at = (index) => {
            const range = document.createRange();
            range.setStart(node, index);
            range.setEnd(node, index + 1);
            return range.getBoundingClientRect().left;
        };
        return at(0) < at(text.length - 1);
    }"""
    expect(one.message("hello")).to_be_visible()
    assert one.page.evaluate(order, "שלום (hello)!") is False
    assert one.page.evaluate(order, "Good morning, שלום") is True
    one.box.fill("שלום!")
    assert one.box.evaluate("(box) => getComputedStyle(box).unicodeBidi") == "plaintext"


def focused(page: Page) -> str:
    """What has the focus, by its name."""
    found: str = page.evaluate(
        """() => {
            const one = document.activeElement;
            return one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent ?? one.textContent.trim();
        }"""
    )
    return found


def tab_to(page: Page, name: str) -> None:
    """Press Tab until that has the focus, as somebody without a mouse does."""
    for _ in range(60):
        if re.match(name, focused(page)):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no {name} by Tab, but {focused(page)}")


def test_by_the_keyboard_alone(campus: Campus, sit: Sit, ann: User, bob: User) -> None:
    one = sit(ann)
    page, keyboard = one.page, one.page.keyboard
    tab_to(page, "Sign out")
    keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Username")).to_be_focused()
    keyboard.type(ann.username)
    keyboard.press("Tab")
    keyboard.type(PASSWORD)
    keyboard.press("Enter")
    expect(one.connection).to_have_text("Connected")
    tab_to(page, "New chat")
    keyboard.press("Enter")
    expect(page.get_by_role("searchbox", name="Search people")).to_be_focused()
    keyboard.type(bob.username)
    expect(page.get_by_role("option", selected=True)).to_contain_text(f"{bob.username}")
    keyboard.press("Enter")
    expect(one.box).to_be_focused()
    keyboard.type("First line")
    keyboard.press("Shift+Enter")
    keyboard.type("second line")
    keyboard.press("Enter")
    expect(one.tick("First line", "Sent")).to_be_visible()
    assert one.texts() == ["First line\nsecond line"]
    keyboard.press("ArrowUp")
    expect(page.get_by_text("Editing a message")).to_be_visible()
    keyboard.press("End")
    keyboard.type("!")
    keyboard.press("Enter")
    expect(one.message("second line!")).to_contain_text("edited")
    keyboard.type("Another")
    keyboard.press("Enter")
    expect(one.tick("Another", "Sent")).to_be_visible()
    for _ in range(20):
        keyboard.press("Shift+Tab")
        if "message" in (page.evaluate("document.activeElement.className") or ""):
            break
    keyboard.press("ArrowUp")
    keyboard.press("End")
    tab_to(page, "Delete message")
    keyboard.press("Enter")
    keyboard.press("Enter")
    expect(one.message("Another")).to_have_count(0)
    expect(one.box).to_be_focused()


def test_markup_is_text_everywhere(campus: Campus, sit: Sit, ann: User) -> None:
    eve = named(campus, "<b>Eve</b>", "<script>alert(4)</script>")
    with api(campus.server, eve) as client:
        send(client, ann, MARKUP)
        send(client, ann, LINK)
        form = {"receiver_id": str(ann.id), "message": "file"}
        name = '"><img src=x onerror=alert(5)>.png'
        assert client.post("communication/chats/", data=form, files={"attachment": (name, PNG)}).status_code == 201
    one = sit(ann)
    expect(one.row("<b>Eve</b>")).to_contain_text("file")
    one.row("<b>Eve</b>").click()
    expect(one.message("{{ 7*7 }}")).to_contain_text(MARKUP)
    links = one.log.locator("p a")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", "https://example.org/?q=1&r=")
    expect(one.page.get_by_role("heading", name="<b>Eve</b> <script>alert(4)</script>")).to_be_visible()
    one.page.get_by_role("button", name="Search this chat").click()
    one.page.get_by_role("searchbox").fill("alert")
    expect(one.page.get_by_role("option").first).to_contain_text("alert")
    assert one.page.locator("img[onerror], b, #app script").count() == 0


def test_settings(campus: Campus, sit: Sit, ann: User, bob: User) -> None:
    elsewhere = campus.token(ann.username)
    one, other = sit(ann, "settings"), sit(bob, f"chats/{ann.id}")
    page = one.page
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").click()
    chooser.value.set_files([{"name": "me.png", "mimeType": "image/png", "buffer": PNG}])
    expect(page.get_by_text("Your new picture is there.")).to_be_visible()
    page.get_by_label("First name").fill("Anna")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Settings of Anna Lee")).to_be_visible()
    other.write("You look different")
    expect(other.tick("You look different", "Delivered")).to_be_visible()
    page.get_by_role("button", name="Sign out there").first.click()
    expect(page.get_by_text(re.compile("^Signed out: "))).to_be_visible()
    expect(page.get_by_role("button", name="Sign out there")).to_have_count(0)
    with api(campus.server) as client:
        gone = client.get("accounts/users/me/", headers={"Authorization": f"Token {elsewhere}"})
    assert gone.status_code == 401
    page.get_by_label("Current password").fill("wrong")
    page.get_by_label("New password", exact=True).fill("eight silver lamps")
    page.get_by_label("New password again").fill("eight silver lamps")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_label("Current password")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    expect(one.connection).to_have_text("Connected")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(campus: Campus, sit: Sit, ann: User, bob: User, scheme: str) -> None:
    with api(campus.server, bob) as client:
        send(client, ann, "Read me https://example.org/")
        form = {"receiver_id": str(ann.id), "message": ""}
        assert client.post("communication/chats/", data=form, files={"attachment": ("x.png", PNG)}).status_code == 201
    one = sit(ann, color_scheme=scheme, bypass_csp=True)  # axe-core writes a style of its own
    found = {"list": violations(one.page)}
    one.row("Bob Okoro").click()
    one.write("Mine")
    expect(one.tick("Mine", "Sent")).to_be_visible()
    one.message("Read me").hover()
    found["chat"] = violations(one.page)
    one.page.get_by_role("button", name="New chat").click()
    expect(one.page.get_by_role("option").first).to_be_visible()
    found["new chat"] = violations(one.page)
    one.page.keyboard.press("Escape")
    one.page.get_by_role("link", name=re.compile("^Settings")).click()
    expect(one.page.get_by_text("This device")).to_be_visible()
    found["settings"] = violations(one.page)
    one.page.get_by_role("button", name="Sign out", exact=True).click()
    expect(one.page.get_by_role("button", name="Sign in")).to_be_visible()
    found["sign in"] = violations(one.page)
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_signing_out_ends_all_tabs(sit: Sit, ann: User) -> None:
    one = sit(ann)
    beside = Seat(one.page.context.new_page(), ann)
    beside.page.goto(one.page.url)
    expect(beside.connection).to_have_text("Connected")
    one.page.get_by_role("button", name="Sign out").click()
    for seat in (one, beside):
        expect(seat.page.get_by_role("button", name="Sign in")).to_be_visible()
        expect(seat.page.get_by_text("You have signed out.")).to_be_visible()
