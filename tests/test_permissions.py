"""Who may call what: every route of the server, every method of it, each kind of caller. A route not here fails."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import pytest

from realtime.api import routes
from realtime.api.base import Handler
from tests.support.shared import CHATS, PASSWORD, Shared, running
from tests.support.sse import EVENTS_PATH, TEST_PATH, Stream

# No token, one that nobody has, a disabled user's; and users of these roles.
CALLERS = ("nobody", "unknown", "gone", "bob", "tara", "dean")
VISIBILITY = "/api/v1/communication/notice-visibility"
NOTIFICATIONS = "/api/v1/communication/notifications"
ALL, NOTICES, ANNOUNCEMENTS = "/api/v1/", "/api/v1/communication/notices", "/api/v1/communication/announcements"
CHAT = ALL + CHATS.rstrip("/")
EVENTS, REGISTRATIONS = ALL + "communication/events", ALL + "communication/event-registrations"
STREAMS = ALL + "admin/streams"
USERS, ACADEMIC = ALL + "accounts/users", ALL + "academic/"
CLASSES, SECTIONS, ENROLLMENTS = ACADEMIC + "classes", ACADEMIC + "sections", ACADEMIC + "enrollments"


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent, and the statuses of the last three callers; the first three get 401 unless `open_to_all`.

    `body` may need the campus: then it is a function of it. `{name}` in a path is made anew for each call.
    """

    student: int
    teacher: int
    admin: int
    body: Any = None
    open_to_all: bool = False

    def expected(self, caller: str) -> int:
        """The status for one of CALLERS; who has no right token is a student where all may call."""
        if caller in CALLERS[:3]:
            return self.student if self.open_to_all else 401
        return {"bob": self.student, "tara": self.teacher, "dean": self.admin}[caller]


def at(shared: Shared, username: str) -> httpx.Client:
    """A client of that user, for whole paths."""
    return shared.api(username, base="")


def same(status: int, body: Any = None) -> Call:
    return Call(status, status, status, body)


def public(status: int, body: Any = None) -> Call:
    return Call(status, status, status, body, open_to_all=True)


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


