"""No logger ever writes a token or a password, whatever goes wrong; the database holds no token, and answers no inside.

One server that logs all it can lives through everything; the last tests read what it wrote.
"""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import httpx
import pytest

from tests.support.campus import create_tokens
from tests.support.refusal import check_cors
from tests.support.shared import CHATS, ORIGIN, PASSWORD, Shared, raw, running
from tests.support.sse import EVENTS_PATH, Stream

INTERNAL = {"detail": "Internal server error"}
BAD_TOKEN = "not-a-token-but-a-secret"
PASSWORDS = [PASSWORD, "wrong horse 9 battery", "new horse 1 battery", "operator's horse 2"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    folder = tmp_path_factory.mktemp("secrets")
    with running(folder, access_log=True, log_level="debug") as found:
        found.server.expect_errors = True
        yield found


@pytest.fixture(scope="module")
def secrets(shared: Shared) -> set[str]:
    """Whatever must not be in the log; tests add to it what they come to know."""
    return {BAD_TOKEN, *PASSWORDS, *(user.token for user in shared.people.values())}


@contextmanager
def broken(shared: Shared, table: str) -> Iterator[None]:
    """The server without one of its tables."""
    shared.sql(f"ALTER TABLE {table} RENAME TO {table}_away")
    try:
        yield
    finally:
        shared.sql(f"ALTER TABLE {table}_away RENAME TO {table}")


def check_internal(shared: Shared, client: httpx.Client, answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()) == (500, INTERNAL)
    assert answer.headers["content-type"] == "application/json"
    check_cors(answer)
    client.get("auth/user/")  # the line of a request is written by the time that the next one is answered
    log = shared.server.log()
    request_id = answer.headers["x-request-id"]
    assert re.search(rf"^.* ERROR .*{request_id} .*\nTraceback ", log, re.MULTILINE), "the log does not tell why"
    assert re.search(rf"INFO realtime.access: {request_id} 500 ", log)


def test_logins_and_changes_of_passwords(shared: Shared, secrets: set[str]) -> None:
    with shared.api() as client:
        for given in ({"json": {}}, {"data": {}}):
            for password in PASSWORDS[:2]:
                pair = {"username": "cy", "password": password}
                answer = client.post("auth/login/", **{kind: pair for kind in given})  # type: ignore[arg-type]
                secrets.add(answer.json().get("key", BAD_TOKEN))
        client.post(
            "auth/login/",
            content=f'{{"username":"cy","password":"{PASSWORD}"',
            headers={"Content-Type": "application/json"},
        )
        client.post("auth/login/", params={"username": "cy", "password": "x"}, json={"password": PASSWORD})
        client.post("auth/login/", content=PASSWORD, headers={"Content-Type": "text/plain"})
        token = client.post("auth/login/", json={"username": "cy", "password": PASSWORD}).json()["key"]
        secrets.add(token)
        change = {"old_password": PASSWORD, "new_password1": PASSWORDS[2], "new_password2": PASSWORDS[2]}
        for body, status in ((change | {"old_password": PASSWORDS[1]}, 400), (change, 200)):
            changed = client.post("auth/password/change/", json=body, headers={"Authorization": f"Token {token}"})
            assert changed.status_code == status
        client.post("auth/logout/", headers={"Authorization": f"Bearer {token}"})
    shared.server.command("set-password", "cy", "--password-stdin", input=PASSWORDS[3])
    secrets.update(user.token for user in create_tokens(shared.server, ["cy", "bob"]))


def test_streams_and_their_failures(shared: Shared, secrets: set[str]) -> None:
    bob = shared["bob"]
    assert bob.token in secrets
    for token in (bob.token, BAD_TOKEN, "0" * 40, bob.token.upper(), bob.token[:39], bob.token + "a", f" {bob.token}"):
        for query in ({}, {"last_event_id": "0"}, {"last_event_id": "x" * 300}, {"a": "b", "z": bob.token}):
            with Stream(shared.server, token, query=query) as stream:
                assert stream.status in (200, 400, 401)
        with Stream(shared.server, headers={"Authorization": f"Token {token.strip()}"}) as stream:
            assert stream.status in (200, 401)
    for user in (shared["gone"], shared["east_ann"]):
        with Stream(shared.server, user) as stream:
            stream.wait_for(lambda event: event.event in ("connected", "error"))


def test_requests_that_are_none(shared: Shared) -> None:
    """A token in every place of a URL, in headers of a bad request, in a method."""
    token = shared["ann"].token
    base = EVENTS_PATH.rstrip("/")
    with shared.api("ann", base="") as client:
        for value in (token, BAD_TOKEN):
            for path in (
                f"{base}x/?token={value}", f"{base}/x?a=b&token={value}", f"/token={value}", f"/nothing/?TOKEN={value}",
                f"/api/v1/auth/user/?token={value}", f"{base}/?a=1&token={value}&token={value}#token={value}",
                f"/api/v1/communication/poll/events/?token={value}&wait=25", f"//evil/?token={value}",
                f"{base}x/?%74oken=%{ord(value[0]):02x}{value[1:]}",
            ):  # fmt: skip
                for method in ("GET", "POST", "FOO", "OPTIONS"):
                    if not (method == "GET" and path.startswith(f"{base}/?")):
                        client.request(method, path)
        for path in (
            f"/{token}",
            f"/api/v1/{token}/",
            f"/x/?t={token}",
            f"/?{token}",
            f"/x/?to%6ben={token}",
            f"/%3Ftoken={token}",
        ):
            assert client.get(path).status_code in (200, 404)
        encoded = "".join(f"%{ord(character):02x}" for character in token[:6]) + token[6:]
        client.get(f"/nothing/?token={encoded}")
    line, lines = f"GET {base}?token={token}", f"Authorization: Token {token}"
    for request in (
        f"{line} HTTP/9.9\r\nHost: a\r\n\r\n", f"{line}\r\nHost: a\r\n\r\n", f"{line} x HTTP/1.1\r\nHost: a\r\n\r\n",
        f"{line} HTTP/1.1\r\n{lines}\r\n\r\n", f"{line} HTTP/1.1\r\nHost: {token} b\r\n\r\n",
        f"{line} HTTP/1.1\r\nHost: a\r\n{lines}\0\r\n\r\n", f"{line} HTTP/1.1\r\nHost: a\r\n{lines}\r{lines}\r\n\r\n",
        f"{line} HTTP/1.1\r\nHost: a\r\nno colon {lines.replace(':', '')}\r\n\r\n",
        f"{line} HTTP/1.1\r\nHost: a\r\nContent-Length: {token}\r\n\r\n",
        f"{line} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: {token}\r\n\r\n",
        f"{token} / HTTP/1.1\r\nHost: a\r\n\r\n",
    ):  # fmt: skip
        assert raw(shared.server, request.encode()).status in (400, 401, 405)
    with socket.create_connection(("127.0.0.1", shared.server.port)) as connection:
        connection.sendall(f"GET /?token={token} HTTP/1.1\r\nX: ".encode() + b"x" * 70_000)  # no end of the head
        assert connection.recv(1000) == b""
    with socket.create_connection(("127.0.0.1", shared.server.port)) as connection:
        body = f'{{"username":"ann","password":"{PASSWORD}"'
        connection.sendall(
            f"POST /api/v1/auth/login/ HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\n{body}".encode()
        )


def test_the_setup_page(shared: Shared, secrets: set[str]) -> None:
    form = {"key": BAD_TOKEN, "username": "x", "password1": PASSWORDS[1], "password2": PASSWORDS[1]}
    with shared.api(base="") as client:
        assert client.post("/setup/", data=form).status_code == 404
        assert client.get("/setup/", params={"key": BAD_TOKEN}).status_code == 404


def test_a_forced_500_tells_nothing_and_the_log_tells_why(shared: Shared) -> None:
    ann = shared["ann"]
    with shared.api(ann) as client:
        client.headers["Origin"] = ORIGIN
        # A role that the code does not know, as another program may have written it.
        shared.sql("UPDATE users SET user_type = 'emperor' WHERE username = 'stella'")
        check_internal(shared, client, client.get("accounts/users/", params={"token": ann.token, "search": "stella"}))
        check_internal(shared, client, client.get(f"accounts/users/{shared['stella'].id}/"))
        shared.sql("UPDATE users SET user_type = 'store_manager' WHERE username = 'stella'")
        with broken(shared, "receipts"):
            for method, path, body in (
                ("GET", CHATS + f"?token={ann.token}", None),
                ("POST", CHATS, {"receiver_id": shared["bob"].id, "message": "x", "client_msg_id": ann.token}),
                ("POST", CHATS + "mark-read/", {"sender_id": shared["bob"].id}),
                ("GET", CHATS + "conversations/", None),
            ):
                check_internal(shared, client, client.request(method, path, json=body))
        with broken(shared, "tokens"):
            for password in PASSWORDS[:1]:
                answer = client.post("auth/login/", json={"username": "pat", "password": password})
                check_internal(shared, client, answer)
        assert client.post(CHATS, json={"receiver_id": shared["bob"].id, "message": "and on"}).status_code == 201
        assert client.get("accounts/users/").status_code == 200


def test_a_500_of_the_stream_is_an_event(shared: Shared) -> None:
    (user,) = create_tokens(shared.server, ["ann"])  # one whom the server has not read yet
    with broken(shared, "tokens"), Stream(shared.server, user, headers={"Origin": ORIGIN}) as stream:
        assert stream.status == 500
        assert stream.wait_for("error").data == {"error": "Internal server error"}
        assert stream.headers["x-request-id"] in shared.server.log()


def test_an_exception_inside_of_a_stream(shared: Shared, secrets: set[str]) -> None:
    (user,) = create_tokens(shared.server, ["bob"])
    secrets.add(user.token)
    with Stream(shared.server, user) as stream:
        stream.wait_for("connected")
    with broken(shared, "members"), Stream(shared.server, user, last_event_id=0) as stream:
        stream.wait_for("connected")
        stream.wait_end()
        assert f"a stream of user {user.id} is closed" in shared.server.log()
    with Stream(shared.server, user) as stream:
        stream.wait_for("presence_snapshot")


def test_no_answer_repeats_a_token(shared: Shared) -> None:
    token = shared["ann"].token
    with shared.api("ann") as client:
        for path in (
            "auth/user/",
            "accounts/users/me/",
            "accounts/users/",
            "nothing/",
            f"{token}/",
            CHATS + f"{token}/",
        ):
            answer = client.get(path, params={"token": token, "page": "x"})
            assert token not in answer.text
            assert token not in str(answer.headers)
        refused = client.post("auth/login/", json={"username": "ann", "password": PASSWORDS[1]})
        assert PASSWORDS[1] not in refused.text


# What is left of all that; tests of a file run in their order.


def test_the_log_holds_no_secret(shared: Shared, secrets: set[str]) -> None:
    log = shared.server.log()
    assert log.count("[redacted]") > 50
    assert "Malformed HTTP message" not in log  # as many as somebody likes to send, and with what was in them
    assert "Traceback " in log
    assert " 401 GET " in log
    assert " 404 " in log
    for secret in secrets:
        for form in (secret, quote(secret), secret.replace(" ", "+"), secret.upper()):
            at = log.find(form)
            assert at < 0, f"the log has {form!r}: {log[max(0, at - 300) : at + 100]}"
    beginnings = [secret[:20] for secret in secrets if re.fullmatch("[0-9a-f]{40}", secret)]
    assert not [beginning for beginning in beginnings if beginning in log]


def test_the_files_of_the_database_hold_no_secret(shared: Shared, secrets: set[str]) -> None:
    files = sorted(path for path in shared.server.data_dir.rglob("*") if path.is_file())
    assert any(path.name.endswith("-wal") for path in files)
    content = b"".join(path.read_bytes() for path in files)
    known = shared["ann"].token
    assert hashlib.sha256(known.encode()).digest() in content  # that is where tokens are
    # The one that a client chose for a message's id is that client's own affair: its write was refused.
    for secret in secrets:
        assert secret.encode() not in content, secret
        assert bytes.fromhex(secret) not in content if re.fullmatch("[0-9a-f]{40}", secret) else True
