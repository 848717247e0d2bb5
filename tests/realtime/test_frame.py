"""The wire format, read by a parser that shares nothing with the encoder."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import frame
from tests.support.eventstream import Dispatched, Parser

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def read(data: bytes) -> list[Dispatched]:
    parser = Parser()
    events = parser.feed(data)
    assert parser.violations == []
    assert not parser.unfinished
    return events


@given(st.dictionaries(st.text(), JSON, max_size=4), st.none() | st.integers(0, 2**53), st.none() | st.integers(0))
def test_any_data_arrives_equal_with_its_id_and_its_retry(
    data: dict[str, Any], event_id: int | None, retry_ms: int | None
) -> None:
    encoded = frame.encode("message", data, event_id, retry_ms)
    (event,) = read(encoded)
    assert json.loads(event.text) == data
    assert (event.event, event.id, event.retry_ms) == (
        "message",
        None if event_id is None else str(event_id),
        retry_ms,
    )
    assert encoded.isascii()


@pytest.mark.parametrize(
    "text", ["\r\n", "a\nid: 9\n\nevent: message", "\u2028\u2029\u0085\x0b\x0c", "😀" * 10_000, "\0"]
)
def test_no_text_ends_a_line_or_begins_a_field(text: str) -> None:
    encoded = frame.encode("message", {"message": text}, 3)
    assert encoded.count(b"\n") == 4
    assert b"\r" not in encoded
    assert json.loads(read(encoded)[0].text) == {"message": text}


def test_the_guides_connected_is_these_bytes() -> None:
    data = {"status": "connected", "user_id": 789}
    expected = b'event: connected\ndata: {"status":"connected","user_id":789}\n'
    assert frame.encode("connected", data) == expected + b"\n"
    assert frame.encode("connected", data, 0, 3000) == b"id: 0\n" + expected + b"retry: 3000\n\n"


def test_text_of_the_log_goes_out_as_it_is() -> None:
    assert frame.encode("message", '{"a":"\\u2028"}', 7) == b'id: 7\nevent: message\ndata: {"a":"\\u2028"}\n\n'


@pytest.mark.parametrize("text", ['{"a":\n1}', '{"a":1}\r', "\n\nevent: message"])
def test_text_of_more_than_a_line_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        frame.encode("message", text, 1)


def test_text_beyond_ascii_is_refused() -> None:
    with pytest.raises(ValueError, match="ascii"):
        frame.encode("message", '{"a":"\u2028"}', 1)


@pytest.mark.parametrize("event", ["", "Message", "a b", "a\n", "a\r", "_a", "a:b", "é", "message\ndata: x"])
def test_a_name_that_is_none_is_refused_each_time(event: str) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="event name"):
            frame.encode(event, {})


def test_i6_without_an_id_there_is_no_id_line() -> None:
    assert b"id" not in frame.encode("heartbeat", {"timestamp": 1736419800.123})
    assert frame.encode("heartbeat", {"timestamp": 1736419800.123}).startswith(b"event: heartbeat\ndata: ")


def test_retry_alone_dispatches_nothing() -> None:
    parser = Parser()
    assert parser.feed(frame.retry(512)) == []
    assert (parser.retries_ms, parser.violations, parser.unfinished) == ([512], [], False)


def test_decode_gives_back_what_encode_was_given() -> None:
    data = {"text": "a: b\n\n\u2028", "n": [1, None]}
    frames = frame.encode("message", data, 7) + frame.retry(500) + frame.encode("connected", "{}", 0, 3000)
    first, second = frame.decode(frames)
    assert (first.event, json.loads(first.data), first.id) == ("message", data, 7)
    assert second == ("connected", "{}", 0)
    assert next(frame.decode(frame.encode("typing", data))).id is None
    assert list(frame.decode(frame.retry(500))) == list(frame.decode(b"")) == []
