"""The tests' own reader of streams: the parser against the standard's examples and rules, the socket against a small
server that says exactly what it is told."""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.eventstream import Dispatched, Parser
from tests.support.sse import Stream
from tests.support.tls import Certificate

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def events(text: str | bytes) -> list[tuple[str, str]]:
    chunk = text.encode() if isinstance(text, str) else text
    return [(one.event, one.text) for one in Parser().feed(chunk)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data: YHOO\ndata: +2\ndata: 10\n\n", [("message", "YHOO\n+2\n10")]),
        (
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            [("message", "first event"), ("message", "second event"), ("message", " third event")],
        ),
        ("data\n\ndata\ndata\n\ndata:", [("message", ""), ("message", "\n")]),
        ("data:test\n\ndata: test\n\n", [("message", "test"), ("message", "test")]),
        ("event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n", [("add", "73857293"), ("remove", "2153")]),
        ("event: none\n\ndata: x\n\n", [("message", "x")]),
        ("\ufeffdata: x\n\n", [("message", "x")]),
        ("\ufeff\ufeffdata: x\n\ndata: y\n\n", [("message", "y")]),
        ("data: x\r\n\r\ndata: y\r\rdata: z\n\n", [("message", "x"), ("message", "y"), ("message", "z")]),
        ("data: a\u2028b\u0085c\x0bd\n\n", [("message", "a\u2028b\u0085c\x0bd")]),
        ("Data: x\n data: y\ndata : z\n\n", []),
        ("data: x\n", []),
        ("data: a: b\n\n", [("message", "a: b")]),
        (b"data: \xff\n\n", [("message", "\ufffd")]),
    ],
)
def test_what_the_standard_says_of_lines_and_fields(text: str | bytes, expected: list[tuple[str, str]]) -> None:
    assert events(text) == expected


def test_the_id_stays_until_another_comes_and_an_empty_one_clears_it() -> None:
    parser = Parser()
    found = parser.feed(b"id: 7\ndata: 1\n\ndata: 2\n\nid\ndata: 3\n\nid: 9\0\ndata: 4\n\n")
    assert [(one.id, one.last_event_id) for one in found] == [("7", "7"), (None, "7"), ("", ""), (None, "")]


def test_an_id_without_data_counts_for_the_next_connection() -> None:
    parser = Parser()
    assert parser.feed(b"id: 5\n\n") == []
    assert parser.last_event_id == "5"


def test_an_id_counts_when_its_block_has_ended() -> None:
    parser = Parser("3")
    parser.feed(b"data: 1\n\nid: 4\ndata: 2\n")
    assert parser.last_event_id == "3"
    assert parser.feed(b"\n")[0].last_event_id == "4"
    assert parser.last_event_id == "4"


def test_retry_takes_ascii_digits_alone() -> None:
    parser = Parser()
    parser.feed("retry: 3000\n\nretry: 1e3\n\nretry: -1\n\nretry: ٣\n\nretry\n\nretry: 500\ndata: 1\n\n".encode())
    assert parser.retries_ms == [3000, 500]
    assert parser.retry_ms == 500


def test_comments_are_kept_apart() -> None:
    parser = Parser()
    assert parser.feed(b": hello\n:\ndata: 1\n\n")[0].text == "1"
    assert parser.comments == [" hello", ""]


@given(
    st.lists(st.sampled_from(["data: {}", "data", "event: x", "id: 1", ":", "retry: 1", "", "", "é\u2028😀"])),
    st.lists(st.sampled_from(["\n", "\r", "\r\n"]), min_size=1),
    st.lists(st.integers(0, 200)),
)
def test_pieces_of_any_size_give_the_same_events(lines: list[str], ends: list[str], cuts: list[int]) -> None:
    data = "".join(line + ends[i % len(ends)] for i, line in enumerate(lines)).encode()
    whole, pieces = Parser(), Parser()
    expected = whole.feed(data)
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    found: list[Dispatched] = []
    for start, end in itertools.pairwise(edges):
        found += pieces.feed(data[start:end])
    assert found == expected
    assert pieces.last_event_id == whole.last_event_id
    assert pieces.unfinished == whole.unfinished