EVENT = {
    "title": "t", "description": "d", "event_date": "2026-01-09", "start_time": "10:30", "end_time": "12:00",
}  # fmt: skip
NOTICE = {"title": "t", "content": "c", "publish_date": "2026-01-09", "is_published": True}
# {m} is a message from Bob to Tara, so the dean is a stranger to it; {n} a notice of the dean, {t} of Tara; {a} the
# dean's announcement; {u} a user of the college, {e} one of another.
TABLE: dict[str, dict[str, Call]] = {
    ALL + "auth/login": {"POST": public(200, {"username": "ann", "password": PASSWORD})},
    ALL + "auth/logout": {"POST": public(200)},
    ALL + "auth/user": {"GET": same(200), "PUT": same(400, {}), "PATCH": same(200, {})},
    ALL + "auth/password/change": {"POST": same(400, {})},
    ALL + "auth/registration": {"POST": public(403, {})},
    ALL + "auth/sessions": {"GET": same(200)},
    ALL + "auth/sessions/{session of stan}": {"DELETE": same(404)},
    USERS: {"GET": same(200), "POST": Call(403, 403, 201, new_user)},
    USERS + "/me": {"GET": same(200)},
    USERS + "/change_password": {"POST": same(400, {})},
    USERS + "/by-type/{role}": {"GET": same(200)},
    USERS + "/{new user of dean}": {
        "GET": same(200), "PUT": Call(403, 403, 200, new_user), "PATCH": Call(403, 403, 200, {"phone": "1"}),
        "DELETE": Call(403, 403, 204),
    },
    USERS + "/{new user of dean}/set-password": {"POST": Call(403, 403, 200, {})},
    ACADEMIC + "colleges": {"GET": same(200), "POST": same(403, {"code": "x", "name": "x"})},
    ACADEMIC + "colleges/{own college}": {
        "GET": same(200), "PUT": same(403, {}), "PATCH": same(403, {}), "DELETE": same(403),
    },
    CLASSES: {"GET": same(200), "POST": Call(403, 403, 201, new_name)},
    CLASSES + "/{class of dean}": {
        "GET": same(200), "PUT": Call(403, 403, 200, new_name), "PATCH": Call(403, 403, 200, new_name),
        "DELETE": Call(403, 403, 204),
    },
    SECTIONS: {"GET": same(200), "POST": Call(403, 403, 201, section_of("dean"))},
    SECTIONS + "/{section of dean}": {
        "GET": same(200), "PUT": Call(403, 403, 400, section_of("dean")), "PATCH": Call(403, 403, 200, new_name),
        "DELETE": Call(403, 403, 204),
    },
    ENROLLMENTS: {"GET": same(200), "POST": Call(403, 403, 201, enrollment_of("dean", "ann"))},
    ENROLLMENTS + "/{enrolment of dean}": {
        "GET": same(200), "PUT": Call(403, 403, 200, enrollment_of("dean", "ann")),
        "PATCH": Call(403, 403, 200, {"is_active": False}), "DELETE": Call(403, 403, 204),
    },
    CHAT: {"GET": same(200), "POST": same(201, to_ann)},
    CHAT + "/conversations": {"GET": same(200)},
    CHAT + "/conversation/{u}": {"GET": same(200)},
    CHAT + "/mark-read": {"POST": same(200, {"message_ids": []})},
    CHAT + "/delivered": {"POST": same(200, {"message_ids": []})},
    CHAT + "/typing": {"POST": same(200, to_ann)},
    CHAT + "/unread-count": {"GET": same(200)},
    CHAT + "/online-users": {"GET": same(200)},
    CHAT + "/search": {"GET": same(400)},
    CHAT + "/{m}": {
        "GET": Call(200, 200, 404), "PATCH": Call(200, 403, 404, {"message": "y"}),
        "PUT": Call(200, 403, 404, {"message": "y"}), "DELETE": Call(204, 403, 404),
    },
    NOTICES: {"GET": same(200), "POST": Call(403, 201, 201, NOTICE)},
    NOTICES + "/{n}": {
        "GET": same(200), "PUT": Call(403, 403, 200, NOTICE), "PATCH": Call(403, 403, 200, {"title": "y"}),
        "DELETE": Call(403, 403, 204),
    },
    NOTICES + "/{t}": {
        "GET": same(200), "PUT": Call(403, 200, 200, NOTICE), "PATCH": Call(403, 200, 200, {"title": "y"}),
        "DELETE": Call(403, 204, 204),
    },
    NOTICES + "/preview": {"POST": Call(403, 200, 200, {})},
    VISIBILITY: {"GET": same(200), "POST": Call(403, 403, 201, to_new_notice("dean"))},
    VISIBILITY + "/{row of dean}": {
        "GET": same(200), "PUT": Call(403, 403, 400, {"notice": 10**6, "target_type": "all"}),
        "PATCH": Call(403, 403, 200, {"target_type": "all"}), "DELETE": Call(403, 403, 204),
    },
    VISIBILITY + "/{row of tara}": {
        "GET": same(200), "PUT": Call(403, 400, 400, {"notice": 10**6, "target_type": "all"}),
        "PATCH": Call(403, 200, 200, {"target_type": "all"}), "DELETE": Call(403, 204, 204),
    },
    NOTIFICATIONS: {"GET": same(200)},
    NOTIFICATIONS + "/mark-read": {"POST": same(200, {"ids": [1]})},
    NOTIFICATIONS + "/unread-count": {"GET": same(200)},
    NOTIFICATIONS + "/{news of dean}": {"GET": same(200)},
    ANNOUNCEMENTS: {"GET": same(200), "POST": Call(403, 201, 201, {"title": "t", "message": "m"})},
    ANNOUNCEMENTS + "/preview": {"POST": Call(403, 200, 200, {})},
    ANNOUNCEMENTS + "/{a}": {"GET": same(200)},
    EVENTS: {"GET": same(200), "POST": Call(403, 201, 201, EVENT)},
    EVENTS + "/{event of dean}": {
        "GET": same(200), "PUT": Call(403, 403, 200, EVENT), "PATCH": Call(403, 403, 200, {"title": "y"}),
        "DELETE": Call(403, 403, 204),
    },
    EVENTS + "/{event of tara}": {
        "GET": same(200), "PUT": Call(403, 200, 200, EVENT), "PATCH": Call(403, 200, 200, {"title": "y"}),
        "DELETE": Call(403, 204, 204),
    },
    REGISTRATIONS: {"GET": same(200), "POST": same(201, to_new_event)},
    REGISTRATIONS + "/{bob at tara's}": {
        "GET": same(200), "PUT": same(400, {}), "PATCH": Call(403, 200, 200, {"status": "attended"}),
        "DELETE": same(204),
    },
    REGISTRATIONS + "/{ann at dean's}": {
        "GET": Call(404, 404, 200), "PATCH": Call(404, 404, 200, {"status": "attended"}),
        "PUT": same(400, {}), "DELETE": Call(404, 404, 204),
    },
    STREAMS: {"GET": Call(403, 403, 200)},
    STREAMS + "/{stream of stan}": {"DELETE": Call(403, 403, 204)},
    ALL + "admin/stats": {"GET": Call(403, 403, 200)},
    ALL + "communication/poll/events": {"GET": same(200)},
    EVENTS_PATH.rstrip("/"): {"GET": same(200)},
    TEST_PATH.rstrip("/"): {"GET": public(200)},
    "/healthz": {"GET": public(200)},
    "/readyz": {"GET": public(200)},
    "/set-password": {"GET": public(404), "POST": public(404, {"key": "x"})},
    "/setup": {"GET": public(404), "POST": public(404, {"key": "x"})},
    "/static/style.css": {"GET": public(200)},
    "/": {"GET": public(200)},
}  # fmt: skip
# Foreign objects are not there.
FOREIGN: dict[str, dict[str, Call]] = {
    USERS + "/{new user of east_dean}": {
        "GET": same(404), "PUT": same(404, new_user), "PATCH": same(404, {"phone": "1"}),
        "DELETE": Call(403, 403, 404),
    },
    USERS + "/{new user of east_dean}/set-password": {"POST": Call(403, 403, 404, {})},
    ACADEMIC + "colleges/{other college}": {
        "GET": same(404), "PUT": same(403, {}), "PATCH": same(403, {}), "DELETE": same(403),
    },
    CLASSES + "/{class of east_dean}": {
        "GET": same(404), "PUT": Call(403, 403, 404, new_name), "PATCH": Call(403, 403, 404, new_name),
        "DELETE": Call(403, 403, 404),
    },
    SECTIONS: {"POST": Call(403, 403, 400, section_of("east_dean"))},
    SECTIONS + "/{section of east_dean}": {
        "GET": same(404), "PATCH": Call(403, 403, 404, new_name), "DELETE": Call(403, 403, 404),
    },
    ENROLLMENTS: {"POST": Call(403, 403, 400, enrollment_of("east_dean", "east_ann"))},
    ENROLLMENTS + "/{enrolment of east_dean}": {
        "GET": same(404), "PATCH": Call(403, 403, 404, {"is_active": False}), "DELETE": Call(403, 403, 404),
    },
    NOTICES + "/{f}": {
        "GET": same(404), "PUT": Call(403, 404, 404, NOTICE), "PATCH": Call(403, 404, 404, {"title": "y"}),
        "DELETE": Call(403, 404, 404),
    },
    EVENTS + "/{event of east_dean}": {
        "GET": same(404), "PUT": Call(403, 404, 404, EVENT), "PATCH": Call(403, 404, 404, {"title": "y"}),
        "DELETE": Call(403, 404, 404),
    },
    REGISTRATIONS + "/{east_ann at east_dean's}": {
        "GET": same(404), "PATCH": same(404, {"status": "attended"}), "DELETE": same(404),
    },
    STREAMS + "/{stream of east_ann}": {"DELETE": Call(403, 403, 404)},
}  # fmt: skip
FOREIGN |= {
    VISIBILITY: {"POST": Call(403, 400, 400, to_new_notice("east_dean"))},
    VISIBILITY + "/{row of east_dean}": {
        "GET": same(404),
        "PUT": Call(403, 404, 404, {"notice": 1, "target_type": "all"}),
        "PATCH": Call(403, 404, 404, {"target_type": "all"}),
        "DELETE": Call(403, 404, 404),
    },
    NOTIFICATIONS + "/{news of east_dean}": {"GET": same(404)},
}
CALLS = [(path, method, call) for path, calls in [*TABLE.items(), *FOREIGN.items()] for method, call in calls.items()]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("permissions"), notice_announce_delay_s=0) as found:
        yield found
    while OPENED:
        OPENED.pop().close()


