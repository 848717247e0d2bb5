"""`make screenshots`: pictures of the main pages in docs/screenshots, on a phone and a desktop, in light and dark.

The people and what they say are made up here, on a server that is gone afterwards.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.browser import ARGS, find_chromium
from tests.support.campus import User, api, create_user, send
from tests.support.server import ROOT, ServerProcess

FOLDER = ROOT / "docs" / "screenshots"
SCREENS: Mapping[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True},
}
SCHEMES = ("light", "dark")
PEOPLE = {
    "john_doe": "student",
    "jane_smith": "student",
    "ravi_kumar": "student",
    "mei_lin": "teacher",
    "amara_okafor": "super_admin",
}
TALK = [
    ("ravi_kumar", "john_doe", "Are you coming to training tonight?"),
    ("john_doe", "ravi_kumar", "Only after the seminar, so half past seven."),
    ("amara_okafor", "john_doe", "Your request for a room is approved: B 204, Thursday at 16:00."),
    ("jane_smith", "john_doe", "Hi John, are you coming to the library?"),
    ("john_doe", "jane_smith", "In ten minutes. Keep me a seat?"),
    ("jane_smith", "john_doe", "Done. Second floor, by the window."),
    (
        "jane_smith",
        "john_doe",
        "Bring your notes on Turing machines, I lost the thread somewhere around the halting problem.",
    ),
    ("john_doe", "jane_smith", "With pleasure. Mine are here as well: https://notes.example.org/turing"),
    ("mei_lin", "john_doe", "The essay is due on Friday. Two pages are enough."),
    ("mei_lin", "john_doe", "Come by if you want to talk about the outline."),
]
NOTICES = [
    (
        "Timetable of the exams",
        "The timetable of the written exams is final. Rooms are announced a week before each exam.",
        True,
    ),
    (
        "The library is open longer",
        "Until the end of the term the library is open from 8:00 to midnight, Sundays included.",
        False,
    ),
]
EVENTS = [
    (
        "Open day",
        "Laboratories, workshops and the choir, for everybody who wants to see the campus.",
        9,
        "Main hall",
        120,
    ),
    ("Evening of short talks", "Ten talks of five minutes each. Yours could be one of them.", 16, "Room B 204", 40),
]


class Campus:
    """A server with people on it."""

    def __init__(self, server: ServerProcess, people: Mapping[str, User]) -> None:
        self.server = server
        self.people = people

    def kept(self, username: str) -> str:
        """What the application keeps of whoever is signed in."""
        with api(self.server, self.people[username]) as client:
            return json.dumps({"token": self.people[username].token, "user": client.get("accounts/users/me/").json()})


@contextmanager
def campus() -> Iterator[Campus]:
    """The campus of the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        server = ServerProcess(Path(folder))
        server.start()
        try:
            people = {}
            for username, user_type in PEOPLE.items():
                first, last = username.title().split("_")
                people[username] = create_user(server, username, user_type=user_type, first_name=first, last_name=last)
            made = Campus(server, people)
            _fill(made)
            yield made
        finally:
            server.stop()


def _fill(made: Campus) -> None:
    people, day = made.people, datetime.now(UTC).date()
    for sender, receiver, text in TALK:
        with api(made.server, people[sender]) as client:
            send(client, people[receiver], text)
    with api(made.server, people["john_doe"]) as client:
        read = client.post("communication/chats/mark-read/", json={"sender_id": people["ravi_kumar"].id})
        assert read.status_code == 200, read.text
    with api(made.server, people["jane_smith"]) as client:
        read = client.post("communication/chats/mark-read/", json={"sender_id": people["john_doe"].id})
        assert read.status_code == 200, read.text
    with api(made.server, people["amara_okafor"]) as client:
        named = client.patch("campus/", json={"name": "Lindenhof College"})
        assert named.status_code == 200, named.text
        for title, content, is_urgent in NOTICES:
            notice = {"title": title, "content": content, "is_urgent": is_urgent, "publish_date": day.isoformat()}
            shown = {"is_published": True, "visibility": [{"target_type": "all"}]}
            answer = client.post("communication/notices/", json=notice | shown, headers={"X-College-ID": "1"})
            assert answer.status_code == 201, answer.text
        for title, description, days, place, most in EVENTS:
            event = {"title": title, "description": description, "event_date": (day + timedelta(days=days)).isoformat()}
            event |= {"start_time": "17:00", "end_time": "20:00", "venue": place}
            more = {"registration_required": True, "max_participants": most}
            answer = client.post("communication/events/", json=event | more, headers={"X-College-ID": "1"})
            assert answer.status_code == 201, answer.text


def _sign_in(page: Page, made: Campus, username: str, address: str) -> None:
    page.goto(f"{made.server.url}/static/app/mark.svg")
    page.evaluate("(kept) => localStorage.setItem('campus:session', kept)", made.kept(username))
    page.goto(made.server.url + address)


def _pictures(page: Page, made: Campus, suffix: str) -> None:
    def shoot(name: str) -> None:
        page.mouse.move(0, 0)
        page.evaluate("document.fonts.ready")
        page.screenshot(path=FOLDER / f"{name}-{suffix}.png", animations="disabled", caret="hide")

    page.goto(made.server.url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    shoot("sign-in")
    _sign_in(page, made, "john_doe", "/")
    expect(page.get_by_role("status", name="Connection")).to_have_text("Connected")
    expect(page.get_by_role("list", name="Conversations").get_by_role("listitem")).to_have_count(4)
    if suffix.startswith("phone"):
        shoot("chats")
    page.get_by_role("list", name="Conversations").get_by_text("Jane Smith").click()
    expect(page.get_by_role("log", name="Messages").get_by_text("With pleasure.")).to_be_visible()
    expect(page.locator("[aria-current] .badge")).to_have_count(1)  # of all chats; this one is read
    shoot("chat")
    for name in ("Notices", "Events"):
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("list", name=name).get_by_role("listitem")).to_have_count(2)
        shoot(name.lower())
    _sign_in(page, made, "amara_okafor", "/admin/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".plot-line").first).to_have_attribute(
        "points", re.compile(r" .* ")
    )  # three points make a line
    shoot("admin")


def main() -> int:
    """Make them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with campus() as made, sync_playwright() as playwright:
        chromium: Browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGS)
        beside = chromium.new_page()
        _sign_in(beside, made, "jane_smith", "/")
        expect(beside.get_by_role("status", name="Connection")).to_have_text("Connected")
        for screen, options in SCREENS.items():
            for scheme in SCHEMES:
                context = chromium.new_context(color_scheme=scheme, locale="en-GB", **options)
                _pictures(context.new_page(), made, f"{screen}-{scheme}")
                context.close()
        chromium.close()
    total_bytes = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in docs/screenshots, {total_bytes // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