@pytest.mark.parametrize(
    "text",
    [
        'id: 12\nevent: message\ndata: {"id":1,"t":"\\u2028","f":1736419800.123}\n\n',
        "retry: 3000\n\n",
        'retry: 3000\nevent: connected\ndata: {"status":"connected","user_id":789}\nid: 0\n\n',
        "id: 3\nevent: resync\ndata: {}\n\nevent: heartbeat\ndata: {}\n\nid: 4\nevent: message\ndata: {}\n\n",
        "id: 3\nevent: message\ndata: {}\n\nid: 3\nevent: resync\ndata: {}\n\n",
    ],
)
def test_the_servers_own_wire_format_is_no_violation(text: str) -> None:
    parser = Parser()
    parser.feed(text.encode())
    assert parser.violations == []
    assert not parser.unfinished


@pytest.mark.parametrize(
    "text",
    [
        "event: message\r\ndata: {}\n\n",
        'event: message\ndata: {"a":"é"}\n\n',
        'event: message\ndata: {"a": 1}\n\n',
        "event: message\ndata: {\ndata: }\n\n",
        "event: message\ndata: {]\n\n",
        "event: message\ndata: NaN\n\n",
        "event: message\ndata:{}\n\n",
        "event: message\nid: \ndata: {}\n\n",
        "event: message\nid: x7\ndata: {}\n\n",
        "event: message\nid: 07\ndata: {}\n\n",
        "id: 7\n\n",
        "event: message\n\n",
        "data: {}\n\n",
        "event: a b\ndata: {}\n\n",
        "event: message\nevent: message\ndata: {}\n\n",
        "event: message\ndata: {}\nextra: 1\n\n",
        "event: message\ndata: {}\n\n\n",
        "retry: soon\n\n",
        "id: 2\nevent: message\ndata: {}\n\nid: 2\nevent: message\ndata: {}\n\n",
        "id: 2\nevent: message\ndata: {}\n\nid: 1\nevent: resync\ndata: {}\n\n",
    ],
)
def test_what_the_servers_wire_format_does_not_have_is_a_violation(text: str) -> None:
    parser = Parser()
    parser.feed(text.encode())
    assert parser.violations


def test_a_cut_frame_is_seen() -> None:
    parser = Parser()
    for chunk, unfinished in [(b"data: 1", True), (b"\n", True), (b"\n", False), (b"\xc3", True)]:
        parser.feed(chunk)
        assert parser.unfinished is unfinished