def route_of(path: str) -> str:
    """A path as the route table writes it, with one word for every id."""
    return "/".join("{id}" if part.startswith("{") else part for part in path.split("/"))


def test_every_route_and_every_method_of_it_is_here() -> None:
    there = {}
    for spec in routes.table():
        path = spec.regex.pattern.removesuffix("$").removesuffix("/?")
        kinds = [kind for kind in spec.handler_class.__mro__ if issubclass(kind, Handler)]
        own = {name.upper() for kind in kinds for name in vars(kind)} & {"GET", "POST", "PUT", "PATCH", "DELETE"}
        there[path.replace(routes.ID, "{id}").replace(routes.SEGMENT, "{id}") or "/"] = own
    assert {route_of(path): set(calls) for path, calls in TABLE.items()} == there


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
        "{session of stan}": lambda: shared.sql("SELECT id FROM tokens WHERE user_id = ?", (shared["stan"].id,))[0][0],
        "{role}": lambda: "student",
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
        "{u}": lambda: shared["stan"].id,
        "{e}": lambda: shared["east_ann"].id,
    }
    for name, maker in makers.items():
        if name in path:
            path = path.replace(name, str(maker()))
    return path


def token_of(shared: Shared, caller: str, path: str) -> str | None:
    if caller == "nobody":
        return None
    if caller == "unknown":
        return "0" * 40
    if not path.endswith("logout"):
        return shared[caller].token
    # One to lose: the others are needed for the rest of the table.
    token = hashlib.sha1(caller.encode()).hexdigest()
    statement = "INSERT INTO tokens (hash, user_id, created_at) VALUES (?, ?, '2026-01-09T10:30:00.000000Z')"
    shared.sql(statement, (hashlib.sha256(token.encode()).digest(), shared[caller].id))
    return token


