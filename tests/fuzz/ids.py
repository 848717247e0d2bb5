"""Values that mean something: most that is generated is of nothing that is there, so ids, names, pages get replaced."""

from __future__ import annotations

import random
import re
from typing import Any

from schemathesis import Case

from tests.fuzz.roles import Role
from tests.support.shared import PASSWORD, PEOPLE, Shared

SHARE = 0.8

# What a path's piece, a parameter or a field of a body is an id of.
_TABLES = {
    "receiver_id": "users", "receiver": "users", "sender_id": "users", "sender": "users", "user": "users",
    "users": "users", "with": "users", "college": "colleges", "class_obj": "classes", "classes": "classes",
    "section": "sections", "sections": "sections", "notice": "notices", "event": "events",
    "message_ids": "messages", "up_to_id": "messages", "before_id": "messages", "conversation_id": "conversations",
    "ids": "notifications",
}  # fmt: skip
_PATHS = {
    "users": "users", "conversation": "users", "chats": "messages", "colleges": "colleges", "classes": "classes",
    "sections": "sections", "enrollments": "enrollments", "notices": "notices",
    "notice-visibility": "notice_visibility", "events": "events", "event-registrations": "event_registrations",
    "announcements": "announcements", "notifications": "notifications", "sessions": "tokens", "streams": "tokens",
}  # fmt: skip


_ROLES = sorted({role for role, _ in PEOPLE.values()})


class Ids:
    """The ids that there are, everybody's, read anew by `look`."""

    def __init__(self, shared: Shared, role: Role) -> None:
        self._shared, self._role = shared, role
        self._known: dict[str, list[int]] = {}
        self.look()

    def look(self) -> None:
        """Read which ids there are; of a long table the first and the last."""
        for table in {*_TABLES.values(), *_PATHS.values()}:
            found = [row[0] for row in self._shared.sql(f"SELECT id FROM {table} ORDER BY id")]
            self._known[table] = found[:30] + found[30:][-10:]

    def put_into(self, case: Case, chance: random.Random) -> None:
        """Replace ids in a case by known ones, mostly, and make a call of what only looks like one."""
        if "id" in (case.path_parameters or {}) and chance.random() < SHARE:
            before = re.search(r"([a-z-]+)/\{id\}", case.operation.path)
            table = _PATHS.get(before[1] if before else "")
            if table and self._known[table]:
                case.path_parameters["id"] = chance.choice(self._known[table])
        if "type" in (case.path_parameters or {}) and chance.random() < SHARE:
            case.path_parameters["type"] = chance.choice([role for role, _ in PEOPLE.values()])
        query = case.query
        if isinstance(query, dict):
            self._replace(query, chance)
            if "page" in query and chance.random() < SHARE:
                query["page"] = 1
            if "wait" in query:
                query["wait"] = 0  # nothing will come
        if isinstance(case.body, dict):
            self._replace(case.body, chance)
            self._mend(case.body, chance)
            if "file" in case.body and chance.random() < SHARE:  # what is generated is no list of people
                case.body["file"] = f"username,user_type\nfuzz{chance.getrandbits(64)},{chance.choice(_ROLES)}\n"

    def _mend(self, body: dict[str, Any], chance: random.Random) -> None:
        """Fields that contradict each other nearly always when nobody thinks of it, and passwords."""
        if {"receiver", "receiver_id"} <= body.keys() and chance.random() < SHARE:
            del body["receiver"]
        if isinstance(body.get("attachment"), str) and chance.random() < SHARE:
            del body["attachment"]
        if {"expiry_date", "publish_date"} <= body.keys() and chance.random() < SHARE:
            body["expiry_date"] = None
        if {"start_time", "end_time"} <= body.keys() and chance.random() < SHARE:
            body |= {"start_time": "10:00:00", "end_time": "11:30:00"}
        if {"username", "password"} <= body.keys() and chance.random() < SHARE:
            body |= {"username": self._role.username, "password": PASSWORD}
        if "old_password" in body and chance.random() < SHARE:
            body["old_password"] = PASSWORD
            new = f"{chance.random()} is a password"
            for name in body.keys() & {"new_password", "new_password1", "new_password2", "new_password_confirm"}:
                body[name] = new

    def _replace(self, values: dict[str, Any], chance: random.Random) -> None:
        for name, value in values.items():
            known = self._known.get(_TABLES.get(name, ""))
            if known and chance.random() < SHARE:
                values[name] = [chance.choice(known)] if isinstance(value, list) else chance.choice(known)
            elif isinstance(value, dict):
                self._replace(value, chance)
            elif isinstance(value, list):
                for item in value:
                    if isinstance(item, dict):
                        self._replace(item, chance)
