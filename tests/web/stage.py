"""A campus that has something to show on every page, and the way to each of these pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.campus import send
from tests.support.samples import PDF, PNG
from tests.support.server import ServerProcess
from tests.support.shared import Shared, running
from tests.web.board import day, made

LONG = "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenband" * 3
SETUP = r"/setup/\?key=[A-Za-z0-9_-]{20,}"


@dataclass(frozen=True, slots=True)
class Stage:
    """The servers, and where things are: `numbers` by name. Nobody has an account on `bare`."""

    shared: Shared
    bare: ServerProcess
    numbers: dict[str, int]

    def link(self) -> str:
        """A one-time link for a password."""
        with self.shared.api("dean") as dean:
            answer = dean.post(f"accounts/users/{self.shared['stella'].id}/set-password/", json={})
        assert answer.status_code == 200, answer.text
        return re.sub(r"^https?://[^/]+", self.shared.server.url, answer.json()["link"])

    def setup(self) -> str:
        """The newest link for the first administrator."""
        return self.bare.url + self.bare.wait_log(SETUP)[0]


@dataclass(frozen=True, slots=True)
class View:
    """A page: who sees it (None: nobody is signed in), where, what is visible once it is there, and what to do then."""

    name: str
    who: str | None
    address: str
    ready: Callable[[Page], Any]
    act: Callable[[Page], None] | None = None

    def url(self, stage: Stage) -> str:
        """Where it is."""
        if self.address in ("link", "setup"):
            return stage.link() if self.address == "link" else stage.setup()
        base = stage.bare.url if self.address.startswith("bare ") else stage.shared.server.url
        return base + self.address.removeprefix("bare ").format(**stage.numbers)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """The servers, filled."""
    with ExitStack() as stack:
        (folder / "bare").mkdir(parents=True)
        shared = stack.enter_context(running(folder))
        bare = ServerProcess(folder / "bare")
        bare.start()
        stack.callback(bare.stop)
        yield Stage(shared, bare, numbers(shared))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A campus that has something to show."""
    with staged(tmp_path_factory.mktemp("stage")) as found:
        yield found


def numbers(shared: Shared) -> dict[str, int]:
    """Fill the campus; the ids of what is there."""
    chats(shared)
    found = {name: shared[name].id for name in ("ann", "bob", "cy", "tara")}
    with shared.api("tara") as tara:
        plain = {"publish_date": day(0), "is_published": True, "visibility": [{"target_type": "all"}]}
        text = f"The exams begin on Monday.\n\nRooms: https://campus.example/rooms?a=1&b=2 {LONG}"
        fields = {"title": "Exam week", "content": text, "is_urgent": True, "expiry_date": day(9)}
        found["notice"] = made(tara.post("communication/notices/", json=plain | fields))["id"]
        file = {"attachment": ("map.png", PNG)}
        assert tara.patch(f"communication/notices/{found['notice']}/", files=file).status_code == 200
        made(tara.post("communication/notices/", json=plain | {"title": LONG, "content": LONG}))
        draft = {"title": "A draft", "content": "Later.", "publish_date": day(3)}
        made(tara.post("communication/notices/", json=draft))
    with shared.api("dean") as dean:
        fields = {
            "title": "Concert", "description": f"Bring a chair. {LONG}", "venue": "Hall 2", "organizer": "The choir",
            "event_date": day(4), "start_time": "18:00", "end_time": "20:30", "registration_required": True,
            "max_participants": 5, "registration_deadline": day(3),
        }  # fmt: skip
        found["event"] = made(dean.post("communication/events/", json=fields))["id"]
        fields |= {"title": LONG, "registration_required": False, "max_participants": None, "venue": LONG}
        made(dean.post("communication/events/", json=fields | {"registration_deadline": None}))
        said = {"title": "The bus leaves", "message": f"From gate 2. {LONG}", "audience": {"all": True}}
        found["announcement"] = made(dean.post("communication/announcements/", json=said))["id"]
    with shared.api("bob") as bob:
        made(bob.post("communication/event-registrations/", json={"event": found["event"]}))
    return found


def chats(shared: Shared) -> None:
    """Messages of every kind between ann and bob, and some that are unread."""
    ann, bob = shared["ann"], shared["bob"]
    with shared.api("ann") as one, shared.api("bob") as other:
        for number in range(12):
            send(one, bob, f"Question {number}: https://campus.example/{number}")
            send(other, ann, f"Answer {number}. {'It goes on. ' * number}")
        files = [{"attachment": ("photo.png", PNG)}, {"attachment": (f"{LONG[:90]}.pdf", PDF)}]
        for file in files:
            form = {"receiver_id": str(ann.id), "message": "Look"}
            assert other.post("communication/chats/", data=form, files=file).status_code == 201
        send(one, bob, LONG)
        edited = send(one, bob, "Tomorow")
        assert one.patch(f"communication/chats/{edited['id']}/", json={"message": "Tomorrow"}).status_code == 200
    for name in ("tara", "pat"):
        with shared.api(name) as client:
            send(client, ann, f"Unread: {LONG}")


def heading(name: str) -> Callable[[Page], Any]:
    return lambda page: page.get_by_role("heading", name=name, exact=True).first


def text(words: str) -> Callable[[Page], Any]:
    return lambda page: page.get_by_text(words).first


def press(button: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=button, exact=True).first.click()


def notifications(page: Page) -> None:
    press("Notifications")(page)
    expect(page.get_by_role("dialog")).to_be_visible()


