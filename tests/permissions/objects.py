"""Objects: what a permission may be about, each made anew by the one who owns it, and the bodies that name some."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx

from tests.support.samples import PNG
from tests.support.shared import CHATS, Shared
from tests.support.sse import Stream
from tests.support.waiting import eventually

VISIBILITY = "/api/v1/communication/notice-visibility"
NOTIFICATIONS = "/api/v1/communication/notifications"
ALL, NOTICES, ANNOUNCEMENTS = "/api/v1/", "/api/v1/communication/notices", "/api/v1/communication/announcements"
CHAT = ALL + CHATS.rstrip("/")
EVENTS, REGISTRATIONS = ALL + "communication/events", ALL + "communication/event-registrations"
STREAMS, IMPORTS = ALL + "admin/streams", ALL + "admin/imports"
USERS, ACADEMIC = ALL + "accounts/users", ALL + "academic/"
CLASSES, SECTIONS, ENROLLMENTS = ACADEMIC + "classes", ACADEMIC + "sections", ACADEMIC + "enrollments"
EVENT = {
    "title": "t", "description": "d", "event_date": "2026-01-09", "start_time": "10:30", "end_time": "12:00",
}  # fmt: skip
NOTICE = {"title": "t", "content": "c", "publish_date": "2026-01-09", "is_published": True}


def at(shared: Shared, username: str) -> httpx.Client:
    """A client of that user, for whole paths."""
    return shared.api(username, base="")


def to_ann(shared: Shared) -> dict[str, Any]:
    return {"receiver_id": shared["ann"].id, "message": "x"}


def to_new_event(shared: Shared) -> dict[str, Any]:
    return {"event": post(shared, "dean", EVENTS, **EVENT)}


def to_new_notice(author: str) -> Callable[[Shared], dict[str, Any]]:
    return lambda shared: {"notice": post(shared, author, NOTICES, **NOTICE), "target_type": "all"}


def new_user(shared: Shared) -> dict[str, Any]:
    return {"username": f"user{secrets.token_hex(8)}"}


def new_name(shared: Shared) -> dict[str, Any]:
    return {"name": secrets.token_hex(8)}


def section_of(author: str) -> Callable[[Shared], dict[str, Any]]:
    """A new section for a new class of that author."""
    return lambda shared: {"class_obj": post(shared, author, CLASSES, **new_name(shared)), **new_name(shared)}


def enrollment_of(author: str, username: str) -> Callable[[Shared], dict[str, Any]]:
    """An enrolment of that user in a new class of that author."""
    return lambda shared: {
        "user": shared[username].id, "class_obj": post(shared, author, CLASSES, **new_name(shared)),
    }  # fmt: skip


def new_college(shared: Shared) -> dict[str, Any]:
    return {"code": secrets.token_hex(4), "name": secrets.token_hex(8)}


def post(shared: Shared, by: str, where: str, /, **fields: object) -> int:
    with at(shared, by) as client:
        answer = client.post(where, json=fields)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])


def register(shared: Shared, username: str, author: str) -> int:
    """A registration for a new event of that author."""
    return post(shared, username, REGISTRATIONS, event=post(shared, author, EVENTS, **EVENT))


def name_everybody(shared: Shared, author: str) -> int:
    """A visibility row of a new notice of that author."""
    return post(shared, author, VISIBILITY, notice=post(shared, author, NOTICES, **NOTICE), target_type="all")


def announce(shared: Shared, author: str) -> int:
    """The id of a new notification, which is in no answer."""
    post(shared, author, ANNOUNCEMENTS, title="t", message="m")
    with at(shared, author) as client:
        return int(client.get(NOTIFICATIONS).json()["results"][0]["id"])


def send_file(shared: Shared, username: str, receiver: str) -> str:
    """The key of a new message's file."""
    with at(shared, username) as client:
        form = {"receiver_id": shared[receiver].id}
        answer = client.post(CHAT, data=form, files={"attachment": ("photo.png", PNG)})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["attachment"]).split("/")[-2]


def begin_import(shared: Shared, username: str) -> int:
    """The id of an import of somebody new, which has ended."""
    with at(shared, username) as client:
        people = f"username\n{new_user(shared)['username']}\n"
        answer = client.post(IMPORTS, files={"file": ("people.csv", people)})
        assert answer.status_code == 202, answer.text
        path = f"{IMPORTS}/{answer.json()['id']}"
        eventually(lambda: client.get(path).json()["state"] == "done", "the import is done")
    return int(answer.json()["id"])


