"""The end of a server and its coming back: every stream is told when to come again, nothing that was answered is lost,
and with an inherited socket nobody is refused."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from playwright.sync_api import Page

from tests.support.browser import PageServer
from tests.support.campus import User, api, create_tokens, create_users, send
from tests.support.server import ROOT, STOP_S, ServerFactory, ServerProcess
from tests.support.sse import EVENTS_PATH, Stream

CHATS = "communication/chats/"
STREAMS = 200
SENDERS = 4
PROMISED_S = 5.0
WAITING_BROWSER_MS = 60_000

# What the integration guide's clients do with each event: keep it, and close for good on `disconnected`.
GUIDE = """url => {
    window.got = [];
    const source = window.source = new EventSource(url);
    source.onopen = () => got.push(['open', null]);
    ['connected', 'message', 'typing', 'read_receipt', 'notification', 'heartbeat', 'disconnected'].forEach(type =>
        source.addEventListener(type, event => got.push([type, JSON.parse(event.data)])));
    source.addEventListener('disconnected', () => source.close());
}"""

# A supervisor's part: descriptor 3 is the listening socket, and LISTEN_PID names the process that may take it.
HANDOVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


def ended_within(server: ServerProcess) -> float:
    """Stop it; how long that took. It has to be the end that was promised."""
    begin_s = time.monotonic()
    code = server.stop()
    took_s = time.monotonic() - begin_s
    assert code == 0, server.log()
    assert took_s < PROMISED_S
    return took_s


def send_until_refused(server: ServerProcess, sender: User, receiver: User, answered: list[int]) -> None:
    """Send as fast as it goes, until the server is gone; what was answered 201 is kept."""
    with api(server, sender) as client:
        while True:
            try:
                message = send(client, receiver, f"number {len(answered)}")
            except httpx.TransportError:
                return
            answered.append(int(str(message["id"])))


def all_ids(server: ServerProcess, user: User) -> set[int]:
    """The ids of all messages of a user."""
    found: set[int] = set()
    with api(server, user) as client:
        address = f"{server.url}/api/v1/{CHATS}?page_size=100"
        while address:
            page = client.get(address).json()
            found |= {message["id"] for message in page["results"]}
            address = page["next"]
    return found


@pytest.mark.timeout(240)
def test_sigterm_ends_200_streams_in_time_and_loses_nothing(server_factory: ServerFactory) -> None:
    server = server_factory(limits=False)
    users = create_users(server, *(f"user_{number}" for number in range(20)))
    receiver = users[0]
    answered: list[list[int]] = [[] for _ in range(SENDERS)]
    with ExitStack() as stack:
        streams = [stack.enter_context(Stream(server, users[n % len(users)])) for n in range(STREAMS)]
        for stream in streams:
            stream.wait_for("presence_snapshot")
        with ThreadPoolExecutor(SENDERS) as pool:
            sending = [
                pool.submit(send_until_refused, server, sender, receiver, ids)
                for sender, ids in zip(users[1:], answered, strict=False)
            ]
            streams[0].wait_count(40, "message")
            took_s = ended_within(server)
            for sender_done in sending:
                sender_done.result()
        assert [stream.wait_end() for stream in streams] == ["fin"] * STREAMS
        for stream in streams:
            first_ms, last_ms = stream.retries_ms
            assert first_ms == 3000
            assert 500 <= last_ms <= 10_000
            assert not stream.unfinished
            assert not stream.events("disconnected")
        waits_ms = [stream.retries_ms[-1] for stream in streams]
        assert len(set(waits_ms)) > STREAMS // 2, "at random, so that they don't all come back at once"
        assert max(waits_ms) - min(waits_ms) > 5000
        cursor = streams[0].last_event_id
        told = [event.data["id"] for event in streams[0].events("message")]

    server.start()
    ids = {message_id for ids_of_one in answered for message_id in ids_of_one}
    assert len(ids) >= 40
    stored = all_ids(server, receiver)
    assert ids <= stored, "a message with a 201 is gone"
    # The last of them may have been committed when the streams had been ended: they come with the cursor.
    with Stream(server, receiver, last_event_id=cursor) as stream:
        stream.wait_for("presence_snapshot")
        stream.wait_count(len(stored) - len(told), "message")
        told += [event.data["id"] for event in stream.events("message")]
    assert told == sorted(stored)
    print(f"\nSIGTERM with {STREAMS} streams and {SENDERS} senders took {took_s:.2f} s")


def test_disconnected_on_shutdown_adds_the_event(server_factory: ServerFactory) -> None:
    server = server_factory(disconnected_on_shutdown=True)
    (user,) = create_users(server, "ann_lee")
    with Stream(server, user) as stream:
        stream.wait_for("presence_snapshot")
        ended_within(server)
        assert stream.wait_end() == "fin"
        assert stream.events()[-1].event == "disconnected"
        assert stream.events()[-1].data == {"status": "disconnected", "reason": "shutdown"}
        assert stream.events()[-1].id is None
        assert 500 <= stream.retries_ms[-1] <= 10_000


def test_the_waits_are_a_setting(server_factory: ServerFactory) -> None:
    server = server_factory(shutdown_retry_min_s=0.25, shutdown_retry_max_s=0.25)
    (user,) = create_users(server, "ann_lee")
    with Stream(server, user) as stream:
        stream.wait_for("presence_snapshot")
        ended_within(server)
        stream.wait_end()
        assert stream.retries_ms == [3000, 250]


@pytest.mark.parametrize("shutdown_timeout_s", [4, 0.5])
def test_i4_a_reader_that_never_reads_does_not_hold_it_up(
    server_factory: ServerFactory, shutdown_timeout_s: float
) -> None:
    server = server_factory(limits=False, shutdown_timeout_s=shutdown_timeout_s)
    ann, bob = create_users(server, "ann_lee", "bob_ray")
    with (
        api(server, ann) as client,
        Stream(server, bob, reading=False, rcvbuf_bytes=4096) as stuck,
        Stream(server, bob) as healthy,
    ):
        for number in range(100):
            send(client, bob, f"{number} {'x' * 9000}")
        healthy.wait_count(100, "message")
        took_s = ended_within(server)
        assert healthy.wait_end() == "fin"
        assert healthy.retries_ms[-1] != 3000
        stuck.resume()
        stuck.wait_end()
        assert len(stuck.events("message")) < 100, "it was behind, or this proves nothing"
    print(f"\nSIGTERM with a reader that never reads took {took_s:.2f} s of {shutdown_timeout_s} s")


def test_sigterm_twice_and_sigint_end_it_as_well(server_factory: ServerFactory) -> None:
    for signals in (["TERM", "TERM"], ["INT"]):
        server = server_factory()
        (user,) = create_users(server, "ann_lee")
        with Stream(server, user) as stream:
            stream.wait_for("presence_snapshot")
            for name in signals:
                subprocess.run(["kill", f"-{name}", str(server.pid)], check=True)
            assert stream.wait_end() == "fin"
            assert not stream.events("disconnected")
        ended_within(server)


@pytest.mark.parametrize("how", ["SIGTERM", "kill -9"])
def test_a_page_of_the_guide_is_connected_again_by_itself(
    server_factory: ServerFactory, page: Page, page_server: Callable[..., PageServer], how: str
) -> None:
    pages = page_server(port=0)
    server = server_factory(cors_origins=pages.origin, retry_ms=500, shutdown_retry_max_s=2)
    ann, bob = create_users(server, "ann_lee", "bob_ray")
    page.set_default_timeout(WAITING_BROWSER_MS)
    page.goto(pages.origin)
    page.evaluate(GUIDE, f"{server.url}{EVENTS_PATH}?token={bob.token}")
    page.wait_for_function("() => got.some(one => one[0] === 'connected')")  # and has had nothing else
    if how == "SIGTERM":
        ended_within(server)
    else:
        server.kill()
    page.wait_for_function("() => source.readyState === EventSource.CONNECTING")
    server.start()
    with api(server, ann) as client:
        send(client, bob, "sent meanwhile")
        page.wait_for_function("() => got.some(one => one[0] === 'message')")
        send(client, bob, "live again")
        page.wait_for_function("() => got.filter(one => one[0] === 'message').length > 1")
    assert page.evaluate("() => source.readyState") == 1
    got = page.evaluate("() => got.filter(one => one[0] !== 'heartbeat')")
    page.evaluate("() => source.close()")
    assert [name for name, _ in got] == ["open", "connected", "open", "connected", "message", "message"]
    assert [data["message"] for name, data in got if name == "message"] == ["sent meanwhile", "live again"]


def test_a_page_of_the_guide_stays_away_after_disconnected(
    server_factory: ServerFactory, page: Page, page_server: Callable[..., PageServer]
) -> None:
    pages = page_server(port=0)
    server = server_factory(cors_origins=pages.origin, disconnected_on_shutdown=True)
    (bob,) = create_users(server, "bob_ray")
    page.goto(pages.origin)
    page.evaluate(GUIDE, f"{server.url}{EVENTS_PATH}?token={bob.token}")
    page.wait_for_function("() => got.some(one => one[0] === 'connected')")
    ended_within(server)
    page.wait_for_function("() => source.readyState === EventSource.CLOSED")
    assert page.evaluate("() => got.at(-1)") == ["disconnected", {"status": "disconnected", "reason": "shutdown"}]


# A socket that a supervisor holds


@contextmanager
def activated(server: ServerProcess, listening: socket.socket) -> Iterator[subprocess.Popen[str]]:
    """The server on a socket that it inherits, as systemd hands it over; SIGTERM at the end."""
    descriptor = listening.fileno()
    command = [sys.executable, "-c", HANDOVER, str(descriptor), "-W", "default", str(ROOT / "server.py")]
    with server.log_path.open("ab") as log:
        process = subprocess.Popen(
            [*command, "--data-dir", str(server.data_dir), "--address", "192.0.2.1", "--port", "1"],
            cwd=ROOT,
            env=server.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            pass_fds=[descriptor],
        )
    try:
        assert process.stdout is not None
        with process.stdout:
            host, port = listening.getsockname()
            assert process.stdout.readline() == f"listening on http://{host}:{port}\n", server.log()
            yield process
            process.terminate()
            assert process.wait(STOP_S) == 0
    finally:
        process.kill()
        process.wait()


def test_an_inherited_socket_refuses_nobody_over_a_restart(server_factory: ServerFactory) -> None:
    server = server_factory(start=False)
    ann, bob = create_users(server, "ann_lee", "bob_ray")
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening, ExitStack() as stack:
        server.port = listening.getsockname()[1]
        with activated(server, listening) as process, api(server, ann) as client:
            stream = stack.enter_context(Stream(server, bob))
            stream.wait_for("presence_snapshot")
            send(client, bob, "before")
            stream.wait_for("message", message="before")
            process.terminate()
            assert stream.wait_end() == "fin"
            assert process.wait(STOP_S) == 0

            # Nobody serves now. Who connects waits instead of being refused.
            body = json.dumps({"receiver_id": bob.id, "message": "meanwhile"}).encode()
            waiting = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
            waiting.sendall(
                f"POST /api/v1/{CHATS} HTTP/1.1\r\nHost: campus\r\nAuthorization: Token {ann.token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                + body
            )
            with ThreadPoolExecutor(1) as pool:
                back = pool.submit(Stream, server, bob, last_event_id=stream.last_event_id)
                with activated(server, listening):
                    answer = b"".join(iter(lambda: waiting.recv(65536), b""))
                    assert answer.startswith(b"HTTP/1.1 201 ")
                    with back.result(60) as again:
                        again.wait_for("message", message="meanwhile")
                        assert [event.data["message"] for event in again.events("message")] == ["meanwhile"]


def test_a_socket_for_another_process_is_not_taken(server_factory: ServerFactory) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = server_factory(env={"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())})
        assert server.port != other.getsockname()[1]
        (ann,) = create_tokens(server, [create_users(server, "ann_lee")[0].username])
        with Stream(server, ann) as stream:
            stream.wait_for("connected")


def test_logins_that_wait_for_their_turn_do_not_hold_it_up(server_factory: ServerFactory) -> None:
    server = server_factory(bcrypt_cost=12)
    with ThreadPoolExecutor(30) as pool, httpx.Client(base_url=server.url) as client:
        waiting = [
            pool.submit(
                httpx.post,
                f"{server.url}/api/v1/auth/login/",
                json={"username": f"nobody_{number}", "password": "wrongPassword1"},
                timeout=30,
            )
            for number in range(30)
        ]
        while client.get("/healthz").status_code != 200 or not any(one.done() for one in waiting):
            pass  # each look is a request: the first login is through, and the others wait
        ended_within(server)
        codes = {one.result().status_code for one in waiting if one.exception() is None}
    assert codes <= {400, 503}
    assert 400 in codes
