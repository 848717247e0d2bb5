"""Which hosts are answered to, and what is believed of what proxies say."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from realtime.api import hosts, origin
from setting_kinds import networks
from tests.support.server import ServerFactory
from tests.support.shared import CHATS, ORIGIN, Shared, raw, running
from tests.support.sse import EVENTS_PATH, Stream

DETAIL = {"detail": "This server does not answer to that host name. Its setting allowed_hosts says to which it does."}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    settings = {"public_url": "https://campus.example/sub", "allowed_hosts": "other.example,.below.example"}
    with running(tmp_path_factory.mktemp("hosts"), **settings) as found:
        yield found


def status(shared: Shared, host: str, path: str = "/healthz") -> int:
    return raw(shared.server, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).status


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.0.0.1:8000", "10.1.2.3", "[::1]", "[2001:db8::1]:443", "localhost", "LOCALHOST:3000",
        "localhost.", "app.localhost", "campus", "campus.example", "campus.example:8443", "Campus.Example.",
        "other.example", "a.below.example", "a.b.below.example:1",
    ],
)  # fmt: skip
def test_known_hosts_are_answered(shared: Shared, host: str) -> None:
    assert status(shared, host) == 200


def test_the_machines_own_names_are_answered(shared: Shared) -> None:
    for name in (socket.gethostname(), f"{socket.gethostname()}.local"):
        assert status(shared, name) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example",
        "campus.example.evil.example",
        "xcampus.example", "below.example", "xbelow.example", "127.0.0.1.nip.example", "256.0.0.1", "1.2.3",
    ],
)  # fmt: skip
def test_other_hosts_are_refused(shared: Shared, host: str) -> None:
    assert status(shared, host) == 421


@pytest.mark.parametrize(
    "host", ["[", "[::1", "a]b", "::", "a;b", "a'b", "a:x", "a:999999", "[v1.x]", "127.0.0.1[", "a%20b"]
)
def test_what_is_no_host_is_refused_and_reaches_no_page(shared: Shared, host: str) -> None:
    for request in ("GET /", "POST /", "GET /setup/?key=x", "GET /api/v1/schema/", "GET /nothing"):
        answer = raw(shared.server, f"{request} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert (answer.status, host.encode() in answer.body) == (421, False), request
        assert host not in answer.headers.get("content-security-policy", "")


def test_a_refusal_is_clear_whatever_is_asked(shared: Shared) -> None:
    ann = shared["ann"]
    with httpx.Client(base_url=shared.server.url, headers={"Host": "evil.example"} | ann.headers) as client:
        for method, path in (
            ("GET", "/"), ("GET", "/api/v1/auth/user/"), ("POST", f"/api/v1/{CHATS}"), ("GET", "/metrics"),
            ("OPTIONS", f"/api/v1/{CHATS}"), ("GET", "/nothing"), ("GET", EVENTS_PATH),
        ):  # fmt: skip
            answer = client.request(method, path, headers={"Origin": ORIGIN})
            assert (answer.status_code, answer.json()) == (421, DETAIL)
            assert answer.headers["content-type"] == "application/json"
        long = client.post("/api/v1/auth/login/", content=b"x" * 3_000_000)
        assert long.status_code in (413, 421)
    assert shared.server.log().count("is refused; see the setting allowed_hosts") == 1


def test_any_host_where_the_operator_wants_it(server_factory: ServerFactory) -> None:
    server = server_factory(allowed_hosts="*")
    for host in ("evil.example", "a"):
        assert raw(server, f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).status == 200


def test_a_trusted_proxy_has_looked_at_the_host(tmp_path: Path) -> None:
    with running(tmp_path, trusted_proxies="127.0.0.1") as shared:
        answer = raw(shared.server, b"GET /healthz HTTP/1.1\r\nHost: campus.school.example\r\n\r\n")
        assert answer.status == 200
        with Stream(shared.server, shared["ann"], headers={"Host": "campus.school.example"}) as stream:
            stream.wait_for("connected")


def test_the_names_of_a_setting() -> None:
    names = hosts.allowed(("A.example",), "Bound.example", "https://Public.example:8443/sub")
    assert {"a.example", "bound.example", "public.example"} <= names
    assert not hosts.is_allowed("evil.example", names)


# Proxies

TRUSTED = networks("10.0.0.0/8,192.0.2.1,2001:db8::/32")


def request(peer: str, headers: Mapping[str, str] | list[tuple[str, str]], host: str = "campus") -> HTTPServerRequest:
    class Context:
        remote_ip = peer
        protocol = "http"

    class Connection:
        context = Context()

    given = HTTPHeaders({"Host": host})
    for name, value in headers.items() if isinstance(headers, Mapping) else headers:
        given.add(name, value)
    line = RequestStartLine("GET", "/", "HTTP/1.1")
    return HTTPServerRequest(start_line=line, headers=given, connection=Connection())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("198.51.100.1", "203.0.113.9", "198.51.100.1"),  # nobody whom one would believe
        ("198.51.100.1", "10.0.0.1", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.66, 203.0.113.9", "203.0.113.9"),  # the client wrote the first
        ("10.0.0.1", "127.0.0.1,203.0.113.9 ,  10.0.0.7", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.66,,203.0.113.9,", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9:51234", "203.0.113.9"),
        ("10.0.0.1", "[2001:db9::7]:51234", "2001:db9::7"),
        ("10.0.0.1", "[2001:db9::7]", "2001:db9::7"),
        ("10.0.0.1", "2001:DB9:0:0::7", "2001:db9::7"),
        ("10.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("2001:db8::5", "203.0.113.9, 2001:db8::6", "203.0.113.9"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),  # a socket for both kinds of addresses
        ("::ffff:198.51.100.1", "203.0.113.9", "198.51.100.1"),
        ("10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, ::ffff:10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, <script>", "10.0.0.1"),
        ("10.0.0.1", "010.1.1.1", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9," + "10.0.0.2," * 5000, "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.1"),
        ("", "203.0.113.9", ""),
    ],
)
def test_the_address_is_the_last_one_that_no_proxy_of_ours_has(peer: str, forwarded: str, found: str) -> None:
    assert origin.address(request(peer, {"X-Forwarded-For": forwarded}), TRUSTED) == found


def test_several_headers_are_one_list() -> None:
    forged = [("X-Forwarded-For", "203.0.113.66"), ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "10.0.0.2")]
    assert origin.address(request("10.0.0.1", forged), TRUSTED) == "203.0.113.9"
    assert origin.address(request("198.51.100.1", forged), TRUSTED) == "198.51.100.1"


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, "http://campus"),
        ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example"}, "https://a.example"),
        ({"X-Forwarded-Proto": "HTTPS", "X-Forwarded-Host": "evil.example, a.example:8443"}, "https://a.example:8443"),
        ({"X-Forwarded-Proto": "javascript", "X-Forwarded-Host": "[2001:db8::1]:443"}, "http://[2001:db8::1]:443"),
        ({"X-Forwarded-Host": "a.example/x"}, "http://campus"),
        ({"X-Forwarded-Host": "a; script-src *"}, "http://campus"),
        ({"X-Forwarded-Host": 'a"><script>'}, "http://campus"),
        ({"X-Forwarded-Host": "user@a.example"}, "http://campus"),
    ],
)
def test_the_base_of_links(headers: dict[str, str], found: str) -> None:
    assert origin.base_url(request("10.0.0.1", headers), TRUSTED) == found
    assert origin.base_url(request("198.51.100.1", headers), TRUSTED) == "http://campus"


def test_another_answer_for_each_forged_header_is_not_to_be_had(shared: Shared) -> None:
    """Nobody is trusted here, so that nothing of these changes what the sessions show."""
    with shared.api("ann") as client:
        for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP"):
            client.headers[name] = "for=203.0.113.66" if name == "Forwarded" else "203.0.113.66"
        login = {"username": "ann", "password": "correct horse 7 battery"}
        assert client.post("auth/login/", json=login).status_code == 200
        newest = client.get("auth/sessions/").json()["results"][0]
        assert newest["address"] == "127.0.0.1"
