"""Notices and the composer, as a teacher writes them and a student reads them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import browser
from tests.support.samples import PNG
from tests.support.shared import Shared
from tests.web.board import OpenApp, apps, day, made, open_app, shared

__all__ = ["apps", "browser", "open_app", "shared"]

NOTICES = "communication/notices/"
XSS = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture(scope="module")
def physics(shared: Shared) -> dict[str, int]:
    """A class with ann in its one section, and without bob."""
    with shared.api("dean") as dean:
        physics = made(dean.post("academic/classes/", json={"name": "Physics"}))
        section = made(dean.post("academic/sections/", json={"class_obj": physics["id"], "name": "Section A"}))
        made(
            dean.post(
                "academic/enrollments/",
                json={"user": shared["ann"].id, "class_obj": physics["id"], "section": section["id"]},
            )
        )
    return {"class": physics["id"], "section": section["id"]}


def publish(shared: Shared, **fields: object) -> dict[str, object]:
    body = {"content": "Read it.", "publish_date": day(0), "is_published": True}
    with shared.api("tara") as tara:
        return made(tara.post(NOTICES, json=body | {"visibility": [{"target_type": "all"}]} | fields))


def write(page: Page, title: str, text: str = "Read it.") -> None:
    page.get_by_role("textbox", name="Title").fill(title)
    page.get_by_role("textbox", name="Text").fill(text)


def row(page: Page, title: str) -> Locator:
    return page.get_by_role("list", name="Notices").get_by_role("listitem").filter(has_text=title)


def test_what_a_teacher_publishes_is_with_a_student_at_once(shared: Shared, open_app: OpenApp) -> None:
    ann, tara = open_app("ann", "notices"), open_app("tara", "compose/notice")
    bell = ann.get_by_role("button", name="Notifications", exact=True)
    write(tara, "The library is open")
    tara.get_by_label("Urgent").check()
    tara.get_by_label("Attachment").set_input_files({"name": "plan.png", "mimeType": "image/png", "buffer": PNG})
    expect(tara.get_by_role("status", name="Reach")).to_have_text(
        re.compile(r"Reaches 8 people, you among them; 2 of them are online now\.")
    )
    tara.get_by_role("button", name="Publish").click()
    expect(tara.get_by_role("heading", name="The notice is published")).to_be_visible()
    expect(tara.get_by_text("Reaches 8 people, you among them")).to_be_visible()

    expect(row(ann, "The library is open")).to_contain_text("Urgent")
    expect(bell).to_have_accessible_description(re.compile(r"\d+ unread"))
    expect(ann.get_by_role("status", name="News")).to_contain_text("The library is open")
    bell.click()
    ann.get_by_role("dialog", name="Notifications").get_by_role(
        "button", name="Unread: The library is open"
    ).first.click()
    expect(ann.get_by_role("heading", name="The library is open")).to_be_visible()
    expect(ann.get_by_role("link", name="plan.png")).to_be_visible()
    expect(ann.get_by_alt_text("Attached picture: plan.png")).to_be_visible()


def test_a_draft_is_nobodys_until_it_is_published(shared: Shared, open_app: OpenApp) -> None:
    ann, tara = open_app("ann", "notices"), open_app("tara", "compose/notice")
    write(tara, "The plan of spring")
    tara.get_by_label("Draft").check()
    tara.get_by_role("button", name="Save draft").click()
    tara.get_by_role("link", name="Open it").click()
    expect(tara.get_by_role("article").get_by_text("Draft", exact=True)).to_be_visible()
    expect(row(ann, "The plan of spring")).to_have_count(0)

    tara.get_by_role("link", name="Edit").click()
    tara.get_by_role("textbox", name="Title").fill("The plan of summer")
    tara.get_by_label("Published").check()
    tara.get_by_role("button", name="Publish").click()
    expect(tara.get_by_role("heading", name="The notice is published")).to_be_visible()
    expect(row(ann, "The plan of summer")).to_be_visible()

    row(ann, "The plan of summer").get_by_role("link").click()
    expect(ann.get_by_role("heading", name="The plan of summer")).to_be_visible()
    tara.get_by_role("link", name="Open it").click()
    tara.get_by_role("button", name="Delete").click()
    tara.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(ann.get_by_role("heading", name="This notice is not here")).to_be_visible()
    ann.get_by_role("button", name="All notices").click()
    expect(row(ann, "The plan of summer")).to_have_count(0)


def test_a_class_is_chosen_by_keyboard_and_nobody_else_is_told(
    shared: Shared, physics: dict[str, int], open_app: OpenApp
) -> None:
    ann, bob, tara = open_app("ann", "notices"), open_app("bob", "notices"), open_app("tara", "compose/notice")
    write(tara, "The practical moves")
    tara.get_by_label("Only these").focus()
    tara.keyboard.press("Space")
    reach = tara.get_by_role("status", name="Reach")
    expect(reach).to_have_text("Choose a class or a section.")
    finder = tara.get_by_role("combobox", name="Add a class or a section")
    finder.focus()
    finder.press_sequentially("phys")
    expect(tara.get_by_role("option", name="Physics, Section A")).to_be_visible()
    tara.keyboard.press("ArrowDown")
    tara.keyboard.press("Enter")
    expect(tara.get_by_role("button", name="Remove Physics")).to_be_visible()
    expect(reach).to_have_text(re.compile("Reaches 2 people, you among them"))
    tara.get_by_role("textbox", name="Title").press("Enter")  # sends the form
    tara.get_by_role("link", name="Open it").click()
    expect(tara.get_by_role("article").get_by_text("Physics", exact=True)).to_be_visible()

    expect(row(ann, "The practical moves")).to_be_visible()
    # A later one for all shows that the one before has passed him by.
    publish(shared, title="The canteen is closed")
    expect(row(bob, "The canteen is closed")).to_be_visible()
    expect(row(bob, "The practical moves")).to_have_count(0)


def test_a_global_role_says_for_which_college_and_takes_the_file_away(shared: Shared, open_app: OpenApp) -> None:
    east, boss = open_app("east_ann", "notices"), open_app("boss", "compose/notice")
    write(boss, "Of the east")
    boss.get_by_role("combobox", name="College").select_option(label="East")
    expect(boss.get_by_role("status", name="Reach")).to_have_text(re.compile("Reaches 3 people"))
    boss.get_by_label("Attachment").set_input_files({"name": "map.png", "mimeType": "image/png", "buffer": PNG})
    boss.get_by_label("Expires after").fill(day(5))
    boss.get_by_role("button", name="Publish").click()
    boss.get_by_role("link", name="Open it").click()
    expect(row(east, "Of the east")).to_contain_text("Attachment")
    boss.get_by_role("link", name="Edit").click()
    expect(boss.get_by_role("combobox", name="College")).to_have_count(0)
    boss.get_by_label("Remove map.png").check()
    boss.get_by_label("Expires after").fill("")
    boss.get_by_role("button", name="Save").click()
    expect(row(east, "Of the east")).not_to_contain_text("Attachment")
    expect(row(east, "Of the east")).not_to_contain_text("until")


def test_a_refusal_is_at_the_form_and_nothing_is_lost(open_app: OpenApp) -> None:
    tara = open_app("tara", "compose/notice")
    write(tara, "Over before it began")
    tara.get_by_label("Expires after").fill(day(-2))
    tara.get_by_role("button", name="Publish").click()
    expect(tara.get_by_role("alert").get_by_text("must not be before the publish date")).to_be_visible()
    expect(tara.get_by_role("textbox", name="Title")).to_have_value("Over before it began")


def test_search_and_the_urgent_ones(shared: Shared, open_app: OpenApp) -> None:
    publish(shared, title="Zebra crossing", is_urgent=True)
    publish(shared, title="Zebra photographs")
    cy = open_app("cy", "notices")
    cy.get_by_role("searchbox", name="Search notices").fill("zebra")
    expect(row(cy, "Zebra")).to_have_count(2)
    cy.get_by_role("button", name="Urgent").click()
    expect(row(cy, "Zebra")).to_have_count(1)
    publish(shared, title="Zebra found", is_urgent=True)
    expect(row(cy, "Zebra")).to_have_count(2)
    cy.get_by_role("searchbox", name="Search notices").fill("okapi")
    expect(cy.get_by_role("heading", name="Nothing has “okapi” in it")).to_be_visible()


def test_more_come_as_one_scrolls_and_none_twice(shared: Shared, open_app: OpenApp) -> None:
    for number in range(45):
        publish(shared, title=f"Old one {number:02}", publish_date=day(-30))
    ann = open_app("ann", "notices")
    rows = ann.get_by_role("list", name="Notices").get_by_role("listitem").filter(has_text="Old one")
    expect(rows.first).to_be_visible()
    publish(shared, title="Meanwhile")
    expect(row(ann, "Meanwhile")).to_be_visible()
    while rows.count() < 45:
        before = rows.count()
        rows.last.scroll_into_view_if_needed()
        expect(rows.nth(before)).to_be_attached()
    assert sorted(set(rows.all_inner_texts())) == sorted(rows.all_inner_texts())


def test_what_did_not_come_is_fetched_again(open_app: OpenApp) -> None:
    ann = open_app("ann", "chats")
    ann.route(f"**/{NOTICES}?*", lambda route: route.abort())
    ann.get_by_role("link", name="Notices").click()
    expect(ann.get_by_role("heading", name="The notices did not come")).to_be_visible()
    ann.unroute_all()
    ann.get_by_role("button", name="Try again").click()
    expect(ann.get_by_role("list", name="Notices")).to_be_visible()


def test_html_is_text(shared: Shared, open_app: OpenApp) -> None:
    ann = open_app("ann", "notices")
    notice = publish(shared, title=XSS, content=f"{XSS} javascript:alert(3) https://a.example/{XSS}")
    expect(row(ann, XSS)).to_be_visible()
    expect(ann.get_by_role("status", name="News")).to_contain_text(XSS)
    ann.goto(f"{shared.server.url}/#/notices/{notice['id']}")
    expect(ann.get_by_role("heading", name=XSS)).to_be_visible()
    assert ann.locator("main script, main img[src=x], main a[href^='javascript']").count() == 0
    expect(ann.get_by_role("link", name="https://a.example/", exact=True)).to_be_visible()
