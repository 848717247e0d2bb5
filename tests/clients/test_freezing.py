"""A tab that the browser freezes gives up the stream, and misses nothing."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.clients.pages import NAME, PLACE, WAYS, FreezingTab, origin_of
from tests.clients.people import Campus
from tests.support.campus import User, send
from tests.support.devtools import Chromium
from tests.support.waiting import eventually

SOON_S = 2.0


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("profile"), [f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]) as chromium:
        yield chromium


@pytest.mark.parametrize("way", WAYS)
def test_a_tab_that_was_frozen_gives_up_the_stream_and_misses_nothing(
    campus: Campus, jane: httpx.Client, ann: User, chromium: Chromium, way: str
) -> None:
    tabs = []
    for _ in range(3):
        tabs.append(FreezingTab(chromium.tab(origin_of(campus.server, way) + PLACE)))
        if way == "election":
            tabs[-1].look("delete window.SharedWorker")
        tabs[-1].start(token=ann.token, heartbeatMs=1000)
        tabs[-1].wait_status("connected")
    first, *others = tabs
    assert first.look("document.visibilityState") == "hidden"
    assert first.look("client.isLeader") is (way != "worker")
    first.look("window.lived = []; document.addEventListener('freeze', () => lived.push(client.isLeader))")
    first.target.freeze()
    send(jane, ann, "one")
    for tab in others:
        tab.wait_texts("one", timeout_s=SOON_S)
    if way != "worker":
        assert [tab.look("client.isLeader") for tab in others].count(True) == 1
    assert campus.streams_of(ann) == 1
    send(jane, ann, "two")
    for tab in others:
        tab.wait_texts("one", "two")
    first.target.thaw()
    for tab in tabs:
        tab.wait_texts("one", "two", timeout_s=SOON_S)
    assert first.look("lived") == [False], "it was frozen, and had given up the stream by then"
    send(jane, ann, "three")
    for tab in tabs:
        tab.wait_texts("one", "two", "three")
        tab.wait_status("connected")
    eventually(lambda: campus.streams_of(ann) == 1, "one stream")
    for tab in tabs:
        tab.target.close()
