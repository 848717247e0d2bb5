"""Bodies: bytes from a client to a typed struct, with every wrong field named. The one place that decodes requests.

Nothing below re-validates shape. JSON or a form gives the same struct; a form's texts become numbers and booleans.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, get_args

import msgspec
from tornado import httputil

from realtime.api.problem import REQUIRED, Problem

T = TypeVar("T", bound=msgspec.Struct)

MOST_INTEGER = 2**53 - 1
Id = Annotated[int, msgspec.Meta(ge=1, le=MOST_INTEGER)]

encode = msgspec.json.Encoder().encode

JSON = "application/json"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def to_struct(value: Mapping[str, Any], kind: type[T], *, is_form: bool) -> T:
    """A body's object as `kind`; a form's texts may stand for numbers. Raises Problem 400, by field."""
    problems: dict[str, list[str]] = {}
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name not in value:
            if field.required:
                problems[field.encode_name] = [REQUIRED]
            continue
        try:
            fields[field.name] = _convert(value[field.encode_name], field.type, not is_form)
        except msgspec.ValidationError as error:
            problems[field.encode_name] = [sentence(str(error))]
        else:
            if has_nul(fields[field.name]):
                problems[field.encode_name] = ["Null characters are not allowed."]
    if problems:
        raise Problem(400, problems)
    return kind(**fields)


def is_form(content_type: str) -> bool:
    """Whether a body of that type is a form, whose values are all texts."""
    return content_type.startswith(_FORMS)


def _convert(value: Any, kind: Any, strict: bool) -> Any:
    if not strict and value == "" and type(None) in get_args(kind):
        return None  # how a form says null
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        if strict or value[:1] not in ("[", "{"):
            raise
        try:
            inner = msgspec.json.decode(value)  # a form has no lists: what should be one is its JSON
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            raise error from None
        return msgspec.convert(inner, kind)


def to_object(raw: bytes, content_type: str) -> Mapping[str, Any]:
    """A JSON object, or a form as one. An empty body is an empty object. Raises Problem."""
    if is_form(content_type):
        return _form(raw, content_type)
    if content_type and _media_type(content_type) != JSON:
        raise Problem(415, f'Unsupported media type "{_media_type(content_type)[:80]}" in request.')
    if not raw.strip():
        return {}
    try:
        value = msgspec.json.decode(raw)
    except UnicodeDecodeError as error:
        raise Problem(400, "The body is not UTF-8.") from error
    except RecursionError as error:
        raise Problem(400, "JSON parse error: it is nested too deeply.") from error
    except msgspec.DecodeError as error:
        raise Problem(400, f"JSON parse error: {error}") from error
    if not isinstance(value, dict):
        raise Problem(400, {"non_field_errors": ["Invalid data. Expected an object."]})
    return value


def path_id(text: str, sentence: str = "Not found.") -> int:
    """An id from a path. Raises Problem 404 for a number that no id can be."""
    number = int(text[:17])
    if not 1 <= number <= MOST_INTEGER:
        raise Problem(404, sentence)
    return number


def has_nul(value: object) -> bool:
    """Whether a NUL is in a text or anywhere inside of a value. No recursion: JSON nests as deep as Python's stack."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            if "\0" in one:
                return True
        elif isinstance(one, Mapping):
            waiting += one.keys()
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
    return False


def _media_type(content_type: str) -> str:
    """A Content-Type without its parameters, which don't matter here; case does not count in it."""
    return content_type.partition(";")[0].strip().lower()


def _form(raw: bytes, content_type: str) -> Mapping[str, Any]:
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[httputil.HTTPFile]] = {}
    try:
        httputil.parse_body_arguments(content_type, raw, arguments, files)
        return {name: values[-1].decode("utf-8") for name, values in arguments.items()}
    except UnicodeDecodeError as error:
        raise Problem(400, "The body is not UTF-8.") from error
    except httputil.HTTPInputError as error:
        raise Problem(400, "The form could not be read.") from error


def sentence(error: str) -> str:
    """What msgspec says of a value, without the place, which the field's name tells."""
    text = error.split(" - at `$")[0].replace("`", "")
    if text == "Invalid RFC3339 encoded date":
        return "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
    if text.startswith("Invalid enum value "):
        return f'"{text.removeprefix("Invalid enum value ").strip(chr(39))}" is not one of the available choices.'
    if " matching regex " in text:
        return "This value has the wrong format."
    return text + "."