class Scripted:
    """A listening socket whose one connection is handed to the test."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.request = b""
        self._thread: threading.Thread | None = None

    def serve(self, script: Callable[[socket.socket], None]) -> None:
        """Take one connection in a thread, read its request, and run the script on it."""

        def run() -> None:
            peer, _ = self._listener.accept()
            with peer:
                while b"\r\n\r\n" not in self.request:
                    self.request += peer.recv(4096)
                with contextlib.suppress(ConnectionError, ssl.SSLError):  # the client went away, as some tests have it
                    script(peer)

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        if self._thread is not None:
            self._thread.join(30)
        self._listener.close()


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.close()


def frame(number: int, size: int = 0) -> bytes:
    return b'id: %d\nevent: message\ndata: {"n":%d,"pad":"%s"}\n\n' % (number, number, b"x" * size)


def test_a_stream_has_its_head_its_events_and_its_end(scripted: Scripted) -> None:
    scripted.serve(lambda peer: peer.sendall(HEAD + b"retry: 3000\n\n" + frame(1) + frame(2)))
    with Stream(scripted.port, "k" * 40, last_event_id=0) as stream:
        assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream")
        second = stream.wait_for(lambda event: event.data["n"] == 2)
        assert (second.event, second.id, second.last_event_id) == ("message", 2, 2)
        assert stream.wait_end() == "fin"
        assert [event.data["n"] for event in stream.events("message")] == [1, 2]
        assert (stream.last_event_id, stream.retry_ms, stream.unfinished) == (2, 3000, False)
    assert b"last-event-id: 0\r\n" in scripted.request.lower()
    assert b"token=" + b"k" * 40 in scripted.request


def test_a_refusal_has_its_body(scripted: Scripted) -> None:
    body = b'event: error\ndata: {"error":"Unauthorized"}\n\n'
    scripted.serve(lambda peer: peer.sendall(HEAD.replace(b"200 OK", b"401 Unauthorized") + body))
    with Stream(scripted.port) as stream:
        assert stream.status == 401
        assert stream.wait_for("error").data == {"error": "Unauthorized"}
        assert stream.raw == body


def test_a_chunked_answer_is_read_too(scripted: Scripted) -> None:
    chunks = HEAD.replace(b"Connection: close", b"Transfer-Encoding: chunked")
    parts = [frame(1)[:9], frame(1)[9:], frame(2)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    scripted.serve(lambda peer: peer.sendall(chunks + body))
    with Stream(scripted.port) as stream:
        assert stream.wait_end() == "fin"
        assert stream.raw == frame(1) + frame(2)


def test_a_violation_fails_the_test_that_reads_it(scripted: Scripted) -> None:
    scripted.serve(lambda peer: peer.sendall(HEAD + frame(2) + frame(1)))
    stream = Stream(scripted.port)
    with pytest.raises(AssertionError, match="id 1 after 2"):
        stream.wait_end()
    with pytest.raises(AssertionError, match="id 1 after 2"):
        stream.close()


def test_waiting_for_what_cannot_come_any_more_ends_at_once(scripted: Scripted) -> None:
    scripted.serve(lambda peer: peer.sendall(HEAD + frame(1)))
    with Stream(scripted.port) as stream, pytest.raises(AssertionError, match="ended"):
        stream.wait_for("typing", timeout_s=1000)


def test_read_bytes_takes_exactly_so_many_and_the_cursor_is_of_them_alone(scripted: Scripted) -> None:
    def script(peer: socket.socket) -> None:
        peer.sendall(HEAD + frame(1) + frame(2))
        peer.recv(1)

    scripted.serve(script)
    with Stream(scripted.port, reading=False) as stream:
        assert stream.read_bytes(len(frame(1)) - 1) == frame(1)[:-1]
        assert (stream.last_event_id, stream.unfinished, stream.events()) == (None, True, [])
        assert stream.read_bytes(1) == b"\n"
        assert (stream.last_event_id, stream.unfinished) == (1, False)
        stream.cut("rst")
        assert stream.events("message") == [stream.wait_for("message")]


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_cut_is_seen_by_the_server(scripted: Scripted, how: str) -> None:
    seen: list[str] = []

    def script(peer: socket.socket) -> None:
        peer.sendall(HEAD + frame(1))
        try:
            seen.append("fin" if peer.recv(1) == b"" else "data")
        except ConnectionResetError:
            seen.append("rst")

    scripted.serve(script)
    with Stream(scripted.port) as stream:
        stream.wait_for("message")
        stream.cut(how)
    scripted.close()
    assert seen == [how]


def test_a_paused_reader_lets_the_peers_socket_fill(scripted: Scripted) -> None:
    full = threading.Event()
    total = 400

    def script(peer: socket.socket) -> None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        peer.sendall(HEAD)
        data = b"".join(frame(number, 4000) for number in range(1, total + 1))
        peer.setblocking(False)
        sent = 0
        while sent < len(data):
            try:
                sent += peer.send(data[sent : sent + 65536])
            except BlockingIOError:
                break
        full.set()
        peer.setblocking(True)
        peer.sendall(data[sent:])

    scripted.serve(script)
    with Stream(scripted.port, reading=False, rcvbuf_bytes=4096) as stream:
        assert full.wait(30)
        assert stream.events() == []
        stream.resume()
        assert len(stream.wait_count(total, "message")) == total
        assert stream.wait_end() == "fin"


def test_a_stream_over_tls(scripted: Scripted) -> None:
    certificate = Certificate()

    def script(peer: socket.socket) -> None:
        peer.sendall(HEAD + frame(1, 40000) + frame(2))
        peer.unwrap()  # type: ignore[attr-defined]

    plain = scripted._listener
    scripted._listener = certificate.server.wrap_socket(plain, server_side=True)
    scripted.serve(script)
    with Stream(scripted.port, tls=certificate.client, reading=False) as stream:
        assert stream.read_bytes(5) == b"id: 1"
        stream.resume()
        assert stream.wait_end() == "fin"
        assert [event.id for event in stream.events()] == [1, 2]
