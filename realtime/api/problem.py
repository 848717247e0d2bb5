"""Problem: an answer that is not a success, as the interface documents it. Handlers raise it; `base.Handler` writes it.

Below the interface errors know no HTTP; STATUS_OF maps their types here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data import errors

STATUS_OF: dict[type[errors.DataError], int] = {
    errors.NotFound: 404,
    errors.Forbidden: 403,
    errors.Conflict: 409,
    errors.Invalid: 400,
    errors.StorageError: 503,
    errors.StorageFull: 503,
}

FORBIDDEN = "You do not have permission to perform this action."
NO_CREDENTIALS = "Authentication credentials were not provided."
BAD_TOKEN = "Invalid token."
INACTIVE = "User inactive or deleted."
MISDIRECTED = "This server does not answer to that host name. Its setting allowed_hosts says to which it does."
REQUIRED = "This field is required."


class Problem(Exception):
    """`detail` is a sentence, or the messages by field (400 only)."""

    def __init__(
        self, status: int, detail: str | Mapping[str, list[str]], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(str(detail))
        self.status = status
        self.detail: str | Mapping[str, list[str]] = detail
        self.headers: dict[str, str] = dict(headers or {})


def of_error(error: errors.DataError) -> Problem:
    """The answer that an error of the data's side gets."""
    status = next(code for kind, code in STATUS_OF.items() if isinstance(error, kind))
    if isinstance(error, errors.Invalid):
        return Problem(status, error.fields)
    if isinstance(error, errors.Forbidden):
        return Problem(status, FORBIDDEN)
    return Problem(status, str(error), {"Retry-After": "5"} if status == 503 else None)


def of_status(status: int, method: str = "") -> Problem:
    """The answer for a bare status, as Tornado itself raises them."""
    sentences = {
        400: "Malformed request.",
        401: NO_CREDENTIALS,
        403: FORBIDDEN,
        404: "Not found.",
        405: f'Method "{method}" not allowed.',
        413: "The request is too large.",
        415: "Unsupported media type in request.",
        500: "Internal server error",
    }
    return Problem(status, sentences.get(status, "The request could not be answered."))


def to_body(detail: str | Mapping[str, list[str]]) -> dict[str, Any]:
    """The documented shape: messages by field, or one sentence."""
    return {"detail": detail} if isinstance(detail, str) else dict(detail)


def first_sentence(detail: str | Mapping[str, list[str]]) -> str:
    """One sentence for clients that show one (the chats' `error`)."""
    if isinstance(detail, str):
        return detail
    name, messages = next(iter(detail.items()))
    return messages[0] if name == "non_field_errors" else f"{name}: {messages[0]}"
