"""Events of the campus: planned in the composer, registered for in a browser, counted in all of them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import browser
from tests.support.samples import PNG
from tests.support.shared import Shared
from tests.web.board import OpenApp, apps, day, made, open_app, shared

__all__ = ["apps", "browser", "open_app", "shared"]

EVENTS = "communication/events/"
XSS = "<svg onload=alert(1)>&amp;<b>bold</b>"


def plan(shared: Shared, title: str, **fields: object) -> int:
    body = {"description": "Come.", "event_date": day(7), "start_time": "10:00", "end_time": "12:00"}
    with shared.api("dean") as dean:
        event = made(dean.post(EVENTS, json=body | {"title": title, "registration_required": True} | fields))
    number: int = event["id"]
    return number


def places(page: Page, text: str) -> None:
    expect(page.get_by_role("article").get_by_text(text)).to_be_visible()


def press(page: Page, name: str) -> None:
    page.bring_to_front()  # behind another tab it draws once a second
    page.get_by_role("article").get_by_role("button", name=name).click()


def test_places_are_counted_live_in_every_browser(shared: Shared, open_app: OpenApp) -> None:
    number = plan(shared, "Open day", max_participants=2)
    ann, bob, dean = (open_app(name, f"events/{number}") for name in ("ann", "bob", "dean"))
    listed = open_app("cy", "events")
    beside = open_app("ann", f"events/{number}", beside=ann)
    press(ann, "Register")
    expect(ann.get_by_text("You are registered.", exact=True).first).to_be_visible()
    for page in (ann, bob, dean, beside):
        places(page, "1 place left of 2")
    expect(listed.get_by_role("listitem").filter(has_text="Open day")).to_contain_text("1 place left of 2")
    expect(beside.get_by_role("button", name="Cancel registration")).to_be_visible()
    expect(dean.get_by_role("list", name="Registrations").get_by_role("listitem")).to_contain_text(["Ann"])

    press(dean, "Register")
    for page in (ann, bob, dean):
        places(page, "Full: all 2 places are taken")
    expect(bob.get_by_role("article").get_by_role("button", name="Register")).to_be_hidden()
    expect(bob.get_by_text("No places are left.")).to_be_visible()

    press(ann, "Cancel registration")
    ann.get_by_role("dialog").get_by_role("button", name="Cancel registration").click()
    expect(bob.get_by_role("article").get_by_role("button", name="Register")).to_be_visible()
    expect(beside.get_by_role("button", name="Register", exact=True)).to_be_visible()
    press(ann, "Register")
    for page in (ann, bob, beside):
        places(page, "Full: all 2 places are taken")


def test_who_was_there_is_said_by_its_keeper_alone(shared: Shared, open_app: OpenApp) -> None:
    number = plan(shared, "Lecture")
    with shared.api("ann") as client:
        made(client.post("communication/event-registrations/", json={"event": number}))
    dean, bob = open_app("dean", f"events/{number}"), open_app("bob", f"events/{number}")
    dean.get_by_role("combobox", name="Status of Ann").select_option(label="Did not come")
    places(bob, "0 people come")
    expect(bob.get_by_role("list", name="Registrations")).to_have_count(0)
    ann = open_app("ann", f"events/{number}")
    expect(ann.get_by_text("You did not come.")).to_be_visible()
    expect(ann.get_by_role("article").get_by_role("button")).to_be_hidden()


def test_what_has_ended_says_so(shared: Shared, open_app: OpenApp) -> None:
    late = plan(shared, "Closed list", registration_deadline=day(-2))
    over = plan(shared, "Last month", event_date=day(-30))
    pat = open_app("pat", f"events/{late}")
    expect(pat.get_by_text("The registration has ended.")).to_be_visible()
    pat.goto(f"{shared.server.url}/#/events/{over}")
    expect(pat.get_by_text("This event is over.")).to_be_visible()
    pat.get_by_role("link", name="All events").click()
    rows = pat.get_by_role("list", name="Events").get_by_role("listitem")
    expect(rows.filter(has_text="Closed list")).to_be_visible()
    expect(rows.filter(has_text="Last month")).to_have_count(0)
    pat.get_by_role("button", name="Past").click()
    expect(rows.filter(has_text="Last month")).to_be_visible()


def test_one_is_planned_changed_and_deleted_in_the_composer(shared: Shared, open_app: OpenApp) -> None:
    ann, stan = open_app("ann", "events"), open_app("stan", "compose/event")
    stan.get_by_role("textbox", name="Title").fill("Chess")
    stan.get_by_role("textbox", name="Description").fill("Bring a clock.")
    stan.get_by_label("Day").fill(day(3))
    stan.get_by_label("From").fill("18:00")
    stan.get_by_label("To", exact=True).fill("17:00")
    stan.get_by_label("People register for it").check()
    stan.get_by_label("Places").fill("12")
    stan.get_by_label("Picture").set_input_files({"name": "board.png", "mimeType": "image/png", "buffer": PNG})
    stan.get_by_label("Register until").fill(f"{day(2)}T12:00")
    stan.get_by_role("button", name="Publish").click()
    expect(stan.get_by_role("alert").get_by_text("The end time must be after the start time.")).to_be_visible()
    stan.get_by_label("To", exact=True).fill("21:00")
    expect(stan.get_by_role("status", name="Reach")).to_have_text(re.compile("Reaches 8 people"))
    stan.get_by_role("button", name="Publish").click()
    expect(stan.get_by_role("heading", name="The event is published")).to_be_visible()
    row = ann.get_by_role("list", name="Events").get_by_role("listitem").filter(has_text="Chess")
    expect(row).to_contain_text("12 places left of 12")

    stan.get_by_role("link", name="Open it").click()
    decoded = "async (image) => { await image.decode(); return image.naturalWidth; }"
    assert stan.locator(".event-picture").evaluate(decoded) == 1
    stan.get_by_role("link", name="Edit").click()
    expect(stan.get_by_label("Register until")).to_have_value(f"{day(2)}T12:00")
    stan.get_by_label("Places").fill("8")
    stan.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("8 places left of 8")
    stan.get_by_role("link", name="Open it").click()
    stan.get_by_role("button", name="Delete").click()
    stan.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_html_is_text(shared: Shared, open_app: OpenApp) -> None:
    number = plan(shared, XSS, description=XSS, venue=XSS, organizer=XSS)
    ann = open_app("ann", "events")
    expect(ann.get_by_role("list", name="Events").get_by_role("listitem").filter(has_text=XSS)).to_contain_text(XSS)
    ann.goto(f"{shared.server.url}/#/events/{number}")
    expect(ann.get_by_role("heading", name=XSS)).to_be_visible()
    expect(ann.get_by_role("article").get_by_text(XSS)).to_have_count(4)
    assert ann.locator("main svg[onload], main b").count() == 0


@pytest.mark.parametrize("username", ["ann", "pat", "stella"])
def test_who_does_not_publish_has_no_composer(open_app: OpenApp, username: str) -> None:
    page = open_app(username, "compose/notice")
    expect(page.get_by_role("heading", name="There is nothing at this address")).to_be_visible()
    expect(page.get_by_role("link", name="Compose")).to_have_count(0)
