"""Requests that are wrong outside of the body: paths, ids in them, methods, parameters, headers.

Every one is refused with the documented body and CORS headers, never a failure of ours, never anything of the inside.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.refusal import check_cors, check_refusal
from tests.support.shared import CHATS, ORIGIN, Shared, raw, running

NOTICES, ANNOUNCEMENTS = "communication/notices/", "communication/announcements/"
NOTICE = {"title": "t", "content": "c", "publish_date": "2026-01-09"}
USERS = "accounts/users/"

# Path: its parameters, each with what it may not be.
NO_NUMBERS = [
    "0",
    "-1",
    "1.5",
    "1e3",
    "true",
    "x",
    "١٢",
    "²",
    "+1",
    "1_0",
    "1 2",
    str(2**53),
    str(10**30),
    "9" * 5000,
    "\0",
]
NO_FLAGS = ["1", "0", "yes", "x", "true,false", "\0", "[]"]
QUERIES: dict[str, dict[str, list[str]]] = {
    USERS: {
        "page_size": NO_NUMBERS, "college": NO_NUMBERS, "user_type": ["king", "Student", "1", "\0", "x" * 300],
        "is_active": NO_FLAGS, "is_verified": NO_FLAGS, "is_staff": NO_FLAGS,
        "search": ["\0", "x" * 300], "gender": ["\0", "x" * 300], "ordering": ["\0"],
    },
    CHATS: {
        "page_size": NO_NUMBERS, "sender": NO_NUMBERS, "receiver": NO_NUMBERS, "is_read": NO_FLAGS,
        "is_active": NO_FLAGS,
    },
    CHATS + "conversation/{b}/": {
        "limit": NO_NUMBERS, "before_id": NO_NUMBERS, "offset": [value for value in NO_NUMBERS if value != "0"],
    },
    NOTICES: {
        "page_size": NO_NUMBERS, "publish_date": ["x", "2026-13-01", "2026-02-30", "20260109", "2026-W02-5", "\0"],
        "is_published": NO_FLAGS, "is_urgent": NO_FLAGS, "is_active": NO_FLAGS, "search": ["\0", "x" * 300],
    },
    ANNOUNCEMENTS: {"page_size": NO_NUMBERS, "is_active": NO_FLAGS},
}  # fmt: skip

PATHS = [
    ("GET", USERS), ("GET", CHATS + "conversation/"), ("GET", CHATS), ("PATCH", CHATS), ("PUT", CHATS),
    ("DELETE", CHATS), ("GET", NOTICES), ("PATCH", NOTICES), ("DELETE", NOTICES), ("GET", ANNOUNCEMENTS),
]  # fmt: skip
NO_PATH_IDS = [
    "0", "-1", "1.5", "1e3", "true", "null", "undefined", "NaN", "x", "%D9%A1%D9%A2", "%C2%B2", "%00", "1%00",
    "%FF", "%ED%A0%80", "+1", "1_0", "%201", "1%0A", "0x1", "..%2F1", "1%2F", "%25", "%", "'%20OR%201=1",
    "%3Cscript%3E",
    str(2**53), str(2**63), str(2**64), str(10**30), "9" * 5000, "999999999", "000",
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


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in QUERIES.items() for name in names])
def test_a_parameter_of_a_wrong_kind_is_named(client: httpx.Client, ids: dict[str, int], path: str, name: str) -> None:
    for value in QUERIES[path][name]:
        body = check_refusal(client.get(path.format(**ids), params={name: value}), 400)
        if path.startswith(CHATS):
            assert body["error"].startswith(f"{name}: "), body
        else:
            assert list(body) == [name], body


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in QUERIES.items() for name in names])
def test_a_parameter_that_is_not_utf8_is_named(client: httpx.Client, ids: dict[str, int], path: str, name: str) -> None:
    for value in ("%FF", "%C3", "%ED%A0%80", "%C0%AF", "a%FFb"):
        body = check_refusal(client.get(f"{path.format(**ids)}?{name}={value}"), 400)
        assert (name in body) or body["error"].startswith(f"{name}: "), body


def test_what_is_not_utf8_matters_only_where_it_is_read(client: httpx.Client, ids: dict[str, int]) -> None:
    for path in QUERIES:
        assert client.get(f"{path.format(**ids)}?%FF=%FF&unknown=%FF&=&&x").status_code == 200


@pytest.mark.parametrize("value", NO_PATH_IDS)
def test_an_id_that_cannot_be_is_404(client: httpx.Client, value: str) -> None:
    for method, path in PATHS:
        body = check_refusal(client.request(method, f"{path}{value}/", json={"message": "x", "title": "x"}), 400, 404)
        if path == CHATS and "2F" not in value and value not in ("%FF", "%ED%A0%80"):
            assert body == {"error": "Message not found"}, value
        if path.endswith("conversation/") and "2F" not in value and value not in ("%FF", "%ED%A0%80"):
            assert body == {"error": "User not found"}, value


@pytest.mark.parametrize(
    "path", ["", "nothing/", "auth/", "auth/nothing/", "communication/", USERS + "nothing/", "x" * 4000]
)
def test_a_path_that_is_none_is_404(client: httpx.Client, path: str) -> None:
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        answer = client.request(method, path)
        assert answer.status_code == 404
        check_cors(answer)
        if method != "HEAD":
            assert check_refusal(answer, 404) == {"detail": "Not found."}


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("auth/login/", "POST, OPTIONS"),
        ("auth/user/", "GET, HEAD, PATCH, PUT, OPTIONS"),
        (USERS, "GET, HEAD, POST, OPTIONS"),
        (USERS + "1/", "GET, HEAD, DELETE, PATCH, PUT, OPTIONS"),
        (CHATS, "GET, HEAD, POST, OPTIONS"),
        (CHATS + "1/", "GET, HEAD, DELETE, PATCH, PUT, OPTIONS"),
        (CHATS + "conversations/", "GET, HEAD, OPTIONS"),
        (CHATS + "conversation/1/", "GET, HEAD, OPTIONS"),
        (CHATS + "mark-read/", "POST, OPTIONS"),
        (CHATS + "unread-count/", "GET, HEAD, OPTIONS"),
        (NOTICES, "GET, HEAD, POST, OPTIONS"),
        (NOTICES + "1/", "GET, HEAD, DELETE, PATCH, PUT, OPTIONS"),
        (ANNOUNCEMENTS, "GET, HEAD, POST, OPTIONS"),
        (ANNOUNCEMENTS + "1/", "GET, HEAD, OPTIONS"),
        ("communication/sse/events/", "GET, HEAD, OPTIONS"),
        ("communication/sse/test/", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_method_that_is_none_is_405_and_tells_which_are(client: httpx.Client, path: str, allowed: str) -> None:
    known = allowed.split(", ")
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "FOO"):
        if method in known:
            continue
        answer = client.request(method, path)
        assert check_refusal(answer, 405) == {"detail": f'Method "{method}" not allowed.'}
        assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("value", ["x", "0", "-1", "1.5", "²", str(2**53), "9" * 500, "1,1", "1 2", "all colleges"])
def test_a_college_that_is_none_is_400_for_those_who_choose(shared: Shared, value: str) -> None:
    for name in ("X-College-ID", "X-Tenant-ID"):
        headers = [(name.encode(), value.encode("latin-1")), (b"Origin", ORIGIN.encode())]
        with shared.api("boss") as boss, shared.api("ann") as ann:
            for path in (USERS, USERS + "1/", NOTICES, ANNOUNCEMENTS):
                assert list(check_refusal(boss.get(path, headers=headers), 400)) == [name]
                assert ann.get(path, headers=headers).status_code in (200, 404)
            for path in (CHATS, CHATS + "conversations/", CHATS + "online-users/", "auth/user/", USERS + "me/"):
                assert boss.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"", "Authentication credentials were not provided."),
        (b"Token", "Authentication credentials were not provided."),
        (b"Basic dTpw", "Authentication credentials were not provided."),
        (b"x" * 30_000, "Authentication credentials were not provided."),
        (b"Token x", "Invalid token."),
        (b"Token " + b"a" * 40, "Invalid token."),
        (b"Bearer " + b"0" * 40, "Invalid token."),
        (b"Token \xff\xfe", "Invalid token."),
        (b"Token a b c", "Invalid token."),
        (b"Token " + b"a" * 30_000, "Invalid token."),
    ],
)
def test_an_odd_authorization_is_401(shared: Shared, value: bytes, said: str) -> None:
    with shared.api() as client:
        for path in ("auth/user/", USERS, CHATS, NOTICES):
            answer = client.get(path, headers=[(b"Authorization", value), (b"Origin", ORIGIN.encode())])
            assert check_refusal(answer, 401) == {"detail": said}
            assert answer.headers["www-authenticate"] == "Token"


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: \xb2", b"Content-Length: -5", b"Content-Length: x", b"Content-Length: 1\r\nContent-Length: 2",
        b"Content-Length: 1\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: gzip",
        b"Idempotency-Key: a\0b\r\nContent-Length: 2", b"no colon", b" folded: x", b"X: a\rb", b"Host: b",
    ],
)  # fmt: skip
def test_what_is_no_http_is_refused_and_the_connection_closed(shared: Shared, lines: bytes) -> None:
    token = shared["ann"].token.encode()
    head = b"POST /api/v1/" + CHATS.encode() + b" HTTP/1.1\r\nHost: a\r\nAuthorization: Token " + token + b"\r\n"
    answer = raw(shared.server, head + lines + b"\r\n\r\n{}")
    assert answer.status == 400, answer
    assert b"<" not in answer.body
    assert b"Traceback" not in answer.body


def test_a_method_is_refused_without_a_token_as_without_a_right_one(shared: Shared) -> None:
    with shared.api() as client:
        answer = client.get(CHATS + "mark-read/", headers={"Origin": ORIGIN})
        assert check_refusal(answer, 401) == {"detail": "Authentication credentials were not provided."}


TEXT = st.text(max_size=20) | st.sampled_from(["\0", "\u2028", "1e3", "١٢", "x" * 500, "1", "true"])
PARAMETERS = sorted({name for names in QUERIES.values() for name in names} | {"page"})


@settings(max_examples=150, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(list(QUERIES)),
    query=st.lists(st.tuples(st.sampled_from(PARAMETERS), TEXT), max_size=8),
)
def test_any_query_is_answered(
    client: httpx.Client, ids: dict[str, int], path: str, query: list[tuple[str, str]]
) -> None:
    answer = client.get(path.format(**ids), params=query)
    if answer.status_code != 200:
        check_refusal(answer, 400, 404)
