"""Toasts: news that comes while one looks at something else lies over nothing that one needs for that."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.browser import browser
from tests.support.campus import User, api, send
from tests.web.talk import Campus, Sit, ann, bob, campus, complaints, context, sit

__all__ = ["ann", "bob", "browser", "campus", "complaints", "context", "sit"]

# Which buttons, links and fields of the page a toast lies over.
COVERED = """() => [...document.querySelectorAll('button, a, input, textarea, [role="status"]')].filter((one) => {
    if (one.closest('.toasts, .log, .conversations, .list-rows')) return false;
    const {left, right, top, bottom} = one.getBoundingClientRect();
    const isThere = right > left && bottom > top && getComputedStyle(one).visibility === 'visible';
    return isThere && [...document.querySelectorAll('.toast')].some((toast) => {
        const box = toast.getBoundingClientRect();
        return box.left < right && box.right > left && box.top < bottom && box.bottom > top;
    });
}).map((one) => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_toasts_lie_over_nothing_that_one_needs(campus: Campus, sit: Sit, ann: User, bob: User, width: int) -> None:
    with api(campus.server, bob) as client:
        for number in range(12):
            send(client, ann, f"{number}")
    one = sit(ann, viewport={"width": width, "height": 740})
    for view in ("notices", "events", "chats", f"chats/{bob.id}"):
        one.page.evaluate("(view) => { location.hash = `#/${view}`; }", view)
        with api(campus.server, campus.person()) as client:
            send(client, ann, f"While one looks at {view}: {'a word ' * 12}")
        expect(one.page.locator(".toast").filter(has_text=f"at {view}:")).to_be_visible()
        assert one.page.evaluate(COVERED) == []
        one.page.evaluate("for (const one of document.querySelectorAll('.toast')) one.remove()")