def status_of(shared: Shared, method: str, path: str, token: str | None, body: Any) -> int:
    if path in (EVENTS_PATH.rstrip("/"), TEST_PATH.rstrip("/")) and method == "GET":
        with Stream(shared.server, token, path=path) as stream:
            return stream.status
    headers = {"Authorization": f"Token {token}"} if token else {}
    with shared.api(base="") as client:
        return client.request(method, path, json=body, headers=headers).status_code


@pytest.mark.parametrize(("path", "method", "call"), CALLS, ids=[f"{method} {path}" for path, method, _ in CALLS])
def test_each_caller_gets_the_status_of_the_table(shared: Shared, path: str, method: str, call: Call) -> None:
    for caller in CALLERS:
        body = call.body(shared) if callable(call.body) else call.body
        token = token_of(shared, caller, path)
        assert status_of(shared, method, make(shared, path), token, body) == call.expected(caller), caller


@pytest.mark.parametrize("username", ["boss", "manager", "stan", "stella", "pat"])
def test_what_the_other_roles_may_publish(shared: Shared, username: str) -> None:
    publishes, administers = username not in ("stella", "pat"), username in ("boss", "manager")
    with at(shared, username) as client:
        client.headers["X-College-ID"] = "1"
        assert client.post(NOTICES, json=NOTICE).status_code == (201 if publishes else 403)
        announced = client.post(ANNOUNCEMENTS, json={"title": "t", "message": "m"})
        assert announced.status_code == (201 if publishes else 403)
        for name in ("{n}", "{t}"):
            path = make(shared, f"{NOTICES}/{name}")
            assert client.get(path).status_code == 200
            assert client.patch(path, json={"title": "y"}).status_code == (200 if administers else 403)
            assert client.delete(path).status_code == (204 if administers else 403)


def test_a_global_role_reaches_the_notices_of_every_college(shared: Shared) -> None:
    foreign = make(shared, NOTICES + "/{f}")
    with at(shared, "manager") as client:
        assert client.get(foreign, headers={"X-College-ID": "1"}).status_code == 404
        assert client.get(foreign, headers={"X-College-ID": str(shared.east)}).status_code == 200
        assert client.patch(foreign, json={"title": "y"}, headers={"X-College-ID": "all"}).status_code == 200


def test_a_draft_is_seen_by_its_author_and_by_admins(shared: Shared) -> None:
    with at(shared, "tara") as tara, at(shared, "dean") as dean, at(shared, "stan") as stan, at(shared, "bob") as bob:
        path = f"{NOTICES}/{tara.post(NOTICES, json=NOTICE | {'is_published': False}).json()['id']}"
        assert [client.get(path).status_code for client in (tara, dean, stan, bob)] == [200, 200, 404, 404]
        assert stan.patch(path, json={"title": "y"}).status_code == 404
        # A student who may not write learns nothing of what is there.
        assert bob.patch(path, json={"title": "y"}).status_code == 403


def test_the_body_of_a_403_has_no_word_that_logs_clients_out(shared: Shared) -> None:
    message = make(shared, CHAT + "/{m}")
    with at(shared, "tara") as tara, at(shared, "bob") as bob:
        for answer in (
            tara.delete(message),
            tara.patch(message, json={"message": "y"}),
            bob.post(NOTICES, json=NOTICE),
            bob.post(ANNOUNCEMENTS, json={"title": "t", "message": "m"}),
        ):
            assert answer.status_code == 403
            assert answer.json() == {"detail": "You do not have permission to perform this action."}
            assert not any(word in answer.text.lower() for word in ("token", "credential", "authentication"))


def test_a_disabled_user_is_out_at_once_everywhere(shared: Shared) -> None:
    (user,) = shared.add({"leaver": ("college_admin", "CAMPUS")})
    with shared.api(user) as client, Stream(shared.server, user) as stream:
        stream.wait_for("connected")
        assert client.get("auth/user/").status_code == 200
        shared.sql("UPDATE users SET is_active = 0 WHERE id = ?", (user.id,))
        assert stream.wait_for("disconnected").data == {"status": "disconnected", "reason": "disabled"}
        refused = client.get("auth/user/")
        assert (refused.status_code, refused.json()) == (401, {"detail": "User inactive or deleted."})
        with Stream(shared.server, user) as again:
            assert again.status == 401
