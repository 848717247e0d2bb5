"""The server away and back, a log that does not have what was missed, and a browser that keeps nothing: the page mends
itself, and what it cannot know it does not claim."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from tests.clients.people import PASSWORD, Campus, campus_on
from tests.support.browser import browser
from tests.support.campus import User, api, send
from tests.support.follower import wait_until_pruned
from tests.support.proxy import Proxy
from tests.support.server import ServerProcess, as_flags
from tests.web.board import day, made
from tests.web.talk import PLACE, Seat, Sit, ann, bob, complaints, context, sit

__all__ = ["ann", "bob", "browser", "complaints", "context", "sit"]

EVERYBODY = [{"target_type": "all"}]
# As a browser does that blocks all site data: even to look at the storage raises.
BLOCKED = """for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, {
    get() { throw new DOMException('Access is denied for this document.', 'SecurityError'); },
})"""


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    """A server that may be killed, and whose log forgets soon."""
    settings = {"heartbeat_s": 2, "retry_ms": 500, "log_keep_events": 5, "log_prune_interval_s": 0.2}
    server = ServerProcess(tmp_path_factory.mktemp("away"), as_flags(settings))
    server.start()
    try:
        with campus_on(server) as found:
            yield found
        assert server.stop() == 0
        server.check_log()
    finally:
        if server.running:
            server.kill()


def notice(campus: Campus, title: str) -> dict[str, Any]:
    fields = {"title": title, "content": "Read me.", "publish_date": day(0), "is_published": True}
    return made(campus.admin.post("communication/notices/", json=fields | {"visibility": EVERYBODY, "college": 1}))


def event(campus: Campus, title: str) -> dict[str, Any]:
    times = {"event_date": day(2), "start_time": "08:00", "end_time": "09:00"}
    fields = {"title": title, "description": "Come.", "college": 1}
    return made(campus.admin.post("communication/events/", json=fields | times))


def go(seat: Seat, view: str) -> None:
    seat.page.evaluate("(view) => { location.hash = `#/${view}`; }", view)


@pytest.mark.parametrize("view", ["chats/{bob}", "notices", "notices/{notice}", "events", "events/{event}", "settings"])
def test_what_could_not_be_fetched_comes_with_the_server(
    campus: Campus, sit: Sit, ann: User, bob: User, view: str
) -> None:
    with api(campus.server, bob) as client:
        send(client, ann, "A word of Bob")
    ids = {"bob": bob.id, "notice": notice(campus, "On the board")["id"], "event": event(campus, "A concert")["id"]}
    one = sit(ann, "announcements")
    main = one.page.get_by_role("main")
    campus.server.kill()
    expect(one.connection).to_have_text("Reconnecting")
    go(one, view.format(**ids))
    expect(main.get_by_text("The server cannot be reached.").first).to_be_visible()
    campus.server.start()
    there = {"chats": "A word of Bob", "notices": "On the board", "events": "A concert", "settings": "This device"}
    expect(main.get_by_text(there[view.split("/")[0]]).filter(visible=True).first).to_be_visible()
    expect(main.get_by_text("The server cannot be reached.")).to_have_count(0)
    expect(one.page.locator(".toast-problem")).to_have_count(0)


def forget(campus: Campus, client: httpx.Client, receiver: User) -> None:
    """Let so much happen that the log does not have what was before."""
    position = int(client.get("communication/chats/conversations/").headers["X-Last-Event-ID"])
    for number in range(8):
        send(client, receiver, f"{number}")
    wait_until_pruned(campus.server, position)


def test_after_a_resync_everything_is_fetched_again(campus: Campus, sit: Sit, ann: User, bob: User) -> None:
    one = sit(ann, f"chats/{bob.id}")
    with api(campus.server, bob) as client, api(campus.server, ann) as own:
        send(client, ann, "Before")
        expect(one.message("Before")).to_be_visible()
        one.write("Mine, to be deleted")
        expect(one.tick("Mine, to be deleted", "Sent")).to_be_visible()
        one.page.evaluate("window.isOld = true")
        one.page.context.set_offline(True)
        expect(one.connection).to_have_text("Offline")
        with api(campus.server, campus.person()) as other:
            send(other, ann, "From somebody new")
        mine = own.get(f"communication/chats/conversation/{bob.id}/").json()["messages"][0]
        assert own.delete(f"communication/chats/{mine['id']}/").status_code == 204
        assert own.patch(f"accounts/users/{ann.id}/", json={"first_name": "Anna"}).status_code == 200
        assert campus.admin.patch("campus/", json={"name": "North Campus"}).status_code == 200
        notice(campus, "Missed on the board")
        forget(campus, client, ann)
    one.page.context.set_offline(False)
    expect(one.connection).to_have_text("Connected")
    expect(one.message("Mine, to be deleted")).to_have_count(0)
    expect(one.message("7")).to_be_visible()
    assert one.texts() == ["Before", *map(str, range(8))]
    expect(one.page.get_by_role("list", name="Conversations")).to_contain_text("From somebody new")
    expect(one.page.get_by_role("link", name="Settings of Anna Lee")).to_be_visible()
    expect(one.page.locator(".brand-name")).to_have_text("North Campus")
    expect(one.page.get_by_role("button", name="Notifications")).to_have_accessible_description("1 unread")
    assert one.page.evaluate("window.isOld"), "it was not loaded anew"


@pytest.mark.parametrize("view", ["notices", "events"])
def test_after_a_resync_a_list_is_the_one_of_now(campus: Campus, sit: Sit, ann: User, bob: User, view: str) -> None:
    make = notice if view == "notices" else event
    goes, stays = make(campus, f"Goes from {view}"), make(campus, f"Stays in {view}")
    one = sit(ann, view)
    main = one.page.get_by_role("main")
    expect(main.get_by_text(goes["title"])).to_be_visible()
    one.page.context.set_offline(True)
    expect(one.connection).to_have_text("Offline")
    assert campus.admin.delete(f"communication/{view}/{goes['id']}/").status_code == 204
    comes = make(campus, f"Comes to {view}")
    with api(campus.server, bob) as client:
        forget(campus, client, campus.person())
    one.page.context.set_offline(False)
    expect(main.get_by_text(comes["title"])).to_be_visible()
    expect(main.get_by_text(goes["title"])).to_have_count(0)
    expect(main.get_by_text(stays["title"])).to_be_visible()


def test_where_streams_are_held_back_the_page_says_so(
    campus: Campus, context: Callable[..., BrowserContext], ann: User, bob: User
) -> None:
    with Proxy(campus.server) as proxy, api(campus.server, ann) as client:
        proxy.holds_streams = True
        page = context().new_page()
        page.clock.install()
        origin = f"http://127.0.0.1:{proxy.port}"
        page.goto(origin + PLACE)
        kept = json.dumps({"token": ann.token, "user": client.get("accounts/users/me/").json()})
        page.evaluate("(kept) => localStorage.setItem('campus:session', kept)", kept)
        page.goto(f"{origin}/#/chats/{bob.id}")
        expect(page.get_by_text("This is the beginning of your chat.")).to_be_visible()
        page.clock.fast_forward(10_100)
        seat = Seat(page, ann)
        expect(seat.connection).to_have_text("Connected by polling")
        with api(campus.server, bob) as other:
            send(other, ann, "By the other way")
        expect(seat.message("By the other way")).to_be_visible()
        page.context.close()


def test_a_browser_that_keeps_nothing_signs_in_all_the_same(
    campus: Campus, context: Callable[..., BrowserContext], ann: User, bob: User
) -> None:
    page = context().new_page()
    page.add_init_script(BLOCKED)
    page.goto(campus.server.url)
    page.get_by_role("textbox", name="Username").fill(ann.username)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    seat = Seat(page, ann)
    expect(seat.connection).to_have_text("Connected")
    seat.open(bob)
    seat.write("Without a memory")
    expect(seat.tick("Without a memory", "Sent")).to_be_visible()
    page.get_by_role("button", name="Notifications").click()
    page.get_by_label("Notify me while the page is hidden").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You have signed out.")).to_be_visible()


def test_the_way_back_closes_what_lies_over_the_page(sit: Sit, ann: User) -> None:
    one = sit(ann)
    dialog = one.page.get_by_role("dialog")
    one.page.get_by_role("link", name="Notices").click()
    one.page.get_by_role("button", name="Notifications").click()
    expect(dialog).to_be_visible()
    one.page.go_back()
    expect(dialog).to_have_count(0)
    expect(one.page.get_by_role("heading", name="Chats", exact=True)).to_be_visible()
    one.page.get_by_role("button", name="New chat").click()
    expect(dialog).to_be_visible()
    one.page.go_forward()
    expect(dialog).to_have_count(0)
    expect(one.page.get_by_role("heading", name="Notices", exact=True)).to_be_visible()
