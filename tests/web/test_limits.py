"""What the server's limits refuse, as a person meets it: the page says how long, goes on by itself, and loses no text.

The windows of the limits are a minute. A server that starts anew has forgotten them, and the page's clock is moved.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.clients.people import Campus, campus_on
from tests.support.browser import browser
from tests.support.campus import User, api, send
from tests.support.server import ServerProcess, as_flags
from tests.support.waiting import eventually
from tests.web.talk import PLACE, Seat, ann, bob, complaints, context

__all__ = ["ann", "bob", "browser", "complaints", "context"]

LIMITS = {"messages_per_minute": 2, "searches_per_minute": 2, "requests_per_minute": 120}


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    """A server with small limits. It may be started again."""
    flags = as_flags({"heartbeat_s": 2, "retry_ms": 500, **LIMITS})
    server = ServerProcess(tmp_path_factory.mktemp("limits"), flags)
    server.start()
    try:
        with campus_on(server) as found:
            yield found
        assert server.stop() == 0
        server.check_log()
    finally:
        if server.running:
            server.kill()


@pytest.fixture
def one(campus: Campus, context: Callable[..., BrowserContext], ann: User) -> Seat:
    """Ann at her chats, with a clock that can be moved."""
    page = context().new_page()
    page.clock.install()
    page.goto(campus.server.url + PLACE)
    with api(campus.server, ann) as client:
        kept = json.dumps({"token": ann.token, "user": client.get("accounts/users/me/").json()})
    page.evaluate("(kept) => localStorage.setItem('campus:session', kept)", kept)
    page.goto(f"{campus.server.url}/#/chats")
    seat = Seat(page, ann)
    expect(seat.connection).to_have_text("Connected")
    return seat


def a_minute_later(campus: Campus, seat: Seat) -> None:
    """The windows are over, for the server and for the page."""
    campus.server.restart()
    for _ in range(2):
        seat.page.clock.fast_forward(62_000)


def exhaust(campus: Campus, user: User) -> None:
    """Ask for so much that nothing more is answered."""
    with api(campus.server, user) as client:
        eventually(lambda: client.get("auth/user/").status_code == 429, "the limit is reached")


def test_a_message_says_when_it_goes_and_goes(campus: Campus, one: Seat, bob: User) -> None:
    one.open(bob)
    for text in ("one", "two", "three"):
        one.write(text)
    expect(one.tick("three", "Waiting")).to_be_visible()
    told = re.compile(r"You send too many messages\. It is sent by itself at \d\d:\d\d:\d\d")
    expect(one.message("three")).to_contain_text(told)
    a_minute_later(campus, one)
    expect(one.tick("three", "Sent")).to_be_visible()
    expect(one.page.get_by_text("You send too many messages.")).to_have_count(0)
    assert one.texts() == ["one", "two", "three"]


def test_a_search_goes_on_by_itself(campus: Campus, one: Seat, ann: User, bob: User) -> None:
    with api(campus.server, bob) as client:
        send(client, ann, "The lamp is green")
    one.page.get_by_role("button", name="Search messages").click()
    field = one.page.get_by_role("searchbox", name="Search messages")
    for text in ("green", "lamp", "the"):
        field.fill(text)
        one.page.clock.run_for(500)
    news = one.page.get_by_role("status", name="News")
    expect(news).to_contain_text(re.compile(r"Too many searches\. It goes on by itself in \d+ seconds\."))
    a_minute_later(campus, one)
    expect(one.page.get_by_role("option").filter(has_text="The lamp is green")).to_be_visible()
    expect(news.get_by_text("Too many searches.")).to_have_count(0)


def test_a_chat_opens_and_is_read_when_the_limit_is_over(campus: Campus, one: Seat, ann: User, bob: User) -> None:
    with api(campus.server, bob) as client:
        send(client, ann, "Are you there?")
        expect(one.row("Bob Okoro").locator(".badge")).to_contain_text("1")
        exhaust(campus, ann)
        one.row("Bob Okoro").click()
        expect(one.page.get_by_text("Fetching the messages…")).to_be_visible()
        expect(one.page.get_by_role("status", name="News")).to_contain_text("Too many requests.")
        one.box.fill("A text meanwhile")
        one.box.press("Enter")
        a_minute_later(campus, one)
        expect(one.message("Are you there?")).to_be_visible()
        expect(one.tick("A text meanwhile", "Sent")).to_be_visible()
        expect(one.row("Bob Okoro").locator(".badge")).to_have_count(0)

        # One that comes while nothing may be asked is marked as read when that is over.
        exhaust(campus, ann)
        send(client, ann, "And now?")
        expect(one.message("And now?")).to_be_visible()
        expect(one.row("Bob Okoro").locator(".badge")).to_contain_text("1")
        a_minute_later(campus, one)
        expect(one.row("Bob Okoro").locator(".badge")).to_have_count(0)


def test_a_text_that_is_edited_stays_until_it_is_taken(campus: Campus, one: Seat, ann: User, bob: User) -> None:
    one.open(bob)
    one.write("Tomorow")
    expect(one.tick("Tomorow", "Sent")).to_be_visible()
    exhaust(campus, ann)
    one.box.press("ArrowUp")
    one.box.fill("Tomorrow")
    one.box.press("Enter")
    problem = one.page.get_by_role("alert", name="Problems")
    expect(problem).to_contain_text(re.compile(r"Too many tries just now\. Try again in \d+ seconds\."))
    expect(one.box).to_have_value("Tomorrow")
    a_minute_later(campus, one)
    expect(one.connection).to_have_text("Connected")
    one.box.press("Enter")
    expect(one.message("Tomorrow")).to_contain_text("edited")
