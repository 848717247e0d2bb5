"""Shapes: which fields an object of the interface has, and the JSON type of each. Not one more, not one less."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]
Shape = Mapping[str, Check]

_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def integer(value: Any) -> bool:
    """An id or a count: never a boolean, never a text."""
    return type(value) is int and value >= 0


def text(value: Any) -> bool:
    """A text, which may be empty."""
    return isinstance(value, str)


def words(value: Any) -> bool:
    """A text that is not empty."""
    return isinstance(value, str) and bool(value.strip())


def boolean(value: Any) -> bool:
    """true or false."""
    return isinstance(value, bool)


def when(value: Any) -> bool:
    """A date-time: ISO 8601, UTC, with Z."""
    return isinstance(value, str) and _DATE_TIME.fullmatch(value) is not None


def day(value: Any) -> bool:
    """A date."""
    return isinstance(value, str) and _DAY.fullmatch(value) is not None


def null(value: Any) -> bool:
    """Nothing."""
    return value is None


def either(*checks: Check) -> Check:
    """One of these types."""
    return lambda value: any(check(value) for check in checks)


def maybe(check: Check) -> Check:
    """That type, or null."""
    return either(check, null)


def of(shape: Shape) -> Check:
    """An object of that shape; another one fails the test by itself, and says why."""

    def check(value: Any) -> bool:
        check_shape(value, shape)
        return True

    return check


def array(check: Check) -> Check:
    """An array of these."""
    return lambda value: isinstance(value, list) and all(check(item) for item in value)


def check_shape(value: Any, shape: Shape) -> None:
    """Fail unless it is an object with exactly these fields, each of its type."""
    assert isinstance(value, dict), value
    assert set(value) == set(shape), f"other fields: {set(value) ^ set(shape)}"
    wrong = {name: value[name] for name, check in shape.items() if not check(value[name])}
    assert not wrong, f"of a wrong type: {wrong}"


USER_ITEM: Shape = {
    "id": integer, "username": words, "email": text, "full_name": words, "first_name": text, "last_name": text,
    "avatar": maybe(words), "is_online": boolean, "user_type": words, "user_type_display": words,
    "college": maybe(integer), "college_name": maybe(words), "is_active": boolean, "is_verified": boolean,
    "date_joined": when,
}  # fmt: skip
USER: Shape = {
    **USER_ITEM, "phone": text, "gender": text, "date_of_birth": maybe(day), "is_staff": boolean,
    "is_superuser": boolean, "last_login": maybe(when), "created_at": when, "updated_at": when,
}  # fmt: skip
OWN_USER: Shape = {"pk": integer, "username": words, "email": text, "first_name": text, "last_name": text}
COLLEGE: Shape = {"id": integer, "code": words, "name": words, "short_name": words}
LOGIN: Shape = {
    "key": words, "access": words, "user": of(USER), "college_id": maybe(integer),
    "accessible_colleges": array(of(COLLEGE)),
}  # fmt: skip
MESSAGE: Shape = {
    "id": integer, "sender": integer, "sender_name": words, "sender_username": words, "sender_avatar": maybe(words),
    "receiver": integer, "receiver_name": words, "receiver_username": words, "receiver_avatar": maybe(words),
    "conversation": integer, "message": text, "attachment": null, "attachment_url": null, "attachment_type": null,
    "is_read": boolean, "read_at": maybe(when), "delivered_at": maybe(when), "timestamp": when, "created_at": when,
    "updated_at": when, "is_active": boolean, "client_msg_id": maybe(words),
}  # fmt: skip
OTHER_USER: Shape = {
    "id": integer, "username": words, "full_name": words, "avatar": maybe(words), "is_online": boolean,
    "last_seen": maybe(when),
}  # fmt: skip
CONVERSATION: Shape = {
    "conversation_id": integer, "other_user": of(OTHER_USER), "last_message": text, "last_message_at": when,
    "last_message_by_me": boolean, "unread_count": integer, "updated_at": when,
}  # fmt: skip
HISTORY: Shape = {
    "conversation_id": maybe(integer), "other_user": of(OTHER_USER), "messages": array(of(MESSAGE)),
    "has_more": boolean,
}  # fmt: skip
UNREAD: Shape = {
    "total_unread": integer,
    "conversations": array(
        of({"conversation_id": integer, "unread_count": integer, "other_user_id": integer, "other_user_name": words})
    ),
}
PAGE: Shape = {
    "count": integer, "next": maybe(words), "previous": maybe(words), "results": array(lambda item: True),
    "total_pages": integer, "current_page": integer, "page_size": integer, "has_next": boolean, "has_previous": boolean,
}  # fmt: skip
