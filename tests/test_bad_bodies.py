"""Bodies that are wrong as a whole: not JSON, not UTF-8, not an object, too deep, too large, of another type."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.refusal import check_cors, check_refusal
from tests.support.shared import CHATS, ORIGIN, Shared, raw, read_answer, running

LIMIT_BYTES = 262144
MEGABYTE = 1 << 20

# Every call that takes a body. {m} and {n} are a message and a notice.
CALLS = [
    ("POST", "auth/login/"),
    ("PUT", "auth/user/"),
    ("PATCH", "auth/user/"),
    ("POST", "auth/password/change/"),
    ("POST", CHATS),
    ("PUT", CHATS + "{m}/"),
    ("PATCH", CHATS + "{m}/"),
    ("POST", CHATS + "mark-read/"),
    ("POST", CHATS + "delivered/"),
    ("POST", CHATS + "typing/"),
    ("POST", "communication/notices/"),
    ("PUT", "communication/notices/{n}/"),
    ("PATCH", "communication/notices/{n}/"),
    ("POST", "communication/announcements/"),
]
MALFORMED = {
    "an open brace": b"{",
    "an array": b"[]",
    "an array of objects": b'[{"message":"x"}]',
    "a text": b'"x"',
    "null": b"null",
    "a number": b"1",
    "no value": b'{"message":}',
    "a comma too many": b'{"message":"x",}',
    "two objects": b"{}{}",
    "single quotes": b"{'message':'x'}",
    "NaN": b'{"message":NaN}',
    "Infinity": b'{"receiver_id":-Infinity}',
    "an open text": b'{"message":"x',
    "a line feed in a text": b'{"message":"a\nb"}',
    "a NUL in a text": b'{"message":"a\0b"}',
    "a NUL after it": b"{}\0",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"message":"x"}'.encode("utf-16"),
    "Latin-1": b'{"message":"gr\xfc\xdfe"}',
    "an overlong sequence": b'{"message":"\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"message":"\xed\xa0\x80"}',
    "a high surrogate alone": b'{"message":"\\ud83d"}',
    "a low surrogate alone": b'{"message":"\\ude00x"}',
    "surrogates in the wrong order": b'{"message":"\\ude00\\ud83d"}',
    "a bad escape": b'{"message":"\\x41"}',
    "a bad key": b'{"\\ud800":1}',
    "arrays without end": b"[" * 100_000,
    "objects without end": b'{"a":' * 30_000,
    "arrays of a great depth": b'{"message":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("bodies"), max_body_bytes=LIMIT_BYTES, log_level="debug") as found:
        yield found


@pytest.fixture(scope="module")
def client(shared: Shared) -> Iterator[httpx.Client]:
    with shared.api("tara") as client:
        client.headers["Origin"] = ORIGIN
        yield client


@pytest.fixture(scope="module")
def ids(shared: Shared, client: httpx.Client) -> dict[str, int]:
    message = client.post(CHATS, json={"receiver_id": shared["bob"].id, "message": "hello"})
    notice = client.post("communication/notices/", json={"title": "t", "content": "c", "publish_date": "2026-01-09"})
    assert (message.status_code, notice.status_code) == (201, 201)
    return {"m": message.json()["id"], "n": notice.json()["id"]}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_body_is_refused_by_every_call(client: httpx.Client, ids: dict[str, int], body: bytes) -> None:
    for method, path in CALLS:
        for kind in ("application/json", "application/json; charset=utf-8"):
            answer = client.request(method, path.format(**ids), content=body, headers={"Content-Type": kind})
            check_refusal(answer, 400)


@pytest.mark.parametrize("depth", [100, 300, 600, 900, 990, 1100, 5000])
def test_a_value_of_any_depth_is_no_failure_of_ours(client: httpx.Client, ids: dict[str, int], depth: int) -> None:
    for nested in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        for method, path in CALLS:
            for name in ("message", "title", "unknown", "data", "visibility", "message_ids", "receiver_id", "username"):
                body = json.dumps({"title": "t", "message": "m"} | {name: "?"}).replace('"?"', nested)
                answer = client.request(
                    method, path.format(**ids), content=body, headers={"Content-Type": "application/json"}
                )
                if answer.status_code not in (200, 201):
                    check_refusal(answer, 400)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "text/html; charset=utf-8", "application/xml", "application/octet-stream", "image/png", "json", ";",
     "application/jsonp", "application/json-patch+json", "multipart/mixed; boundary=x"],
)  # fmt: skip
def test_another_type_of_body_is_415(client: httpx.Client, ids: dict[str, int], kind: str) -> None:
    for method, path in CALLS:
        answer = client.request(method, path.format(**ids), content=b"{}", headers={"Content-Type": kind})
        if path.startswith(CHATS):
            assert check_refusal(answer, 415)["error"].startswith("Unsupported media type")
        else:
            assert check_refusal(answer, 415)["detail"].startswith("Unsupported media type")


@pytest.mark.parametrize("kind", ["Application/JSON", "APPLICATION/JSON;charset=UTF-8", "application/json ;", ""])
def test_the_type_of_a_body_has_no_case(client: httpx.Client, shared: Shared, kind: str) -> None:
    body = json.dumps({"receiver_id": shared["bob"].id, "message": "x"}).encode()
    assert client.post(CHATS, content=body, headers={"Content-Type": kind}).status_code == 201


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"message=%FF&receiver_id=1"),
        ("application/x-www-form-urlencoded", b"message=%00&receiver_id=1"),
        ("application/x-www-form-urlencoded", b"message=%ED%A0%80&receiver_id=1"),
        ("application/x-www-form-urlencoded", b"\xff\xfe=\x00"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(5000))),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=x", b"x"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\nopen'),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\na\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x",
         b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\n\xff\r\n--x--\r\n'),
        ("multipart/form-data; boundary=x",
         b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\na\0b\r\n--x--\r\n'),
        ("multipart/form-data; boundary=x",
         b"".join(b'--x\r\nContent-Disposition: form-data; name="a%d"\r\n\r\n\r\n' % n for n in range(900)) + b"--x--"),
    ],
)  # fmt: skip
def test_a_malformed_form_is_refused(client: httpx.Client, ids: dict[str, int], kind: str, body: bytes) -> None:
    for method, path in CALLS:
        if path in ("auth/user/", CHATS + "{m}/", "communication/notices/{n}/") and method == "PATCH":
            continue  # nothing is required there, and what a call does not know is ignored
        check_refusal(client.request(method, path.format(**ids), content=body, headers={"Content-Type": kind}), 400)


def test_the_last_of_two_same_keys_counts(client: httpx.Client, shared: Shared) -> None:
    body = b'{"receiver_id":%d,"message":"first","message":"last"}' % shared["bob"].id
    answer = client.post(CHATS, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["message"]) == (201, "last")


def test_forms_send_as_json_does(client: httpx.Client, shared: Shared) -> None:
    fields = {"receiver": str(shared["bob"].id), "message": "a form", "client_msg_id": "form-1"}
    urlencoded = client.post(CHATS, data=fields)
    multipart = client.post(CHATS, files={name: (None, value) for name, value in fields.items()})
    assert (urlencoded.status_code, multipart.status_code) == (201, 200)
    assert urlencoded.json() == multipart.json()
    assert urlencoded.json()["message"] == "a form"


def test_a_body_at_the_limit_is_read_and_one_past_it_is_413(client: httpx.Client) -> None:
    body = b'{"message_ids":[]}'
    headers = {"Content-Type": "application/json"}
    for method, path in (("POST", CHATS + "mark-read/"), ("PATCH", "auth/user/"), ("POST", "auth/login/")):
        at_limit = client.request(method, path, content=body.ljust(LIMIT_BYTES), headers=headers)
        assert at_limit.status_code in (200, 400), at_limit.text
        for size in (LIMIT_BYTES + 1, LIMIT_BYTES + MEGABYTE - 1, LIMIT_BYTES + MEGABYTE):
            over = client.request(method, path, content=body.ljust(size), headers=headers)
            assert check_refusal(over, 413) == {"detail": f"The body is larger than {LIMIT_BYTES} bytes."}
        assert client.get("auth/user/").status_code == 200  # on the same connection


def test_chunks_past_the_limit_are_413(client: httpx.Client) -> None:
    def chunks(count: int) -> Iterator[bytes]:
        yield b'{"message_ids":[]'
        for _ in range(count):
            yield b" " * 65536
        yield b"}"

    headers = {"Content-Type": "application/json"}
    within = client.post(CHATS + "mark-read/", content=chunks(3), headers=headers)
    assert within.status_code == 200
    over = client.post(CHATS + "mark-read/", content=chunks(8), headers=headers)
    assert over.status_code == 413
    assert list(over.json()) == ["detail"]
    check_cors(over)
    assert client.get("auth/user/").status_code == 200


def head_of(shared: Shared, *lines: str) -> bytes:
    head = [
        f"POST /api/v1/{CHATS} HTTP/1.1", "Host: a", f"Origin: {ORIGIN}", f"Authorization: Token {shared['ann'].token}",
        "Content-Type: application/json", *lines, "", "",
    ]  # fmt: skip
    return "\r\n".join(head).encode()


def test_a_body_far_past_the_limit_is_refused_before_it_comes(shared: Shared) -> None:
    for size in (LIMIT_BYTES + MEGABYTE + 1, 10**12, 10**30):
        answer = raw(shared.server, head_of(shared, f"Content-Length: {size}"))
        assert answer.status == 413, answer
        assert answer.headers["connection"] == "close"
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert json.loads(answer.body) == {"detail": f"The body is larger than {LIMIT_BYTES} bytes."}


def test_chunks_without_end_are_refused_and_the_connection_ends(shared: Shared) -> None:
    sent = 0
    with socket.create_connection(("127.0.0.1", shared.server.port), 30) as connection:
        connection.sendall(head_of(shared, "Transfer-Encoding: chunked"))
        try:
            while sent < 100 * MEGABYTE:
                connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
                sent += 65536
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert sent < 100 * MEGABYTE, "the server read on and on"
        answer = read_answer(connection)
    assert answer.status == 413
    assert answer.headers["connection"] == "close"
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert list(json.loads(answer.body)) == ["detail"]


def test_a_stop_does_not_wait_for_bodies_that_never_came(tmp_path: Path) -> None:
    with running(tmp_path, shutdown_timeout_s=60) as shared:
        for how in ("Content-Length: 100", "Transfer-Encoding: chunked"):
            with socket.create_connection(("127.0.0.1", shared.server.port), 30) as connection:
                connection.sendall(head_of(shared, how))
        assert shared.server.stop(timeout_s=10) == 0


def test_the_server_is_well_after_all_that(shared: Shared, client: httpx.Client) -> None:
    assert client.get("auth/user/").status_code == 200
    assert shared.server.running
