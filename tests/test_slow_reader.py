"""Readers that do not keep up, plain and over TLS: bounded memory, nobody else waits, nothing is lost or cut (I5)."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.campus import User, api, create_users, send
from tests.support.narrow import Narrow
from tests.support.server import ServerFactory, ServerProcess
from tests.support.sse import Stream
from tests.support.tls import Certificate

MIB = 1 << 20
EVENTS = 2000
EVENT_BYTES = 4096
WARM_EVENTS = 1000
SENDERS = 4
OUTBOX_BYTES = 262_144
WAIT_S = 60.0
PROMPT_S = 2.0
GROWTH_BYTES = 2 * MIB


class Wire:
    """Plain or TLS: the server's settings for it, and what a client connects with."""

    def __init__(self, certificate: Certificate | None, folder: Path) -> None:
        self.settings: dict[str, Any] = dict(certificate.write(folder)) if certificate else {}
        self.tls: ssl.SSLContext | None = certificate.client if certificate else None


@pytest.fixture(params=["plain", "tls"])
def wire(request: pytest.FixtureRequest, certificate: Certificate, tmp_path: Path) -> Wire:
    return Wire(certificate if request.param == "tls" else None, tmp_path)


def send_all(server: ServerProcess, wire: Wire, sender: User, receiver: User, texts: list[str]) -> dict[str, float]:
    """Send these, several at a time; when each was answered."""
    waiting = iter(texts)
    answered_s: dict[str, float] = {}
    taking = threading.Lock()

    def work() -> None:
        with api(server, sender, tls=wire.tls) as client:
            while True:
                with taking:
                    text = next(waiting, None)
                if text is None:
                    return
                send(client, receiver, text)
                answered_s[text] = time.monotonic()

    with ThreadPoolExecutor(SENDERS) as pool:
        for done in [pool.submit(work) for _ in range(SENDERS)]:
            done.result()
    return answered_s


def texts(count: int, size: int = EVENT_BYTES) -> list[str]:
    return [f"{number:05} ".ljust(size, "x") for number in range(count)]


def stream_number(server: ServerProcess, user: User, which: int) -> int:
    """What the log calls the user's stream that opened as the which-th."""
    found = server.wait_log(
        rf"(?:stream \d+ of user {user.id} opens[\s\S]*?){{{which}}}stream (\d+) of user {user.id} opens"
    )
    return int(found[1])


def lagged(server: ServerProcess, number: int) -> int:
    """How often a stream lagged, as the log tells at its end."""
    return int(server.wait_log(rf"stream {number} of user \d+ ends after \d+ s, lagged (\d+) times")[1])


def test_i5_a_reader_that_stops_is_lagged_and_later_gets_every_event_once(
    server_factory: ServerFactory, wire: Wire
) -> None:
    # The reader stands still for as long as the sends take, and is not to be given up meanwhile.
    server = server_factory(access_log=True, heartbeat_s=1, send_timeout_s=WAIT_S, **wire.settings)
    sender, receiver, warm = create_users(server, "sender", "receiver", "warm")
    send_all(server, wire, sender, warm, texts(WARM_EVENTS))  # the caches of Python and SQLite are full now
    with (
        Stream(server, receiver, tls=wire.tls, rcvbuf_bytes=4096) as slow,
        Stream(server, receiver, tls=wire.tls) as fast,
    ):
        for stream in (slow, fast):
            stream.wait_for("presence_snapshot")
        slow.pause()
        before_bytes = server.rss_bytes()
        sent = texts(EVENTS)
        answered_s = send_all(server, wire, sender, receiver, sent)
        grown_bytes = server.rss_bytes() - before_bytes

        in_order = fast.wait_count(EVENTS, "message", timeout_s=WAIT_S)
        late_s = max(event.at_s - answered_s[event.data["message"]] for event in in_order)
        assert sorted(event.data["message"] for event in in_order) == sent
        assert late_s < PROMPT_S, "another stream waited for the slow one"
        assert len(slow.events("message")) < EVENTS // 10, "it was stuck all the while"
        assert grown_bytes < GROWTH_BYTES, f"the server grew by {grown_bytes} bytes while 8 MB were pending"

        slow.resume()
        caught_up = slow.wait_count(EVENTS, "message", timeout_s=WAIT_S)
        assert [(one.id, one.text) for one in caught_up] == [(one.id, one.text) for one in in_order]
        with api(server, sender, tls=wire.tls) as client:
            send(client, receiver, "live again")
        for stream in (slow, fast):
            stream.wait_for("message", message="live again", timeout_s=WAIT_S)
            assert len(stream.events("message")) == EVENTS + 1
            assert not stream.unfinished
    slow_lagged, fast_lagged = (lagged(server, stream_number(server, receiver, which)) for which in (0, 1))
    assert slow_lagged >= 1
    assert fast_lagged == 0
    print(f"the server grew by {grown_bytes} bytes; the slow stream lagged {slow_lagged} times")
    print(f"the other stream had the latest of its events {late_s:.3f} s after the answer")


