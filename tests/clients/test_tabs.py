"""All tabs of a user share one stream, each is told everything once and in order, and it outlives each of them."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import BrowserContext

from tests.clients.pages import PLACE, WAYS, Tab, open_page, open_tab, origin_of
from tests.clients.people import Campus
from tests.support.campus import User, send
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

BEAT = {"heartbeatMs": 1000}
SOON_S = 2.0


def open_tabs(context: BrowserContext, campus: Campus, way: str, user: User, count: int = 3) -> list[Tab]:
    if way == "election":
        context.add_init_script("delete window.SharedWorker")
    origin = origin_of(campus.server, way)
    return [open_tab(context, origin, user, **BEAT) for _ in range(count)]


def leaders(tabs: list[Tab]) -> list[Tab]:
    return [tab for tab in tabs if tab.look("client.isLeader")]


def wait_one_stream(campus: Campus, user: User) -> None:
    eventually(lambda: campus.streams_of(user) == 1, "one stream")


@pytest.mark.parametrize("way", WAYS)
def test_three_tabs_have_one_stream_and_it_outlives_the_one_that_has_it(
    campus: Campus, jane: httpx.Client, ann: User, context: BrowserContext, way: str
) -> None:
    tabs = open_tabs(context, campus, way, ann)
    assert tabs[0].look("window.isSecureContext && 'locks' in navigator") is (way == "locks")
    assert campus.streams_of(ann) == 1
    assert len(leaders(tabs)) == (0 if way == "worker" else 1)
    sent = send(jane, ann, "one")
    for tab in tabs:
        tab.wait_texts("one")
    eventually(lambda: jane.get(f"communication/chats/{sent['id']}/").json()["delivered_at"], "its sender knows")
    going = (leaders(tabs) or tabs)[0]
    tabs.remove(going)
    going.page.close()
    send(jane, ann, "two")
    for tab in tabs:
        tab.wait_texts("one", "two", timeout_s=SOON_S)
    send(jane, ann, "three")
    for tab in tabs:
        tab.wait_texts("one", "two", "three")
        tab.wait_status("connected")
    wait_one_stream(campus, ann)
    assert [tab.errors for tab in tabs] == [[], []]


@pytest.mark.parametrize("way", WAYS)
def test_the_way_back_to_a_page_and_its_reload_lose_nothing(
    campus: Campus, jane: httpx.Client, ann: User, context: BrowserContext, way: str
) -> None:
    (tab,) = open_tabs(context, campus, way, ann, 1)
    send(jane, ann, "one")
    tab.wait_texts("one")
    tab.look("window.isKept = true")
    tab.page.goto(origin_of(campus.server, way) + "/")
    eventually(lambda: campus.streams_of(ann) == 0, "no stream")
    send(jane, ann, "two")
    tab.page.go_back(wait_until="commit")
    assert tab.look("window.isKept"), "the page was not kept for the way back"
    tab.wait_texts("one", "two", timeout_s=SOON_S)
    tab.wait_status("connected")
    tab.page.goto(origin_of(campus.server, way) + "/")
    send(jane, ann, "three")
    tab.page.goto(origin_of(campus.server, way) + PLACE)
    tab.start(token=ann.token, **BEAT)
    tab.wait_texts("three")


@pytest.mark.parametrize("way", ["locks", "election"])
def test_a_leader_that_hangs_loses_the_lead(
    campus: Campus, jane: httpx.Client, ann: User, context: BrowserContext, way: str
) -> None:
    if way == "election":
        context.add_init_script("delete window.SharedWorker")
    hung, other = (open_tab(context, origin_of(campus.server, way), ann, heartbeatMs=500) for _ in range(2))
    assert hung.look("client.isLeader")
    hung.look("setTimeout(() => { const end = Date.now() + 2600; while (Date.now() < end); })")
    other.wait_for("client.isLeader", "another leader")
    other.wait_status("connected")
    send(jane, ann, "one")
    other.wait_texts("one")
    hung.wait_texts("one")
    eventually(lambda: len(leaders([hung, other])) == 1, "one leader")
    wait_one_stream(campus, ann)
    send(jane, ann, "two")
    for tab in (hung, other):
        tab.wait_texts("one", "two")


def test_a_tab_that_comes_later_begins_where_the_others_are(
    campus: Campus, jane: httpx.Client, ann: User, context: BrowserContext
) -> None:
    (first,) = open_tabs(context, campus, "locks", ann, 1)
    start = first.look("client.lastEventId")
    send(jane, ann, "before")
    first.wait_texts("before")
    later = open_tab(context, origin_of(campus.server, "locks"), ann, **BEAT)
    assert "presence_snapshot" in later.look("told.map((one) => one.type)")
    send(jane, ann, "after")
    later.wait_texts("after")
    # One that says where it is gets what it has not, from the server.
    behind = open_page(context, origin_of(campus.server, "locks"))
    behind.start(token=ann.token, lastEventId=start, **BEAT)
    behind.wait_texts("before", "after")
    assert campus.streams_of(ann) == 1


@pytest.mark.parametrize("way", ["locks", "worker"])
def test_the_end_of_one_token_ends_its_tabs_and_no_others(
    campus: Campus, jane: httpx.Client, ann: User, context: BrowserContext, way: str
) -> None:
    (first,) = open_tabs(context, campus, way, ann, 1)
    other_user = User(ann.id, ann.username, campus.token(ann.username))
    other = open_tab(context, origin_of(campus.server, way), other_user, **BEAT)
    assert campus.streams_of(ann) == 1
    campus.revoke(ann.token)
    first.wait_status("closed")
    assert first.look("client.reason") == "logout"
    assert first.look("told.at(-1)") == {
        "type": "disconnected",
        "data": {"status": "disconnected", "reason": "logout"},
        "id": None,
    }
    send(jane, ann, "still here")
    other.wait_texts("still here")
    assert other.look("client.status") == "connected"
    assert "disconnected" not in other.look("told.map((one) => one.type)")
    assert first.texts == []


def test_where_the_worker_does_not_start_the_tabs_elect_a_leader(
    campus: Campus, jane: httpx.Client, ann: User, context: BrowserContext
) -> None:
    with Proxy(campus.server) as proxy:
        proxy.refuses = "worker.js"
        origin = origin_of(campus.server, "worker", proxy.port)
        tabs = [open_tab(context, origin, ann, **BEAT) for _ in range(2)]
        assert [tab.look("client.isLeader") for tab in tabs] == [True, False]
        send(jane, ann, "one")
        for tab in tabs:
            tab.wait_texts("one")
        assert campus.streams_of(ann) == 1


def test_eight_tabs_on_plain_http_leave_room_for_calls(
    campus: Campus, jane: httpx.Client, ann: User, context: BrowserContext
) -> None:
    tabs = open_tabs(context, campus, "worker", ann, 8)
    send(jane, ann, "one")
    for tab in tabs:
        tab.wait_texts("one")
    assert campus.streams_of(ann) == 1
    people = "async () => (await Promise.all(Array.from({length: 10}, () => client.api.people()))).length"
    assert [tab.look(people) for tab in tabs] == [10] * 8
