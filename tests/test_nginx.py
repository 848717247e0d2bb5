"""Debian's nginx in front of the server, as deploy/nginx.conf has it: what passes, and what must not."""

from __future__ import annotations

import random
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from tests.support.activated import Activated
from tests.support.campus import User, create_user, create_users, send
from tests.support.deployed import Deployed
from tests.support.nginx import PLAIN, WELL, Nginx
from tests.support.sse import EVENTS_PATH, Stream
from tests.support.tls import Certificate
from tests.support.waiting import eventually

PASSWORD = "correct horse 9 battery"
MIB = 1 << 20
MOST_BYTES = 25 * MIB
PROMPT_S = 1.0
HEARTBEAT_S = 1.0
CHATS = "communication/chats/"


@dataclass
class Site:
    """The server, nginx before it, and two users."""

    server: Activated
    nginx: Deployed
    tls: ssl.SSLContext
    ann: User
    bob: User

    @property
    def url(self) -> str:
        return f"https://localhost:{self.nginx.port}"

    def client(self, user: User | None = None, *, local: str = "127.0.0.1") -> httpx.Client:
        """A client of /api/v1/ through nginx, from that address of this machine."""
        return httpx.Client(
            base_url=f"{self.url}/api/v1/",
            headers=user.headers if user else None,
            transport=httpx.HTTPTransport(verify=self.tls, local_address=local),
            timeout=60,
        )

    def stream(self, user: User, **options: object) -> Stream:
        return Stream(self.nginx, user, tls=self.tls, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    server = Activated(folder, ["--trusted-proxies", "127.0.0.1", "--heartbeat-s", str(int(HEARTBEAT_S))])
    try:
        server.start()
        ann = create_user(server, "ann_lee", PASSWORD, user_type="college_admin")
        (bob,) = create_users(server, "bob_ray")
        with Deployed(folder / "nginx", server, certificate) as nginx:
            yield Site(server, nginx, certificate.client, ann, bob)
            assert "[crit]" not in nginx.errors()
            assert "[warn]" not in nginx.errors(), nginx.errors()
        server.check_log()
    finally:
        server.close()


def test_a_stream_comes_at_once_and_beats(site: Site) -> None:
    with site.stream(site.bob) as stream, site.client(site.ann) as client:
        assert stream.status == 200
        assert stream.headers["content-type"] == "text/event-stream"
        stream.wait_for("presence_snapshot")
        for number in range(5):
            begun_s = time.monotonic()
            send(client, site.bob, f"number {number}")
            assert stream.wait_for("message", message=f"number {number}").at_s - begun_s < PROMPT_S
        beats = [event.at_s for event in stream.wait_count(4, "heartbeat")]
        waits = [after - before for before, after in pairwise(beats)]
        assert max(waits) < HEARTBEAT_S + PROMPT_S
    eventually(
        lambda: "\nrealtime_streams 0.0\n" in httpx.get(f"{site.server.url}/metrics").text,
        "nginx has let go of the stream",
    )


def test_http_2_is_offered(site: Site, certificate: Certificate) -> None:
    context = ssl.create_default_context()
    certificate.trusted_by(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", site.nginx.port), 10) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as connection,
    ):
        assert connection.selected_alpn_protocol() == "h2"
        assert connection.version() == "TLSv1.3"


def test_plain_http_is_sent_to_https(site: Site) -> None:
    answer = httpx.get(f"http://127.0.0.1:{site.nginx.plain_port}/x?y=1", headers={"Host": "campus.example"})
    assert (answer.status_code, answer.headers["location"]) == (301, "https://campus.example/x?y=1")


def test_the_largest_upload_passes_and_the_server_refuses_the_next(site: Site) -> None:
    content = random.Random(7).randbytes(MOST_BYTES)
    with site.client(site.ann) as client:

        def upload(data: bytes) -> httpx.Response:
            fields = {"receiver_id": str(site.bob.id), "message": "a file"}
            return client.post(CHATS, data=fields, files={"attachment": ("notes.bin", data)})

        answer = upload(content)
        assert answer.status_code == 201, answer.text
        url = answer.json()["attachment_url"]
        assert url.startswith(f"{site.url}/files/")
        assert client.get(url).content == content
        assert client.get(url, headers={"Range": "bytes=5-9"}).content == content[5:10]
        refused = upload(content + b"x")
        assert refused.status_code == 413
        assert "detail" in refused.json(), "the server's own refusal and not nginx's page"


def test_a_long_poll_waits_and_answers(site: Site) -> None:
    with site.client(site.ann) as client, site.client() as polling, ThreadPoolExecutor(1) as pool:

        def ask(cursor: int, wait_s: int) -> httpx.Response:
            query = {"token": site.bob.token, "last_event_id": str(cursor), "wait": str(wait_s)}
            return polling.get("communication/poll/events/", params=query)

        cursor = int(client.get(CHATS).headers["x-last-event-id"])
        empty = ask(cursor, 1).json()
        assert (empty["last_event_id"], empty["has_more"]) == (cursor, False)
        waiting = pool.submit(ask, cursor, 25)
        message = send(client, site.bob, "to a poll")
        found = waiting.result(30).json()
        assert message["id"] in [one["data"]["id"] for one in found["events"] if one["event"] == "message"]


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto"])
def test_the_client_s_address_is_the_one_that_nginx_saw(site: Site, name: str) -> None:
    with site.client(local="127.0.0.2") as client:
        forged = {name: "for=203.0.113.9" if name == "Forwarded" else "203.0.113.9"}
        login = client.post("auth/login/", json={"username": "ann_lee", "password": PASSWORD}, headers=forged)
        client.headers["Authorization"] = f"Token {login.json()['key']}"
        (session,) = [one for one in client.get("auth/sessions/").json()["results"] if one["current"]]
        assert session["address"] == "127.0.0.2"
        page = client.get("accounts/users/", params={"page_size": 1}, headers=forged).json()
        assert page["next"].startswith(f"{site.url}/api/v1/accounts/users/?")


def test_the_figures_are_not_for_the_outside(site: Site) -> None:
    with site.client(site.ann) as client:
        for path in ("/metrics", "/metrics/", "//metrics", "/metrics?x=1", "/%6detrics", "/x/../metrics"):
            answer = client.get(f"{site.url}{path}")
            assert answer.status_code == 404, path
            assert "realtime_streams" not in answer.text
    assert "realtime_streams" in httpx.get(f"{site.server.url}/metrics").text, "on the machine itself they are"


@pytest.mark.parametrize("settings", [WELL, PLAIN], ids=["well", "plain"])
def test_nor_are_they_behind_a_proxy_that_says_nothing_of_itself(site: Site, settings: str, tmp_path: Path) -> None:
    with Nginx(tmp_path, site.server, settings) as nginx:
        answer = httpx.get(f"http://127.0.0.1:{nginx.port}/metrics", headers={"Host": "campus.example"})
        assert answer.status_code in (401, 421)


def test_a_restart_behind_it_is_no_502(site: Site) -> None:
    """Who comes while nothing runs waits; a stream is told when to come again, and comes again."""
    with site.client(site.ann) as client, ThreadPoolExecutor(2) as pool, site.stream(site.bob) as stream:
        stream.wait_for("presence_snapshot")
        send(client, site.bob, "before")
        stream.wait_for("message", message="before")
        assert site.server.stop() == 0
        stream.wait_end()
        assert stream.retries_ms[-1] != 3000
        sending = pool.submit(client.post, CHATS, json={"receiver_id": site.bob.id, "message": "meanwhile"})
        back = pool.submit(site.stream, site.bob, last_event_id=stream.last_event_id)
        site.server.start()
        assert sending.result(60).status_code == 201
        with back.result(60) as again:
            assert again.status == 200
            again.wait_for("message", message="meanwhile")
            assert [one.data["message"] for one in again.events("message")] == ["meanwhile"]


def test_nginx_s_log_has_no_token(site: Site) -> None:
    text = site.nginx.access_log.read_text("utf-8")
    assert f'"GET {EVENTS_PATH} HTTP/1.1" 200' in text
    for user in (site.ann, site.bob):
        assert user.token not in text + site.nginx.errors()
