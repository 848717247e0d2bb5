"""Fields of bodies that are wrong: of another type or size, no id, no number, no day.

Every one is 400 or 404 with the documented body and CORS headers, never a failure of ours and nothing of the inside.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.refusal import check_refusal
from tests.support.shared import CHATS, ORIGIN, Shared, running

NOTICES, ANNOUNCEMENTS = "communication/notices/", "communication/announcements/"
NOTICE = {"title": "t", "content": "c", "publish_date": "2026-01-09"}
LOGIN = {"username": "u", "password": "p"}
MOST = 2**53 - 1

# As JSON, because Python's own encoder writes some of them otherwise.
NO_IDS = [
    "0", "-1", str(2**53), str(2**63), str(2**64), str(10**30), "-" + "9" * 400, "1.5", "1.0", "1e3", "true", "false",
    '"x"', '"1e3"', '"١٢"', '"²"', '"-1"', '"+1"', '"1_0"', '" 1"', '"0x1"', '"1.0"', f'"{2**53}"',
    '"' + "9" * 5000 + '"', "[]", "[1]", "{}", '{"id":1}',
]  # fmt: skip
NO_TEXTS = ["0", "1", "1.5", "true", "[]", '["x"]', "{}", '{"a":"x"}', r'"a\u0000b"', r'"\u0000"', "9" * 400]
NO_BOOLEANS = ["0", "1", "1.5", '"x"', '"1"', "[]", "{}", r'"true\u0000"']
NO_DAYS = ["1", "true", '"x"', '"2026-13-01"', '"2026-02-30"', '"20260109"', '"2026-1-9"', '"2026-01-09T10:00:00Z"',
           '"٢٠٢٦-٠١-٠٩"', '"0000-00-00"', '"2026-01-09 "', "[]"]  # fmt: skip

# Method, path, a body whose other fields are right, the field, what it may not be, and the text if api.md has one.
INTEGER = "receiver_id must be an integer"
FIELDS: list[tuple[str, str, dict[str, Any], str, list[str], str | None]] = [
    ("POST", CHATS, {"message": "x"}, "receiver_id", NO_IDS, INTEGER),
    ("POST", CHATS, {"message": "x"}, "receiver", NO_IDS, INTEGER),
    ("POST", CHATS, {"receiver_id": MOST}, "message", NO_TEXTS, None),
    ("POST", CHATS, {"receiver_id": MOST, "message": "x"}, "client_msg_id", NO_TEXTS, None),
    ("POST", CHATS, {"receiver_id": MOST, "message": "x"}, "attachment", NO_TEXTS, None),
    ("PATCH", CHATS + "{m}/", {}, "message", NO_TEXTS, None),
    ("PUT", CHATS + "{m}/", {}, "message", [*NO_TEXTS, "null", '""', '" "'], None),
    ("PATCH", CHATS + "{m}/", {}, "is_read", NO_BOOLEANS, None),
    ("POST", CHATS + "typing/", {}, "receiver_id", NO_IDS, INTEGER),
    ("POST", CHATS + "typing/", {"receiver_id": MOST}, "is_typing", NO_BOOLEANS, None),
    ("POST", CHATS + "mark-read/", {}, "message_ids", [*(f"[{item}]" for item in NO_IDS), "1", '"1"', "{}"], None),
    ("POST", CHATS + "mark-read/", {}, "message_ids", [str(list(range(1, 502)))], None),
    ("POST", CHATS + "mark-read/", {}, "conversation_id", NO_IDS, "conversation_id must be an integer"),
    ("POST", CHATS + "mark-read/", {}, "sender_id", NO_IDS, "sender_id must be an integer"),
    ("POST", CHATS + "delivered/", {}, "message_ids", [*(f"[{item}]" for item in NO_IDS), "1", '"1"', "{}"], None),
    ("POST", CHATS + "delivered/", {}, "up_to_id", NO_IDS, "up_to_id must be an integer"),
    ("POST", "auth/login/", LOGIN, "username", [*NO_TEXTS, "null", '""', '"' + "x" * 2000 + '"'], None),
    ("POST", "auth/login/", LOGIN, "password", [*NO_TEXTS, "null", '""', '"' + "x" * 2000 + '"'], None),
    *(("PATCH", "auth/user/", {}, name, [*NO_TEXTS, "null", '"' + "x" * 2000 + '"'], None)
      for name in ("username", "email", "first_name", "last_name")),
    ("PATCH", "auth/user/", {}, "username",
     ['""', '" "', '"a b"', '"a/b"', '"<b>"', '"\\u2028"', '"BOB"', '"bob"'], None),
    ("PATCH", "auth/user/", {}, "email", ['"x"', '"@"', '"a@b"', '"a b@c.d"', '"a@b..c"', '"a@b.c\\n"'], None),
    *(("POST", "auth/password/change/",
       {"old_password": "x", "new_password1": "yyyyyyyyyyy1", "new_password2": "yyyyyyyyyyy1"}, name,
       [*NO_TEXTS, "null", '"' + "x" * 2000 + '"'], None)
      for name in ("old_password", "new_password1", "new_password2")),
    *(("POST", NOTICES, NOTICE, name, [*NO_TEXTS, "null", '""', '" "'], None) for name in ("title", "content")),
    ("POST", NOTICES, NOTICE, "title", ['"' + "x" * 301 + '"'], None),
    ("POST", NOTICES, NOTICE, "publish_date", [*NO_DAYS, "null", '""'], None),
    ("POST", NOTICES, NOTICE, "expiry_date", [*NO_DAYS, '"2026-01-08"'], None),
    *(("POST", NOTICES, NOTICE, name, [*NO_BOOLEANS, "null"], None) for name in ("is_urgent", "is_published")),
    ("POST", NOTICES, NOTICE, "visibility",
     ["1", '"all"', "{}", "[1]", '["all"]', "[{}]", '[{"target_type":1}]', '[{"target_type":"nobody"}]',
      '[{"target_type":"class","class_obj":1}]'], None),
    ("POST", NOTICES, NOTICE, "attachment", ["1", "[]", '"javascript:alert(1)"', '"//x"', '"a b"', '"http://["'], None),
    ("PATCH", NOTICES + "{n}/", {}, "title", [*NO_TEXTS, "null", '""'], None),
    ("PATCH", NOTICES + "{n}/", {}, "publish_date", [*NO_DAYS, "null", '""'], None),
    *(("POST", ANNOUNCEMENTS, {"title": "t", "message": "m"}, name, [*NO_TEXTS, "null", '""', '" "'], None)
      for name in ("title", "message")),
    ("POST", ANNOUNCEMENTS, {"title": "t", "message": "m"}, "data",
     ["1", '"x"', "[]", "true", r'{"a":"\u0000"}', r'{"\u0000":1}', '{"a":"' + "x" * 20_000 + '"}'], None),
    ("POST", ANNOUNCEMENTS, {"title": "t", "message": "m"}, "audience",
     ["1", '"all"', "[]", '{"all":1}', '{"users":1}', *(f'{{"users":[{item}]}}' for item in NO_IDS),
      '{"users":[999999]}', json.dumps({"users": list(range(1, 502))}), '{"user_types":["king"]}', '{"user_types":"x"}',
      '{"classes":[1]}', '{"sections":[1]}', '{"everybody":true}', "{}"], None),
]  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("input"), log_level="debug") as found:
        yield found


@pytest.fixture(scope="module")
def client(shared: Shared) -> Iterator[httpx.Client]:
    with shared.api("tara") as client:
        client.headers["Origin"] = ORIGIN
        yield client


@pytest.fixture(scope="module")
def ids(shared: Shared, client: httpx.Client) -> dict[str, int]:
    message = client.post(CHATS, json={"receiver_id": shared["bob"].id, "message": "hello"})
    notice = client.post(NOTICES, json=NOTICE)
    assert (message.status_code, notice.status_code) == (201, 201)
    return {"m": message.json()["id"], "n": notice.json()["id"], "b": shared["bob"].id}


def send_json(client: httpx.Client, method: str, path: str, body: str) -> httpx.Response:
    return client.request(method, path, content=body.encode(), headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("method", "path", "others", "field", "values", "text"),
    FIELDS,
    ids=[f"{method} {path} {field}" for method, path, _, field, _, _ in FIELDS],
)
def test_a_field_of_a_wrong_kind_is_named(
    client: httpx.Client,
    ids: dict[str, int],
    method: str,
    path: str,
    others: dict[str, Any],
    field: str,
    values: list[str],
    text: str | None,
) -> None:
    for value in values:
        body = json.dumps(others | {field: "?"}).replace('"?"', value)
        found = check_refusal(send_json(client, method, path.format(**ids), body), 400)
        if text is not None:
            assert found == {"error": text}, value[:100]
        elif not path.startswith(CHATS):
            assert "detail" not in found, f"{value[:100]}: {found}"
            assert list(found) in ([field], ["non_field_errors"], ["new_password2"]), f"{value[:100]}: {found}"


# Every error text of api.md, section 3, by what causes it. {b} is Bob, {a} oneself, {gone} a disabled user.
TEXTS = [
    ("POST", CHATS, "{}", 400, "receiver_id is required"),
    ("POST", CHATS, "", 400, "receiver_id is required"),
    ("POST", CHATS, '{"message":"x"}', 400, "receiver_id is required"),
    ("POST", CHATS, '{"receiver_id":null,"receiver":"","message":"x"}', 400, "receiver_id is required"),
    ("POST", CHATS, '{"receiver_id":"bob","message":"x"}', 400, INTEGER),
    ("POST", CHATS, '{"receiver_id":{b}}', 400, "message or attachment is required"),
    ("POST", CHATS, '{"receiver_id":{b},"message":null}', 400, "message or attachment is required"),
    ("POST", CHATS, '{"receiver_id":{b},"message":""}', 400, "message or attachment is required"),
    (
        "POST",
        CHATS,
        '{"receiver_id":{b},"message":" \\t\\r\\n\\u2003\\u2028"}',
        400,
        "message or attachment is required",
    ),
    ("POST", CHATS, '{"receiver_id":{a},"message":"x"}', 400, "You cannot send a message to yourself"),
    ("POST", CHATS, '{"receiver_id":999999,"message":"x"}', 404, "Receiver not found"),
    ("POST", CHATS, '{"receiver_id":{gone},"message":"x"}', 404, "Receiver not found"),
    ("POST", CHATS + "mark-read/", "{}", 400, "Provide message_ids, conversation_id, or sender_id"),
    ("POST", CHATS + "mark-read/", "", 400, "Provide message_ids, conversation_id, or sender_id"),
    ("POST", CHATS + "mark-read/", '{"message_ids":null}', 400, "Provide message_ids, conversation_id, or sender_id"),
    ("POST", CHATS + "typing/", "{}", 400, "receiver_id is required"),
    ("POST", CHATS + "typing/", '{"receiver_id":999999}', 404, "Receiver not found"),
    ("POST", CHATS + "typing/", '{"receiver_id":{gone}}', 404, "Receiver not found"),
    ("GET", CHATS + "conversation/999999/", "", 404, "User not found"),
    ("GET", CHATS + "999999/", "", 404, "Message not found"),
    ("PATCH", CHATS + "999999/", '{"message":"x"}', 404, "Message not found"),
    ("PUT", CHATS + "999999/", '{"message":"x"}', 404, "Message not found"),
    ("DELETE", CHATS + "999999/", "", 404, "Message not found"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "text"), TEXTS)
def test_the_error_texts_of_chats(
    shared: Shared, client: httpx.Client, method: str, path: str, body: str, status: int, text: str
) -> None:
    for name, username in (("{b}", "bob"), ("{a}", "tara"), ("{gone}", "gone")):
        body = body.replace(name, str(shared[username].id))
    assert check_refusal(send_json(client, method, path, body), status) == {"error": text}


def test_both_names_of_the_receiver_have_to_agree(client: httpx.Client, ids: dict[str, int]) -> None:
    both = {"receiver_id": ids["b"], "receiver": str(ids["b"]), "message": "x"}
    assert client.post(CHATS, json=both).status_code == 201
    check_refusal(client.post(CHATS, json=both | {"receiver": ids["b"] + 1}), 400)


def test_the_length_of_a_client_msg_id(client: httpx.Client, ids: dict[str, int]) -> None:
    body = {"receiver_id": ids["b"], "message": "x"}
    assert client.post(CHATS, json=body | {"client_msg_id": "é" * 64}).status_code == 201
    check_refusal(client.post(CHATS, json=body | {"client_msg_id": "é" * 65}), 400)
    assert client.post(CHATS, json=body, headers={"Idempotency-Key": "k" * 64}).status_code == 201
    check_refusal(client.post(CHATS, json=body, headers={"Idempotency-Key": "k" * 65}), 400)


# Anything at all.

TEXT = st.text(max_size=20) | st.sampled_from(["\0", "\u2028", "😀" * 10, "1e3", "١٢", "x" * 20_000])
NUMBER = st.sampled_from([0, -1, 1, MOST, 2**53, 2**63, 2**64, 10**30]) | st.integers() | st.floats(allow_nan=False)
SCALAR = st.none() | st.booleans() | NUMBER | TEXT
VALUE = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
NAMES = [
    "message", "receiver_id", "receiver", "attachment", "client_msg_id", "message_ids", "conversation_id", "sender_id",
    "up_to_id", "is_typing", "is_read", "username", "password", "email", "first_name", "last_name", "old_password",
    "new_password1", "new_password2", "title", "content", "publish_date", "expiry_date", "is_urgent", "is_published",
    "visibility", "audience", "data", "college", "id",
]  # fmt: skip
BODY_CALLS = [*dict.fromkeys((method, path) for method, path, *_ in FIELDS), ("PUT", NOTICES + "{n}/")]
QUIET = settings(max_examples=150, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUIET
@given(call=st.sampled_from(BODY_CALLS), fields=st.dictionaries(st.sampled_from(NAMES), VALUE, max_size=8))
def test_any_object_is_answered(
    client: httpx.Client, ids: dict[str, int], call: tuple[str, str], fields: dict[str, Any]
) -> None:
    method, path = call
    answer = send_json(client, method, path.format(**ids), json.dumps(fields))
    if answer.status_code not in (200, 201):
        check_refusal(answer, 400, 404)


@QUIET
@given(call=st.sampled_from(BODY_CALLS), body=st.binary(max_size=200), form=st.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", ""]
))  # fmt: skip
def test_any_bytes_are_answered(
    client: httpx.Client, ids: dict[str, int], call: tuple[str, str], body: bytes, form: str
) -> None:
    method, path = call
    answer = client.request(method, path.format(**ids), content=body, headers={"Content-Type": form})
    if answer.status_code not in (200, 201):
        check_refusal(answer, 400, 404)
