"""useSSE as the component sees it that was written for an EventSource hook: with both Reacts, in strict mode."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from tests.clients.people import Campus
from tests.clients.reacting import Hooks, open_hooks
from tests.clients.test_react import bench, bundle, hooks, wait_streams
from tests.support.campus import User, api, send
from tests.support.proxy import Proxy
from tests.support.waiting import WAIT_S, eventually

__all__ = ["bench", "bundle", "hooks"]

FORWARDED = {"connected", "message", "typing", "read_receipt", "notification", "heartbeat", "disconnected"}
DOWN = {"isConnected": False, "error": "Connection error"}
UP = {"isConnected": True, "error": None}
SOON = {"timeout": WAIT_S * 1000}


@pytest.fixture
def ann_api(campus: Campus, ann: User) -> Iterator[httpx.Client]:
    with api(campus.server, ann) as client:
        yield client


def test_a_component_of_the_old_hook_works_unchanged(
    campus: Campus, hooks: Hooks, ann: User, jane: httpx.Client
) -> None:
    page = hooks.page
    hooks.show("Board", token=ann.token)
    expect(page.locator("#light")).to_have_text("up", **SOON)
    send(jane, ann, "Hello")
    jane.post("communication/chats/typing/", json={"receiver_id": ann.id, "is_typing": True})
    campus.admin.post(
        "communication/announcements/", json={"title": "Day", "message": "x", "audience": {"users": [ann.id]}}
    )
    expect(page.locator("li")).to_have_text(["Hello", "Day"], **SOON)
    expect(page.locator("#typing")).to_be_visible(**SOON)
    campus.server.kill()
    expect(page.locator("#light")).to_have_text(re.compile("down: Connection error"), **SOON)
    campus.server.start()
    expect(page.locator("#light")).to_have_text("up", **SOON)
    send(jane, ann, "Back")
    expect(page.locator("li")).to_have_text(["Hello", "Day", "Back"], **SOON)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#light")).to_have_text("wait", **SOON)
    wait_streams(campus, ann, 0)


def test_it_forwards_the_types_of_the_guide_and_no_others(
    campus: Campus, hooks: Hooks, ann: User, ann_api: httpx.Client
) -> None:
    bob = campus.person()
    hooks.show("Sse", name="sse", token=ann.token)
    hooks.wait_seen("sse", **UP)
    sent = send(ann_api, bob, "to Bob")
    with api(campus.server, bob) as client:
        client.post("communication/chats/typing/", json={"receiver_id": ann.id, "is_typing": True})
        client.post("communication/chats/mark-read/", json={"message_ids": [sent["id"]]})
        send(client, ann, "to Ann")
    campus.admin.post(
        "communication/announcements/", json={"title": "x", "message": "y", "audience": {"users": [ann.id]}}
    )
    hooks.wait_heard("sse", "notification")
    hooks.wait_heard("sse", "heartbeat")
    campus.revoke(ann.token)
    assert hooks.wait_heard("sse", "disconnected") == [{"status": "disconnected", "reason": "logout"}]
    hooks.wait_seen("sse", **DOWN)
    told = hooks.look("heard.sse")
    assert {one["type"] for one in told} == FORWARDED
    assert all(set(one) == {"type", "data"} for one in told)
    assert [one["message"] for one in hooks.heard("sse")] == ["to Ann"]
    assert len(hooks.opened) == 1  # with a callback that is another one in each render
    assert sorted(hooks.look("Object.keys(seen.sse)")) == ["disconnect", "error", "isConnected", "reconnect"]


def test_the_switch_the_token_and_the_end_of_the_component(campus: Campus, hooks: Hooks, ann: User) -> None:
    bob = campus.person()
    for props in ({"token": None}, {"token": ""}, {"token": ann.token, "enabled": False}):
        hooks.show("Sse", name="sse", **props)
        hooks.wait_seen("sse", isConnected=False, error=None)
    assert hooks.opened == []
    hooks.show("Sse", name="sse", token=ann.token, enabled=True)
    hooks.wait_seen("sse", **UP)
    hooks.show("Sse", name="sse", token=ann.token, enabled=False)
    hooks.wait_seen("sse", isConnected=False, error=None)
    wait_streams(campus, ann, 0)
    hooks.show("Sse", name="sse", token=bob.token)
    hooks.wait_seen("sse", **UP)
    assert [one["user_id"] for one in hooks.heard("sse", "connected")] == [ann.id, bob.id]
    hooks.hide()
    wait_streams(campus, bob, 0)
    hooks.look("seen.sse.reconnect()")  # of a component that is gone
    assert len(hooks.opened) == 2


def test_disconnect_holds_until_reconnect(campus: Campus, hooks: Hooks, ann: User, jane: httpx.Client) -> None:
    hooks.show("Sse", name="sse", token=ann.token)
    hooks.wait_seen("sse", **UP)
    hooks.look("seen.sse.disconnect()")
    hooks.wait_seen("sse", isConnected=False, error=None)
    wait_streams(campus, ann, 0)
    send(jane, ann, "while it is off")
    hooks.look("seen.sse.reconnect()")
    hooks.wait_seen("sse", **UP)
    hooks.wait_heard("sse", "connected", times=2)
    send(jane, ann, "on again")
    hooks.wait_texts("sse", "on again")


def test_two_components_share_a_stream_and_one_that_disconnects_takes_it_from_nobody(
    campus: Campus, hooks: Hooks, ann: User, jane: httpx.Client
) -> None:
    hooks.show("Pair", token=ann.token)
    for name in ("one", "other"):
        hooks.wait_seen(name, **UP)
        hooks.wait_heard(name, "connected")
    hooks.look("seen.one.disconnect()")
    hooks.wait_seen("one", isConnected=False, error=None)
    send(jane, ann, "to the other")
    hooks.wait_texts("other", "to the other")
    assert hooks.seen("other", "isConnected")
    hooks.look("seen.one.reconnect()")
    hooks.wait_seen("one", **UP)
    hooks.wait_heard("one", "connected", times=2)
    send(jane, ann, "to both")
    hooks.wait_texts("one", "to both")
    hooks.wait_texts("other", "to the other", "to both")
    assert len(hooks.opened) == 1
    assert campus.streams_of(ann) == 1


def test_a_token_that_is_none_is_a_connection_error(hooks: Hooks, ann: User) -> None:
    for token in ("0" * 40, "with a space"):
        hooks.show("Sse", name="sse", token=token)
        hooks.wait_seen("sse", **DOWN)
    hooks.show("Sse", name="sse", token=ann.token)
    hooks.wait_seen("sse", **UP)


def test_a_callback_that_fails_misses_no_other_event(hooks: Hooks, ann: User, jane: httpx.Client) -> None:
    told: list[str] = []
    hooks.page.on("console", lambda message: told.append(message.text))
    hooks.show("Sse", name="sse", token=ann.token, failsAt="message")
    hooks.wait_seen("sse", **UP)
    send(jane, ann, "one")
    send(jane, ann, "two")
    hooks.wait_texts("sse", "one", "two")
    hooks.wait_seen("sse", **UP)
    eventually(lambda: sum("onEvent failed at message" in text for text in told) == 2, "the console has both")


def test_below_a_provider_it_has_the_providers_options(
    campus: Campus, context: BrowserContext, bundle: str, ann: User, jane: httpx.Client
) -> None:
    with Proxy(campus.server) as proxy:
        proxy.holds_streams = True
        hooks = open_hooks(context, campus, bundle, proxy.port)
        hooks.show("Nested", token=ann.token, connectTimeoutMs=300)
        hooks.wait_seen("sse", **UP)
        send(jane, ann, "by the long poll")
        hooks.wait_texts("sse", "by the long poll")
        hooks.page.close()