OPENED: list[Stream] = []


def open_stream(shared: Shared, username: str) -> int:
    """The id of a stream with a token of its own, which may be lost."""
    token = secrets.token_hex(20)
    statement = "INSERT INTO tokens (hash, user_id, created_at) VALUES (?, ?, '2026-01-09T10:30:00.000000Z')"
    shared.sql(statement, (hashlib.sha256(token.encode()).digest(), shared[username].id))
    OPENED.append(Stream(shared.server, token))
    OPENED[-1].wait_for("connected")
    with at(shared, "boss") as client:
        return int(client.get(STREAMS, params={"user": shared[username].id}).json()["results"][0]["id"])


def make(shared: Shared, path: str) -> str:
    """The path with its names replaced by objects that no call has touched."""
    makers: dict[str, Callable[[], object]] = {
        "{key of bob's file}": lambda: send_file(shared, "bob", "tara"),
        "{no key}": lambda: "0" * 40,
        "{name}": lambda: "photo.png",
        "{m}": lambda: post(shared, "bob", CHAT, receiver_id=shared["tara"].id, message="x"),
        "{n}": lambda: post(shared, "dean", NOTICES, **NOTICE),
        "{t}": lambda: post(shared, "tara", NOTICES, **NOTICE),
        "{f}": lambda: post(shared, "east_dean", NOTICES, **NOTICE),
        "{a}": lambda: post(shared, "dean", ANNOUNCEMENTS, title="t", message="m"),
        "{row of dean}": lambda: name_everybody(shared, "dean"),
        "{row of tara}": lambda: name_everybody(shared, "tara"),
        "{row of east_dean}": lambda: name_everybody(shared, "east_dean"),
        "{news of dean}": lambda: announce(shared, "dean"),
        "{news of east_dean}": lambda: announce(shared, "east_dean"),
        "{event of dean}": lambda: post(shared, "dean", EVENTS, **EVENT),
        "{event of tara}": lambda: post(shared, "tara", EVENTS, **EVENT),
        "{event of east_dean}": lambda: post(shared, "east_dean", EVENTS, **EVENT),
        "{bob at tara's}": lambda: register(shared, "bob", "tara"),
        "{ann at dean's}": lambda: register(shared, "ann", "dean"),
        "{east_ann at east_dean's}": lambda: register(shared, "east_ann", "east_dean"),
        "{session of ann}": lambda: shared.sql("SELECT id FROM tokens WHERE user_id = ?", (shared["ann"].id,))[0][0],
        "{role}": lambda: "student",
        "{page's file}": lambda: "docs.js",
        "{client's file}": lambda: "index.js",
        "{application's file}": lambda: "shell/shell.js",
        "{own college}": lambda: 1,
        "{other college}": lambda: shared.east,
        **{
            f"{{new user of {by}}}": partial(lambda by: post(shared, by, USERS, **new_user(shared)), by)
            for by in ("dean", "east_dean")
        },
        **{
            f"{{class of {by}}}": partial(lambda by: post(shared, by, CLASSES, **new_name(shared)), by)
            for by in ("dean", "east_dean")
        },
        **{
            f"{{section of {by}}}": partial(lambda by: post(shared, by, SECTIONS, **section_of(by)(shared)), by)
            for by in ("dean", "east_dean")
        },
        "{enrolment of dean}": lambda: post(shared, "dean", ENROLLMENTS, **enrollment_of("dean", "ann")(shared)),
        "{enrolment of east_dean}": lambda: post(
            shared, "east_dean", ENROLLMENTS, **enrollment_of("east_dean", "east_ann")(shared)
        ),
        "{stream of stan}": lambda: open_stream(shared, "stan"),
        "{stream of east_ann}": lambda: open_stream(shared, "east_ann"),
        "{import of dean}": lambda: begin_import(shared, "dean"),
        "{u}": lambda: shared["stan"].id,
        "{e}": lambda: shared["east_ann"].id,
    }
    for name, maker in makers.items():
        if name in path:
            path = path.replace(name, str(maker()))
    return path
