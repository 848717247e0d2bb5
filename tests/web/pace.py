"""How long the page's main thread is busy at a stretch: while one scrolls up through a long chat, and while many events
come at once.

What is measured are the tasks and the frames of Chromium's own trace: wall time, and the thread's own time of the same
tasks, which other programs of the machine do not lengthen.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.support.campus import send
from tests.support.shared import Shared
from tests.support.waiting import eventually
from tests.web.board import PLACE, SESSION, session

MESSAGES = 1000
EVENTS = 500
STEP_PX = 8000
SPEED_PX = 16000
# The main thread's tasks, and the frames that script, style and layout made.
CATEGORIES = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"]
WATCH = """
window.slow = [];
new PerformanceObserver((list) => slow.push(...list.getEntries().map((one) => one.duration)))
    .observe({type: 'long-animation-frame'});
"""
COUNT = "document.querySelectorAll('.message').length"


@dataclass(frozen=True, slots=True)
class Pace:
    """The longest task of the page's main thread and the same in its own time, the longest frame of more than 50 ms (0
    without one), the number of tasks of more than 50 ms; and how long all of it took."""

    task_ms: float
    own_ms: float
    frame_ms: float
    over_50_ms: int
    took_s: float

    def __str__(self) -> str:
        frame = f"longest frame {self.frame_ms:.0f} ms" if self.frame_ms else "no frame over 50 ms"
        tasks = f"longest task {self.task_ms:.0f} ms ({self.own_ms:.0f} ms of its own), {self.over_50_ms} over 50 ms"
        return f"{self.took_s:.1f} s; {frame}; {tasks}"


def traced(browser: Browser, page: Page, work: Callable[[], object]) -> Pace:
    """Do this, and look at what it made of the page's main thread."""
    page.evaluate("slow.length = 0")
    began_s = time.monotonic()
    browser.start_tracing(page=page, categories=CATEGORIES)
    try:
        work()
        took_s = time.monotonic() - began_s
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    finally:
        events = json.loads(browser.stop_tracing())["traceEvents"]
    frames = page.evaluate("slow")
    tasks = main_tasks(events)
    wall = [one["dur"] / 1000 for one in tasks]
    own = [one.get("tdur", one["dur"]) / 1000 for one in tasks]
    return Pace(max(wall), max(own), max(frames, default=0.0), sum(one > 50 for one in wall), took_s)


def main_tasks(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tasks of the busiest renderer's main thread."""
    names = {(one["pid"], one["tid"]) for one in events if one.get("name") == "thread_name"
             and one["args"]["name"] == "CrRendererMain"}  # fmt: skip
    tasks: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for one in events:
        place = (one["pid"], one["tid"])
        if place in names and one.get("ph") == "X" and one["name"] in ("RunTask", "ThreadControllerImpl::RunTask"):
            tasks.setdefault(place, []).append(one)
    assert tasks, "the trace has no task of a page"
    return max(tasks.values(), key=lambda found: sum(one["dur"] for one in found))


def opened(browser: Browser, shared: Shared, who: str, view: str) -> Page:
    """That view of the application, connected."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(shared.server.url + PLACE)
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [SESSION, session(shared, who)])
    page.goto(f"{shared.server.url}/#/{view}")
    expect(page.get_by_role("status", name="Connection")).to_have_text("Connected")
    return page


def write(shared: Shared, sender: str, receiver: str, count: int) -> None:
    """So many messages, of all lengths."""

    def some(part: int) -> None:
        with shared.api(sender) as client:
            for number in range(part, count, 4):
                send(
                    client, shared[receiver], f"{number} {'and so on ' * (number % 23)} https://campus.example/{number}"
                )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(some, range(4)))


def scroll(browser: Browser, shared: Shared) -> Pace:
    """Up through a chat of MESSAGES messages, as fast as a wheel goes, to its first one."""
    write(shared, "bob", "ann", MESSAGES)
    page = opened(browser, shared, "ann", f"chats/{shared['bob'].id}")
    expect(page.locator(".message")).to_have_count(50)
    devtools = page.context.new_cdp_session(page)

    def up() -> bool:
        devtools.send(
            "Input.synthesizeScrollGesture",
            {"x": 800, "y": 400, "yDistance": STEP_PX, "speed": SPEED_PX, "gestureSourceType": "mouse"},
        )
        return bool(page.evaluate(f"{COUNT} >= {MESSAGES} && document.querySelector('.log-scroll').scrollTop < 1"))

    pace = traced(browser, page, lambda: eventually(up, "the first message"))
    page.context.close()
    return pace


def burst(browser: Browser, shared: Shared) -> Pace:
    """EVENTS messages at once, in the chat that is open: they come as fast as the server tells what was missed."""
    page = opened(browser, shared, "cy", f"chats/{shared['bob'].id}")
    expect(page.get_by_text("This is the beginning of your chat.")).to_be_visible()
    status = page.get_by_role("status", name="Connection")
    page.context.set_offline(True)
    expect(status).not_to_have_text("Connected")
    write(shared, "bob", "cy", EVENTS)

    def come_back() -> None:
        page.context.set_offline(False)
        expect(page.locator(".message")).to_have_count(EVENTS)

    pace = traced(browser, page, come_back)
    page.context.close()
    return pace
