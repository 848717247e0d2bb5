"""realtime/links.py and the hub: references become addresses, each stream its own; what people write stays as it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import frame
from realtime.links import REFERENCE, absolute
from tests.realtime.support import Core, run

PATH = "/files/" + "a" * 40 + "/x.png"
# Everything that looks like a reference and is none.
LOOKALIKES = [
    "\\u0000/files/x",
    '"\\u0000/files/x',
    '\\"\\u0000/',
    "a\0/files/x",
    '"',
    "\\",
    '\\"',
    PATH,
    '","x":"\\u0000/',
]


def dumped(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=True, separators=(",", ":")).encode()


@given(
    st.dictionaries(st.text(), st.text().filter(lambda text: not text.startswith("\0"))),
    st.lists(st.sampled_from(LOOKALIKES)),
)
def test_no_text_is_touched(texts: dict[str, str], more: list[str]) -> None:
    data = {"texts": texts, "more": more, "joined": "".join(more)}
    if any(key.startswith("\0") for key in texts):
        return
    text = dumped(data)
    assert absolute(text, "https://campus.example") is text
    with_file = dumped({**data, "attachment": "\0" + PATH})
    assert json.loads(absolute(with_file, "https://campus.example")) == {
        **data,
        "attachment": "https://campus.example" + PATH,
    }


@pytest.mark.parametrize("base_url", ['http://a"b', "http://a\\b", "http://\xe9", "http://a\nb", "https://a.example/x"])
def test_any_address_leaves_json_and_one_line(base_url: str) -> None:
    text = absolute(dumped({"attachment": "\0" + PATH, "other": ["\0" + PATH]}), base_url)
    assert json.loads(text) == {"attachment": base_url + PATH, "other": [base_url + PATH]}
    assert b"\n" not in text
    assert REFERENCE not in text


def test_i3_each_stream_gets_its_own_address() -> None:
    async def test(core: Core) -> None:
        peers = []
        for base_url in ("https://a.example", "https://b.example", "https://a.example"):
            subscriber, peer = await core.live()
            subscriber.base_url = base_url
            peers.append((base_url, peer))
        data = dumped({"message": PATH, "attachment": "\0" + PATH}).decode()
        core.hub.publish(["user:1"], frame.encode("message", data, 1), 1)
        for base_url, peer in peers:
            await peer.read_count(1)
            (event,) = peer.named("message")
            assert json.loads(event.text) == {"message": PATH, "attachment": base_url + PATH}

    run(test)
