"""What breaks, and how the client comes back: the server, the network, the token, the log, a proxy on the way."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import BrowserContext

from tests.clients.pages import Tab, open_page, open_tab, origin_of
from tests.clients.people import Campus
from tests.support.campus import User, send
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

BEAT = {"heartbeatMs": 1000}
SOON_S = 2.0


@pytest.fixture
def proxy(campus: Campus) -> Iterator[Proxy]:
    with Proxy(campus.server) as proxy:
        yield proxy


@pytest.fixture
def tab(campus: Campus, ann: User, context: BrowserContext) -> Tab:
    return open_tab(context, origin_of(campus.server, "locks"), ann, **BEAT)


def statuses(tab: Tab) -> list[str]:
    found: list[str] = tab.look("states.map((one) => one.status)")
    return found


def test_a_server_that_was_killed_is_found_again(
    campus: Campus, jane: httpx.Client, ann: User, context: BrowserContext
) -> None:
    tabs = [open_tab(context, origin_of(campus.server, "worker"), ann, **BEAT) for _ in range(2)]
    send(jane, ann, "one")
    for tab in tabs:
        tab.wait_texts("one")
    campus.server.kill()
    for tab in tabs:
        tab.wait_status("reconnecting")
    campus.server.start()
    send(jane, ann, "two")
    for tab in tabs:
        tab.wait_texts("one", "two")
        tab.wait_status("connected")
        assert statuses(tab).count("connected") == 2
        assert tab.look("told.filter((one) => one.type === 'connected').length") == 2
    assert campus.streams_of(ann) == 1


def test_the_end_of_the_token_is_the_end(campus: Campus, ann: User, tab: Tab) -> None:
    campus.revoke(ann.token)
    tab.wait_status("closed")
    assert statuses(tab) == ["connected", "closed"]
    assert tab.look("states.at(-1).reason") == "logout"
    tab.look("client.reconnect()")
    assert tab.look("client.status") == "closed"
    assert campus.streams_of(ann) == 0


def test_a_token_that_is_refused_makes_it_ask_for_another(
    campus: Campus, jane: httpx.Client, ann: User, context: BrowserContext
) -> None:
    ended, fresh = campus.token(ann.username), campus.token(ann.username)
    campus.revoke(ended)
    tab = open_page(context, origin_of(campus.server, "worker"))
    tab.start(token=ended, user=ann.id, tokens=[fresh], **BEAT)
    tab.wait_status("connected")
    assert tab.look("client.token") == fresh
    send(jane, ann, "hello")
    tab.wait_texts("hello")
    # Without another one there is no connection.
    other = open_page(context, origin_of(campus.server, "locks"))
    other.start(token=ended)
    other.wait_status("closed")
    assert other.look("client.reason") == "unauthorized"
    assert other.errors == []


def test_a_new_token_is_everybodys(campus: Campus, ann: User, context: BrowserContext) -> None:
    tabs = [open_tab(context, origin_of(campus.server, "locks"), ann, **BEAT) for _ in range(2)]
    fresh = campus.token(ann.username)
    tabs[0].look("void client.on('token', (token) => { window.token = token; })")
    tabs[1].look("(token) => client.setToken(token)", fresh)
    tabs[0].wait_for("window.token")
    assert [tab.look("client.token") for tab in tabs] == [fresh, fresh]
    # A call with the one that has ended asks for another, here the one that came meanwhile.
    campus.revoke(ann.token)
    assert tabs[0].look("client.api.me().then((me) => me.id)") == ann.id


def test_the_end_of_an_earlier_token_is_not_the_end(
    campus: Campus, jane: httpx.Client, ann: User, context: BrowserContext
) -> None:
    tabs = [open_tab(context, origin_of(campus.server, "worker"), ann, **BEAT) for _ in range(2)]
    tabs[0].look("(token) => client.setToken(token)", campus.token(ann.username))
    tabs[1].wait_for(f"client.token !== '{ann.token}'")
    campus.revoke(ann.token)
    for tab in tabs:
        tab.wait_for("told.filter((one) => one.type === 'connected').length === 2", timeout_s=5)
    send(jane, ann, "still here")
    for tab in tabs:
        tab.wait_texts("still here")
        tab.wait_status("connected")
        assert tab.look("told.some((one) => one.type === 'disconnected')") is False


def test_what_the_log_does_not_have_is_told_as_resync(
    campus: Campus, jane: httpx.Client, ann: User, context: BrowserContext
) -> None:
    tab = open_page(context, origin_of(campus.server, "locks"))
    tab.start(token=ann.token, lastEventId=10**9, **BEAT)
    tab.wait_status("connected")
    tab.wait_for("resyncs.length === 1")
    assert tab.look("resyncs[0].last_event_id === client.lastEventId")
    send(jane, ann, "after")
    tab.wait_texts("after")


def test_off_the_network_and_on_again(campus: Campus, jane: httpx.Client, ann: User, tab: Tab) -> None:
    tab.page.context.set_offline(True)
    tab.wait_status("offline")
    send(jane, ann, "meanwhile")
    tab.page.context.set_offline(False)
    tab.wait_texts("meanwhile", timeout_s=SOON_S)
    tab.wait_status("connected")


def test_after_a_sleep_the_stream_is_opened_anew_at_once(ann: User, context: BrowserContext, proxy: Proxy) -> None:
    """The clock says that the machine has slept: it does not wait for 2.5 heartbeats, which are 15 seconds here."""
    tab = open_tab(context, f"http://127.0.0.1:{proxy.port}", ann, share=False, heartbeatMs=6000)
    proxy.stalls = True
    tab.look("void (() => { const now = Date.now; Date.now = () => now() + 12000; })()")
    tab.wait_for("told.filter((one) => one.type === 'connected').length === 2", timeout_s=5)
    assert statuses(tab) == ["connected", "reconnecting", "connected"]


def test_waits_grow_and_are_never_shorter_than_the_server_says(tab: Tab) -> None:
    waits = """async ({retryMs, random, least}) => {
        const {Backoff} = await import('/static/client/backoff.js');
        const backoff = new Backoff({retryMs, random: () => random});
        const first = Array.from({length: 8}, () => backoff.next(least));
        backoff.reset();
        return [...first, backoff.next()];
    }"""
    plain = {"retryMs": 1000, "random": 0, "least": 0}
    assert tab.look(waits, plain) == [1000, 2000, 4000, 6000, 6000, 6000, 6000, 6000, 1000]
    assert tab.look(waits, {**plain, "retryMs": 9000})[:4] == [9000, 6000, 6000, 6000]
    assert tab.look(waits, {**plain, "random": 1})[:2] == [1500, 3000]
    assert tab.look(waits, {**plain, "least": 60000})[:2] == [60000, 60000]


def test_a_proxy_that_holds_the_stream_back_makes_it_poll_until_it_does_not(
    jane: httpx.Client, ann: User, context: BrowserContext, proxy: Proxy
) -> None:
    proxy.holds_streams = True
    tab = open_tab(context, f"http://127.0.0.1:{proxy.port}", ann, connectTimeoutMs=700, **BEAT)
    assert tab.look("client.transport") == "poll"
    send(jane, ann, "one")
    tab.wait_texts("one")
    other = open_tab(context, f"http://127.0.0.1:{proxy.port}", ann, connectTimeoutMs=700, **BEAT)
    send(jane, ann, "two")
    tab.wait_texts("one", "two")
    other.wait_texts("two")
    assert proxy.asked("/sse/events") == 1
    proxy.holds_streams = False
    tab.look("window.dispatchEvent(new Event('online'))")
    send(jane, ann, "three")
    tab.wait_texts("one", "two", "three")
    for one in (tab, other):
        one.wait_for("client.transport === 'stream'")
    send(jane, ann, "four")
    tab.wait_texts("one", "two", "three", "four")


def test_a_stream_that_falls_silent_is_opened_anew(
    jane: httpx.Client, ann: User, context: BrowserContext, proxy: Proxy
) -> None:
    tab = open_tab(context, f"http://127.0.0.1:{proxy.port}", ann, heartbeatMs=500)
    send(jane, ann, "one")
    tab.wait_texts("one")
    proxy.stalls = True
    send(jane, ann, "two")
    # The beginning of a stream gets through and nothing after it: what is left is the long poll.
    tab.wait_texts("one", "two")
    tab.wait_for("client.transport === 'poll'")
    send(jane, ann, "three")
    tab.wait_texts("one", "two", "three")


def test_a_proxy_whose_server_is_away_is_tried_again(
    campus: Campus, jane: httpx.Client, ann: User, context: BrowserContext, proxy: Proxy
) -> None:
    tab = open_tab(context, origin_of(campus.server, "worker", proxy.port), ann, **BEAT)
    proxy.refuses = "/api/"
    campus.server.kill()
    tab.wait_status("reconnecting")
    eventually(lambda: proxy.asked("/sse/events") >= 2, "it tries again after a 502")
    campus.server.start()
    proxy.refuses = None
    send(jane, ann, "back")
    tab.wait_texts("back")
    tab.wait_status("connected")
