"""What is on the campus before the fuzzing begins: something of every kind in both colleges, some not for all."""

from __future__ import annotations

from typing import Any

from tests.fuzz.roles import CLASS, DRAFT, EAST, PRIVATE
from tests.support.shared import CHATS, Shared

_DAY = "2026-01-09"
_NOTICE = {"content": "Read this.", "publish_date": _DAY, "is_published": True}
_EVENT = {"description": "Come.", "event_date": "2030-03-04", "start_time": "10:00:00", "end_time": "11:00:00"}


def fill(shared: Shared) -> None:
    """Make it all, as the people themselves would."""
    _chats(shared)
    _classes(shared)
    for dean, student, word, college in (
        ("dean", "ann", "open", 1),
        ("east_dean", "east_ann", EAST, shared.east),
    ):
        _published(shared, dean, student, word, college)
    _post(shared, "tara", "communication/notices/", _NOTICE | {"title": "of a teacher"})
    _post(shared, "tara", "communication/events/", _EVENT | {"title": "of a teacher", "max_participants": 3})
    _post(shared, "dean", "communication/notices/", _NOTICE | {"title": DRAFT, "is_published": False})
    (row,) = shared.sql("SELECT id FROM classes WHERE college_id = 1 ORDER BY id LIMIT 1")
    only = [{"target_type": "class", "class_obj": row[0]}]
    _post(shared, "dean", "communication/notices/", _NOTICE | {"title": CLASS, "visibility": only})


def _chats(shared: Shared) -> None:
    for sender, receiver, text in (
        ("ann", "bob", "hello"), ("bob", "ann", "hello back"), ("tara", "bob", "homework"),
        ("dean", "tara", "well done"),
        ("bob", "dean", "a question"), ("ann", "cy", PRIVATE), ("cy", "ann", PRIVATE), ("stan", "pat", PRIVATE),
        ("east_ann", "east_dean", EAST), ("bob", "east_ann", "over there"), ("east_ann", "tara", "over here"),
    ):  # fmt: skip
        _post(shared, sender, CHATS, {"receiver_id": shared[receiver].id, "message": text})


def _classes(shared: Shared) -> None:
    for dean, student, word in (("dean", "ann", "7"), ("east_dean", "east_ann", EAST)):
        made = _post(shared, dean, "academic/classes/", {"name": f"Class {word}", "code": word})
        section = _post(shared, dean, "academic/sections/", {"name": f"A {word}", "class_obj": made})
        enrolled = {"user": shared[student].id, "class_obj": made, "section": section}
        _post(shared, dean, "academic/enrollments/", enrolled)


def _published(shared: Shared, dean: str, student: str, word: str, college: int) -> None:
    notice = _post(shared, dean, "communication/notices/", _NOTICE | {"title": f"A notice, {word}"})
    _post(shared, dean, "communication/notice-visibility/", {"notice": notice, "target_type": "all"})
    for title, more in (("a day", {}), ("a small day", {"max_participants": 2, "registration_required": True})):
        event = _post(shared, dean, "communication/events/", _EVENT | {"title": f"{title}, {word}"} | more)
        _post(shared, student, "communication/event-registrations/", {"event": event})
    _post(shared, dean, "communication/announcements/", {"title": f"Hear, {word}", "message": word})


def _post(shared: Shared, username: str, path: str, fields: dict[str, Any]) -> int:
    with shared.api(username) as client:
        answer = client.post(path, json=fields)
        assert answer.status_code == 201, f"POST {path} {fields}: {answer.status_code} {answer.text}"
        return int(answer.json()["id"])
