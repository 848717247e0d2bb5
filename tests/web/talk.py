"""The application as people use it: a server that may be killed, signed-in browsers, and what one does there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.clients.people import PASSWORD, Campus, campus_on
from tests.support.campus import User, api
from tests.support.server import ServerProcess, as_flags
from tests.support.waiting import WAIT_S

expect.set_options(timeout=WAIT_S * 1000)

# What Chromium says of an answer that is a refusal, and of a server that is not there; the page says the rest.
NETWORK = "Failed to load resource"
# A file of the application's origin on which nothing runs.
PLACE = "/static/app/mark.svg"


class Seat:
    """Somebody in front of the application."""

    def __init__(self, page: Page, user: User) -> None:
        self.page = page
        self.user = user

    @property
    def log(self) -> Locator:
        """The messages of the open chat."""
        return self.page.get_by_role("log", name="Messages")

    @property
    def box(self) -> Locator:
        """Where one writes."""
        return self.page.get_by_role("textbox", name="Message")

    @property
    def connection(self) -> Locator:
        """What the page says of its connection."""
        return self.page.get_by_role("status", name="Connection")

    def row(self, name: str) -> Locator:
        """A conversation of the list."""
        return self.page.get_by_role("list", name="Conversations").get_by_role("listitem").filter(has_text=name)

    def message(self, text: str) -> Locator:
        """A message of the log."""
        return self.log.locator(".message").filter(has_text=text)

    def tick(self, text: str, label: str) -> Locator:
        """The tick of one's own message."""
        return self.message(text).get_by_role("img", name=label, exact=True)

    def open(self, user: User) -> None:
        """Go to the chat with them by its address."""
        self.page.evaluate("(id) => { location.hash = `#/chats/${id}`; }", user.id)
        expect(self.box).to_be_visible()

    def write(self, text: str) -> None:
        """Send a text."""
        self.box.fill(text)
        self.page.get_by_role("button", name="Send").click()

    def texts(self) -> list[str]:
        """The texts of the log, in order."""
        return self.log.locator(".message-text").all_text_contents()

    def attach(self, *files: dict[str, Any]) -> None:
        """Choose files by the button."""
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Attach files").click()
        chooser.value.set_files(list(files))  # type: ignore[arg-type]


Sit = Callable[..., Seat]


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    """A server with short intervals and people on it. It may be killed and started again."""
    server = ServerProcess(
        tmp_path_factory.mktemp("talk"), as_flags({"heartbeat_s": 2, "retry_ms": 500, "presence_grace_s": 1})
    )
    server.start()
    try:
        with campus_on(server) as found:
            yield found
        code = server.stop()
        server.check_log()
        assert code == 0, f"SIGTERM ended it with {code}"
    finally:
        if server.running:
            server.kill()


@pytest.fixture
def complaints() -> list[str]:
    """What pages wrote to their consoles as errors, and what they did not catch. What is left in it fails the test."""
    return []


@pytest.fixture
def context(browser: Browser, complaints: list[str]) -> Iterator[Callable[..., BrowserContext]]:
    """`context(viewport=...)` is a browser of somebody."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        one = browser.new_context(**options)
        made.append(one)
        one.on("weberror", lambda error: complaints.append(str(error.error)))
        one.on(
            "console", lambda said: said.type == "error" and NETWORK not in said.text and complaints.append(said.text)
        )
        one.on("dialog", lambda dialog: complaints.append(f"a dialog: {dialog.message}"))
        return one

    yield make
    for one in made:
        one.close()
    assert not complaints, f"said by a page: {complaints}"


@pytest.fixture
def sit(campus: Campus, context: Callable[..., BrowserContext]) -> Sit:
    """`sit(ann)` is ann signed in at her chats; `sit(ann, "chats/7", viewport=...)` at that address."""

    def seated(user: User, view: str = "chats", **options: Any) -> Seat:
        page = context(**options).new_page()
        page.goto(campus.server.url + PLACE)
        with api(campus.server, user) as client:
            kept = json.dumps({"token": user.token, "user": client.get("accounts/users/me/").json()})
        page.evaluate("(kept) => localStorage.setItem('campus:session', kept)", kept)
        page.goto(f"{campus.server.url}/#/{view}")
        seat = Seat(page, user)
        expect(seat.connection).to_have_text("Connected")
        return seat

    return seated


def named(campus: Campus, first_name: str, last_name: str) -> User:
    """Somebody new of that name."""
    user = campus.person()
    with api(campus.server, user) as client:
        answer = client.patch(f"accounts/users/{user.id}/", json={"first_name": first_name, "last_name": last_name})
    assert answer.status_code == 200, answer.text
    return user


@pytest.fixture
def ann(campus: Campus) -> User:
    return named(campus, "Ann", "Lee")


@pytest.fixture
def bob(campus: Campus) -> User:
    return named(campus, "Bob", "Okoro")


__all__ = [
    "NETWORK",
    "PASSWORD",
    "Campus",
    "Seat",
    "Sit",
    "ann",
    "bob",
    "campus",
    "complaints",
    "context",
    "named",
    "sit",
]