def new_chat(page: Page) -> None:
    press("New chat")(page)
    page.get_by_role("searchbox", name="Search people").fill("a")
    expect(page.get_by_role("option", selected=True)).to_be_visible()


def find_message(page: Page) -> None:
    press("Search messages")(page)
    page.get_by_role("searchbox", name="Search messages").fill("answer")
    expect(page.get_by_role("option", selected=True)).to_be_visible()


def refused(page: Page) -> None:
    page.get_by_role("textbox", name="Username").fill("ann")
    page.get_by_role("textbox", name="Password").fill("wrong")
    press("Sign in")(page)
    expect(page.get_by_text("Unable to log in")).to_be_visible()


def photo(page: Page) -> None:
    page.get_by_role("button", name="Photo").click()
    expect(page.get_by_role("link", name="Download", exact=True)).to_be_visible()


def find_class(page: Page) -> None:
    page.get_by_label("Only these").check()
    page.get_by_role("combobox").last.fill("ann")
    expect(page.get_by_role("option").first).to_be_visible()


def first_chat(page: Page) -> Any:
    return page.get_by_role("list", name="Conversations").get_by_role("listitem").filter(has_text="Bob")


def message(page: Page) -> Any:
    return page.locator(".message").filter(has_text="Tomorrow")


def sets_a_password(page: Page) -> None:
    page.get_by_label("Password", exact=True).fill("nine orange lamps")
    page.get_by_label("The password again").fill("nine orange lamps")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", name="The password is set")).to_be_visible()


def makes_the_administrator(page: Page) -> None:
    page.get_by_label("Username").fill("first")
    page.get_by_label("Password", exact=True).fill("nine orange lamps")
    page.get_by_label("The password again").fill("nine orange lamps")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", name="The account is made")).to_be_visible()


VIEWS = [
    View("sign in", None, "/", heading("Sign in to Campus")),
    View("sign in, refused", None, "/", heading("Sign in to Campus"), refused),
    View("nobody has an account", None, "bare /", heading("Nobody has an account yet")),
    View("the first administrator", None, "setup", heading("The first administrator")),
    View("no setup", None, "bare /setup/?key=no", heading("This link does not work")),
    View("set a password", None, "link", heading("A new password")),
    View("the password is set", None, "link", heading("A new password"), sets_a_password),
    View("no password", None, "/set-password/?key=no", heading("This link does not work")),
    View("chats, empty", "cy", "/#/chats", text("No chats yet")),
    View("notices, empty", "east_ann", "/#/notices", text("No notices yet")),
    View("events, empty", "east_ann", "/#/events", lambda page: page.locator(".list-view .state h2")),
    View("notifications, empty", "east_ann", "/#/notices", text("No notices yet"), notifications),
    View("chats", "ann", "/#/chats", first_chat),
    View("new chat", "ann", "/#/chats", first_chat, new_chat),
    View("search", "ann", "/#/chats", first_chat, find_message),
    View("chat", "ann", "/#/chats/{bob}", message),
    View("photo", "ann", "/#/chats/{bob}", message, photo),
    View("a first chat", "ann", "/#/chats/{cy}", text("This is the beginning of your chat.")),
    View("nobody", "ann", "/#/chats/999999", heading("There is nobody here")),
    View("no such page", "ann", "/#/nothing", heading("There is nothing at this address")),
    View("notices", "ann", "/#/notices", text("Exam week")),
    View("notice", "ann", "/#/notices/{notice}", heading("Exam week")),
    View("no notice", "ann", "/#/notices/999999", heading("This notice is not here")),
    View("events", "ann", "/#/events", text("Concert")),
    View("event", "ann", "/#/events/{event}", heading("Concert")),
    View("announcements", "ann", "/#/announcements", text("The bus leaves")),
    View("announcement", "ann", "/#/announcements/{announcement}", heading("The bus leaves")),
    View("notifications", "ann", "/#/notices", text("Exam week"), notifications),
    View("settings", "ann", "/#/settings", text("This device")),
    View("notices, for staff", "tara", "/#/notices", text("A draft")),
    View("own notice", "tara", "/#/notices/{notice}", heading("Exam week")),
    View("delete a notice", "tara", "/#/notices/{notice}", heading("Exam week"), press("Delete")),
    View("new notice", "tara", "/#/compose/notice", lambda page: page.get_by_role("textbox", name="Title")),
    View("change a notice", "tara", "/#/compose/notice/{notice}", lambda page: page.get_by_label("Title")),
    View("new event", "tara", "/#/compose/event", lambda page: page.get_by_label("Day")),
    View("announce", "tara", "/#/compose/announcement", lambda page: page.get_by_label("Only these"), find_class),
    View("own event", "dean", "/#/events/{event}", lambda page: page.get_by_role("combobox", name="Status of Bob")),
    View("admin", "boss", "/admin/#/", heading("Memory")),
    View("streams", "boss", "/admin/#/streams", lambda page: page.get_by_role("row").nth(1)),
    View("people", "boss", "/admin/#/people", text("tara@campus.example")),
    View("new person", "boss", "/admin/#/people", text("tara@campus.example"), press("New person")),
    View("imports", "boss", "/admin/#/imports", lambda page: page.get_by_label("CSV file")),
    View("the campus", "boss", "/admin/#/campus", lambda page: page.get_by_label("Name")),
    View("not an administrator", "pat", "/admin/", heading("This page is for administrators")),
    # The last one: "bare" has somebody from here on.
    View("the administrator is made", None, "setup", heading("The first administrator"), makes_the_administrator),
]
