"""Whoever writes markup, scripts and odd addresses into what others see has written text, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import browser
from tests.support.campus import send
from tests.support.samples import PNG
from tests.support.shared import Shared
from tests.web.board import day, made
from tests.web.stage import Stage, View, notifications, press, stage
from tests.web.visitors import Visitors, visitors

__all__ = ["browser", "stage", "visitors"]

IMG = "<img src=x onerror=alert(1)>"
SVG = "\"'><svg/onload=alert(2)>"
SCRIPT = "</title></textarea><script>alert(3)</script>"
FRAME = '<iframe srcdoc="<script>parent.alert(4)</script>"></iframe><style>*{display:none}</style>'
TEMPLATE = "{{ 7*7 }}{% raw 7*7 %}${7*7}"
LINK = 'javascript:alert(5) data:text/html,<script>alert(6)</script> https://evil.example/"onfocus=alert(7)//<b>'
TRIES = [IMG, SVG, SCRIPT, FRAME, TEMPLATE, LINK]
ALL = " ".join(TRIES)
TITLE = " ".join([IMG, SVG, SCRIPT, TEMPLATE])
FILE = "\"><img src=x onerror=alert(8)>'.png"

# What none of our pages has; and what would run if text had become an attribute.
FOREIGN = """() => [...document.querySelectorAll(
    'body script, iframe, style, object, embed, b, base, img[src="x"], svg:not([aria-hidden], .plot)'
)].concat([...document.querySelectorAll('*')].filter((one) => [...one.attributes].some(({name, value}) =>
    name.startsWith('on') || (/^(href|src|.*action)$/.test(name) && !/^(https?:|blob:|[#./])/.test(value))
))).map((one) => one.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module", autouse=True)
def written(stage: Stage) -> dict[str, int]:
    """All of it, everywhere; the ids."""
    shared = stage.shared
    found = {name: shared[name].id for name in ("bob", "ann")}
    names(shared)
    with shared.api("bob") as bob:
        for one in TRIES:
            send(bob, shared["ann"], one)
        form = {"receiver_id": str(shared["ann"].id), "message": IMG}
        for name in (FILE, FILE.replace("png", "html")):
            content = PNG if name.endswith("png") else ALL.encode()
            answer = bob.post("communication/chats/", data=form, files={"attachment": (name, content)})
            assert answer.status_code == 201, answer.text
    with shared.api("tara") as tara:
        fields = {"title": TITLE, "content": ALL, "publish_date": day(0), "is_published": True, "is_urgent": True}
        rows = [{"target_type": "all"}]
        found["notice"] = made(tara.post("communication/notices/", json=fields | {"visibility": rows}))["id"]
        answer = tara.patch(f"communication/notices/{found['notice']}/", files={"attachment": (FILE, PNG)})
        assert answer.status_code == 200, answer.text
    with shared.api("dean") as dean:
        fields = {"title": TITLE, "description": ALL, "venue": SVG, "organizer": IMG, "registration_required": True}
        times = {"event_date": day(1), "start_time": "08:00", "end_time": "09:00"}
        found["event"] = made(dean.post("communication/events/", json=fields | times))["id"]
        said = {"title": TITLE, "message": ALL, "audience": {"all": True}}
        found["announcement"] = made(dean.post("communication/announcements/", json=said))["id"]
        made(dean.post("communication/event-registrations/", json={"event": found["event"], "user": found["bob"]}))
    return found


def names(shared: Shared) -> None:
    """Those of people, of the campus, of a class."""
    with shared.api("boss") as boss:
        for username, first, last in (("bob", IMG, SVG), ("tara", SCRIPT, TEMPLATE)):
            body = {"first_name": first, "last_name": last}
            answer = boss.patch(f"accounts/users/{shared[username].id}/", json=body)
            assert answer.status_code == 200, answer.text
        assert boss.patch("campus/", json={"name": f"{IMG}{TEMPLATE}"}).status_code == 200
    with shared.api("dean") as dean:
        college = dean.get("accounts/users/me/").json()["college"]
        made(dean.post("academic/classes/", json={"name": SVG, "code": "<b>", "college": college}))


def has(*texts: str) -> Callable[[Page], Any]:
    """Each of these is somewhere on the page, as text."""

    def ready(page: Page) -> Any:
        for one in texts[1:]:
            expect(page.get_by_text(one).first).to_be_attached()
        return page.get_by_text(texts[0]).first

    return ready


def article(page: Page) -> Any:
    """The whole notice."""
    found = page.get_by_role("article")
    for one in (TITLE, *TRIES):
        expect(found).to_contain_text(one)
    return found.get_by_role("heading", name=TITLE)


def find_message(page: Page) -> None:
    press("Search messages")(page)
    page.get_by_role("searchbox", name="Search messages").fill("alert")
    expect(page.get_by_role("option").filter(has_text=IMG).first).to_be_visible()


def find_person(page: Page) -> None:
    press("New chat")(page)
    page.get_by_role("searchbox", name="Search people").fill("onerror")
    expect(page.get_by_role("option").filter(has_text=IMG)).to_be_visible()


def find_class(page: Page) -> None:
    page.get_by_label("Only these").check()
    page.get_by_role("combobox").last.fill("svg")
    page.get_by_role("option").filter(has_text=SVG).first.click()
    expect(page.get_by_role("button", name=f"Remove {SVG}").first).to_be_visible()


def bell(page: Page) -> None:
    notifications(page)
    expect(page.get_by_role("dialog").get_by_text(IMG).first).to_be_visible()


VIEWS = [
    View("sign in", None, "/", has(f"Sign in to {IMG}{TEMPLATE}")),
    View("list", "ann", "/#/chats", lambda page: page.get_by_role("list", name="Conversations").get_by_text(IMG).first),
    View("chat", "ann", "/#/chats/{bob}", has(*TRIES)),
    View("search", "ann", "/#/chats/{bob}", has(SVG), find_message),
    View("people", "ann", "/#/chats", has("Chats"), find_person),
    View("notices", "ann", "/#/notices", has(TITLE)),
    View("notice", "ann", "/#/notices/{notice}", article),
    View("events", "ann", "/#/events", has(IMG)),
    View("event", "ann", "/#/events/{event}", has(IMG, SVG)),
    View("announcements", "ann", "/#/announcements", has(IMG)),
    View("announcement", "ann", "/#/announcements/{announcement}", has(*TRIES)),
    View("notifications", "ann", "/#/notices", has(TITLE), bell),
    View("settings", "bob", "/#/settings", has(f"{IMG} {SVG}")),
    View("compose", "tara", "/#/compose/notice", lambda page: page.get_by_role("textbox", name="Title"), find_class),
    View("change", "tara", "/#/compose/notice/{notice}", lambda page: page.get_by_role("textbox", name="Title")),
    View("delete", "tara", "/#/notices/{notice}", article, press("Delete")),
    View("who comes", "dean", "/#/events/{event}", lambda page: page.get_by_label(f"Status of {IMG} {SVG}")),
    View("admin, people", "boss", "/admin/#/people", has(f"{IMG} {SVG}")),
    View("admin, streams", "boss", "/admin/#/streams", has(f"{IMG} {SVG}")),
    View("admin, campus", "boss", "/admin/#/campus", lambda page: page.get_by_label("Name", exact=True)),
]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_it_is_text(visitors: Visitors, written: dict[str, int], view: View) -> None:
    visitors.stage.numbers.update(written)
    page = visitors.visit(view)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert page.evaluate(FOREIGN) == []
    visitors.check(page)


def test_what_comes_while_one_looks_is_text(visitors: Visitors) -> None:
    """The toasts, the title, the names of a stream's events."""
    page = visitors.page("ann")
    page.goto(f"{visitors.shared.server.url}/#/settings")
    expect(page.get_by_role("status", name="Connection")).to_have_text("Connected")
    with visitors.shared.api("bob") as bob:
        send(bob, visitors.shared["ann"], FRAME)
    expect(page.get_by_role("status", name="News")).to_contain_text(FRAME)
    with visitors.shared.api("boss") as boss:
        assert boss.patch("campus/", json={"name": SCRIPT}).status_code == 200
    expect(page.locator(".brand-name")).to_have_text(SCRIPT)
    assert SCRIPT in page.title()
    assert page.evaluate(FOREIGN) == []
    visitors.check(page)


def test_a_file_that_is_a_page_is_none_of_this_origin(visitors: Visitors, written: dict[str, int]) -> None:
    """Opened by its address it is downloaded; it could read what the application keeps otherwise."""
    with visitors.shared.api("ann") as ann:
        messages = ann.get(f"communication/chats/conversation/{written['bob']}/").json()["messages"]
    addresses = [one["attachment_url"] for one in messages if one["attachment_url"]]
    (address,) = [one for one in addresses if one.endswith("html")]
    page = visitors.page("ann")
    with page.expect_download() as download:
        page.evaluate("(address) => { location.href = address; }", address)
    assert download.value.path().read_text() == ALL
    visitors.check(page)
