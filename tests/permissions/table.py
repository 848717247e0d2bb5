"""The table: every call, and the status that each caller gets. Written by hand, from the interface's rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.permissions.objects import (
    ACADEMIC,
    ALL,
    ANNOUNCEMENTS,
    CHAT,
    CLASSES,
    ENROLLMENTS,
    EVENT,
    EVENTS,
    IMPORTS,
    NOTICE,
    NOTICES,
    NOTIFICATIONS,
    REGISTRATIONS,
    SECTIONS,
    STREAMS,
    USERS,
    VISIBILITY,
    enrollment_of,
    new_college,
    new_name,
    new_user,
    section_of,
    to_ann,
    to_new_event,
    to_new_notice,
)
from tests.support.shared import PASSWORD
from tests.support.sse import EVENTS_PATH, TEST_PATH

# No token, one that nobody has, a disabled user's; and a user of each role, by whose rules they go.
STRANGERS = ("nobody", "unknown", "gone")
ROLES = {
    "bob": "student", "pat": "student", "stella": "student", "tara": "teacher", "stan": "teacher",
    "dean": "admin", "manager": "admin", "boss": "admin",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent, and the statuses: a student's (and a parent's and a store manager's, who may no more), a teacher's
    (and the staff's), an admin's (and those of the two who reach every college, here held to this one).

    STRANGERS get 401 unless `open_to_all`. `but` has the statuses of those for whom it is another one. `body` may need
    the campus: then it is a function of it. `{name}` in a path is made anew for each call.
    """

    student: int
    teacher: int
    admin: int
    body: Any = None
    open_to_all: bool = False
    but: Mapping[str, int] = field(default_factory=dict)

    def expected(self, caller: str) -> int:
        """The status for one of them; who has no right token is a student where all may call."""
        if caller in STRANGERS:
            return self.student if self.open_to_all else 401
        return self.but.get(caller, int(getattr(self, ROLES[caller])))


def same(status: int, body: Any = None, **but: int) -> Call:
    return Call(status, status, status, body, but=but)


def public(status: int, body: Any = None) -> Call:
    return Call(status, status, status, body, open_to_all=True)


