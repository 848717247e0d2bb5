"""Debian's nginx on the way: well set, as it comes, holding streams back, and with nothing behind it for a while."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext

from tests.clients.pages import Tab, open_page, open_tab
from tests.clients.people import Campus
from tests.support.campus import User, send
from tests.support.nginx import HOLDING, PLAIN, WELL, Nginx

BEAT = {"heartbeatMs": 1000}


def statuses(tab: Tab) -> list[str]:
    found: list[str] = tab.look("states.map((one) => one.status)")
    return found


@pytest.mark.parametrize("settings", [WELL, PLAIN], ids=["well", "plain"])
def test_the_stream_comes_through_and_back_after_502s(
    campus: Campus, jane: httpx.Client, ann: User, context: BrowserContext, tmp_path: Path, settings: str
) -> None:
    with Nginx(tmp_path, campus.server, settings) as nginx:
        tab = open_tab(context, f"http://127.0.0.1:{nginx.port}", ann, **BEAT)
        assert tab.look("client.transport") == "stream"
        send(jane, ann, "one")
        tab.wait_texts("one")
        campus.server.kill()
        tab.wait_status("reconnecting")
        with httpx.Client(base_url=f"http://127.0.0.1:{nginx.port}") as outside:
            assert outside.get("/healthz").status_code == 502
        # Several attempts are answered so before the server is there again.
        tab.wait_for("states.filter((one) => one.retryAt !== null).length >= 2")
        campus.server.start()
        send(jane, ann, "two")
        tab.wait_texts("one", "two")
        tab.wait_status("connected")
        assert tab.look("client.transport") == "stream"
        assert set(statuses(tab)) == {"connected", "reconnecting"}
        assert tab.errors == []


def test_where_streams_are_held_back_it_polls_and_says_so(
    campus: Campus, jane: httpx.Client, ann: User, context: BrowserContext, tmp_path: Path
) -> None:
    with Nginx(tmp_path, campus.server, HOLDING) as nginx:
        tab = open_page(context, f"http://127.0.0.1:{nginx.port}")
        tab.start(token=ann.token, connectTimeoutMs=1500, **BEAT)
        tab.wait_status("connected")
        assert tab.look("client.transport") == "poll"
        send(jane, ann, "one")
        tab.wait_texts("one")
        campus.server.kill()
        tab.wait_status("reconnecting")
        campus.server.start()
        send(jane, ann, "two")
        tab.wait_texts("one", "two")
        tab.wait_status("connected")
        assert tab.look("client.transport") == "poll"
