"""Texts that break encoders and parsers arrive equal: live, replayed and in lists, for httpx-sse and for Chromium."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from httpx_sse import ServerSentEvent, connect_sse
from playwright.sync_api import Page

from tests.support.browser import PageServer
from tests.support.campus import User
from tests.support.refusal import check_refusal
from tests.support.shared import CHATS, ORIGIN, Shared, running
from tests.support.sse import EVENTS_PATH, Stream

MOST = 10_000
TEXTS = {
    "emoji": "😀 👩‍👩‍👧‍👦 🇮🇳 👍🏽 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "line separator": "a\u2028b",
    "paragraph separator": "a\u2029b",
    "next line": "a\u0085b",
    "other line ends": "a\x0bb\x0cc\x1cd\x1de\x1ef",
    "CR LF": "one\r\ntwo\rthree\nfour\r\n\r\nfive",
    "a forged event": "x\n\nid: 9\nevent: disconnected\ndata: {}\n\n: y",
    "a forged event with CR": "x\r\revent: message\rdata: {}\r\r",
    "every control character but NUL": "".join(map(chr, range(1, 32))) + "\x7f" + "".join(map(chr, range(128, 160))),
    "right to left": "مرحبا بالعالم \u202eabc\u202c שלום \u2067x\u2069",
    "combining": "e\u0301 é Z\u0351\u036b\u0343 क्षि 한국 \u1112\u1161\u11ab",
    "not composed and not to be": "\u212b \ufb01 \u2126 \uff21",
    "zero width": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg",
    "nothing but zero width": "\u200b\u2060",
    "a byte order mark first": "\ufeffx",
    "space around": "  \t x \u3000\n ",
    "not characters": "\ufffe\uffff\U0001fffe\U0010ffff\ue000\ufffd",
    "JSON": '{"a":"\\u0000","b":[1,2]}\\',
    "quotes": "\"'`\\/\b",
    "HTML": "<script>alert(1)</script><!--&amp;]]>",
    "templates": "${x} {{x}} %s %n {0} $1 #{x} <%= x %>",
    "SQL": "'; DROP TABLE messages; --",
    "words of other languages": "null undefined NaN true 0 -0 1e1000",
    "an escaped surrogate, as text": r"\ud83d \ud83d\ude00 \\ud800",
    "the longest": "x" * MOST,
    "the longest of emoji": "😀" * MOST,
    "the longest of escapes": '\u2028"\\\n' * (MOST // 4),
    "the longest that combines": "a" + "\u0301" * (MOST - 1),
}  # fmt: skip
REFUSED = {
    "NUL": r'"a\u0000b"',
    "nothing but NUL": r'"\u0000"',
    "a NUL as it is": '"a\0b"',
    "a high surrogate": r'"\ud83d"',
    "a high surrogate before a letter": r'"\ud83dx"',
    "a low surrogate": r'"a\ude00"',
    "two high surrogates": r'"\ud83d\ud83d\ude00"',
    "swapped surrogates": r'"\ude00\ud83d"',
}
# A name is trimmed, and may not be longer than 150.
NAMES = {name: text.strip()[:150].strip() for name, text in TEXTS.items()}


def units(text: str) -> list[int]:
    """The text as UTF-16, which is what JavaScript has."""
    data = text.encode("utf-16-le")
    return list(struct.unpack(f"<{len(data) // 2}H", data))


@pytest.fixture(scope="module")
def pages() -> Iterator[PageServer]:
    with PageServer(0) as pages:
        yield pages


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, pages: PageServer) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("texts"), cors_origins=f"{pages.origin},{ORIGIN}") as found:
        yield found


@contextmanager
def sse(shared: Shared, user: User, **query: int) -> Iterator[Iterator[ServerSentEvent]]:
    """The user's stream as httpx-sse reads it, connected."""
    with (
        shared.api() as client,
        connect_sse(client, "GET", shared.server.url + EVENTS_PATH, params={"token": user.token, **query}) as source,
    ):
        events = source.iter_sse()
        assert next(events).event == "connected"
        yield events