NOT_THERE = {"manager": 404, "boss": 404}
# Bob's things and Tara's are not those of others of their roles.
UNKNOWN, NOT_HIS = {"pat": 404, "stella": 404, "stan": 404}, {"stan": 403}
# {m} is a message from Bob to Tara, so the dean is a stranger to it; {n} a notice of the dean, {t} of Tara; {a} the
# dean's announcement; {u} a user of the college, {e} one of another.
TABLE: dict[str, dict[str, Call]] = {
    ALL + "auth/login": {"POST": public(200, {"username": "ann", "password": PASSWORD})},
    ALL + "auth/logout": {"POST": public(200)},
    ALL + "auth/user": {"GET": same(200), "PUT": same(400, {}), "PATCH": same(200, {})},
    ALL + "auth/password/change": {"POST": same(400, {})},
    ALL + "auth/registration": {"POST": public(403, {})},
    ALL + "auth/sessions": {"GET": same(200)},
    ALL + "auth/sessions/{session of ann}": {"DELETE": same(404)},
    USERS: {"GET": same(200), "POST": Call(403, 403, 201, new_user)},
    USERS + "/me": {"GET": same(200)},
    USERS + "/change_password": {"POST": same(400, {})},
    USERS + "/by-type/{role}": {"GET": same(200)},
    USERS + "/{new user of dean}": {
        "GET": same(200), "PUT": Call(403, 403, 200, new_user), "PATCH": Call(403, 403, 200, {"phone": "1"}),
        "DELETE": Call(403, 403, 204),
    },
    USERS + "/{new user of dean}/set-password": {"POST": Call(403, 403, 200, {})},
    ACADEMIC + "colleges": {"GET": same(200), "POST": same(403, new_college, manager=201, boss=201)},
    ACADEMIC + "colleges/{own college}": {
        "GET": same(200), "PUT": same(403, {}, manager=400, boss=400), "PATCH": same(403, {}, manager=200, boss=200),
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
        "GET": Call(200, 200, 404, but=UNKNOWN), "PATCH": Call(200, 403, 404, {"message": "y"}, but=UNKNOWN),
        "PUT": Call(200, 403, 404, {"message": "y"}, but=UNKNOWN), "DELETE": Call(204, 403, 404, but=UNKNOWN),
    },
    NOTICES: {"GET": same(200), "POST": Call(403, 201, 201, NOTICE)},
    NOTICES + "/{n}": {
        "GET": same(200), "PUT": Call(403, 403, 200, NOTICE), "PATCH": Call(403, 403, 200, {"title": "y"}),
        "DELETE": Call(403, 403, 204),
    },
    NOTICES + "/{t}": {
        "GET": same(200), "PUT": Call(403, 200, 200, NOTICE, but=NOT_HIS),
        "PATCH": Call(403, 200, 200, {"title": "y"}, but=NOT_HIS), "DELETE": Call(403, 204, 204, but=NOT_HIS),
    },
    NOTICES + "/preview": {"POST": Call(403, 200, 200, {})},
    VISIBILITY: {"GET": same(200), "POST": Call(403, 403, 201, to_new_notice("dean"))},
    VISIBILITY + "/{row of dean}": {
        "GET": same(200), "PUT": Call(403, 403, 400, {"notice": 10**6, "target_type": "all"}),
        "PATCH": Call(403, 403, 200, {"target_type": "all"}), "DELETE": Call(403, 403, 204),
    },
    VISIBILITY + "/{row of tara}": {
        "GET": same(200), "PUT": Call(403, 400, 400, {"notice": 10**6, "target_type": "all"}, but=NOT_HIS),
        "PATCH": Call(403, 200, 200, {"target_type": "all"}, but=NOT_HIS), "DELETE": Call(403, 204, 204, but=NOT_HIS),
    },
    NOTIFICATIONS: {"GET": same(200)},
    NOTIFICATIONS + "/mark-read": {"POST": same(200, {"ids": [1]})},
    NOTIFICATIONS + "/unread-count": {"GET": same(200)},
    NOTIFICATIONS + "/{news of dean}": {"GET": same(200, **NOT_THERE)},
    ANNOUNCEMENTS: {"GET": same(200), "POST": Call(403, 201, 201, {"title": "t", "message": "m"})},
    ANNOUNCEMENTS + "/preview": {"POST": Call(403, 200, 200, {})},
    ANNOUNCEMENTS + "/{a}": {"GET": same(200)},
    EVENTS: {"GET": same(200), "POST": Call(403, 201, 201, EVENT)},
    EVENTS + "/{event of dean}": {
        "GET": same(200), "PUT": Call(403, 403, 200, EVENT), "PATCH": Call(403, 403, 200, {"title": "y"}),
        "DELETE": Call(403, 403, 204),
    },
    EVENTS + "/{event of tara}": {
        "GET": same(200), "PUT": Call(403, 200, 200, EVENT, but=NOT_HIS),
        "PATCH": Call(403, 200, 200, {"title": "y"}, but=NOT_HIS), "DELETE": Call(403, 204, 204, but=NOT_HIS),
    },
    REGISTRATIONS: {"GET": same(200), "POST": same(201, to_new_event)},
    REGISTRATIONS + "/{bob at tara's}": {
        "GET": same(200, **UNKNOWN), "PUT": same(400, {}),
        "PATCH": Call(403, 200, 200, {"status": "attended"}, but=UNKNOWN), "DELETE": same(204, **UNKNOWN),
    },
    REGISTRATIONS + "/{ann at dean's}": {
        "GET": Call(404, 404, 200), "PATCH": Call(404, 404, 200, {"status": "attended"}),
        "PUT": same(400, {}), "DELETE": Call(404, 404, 204),
    },
    STREAMS: {"GET": Call(403, 403, 200)},
    STREAMS + "/{stream of stan}": {"DELETE": Call(403, 403, 204)},
    ALL + "admin/stats": {"GET": Call(403, 403, 200)},
    ALL + "admin/audit": {"GET": Call(403, 403, 200)},
    IMPORTS: {"GET": Call(403, 403, 200), "POST": Call(403, 403, 400, {})},
    IMPORTS + "/{import of dean}": {
        "GET": Call(403, 403, 200, but=NOT_THERE), "DELETE": Call(403, 403, 409, but=NOT_THERE),
    },
    ALL + "campus": {"GET": public(200), "PATCH": same(403, {}, manager=200, boss=200)},
    ALL + "schema": {"GET": public(200)},
    "/api/docs": {"GET": public(200)},
    "/api/docs/{page's file}": {"GET": public(200)},
    ALL + "communication/poll/events": {"GET": same(200)},
    EVENTS_PATH.rstrip("/"): {"GET": same(200)},
    TEST_PATH.rstrip("/"): {"GET": public(200)},
    "/files/{key of bob's file}/{name}": {"GET": public(200)},
    "/files/{no key}/{name}": {"GET": public(404)},
    "/healthz": {"GET": public(200)},
    "/readyz": {"GET": public(200)},
    "/metrics": {"GET": public(200)},  # from this machine: tests/test_metrics.py has the others
    "/set-password": {"GET": public(404), "POST": public(404, {"key": "x"})},
    "/setup": {"GET": public(404), "POST": public(404, {"key": "x"})},
    "/static/style.css": {"GET": public(200)},
    "/static/client/{client's file}": {"GET": public(200)},
    "/static/app/{application's file}": {"GET": public(200)},
    "/admin": {"GET": public(200)},
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
        "GET": same(404), "PUT": same(403, new_college, **NOT_THERE), "PATCH": same(403, {}, **NOT_THERE),
        "DELETE": same(403, **NOT_THERE),
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