def test_i5_a_reader_that_never_reads_again_is_closed_after_the_send_timeout(
    server_factory: ServerFactory, wire: Wire
) -> None:
    server = server_factory(access_log=True, send_timeout_s=1, send_buffer_bytes=4096, **wire.settings)
    sender, receiver = create_users(server, "sender", "receiver")
    with (
        Stream(server, receiver, tls=wire.tls, rcvbuf_bytes=4096) as stuck,
        Stream(server, receiver, tls=wire.tls) as other,
    ):
        for stream in (stuck, other):
            stream.wait_for("presence_snapshot")
        stuck.pause()
        send_all(server, wire, sender, receiver, texts(30))
        sent_s = time.monotonic()
        server.wait_log(rf"a stream of user {receiver.id} is closed: its peer accepts nothing")
        closed_s = time.monotonic() - sent_s
        stuck.resume()
        assert stuck.wait_end() in ("fin", "rst")
        assert len(stuck.events("message")) < 30
        with api(server, sender, tls=wire.tls) as client:
            send(client, receiver, "still here")
        other.wait_for("message", message="still here")
    print(f"closed {closed_s:.2f} s after the last send")


@pytest.fixture
def narrow() -> Iterator[Callable[[ServerProcess, int], Narrow]]:
    """`narrow(server, bytes_per_s)` is a link to that server."""
    made: list[Narrow] = []

    def factory(server: ServerProcess, bytes_per_s: int) -> Narrow:
        made.append(Narrow(server.port, bytes_per_s))
        return made[-1]

    yield factory
    for one in made:
        one.close()


def test_i5_a_reader_so_slow_that_each_write_outlasts_the_send_timeout_is_not_closed(
    server_factory: ServerFactory, wire: Wire, narrow: Callable[[ServerProcess, int], Narrow]
) -> None:
    server = server_factory(access_log=True, send_timeout_s=3, send_buffer_bytes=4096, **wire.settings)
    sender, receiver = create_users(server, "sender", "receiver")
    link = narrow(server, 1024)
    with (
        Stream(link.port, receiver, tls=wire.tls) as stream,
        api(server, sender, tls=wire.tls) as client,
    ):
        stream.wait_for("presence_snapshot")
        sent = ["😀" * 10_000, "second"]  # the first goes out as 120 KB: a write of two minutes
        for text in sent:
            send(client, receiver, text)
        begin_s = time.monotonic()
        link.wait_passed(link.passed_bytes + 7 * 1024)
        assert time.monotonic() - begin_s > 2 * 3, "twice the send timeout has gone by"
        assert stream.events("message") == []
        assert stream.ended is None
        link.open_wide()
        assert [one.data["message"] for one in stream.wait_count(2, "message")] == sent
    assert "accepts nothing" not in server.log()


def test_i5_memory_of_many_slow_readers_is_bounded(server_factory: ServerFactory) -> None:
    server = server_factory(access_log=True)
    sender, receiver, warm = create_users(server, "sender", "receiver", "warm")
    wire = Wire(None, server.data_dir)
    send_all(server, wire, sender, warm, texts(WARM_EVENTS))
    streams = [Stream(server, receiver, rcvbuf_bytes=4096) for _ in range(40)]
    try:
        for stream in streams:
            stream.wait_for("presence_snapshot")
            stream.pause()
        before_bytes = server.rss_bytes()
        send_all(server, wire, sender, receiver, texts(600))
        grown_bytes = server.rss_bytes() - before_bytes
        assert grown_bytes < len(streams) * OUTBOX_BYTES, f"the server grew by {grown_bytes} bytes"
        for stream in streams:
            stream.resume()
        for stream in streams:
            assert len(stream.wait_count(600, "message", timeout_s=WAIT_S)) == 600
    finally:
        for stream in streams:
            stream.close()
    print(f"40 slow readers, 2.4 MB each: grown by {grown_bytes} bytes")