def named(events: Iterator[ServerSentEvent], name: str, count: int) -> list[dict[str, Any]]:
    """The data of the next events of one name."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        event = next(events)
        if event.event == name:
            found.append(event.json())
    return found


def send_all(shared: Shared, sender: User, receiver: User) -> list[dict[str, Any]]:
    """Send every text, escaped and as UTF-8 in turn; the answers."""
    answers = []
    with shared.api(sender) as client:
        for number, text in enumerate(TEXTS.values()):
            body = json.dumps({"receiver_id": receiver.id, "message": text}, ensure_ascii=number % 2 == 0)
            sent = client.post(CHATS, content=body.encode(), headers={"Content-Type": "application/json"})
            assert sent.status_code == 201, sent.text
            answers.append(sent.json())
    return answers


def test_texts_arrive_equal(shared: Shared) -> None:
    ann, bob = shared["ann"], shared["bob"]
    texts = list(TEXTS.values())
    with sse(shared, bob) as at_bob, sse(shared, ann) as at_ann, Stream(shared.server, bob) as wire:
        wire.wait_for("connected")
        sent = send_all(shared, ann, bob)
        assert [message["message"] for message in sent] == texts
        assert [data["message"] for data in named(at_bob, "message", len(texts))] == texts
        assert [data["message"] for data in named(at_ann, "message_sent", len(texts))] == texts
        # The strict reader besides: it finds fault with whatever the wire format does not have.
        assert [event.data["message"] for event in wire.wait_count(len(texts), "message")] == texts
    with sse(shared, bob, last_event_id=0) as replayed:
        assert [data["message"] for data in named(replayed, "message", len(texts))] == texts
    with shared.api(bob) as client:
        history = client.get(f"{CHATS}conversation/{ann.id}/").json()["messages"]
        assert [message["message"] for message in history][::-1] == texts
        page = client.get(CHATS, params={"ordering": "timestamp", "page_size": 100}).json()["results"]
        assert [message["message"] for message in page] == texts
        assert client.get(f"{CHATS}{sent[0]['id']}/").json()["message"] == texts[0]
        (conversation,) = client.get(CHATS + "conversations/").json()
        assert conversation["last_message"] == texts[-1][:100]


def test_texts_arrive_equal_in_chromium(shared: Shared, pages: PageServer, page: Page) -> None:
    cy, pat = shared["cy"], shared["pat"]
    page.goto(pages.origin)
    page.evaluate(
        """url => new Promise(resolve => {
            window.got = [];
            window.source = new EventSource(url);
            const units = text => Array.from({length: text.length}, (_, at) => text.charCodeAt(at));
            source.addEventListener("message", event => got.push(units(JSON.parse(event.data).message)));
            source.addEventListener("connected", resolve, {once: true});
        })""",
        f"{shared.server.url}{EVENTS_PATH}?token={pat.token}",
    )
    send_all(shared, cy, pat)
    page.wait_for_function("count => got.length >= count", arg=len(TEXTS))
    assert page.evaluate("got") == [units(text) for text in TEXTS.values()]
    page.evaluate("source.close()")


def test_edited_texts_arrive_equal(shared: Shared) -> None:
    stan, dean = shared["stan"], shared["dean"]
    with shared.api(stan) as client, sse(shared, dean) as at_dean:
        sent = client.post(CHATS, json={"receiver_id": dean.id, "message": "at first"}).json()
        for text in TEXTS.values():
            changed = client.patch(f"{CHATS}{sent['id']}/", json={"message": text})
            assert (changed.status_code, changed.json()["message"]) == (200, text)
            assert named(at_dean, "message_updated", 1)[0]["message"] == text
    with sse(shared, dean, last_event_id=0) as replayed:  # the log's older rows were rewritten with it
        assert named(replayed, "message", 1)[0]["message"] == text


def test_names_arrive_equal(shared: Shared, pages: PageServer, page: Page) -> None:
    tara, boss = shared["tara"], shared["boss"]
    page.goto(pages.origin)
    page.evaluate(
        """url => new Promise(resolve => {
            window.got = [];
            window.source = new EventSource(url);
            source.addEventListener("message", event => got.push(JSON.parse(event.data).sender_name));
            source.addEventListener("connected", resolve, {once: true});
        })""",
        f"{shared.server.url}{EVENTS_PATH}?token={boss.token}",
    )
    with shared.api(tara) as client, shared.api(boss) as other, sse(shared, boss) as at_boss:
        for name in NAMES.values():
            changed = client.patch("auth/user/", json={"first_name": name, "last_name": ""})
            assert (changed.status_code, changed.json()["first_name"]) == (200, name), name
            sent = client.post(CHATS, json={"receiver_id": boss.id, "message": "x"}).json()
            assert sent["sender_name"] == name
            assert named(at_boss, "message", 1)[0]["sender_name"] == name
            (conversation,) = other.get(CHATS + "conversations/").json()
            assert conversation["other_user"]["full_name"] == name
            assert other.get(f"accounts/users/{tara.id}/").json()["full_name"] == name
    page.wait_for_function("count => got.length >= count", arg=len(NAMES))
    assert page.evaluate("got") == list(NAMES.values())
    page.evaluate("source.close()")


def test_the_longest_text_is_10000_characters(shared: Shared) -> None:
    with shared.api("ann") as client:
        client.headers["Origin"] = ORIGIN
        for text in ("x" * (MOST + 1), "😀" * (MOST + 1), " " * MOST + "x", "\u2028" * (MOST + 1) + "x"):
            sent = client.post(CHATS, json={"receiver_id": shared["bob"].id, "message": text})
            assert check_refusal(sent, 400) == {"error": "message is longer than 10000 characters"}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_no_text_may_have_is_refused_and_nothing_is_stored(shared: Shared, text: str) -> None:
    bob = shared["bob"]
    headers = {"Content-Type": "application/json", "Origin": ORIGIN}
    with shared.api("stella") as client:
        before = client.get(CHATS).json()["count"]
        for name in ("message", "client_msg_id"):
            fields = {"receiver_id": str(bob.id), "message": '"x"', name: text}
            body = "{" + ",".join(f'"{key}":{value}' for key, value in fields.items()) + "}"
            check_refusal(client.post(CHATS, content=body.encode(), headers=headers), 400)
        for name in ("first_name", "last_name", "email", "username"):
            body = f'{{"{name}":{text}}}'
            check_refusal(client.patch("auth/user/", content=body.encode(), headers=headers), 400)
        assert client.get(CHATS).json()["count"] == before
        assert client.get("auth/user/").json()["username"] == "stella"


def test_what_no_text_may_have_is_refused_in_forms(shared: Shared) -> None:
    with shared.api("stella") as client:
        client.headers["Origin"] = ORIGIN
        for text in (b"a%00b", b"%00", b"%ED%A0%BD", b"%ED%B8%80", b"%FF", b"%C0%80"):
            body = b"receiver_id=%d&message=" % shared["bob"].id + text
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            check_refusal(client.post(CHATS, content=body, headers=headers), 400)
