"""The client's parser, in the browser, by the HTML standard's section 9.2.6: what is an event, and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.clients.pages import PLACE
from tests.clients.people import Campus

# Each piece as Latin-1 or as a list of bytes; all events that come of it.
_PARSE = """async (pieces) => {
    const {Parser} = await import('/static/client/parser.js');
    const events = [], retries = [];
    const parser = new Parser({onEvent: (event) => events.push(event), onRetry: (ms) => retries.push(ms)});
    for (const piece of pieces) parser.feed(Uint8Array.from(piece));
    return {events: events.map(({event, data, id}) => [event, data, id]), retries, last: parser.lastEventId};
}"""


@pytest.fixture(scope="module")
def page(named_browser: Browser, shared: Campus) -> Iterator[Page]:
    page = named_browser.new_page()
    page.goto(shared.server.url + PLACE)
    yield page
    page.close()


def parse(page: Page, *pieces: bytes) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(_PARSE, [list(piece) for piece in pieces])
    return found


CASES: list[tuple[str, bytes, list[list[str | None]]]] = [
    ("a message", b"data: hello\n\n", [["message", "hello", None]]),
    ("a type and an id", b"id: 7\nevent: typing\ndata: {}\n\n", [["typing", "{}", "7"]]),
    ("one space goes and no more", b"data:  two\ndata:none\n\n", [["message", " two\nnone", None]]),
    ("lines are joined", b"data: a\ndata\ndata: b\n\n", [["message", "a\n\nb", None]]),
    ("empty data is data", b"data\n\ndata:\n\n", [["message", "", None], ["message", "", None]]),
    ("no data is no event", b"event: x\nid: 3\n\ndata: a\n\n", [["message", "a", None]]),
    ("a comment", b": x\n:\ndata: a\n: data: b\n\n", [["message", "a", None]]),
    ("an unknown field", b"Data: x\ndatum: y\ndata: a\nfoo\n\n", [["message", "a", None]]),
    ("CR alone", b"data: a\rdata: b\r\rdata: c\r\r", [["message", "a\nb", None], ["message", "c", None]]),
    ("CR LF", b"data: a\r\n\r\ndata: b\r\n\r\n", [["message", "a", None], ["message", "b", None]]),
    ("an end without a blank line", b"data: a\n\ndata: b\n", [["message", "a", None]]),
    ("a byte order mark", b"\xef\xbb\xbfdata: a\n\n", [["message", "a", None]]),
    ("NUL in an id", b"id: 1\x002\ndata: a\n\n", [["message", "a", None]]),
    ("other ends of lines", "data: a\u2028b\u0085c\x0bd\n\n".encode(), [["message", "a\u2028b\u0085c\x0bd", None]]),
    ("what is no UTF-8", b"data: a\xffb\n\n", [["message", "a\ufffdb", None]]),
    ("a colon in the value", b"data: a: b\n\n", [["message", "a: b", None]]),
    ("a type that says nothing", b"event:\ndata: a\n\n", [["message", "a", None]]),
]  # fmt: skip


@pytest.mark.parametrize(("stream", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_stream_is_the_same_however_it_is_cut(page: Page, stream: bytes, expected: list[list[str | None]]) -> None:
    assert parse(page, stream)["events"] == expected
    assert parse(page, *(stream[at : at + 1] for at in range(len(stream))))["events"] == expected
    for at in range(1, len(stream)):
        assert parse(page, stream[:at], b"", stream[at:])["events"] == expected, f"cut at {at}"


def test_the_last_id_stays_and_an_empty_one_ends_it(page: Page) -> None:
    assert parse(page, b"id: 7\ndata: a\n\ndata: b\n\n")["last"] == "7"
    assert parse(page, b"id: 7\n\n")["last"] == "7"
    assert parse(page, b"id: 7\ndata: a\n\nid\ndata: b\n\n")["last"] == ""
    assert parse(page, b"id: 7\ndata: a\n\nid: 8\ndata: b\n")["last"] == "7"


def test_retry_is_digits_and_nothing_else(page: Page) -> None:
    lines = b"retry: 3000\nretry: 1.5\nretry: -1\nretry:\nretry: 1e3\nretry: 0\n\n"
    assert parse(page, lines)["retries"] == [3000, 0]
