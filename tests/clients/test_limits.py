"""What the server's limits refuse: the client waits as long as it was told, whatever happens to the page, says so, and
sends once.

The windows of the limits are a minute. A server that starts anew has forgotten them, and the pages' clocks are moved.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page

from tests.clients.pages import PLACE, Tab
from tests.clients.people import Campus, campus_on
from tests.support.campus import User, api
from tests.support.proxy import Proxy
from tests.support.server import ServerProcess, as_flags
from tests.support.waiting import eventually

BEAT = {"heartbeatMs": 1000}
LIMITS = {
    "messages_per_minute": 2,
    "searches_per_minute": 2,
    "max_streams_per_user": 1,
    "upload_bytes_per_day": 500_000,
}
SEND = "([receiver_id, message]) => { window.last = client.send({receiver_id, message}); }"
SEARCH = "client.api.search('word').then((page) => page.count)"
# What tempts a client to try at once.
WAKE = """() => {
    for (const [target, type] of [[document, 'visibilitychange'], [window, 'online'], [window, 'pageshow']]) {
        target.dispatchEvent(new Event(type));
    }
}"""


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    """A server with small limits."""
    flags = as_flags({"heartbeat_s": 1, "retry_ms": 500, **LIMITS})
    server = ServerProcess(tmp_path_factory.mktemp("limited"), flags)
    server.start()
    try:
        with campus_on(server) as campus:
            yield campus
        assert server.stop() == 0
        server.check_log()
    finally:
        if server.running:
            server.kill()


@pytest.fixture
def proxy(limited: Campus) -> Iterator[Proxy]:
    with Proxy(limited.server) as proxy:
        yield proxy


@pytest.fixture
def ann(limited: Campus) -> User:
    return limited.person()


@pytest.fixture
def bob(limited: Campus) -> User:
    return limited.person()


@pytest.fixture
def page(context: BrowserContext, proxy: Proxy) -> Page:
    page = context.new_page()
    page.clock.install()
    page.goto(f"http://127.0.0.1:{proxy.port}{PLACE}")
    return page


@pytest.fixture
def tab(ann: User, page: Page) -> Tab:
    tab = Tab(page)
    tab.start(token=ann.token, **BEAT)
    tab.look("window.limits = []; void client.on('limited', (limit) => limits.push(limit))")
    tab.wait_status("connected")
    return tab


def a_minute_later(limited: Campus, tab: Tab) -> None:
    """The windows are over, for the server and for the page."""
    limited.server.restart()
    tab.page.clock.fast_forward(62_000)
    tab.page.clock.fast_forward(40_000)  # up to half more at random


def stored(limited: Campus, user: User, other: User) -> list[str]:
    with api(limited.server, user) as client:
        found: list[dict[str, str]] = client.get(f"communication/chats/conversation/{other.id}/").json()["messages"]
    return [one["message"] for one in reversed(found)]


def posts(proxy: Proxy) -> int:
    return sum(path.endswith("communication/chats/") for path in proxy.paths)


def test_a_message_waits_says_so_and_is_sent_once(
    limited: Campus, ann: User, bob: User, tab: Tab, proxy: Proxy
) -> None:
    for text in ("one", "two", "three", "four"):
        tab.look(SEND, [bob.id, text])
    tab.wait_for("client.outbox.items.some((one) => one.retry_at !== null)", "it was refused")
    first, second = tab.look("client.outbox.items")
    assert (first["message"], first["state"], first["error"]) == ("three", "waiting", "You send too many messages.")
    assert 0 < first["retry_at"] - tab.look("Date.now()") <= 60_000
    assert (second["message"], second["attempts"]) == ("four", 0)
    asked = posts(proxy)
    for _ in range(3):
        tab.look(WAKE)
        tab.page.clock.run_for(1000)
    assert posts(proxy) == asked, "it has tried before its time"
    a_minute_later(limited, tab)
    limited.server.restart()  # "three" and what came before it are two again
    tab.wait_for("client.outbox.items.length === 0", "all are sent")
    assert stored(limited, ann, bob) == ["one", "two", "three", "four"]


def test_a_read_waits_and_is_answered(limited: Campus, tab: Tab, proxy: Proxy) -> None:
    assert [tab.look(SEARCH), tab.look(SEARCH)] == [0, 0]
    tab.look(f"window.third = null; void {SEARCH}.then((count) => {{ third = count; }})")
    (limit,) = tab.wait_for("limits.length > 0 && limits")
    assert limit["message"] == "Too many searches."
    assert 0 < limit["retryAt"] - tab.look("Date.now()") <= 61_000
    asked = proxy.asked("/search/")
    tab.look(WAKE)
    tab.page.clock.run_for(2000)
    assert (proxy.asked("/search/"), tab.look("third")) == (asked, None)
    # One that is given up does not come back, and who does not want to wait is told at once.
    impatient = """client.api.search('word', {}, {patient: false})
        .catch((error) => [error.name, error.status, error.retryAfterMs > 0])"""
    assert tab.look(impatient) == ["ApiError", 429, True]
    given_up = """(() => {
        const stop = new AbortController();
        setTimeout(() => stop.abort(), 100);
        return client.api.search('word', {}, {signal: stop.signal}).catch((error) => error.name);
    })()"""
    tab.look(f"window.stopped = null; void {given_up}.then((name) => {{ stopped = name; }})")
    tab.wait_for("limits.length === 2")
    tab.page.clock.run_for(1000)
    assert tab.wait_for("stopped") == "AbortError"
    a_minute_later(limited, tab)
    tab.wait_for("third === 0", "the answer")


def test_a_wait_of_a_day_is_a_refusal_and_holds_nothing_up(limited: Campus, ann: User, bob: User, tab: Tab) -> None:
    send_file = """(receiver_id) => {
        client.send({receiver_id, message: 'a plan', attachment: new File([new Uint8Array(3e5)], 'plan.bin')})
            .catch(() => {});
    }"""
    tab.look(send_file, bob.id)
    tab.wait_for("outbox.some((one) => one.state === 'sent')")
    tab.look(send_file, bob.id)
    tab.look(SEND, [bob.id, "a word"])
    tab.wait_for("outbox.filter((one) => one.state === 'sent').length === 2", "the text is sent")
    (item,) = tab.look("client.outbox.items")
    assert (item["state"], item["retry_at"]) == ("failed", None)
    assert item["error"] == "At most 500000 bytes of files can be sent in a day."
    assert stored(limited, ann, bob) == ["a plan", "a word"]


def test_a_stream_that_is_refused_is_tried_when_the_server_says(
    limited: Campus, ann: User, page: Page, proxy: Proxy
) -> None:
    with httpx.stream(
        "GET", f"{limited.server.url}/api/v1/communication/sse/events/", headers=ann.headers, trust_env=False
    ) as taken:
        assert taken.status_code == 200
        tab = Tab(page)
        tab.start(token=ann.token, user=ann.id, **BEAT)
        tab.wait_for("client.retryAt !== null", "it was refused")
        assert 25_000 < tab.look("client.retryAt - Date.now()") <= 45_000
        asked = proxy.asked("/sse/events/")
        for _ in range(3):
            tab.look(WAKE)
            tab.page.clock.run_for(1000)
        assert proxy.asked("/sse/events/") == asked
    eventually(lambda: limited.streams_of(ann) == 0, "there is room")
    tab.page.clock.fast_forward(46_000)
    tab.wait_status("connected")
