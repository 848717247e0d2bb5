"""The outbox: what is sent by it is stored once, in order, whatever breaks between; and files tell how far they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext

from tests.clients.pages import PLACE, Tab, open_page, open_tab
from tests.clients.people import Campus
from tests.support.campus import User, api
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

BEAT = {"heartbeatMs": 1000}
SEND = "([receiver_id, message]) => { window.last = client.send({receiver_id, message}); }"


@pytest.fixture
def proxy(campus: Campus) -> Iterator[Proxy]:
    with Proxy(campus.server) as proxy:
        yield proxy


@pytest.fixture
def tab(ann: User, context: BrowserContext, proxy: Proxy) -> Tab:
    return open_tab(context, f"http://127.0.0.1:{proxy.port}", ann, **BEAT)


@pytest.fixture
def bob(campus: Campus) -> User:
    return campus.person()


def stored(campus: Campus, user: User, other: User) -> list[str]:
    """The texts that the server has between the two, oldest first."""
    with api(campus.server, user) as client:
        answer = client.get(f"communication/chats/conversation/{other.id}/")
        assert answer.status_code == 200, answer.text
        return [one["message"] for one in reversed(answer.json()["messages"])]


def states_of(tab: Tab) -> list[str]:
    found: list[str] = tab.look("outbox.map((one) => one.state)")
    return found


def test_a_message_is_sent_and_its_promise_has_what_is_stored(campus: Campus, ann: User, bob: User, tab: Tab) -> None:
    sent = tab.look("(receiver_id) => client.send({receiver_id, message: 'hello'})", bob.id)
    assert (sent["message"], sent["receiver"]) == ("hello", bob.id)
    assert states_of(tab) == ["waiting", "sending", "sent"]
    assert tab.look("client.outbox.items") == []
    assert stored(campus, ann, bob) == ["hello"]
    tab.wait_for("told.some((one) => one.type === 'message_sent')")


def test_a_server_that_dies_between_the_commit_and_the_answer_makes_no_double(
    campus: Campus, ann: User, bob: User, tab: Tab, proxy: Proxy
) -> None:
    lost: list[str] = []

    def die(path: str) -> bool:
        if "chats/" not in path or lost:
            return False
        lost.append(path)
        campus.server.kill()
        return True

    proxy.lost = die
    tab.look(SEND, [bob.id, "once"])
    tab.look(SEND, [bob.id, "twice"])
    eventually(lambda: lost, "the answer is lost")
    tab.wait_for("outbox.some((one) => one.state === 'waiting' && one.error)")
    campus.server.start()
    tab.look("last")
    assert stored(campus, ann, bob) == ["once", "twice"]
    assert tab.look("client.outbox.items") == []
    tab.wait_for("told.filter((one) => one.type === 'message_sent').length === 2")


def test_what_waits_survives_a_reload(campus: Campus, ann: User, bob: User, tab: Tab, proxy: Proxy) -> None:
    proxy.refuses = "/api/"
    for text in ("first", "second"):
        tab.look(SEND, [bob.id, text])
    tab.wait_for("outbox.some((one) => one.error)")
    proxy.refuses = None
    tab.page.goto(f"http://127.0.0.1:{proxy.port}{PLACE}")
    tab.start(token=ann.token, **BEAT)
    tab.wait_for("outbox.filter((one) => one.state === 'sent').length === 2")
    assert stored(campus, ann, bob) == ["first", "second"]


def test_a_refusal_is_a_failure_that_can_be_tried_again_or_given_up(ann: User, bob: User, tab: Tab) -> None:
    refused = tab.look(
        "client.send({receiver_id: 10 ** 9, message: 'x'}).catch((error) => [error.name, error.message])"
    )
    assert refused == ["ApiError", "Receiver not found"]
    (item,) = tab.look("client.outbox.items")
    assert (item["state"], item["error"], item["attempts"]) == ("failed", "Receiver not found", 1)
    tab.look(SEND, [bob.id, "not held up"])
    assert tab.look("last")["message"] == "not held up"
    tab.look("(id) => client.outbox.retry(id)", item["client_msg_id"])
    tab.wait_for("client.outbox.items[0].attempts === 2 && client.outbox.items[0].state === 'failed'")
    tab.look("(id) => client.outbox.discard(id)", item["client_msg_id"])
    assert tab.look("[client.outbox.items.length, outbox.at(-1).state]") == [0, "discarded"]


def test_a_file_tells_how_far_it_is(campus: Campus, ann: User, bob: User, tab: Tab) -> None:
    answer: dict[str, Any] = tab.look(
        """async (receiver_id) => {
            const parts = [];
            const attachment = new File([new Uint8Array(3e6)], 'plan.bin');
            const onProgress = (part) => parts.push(part);
            const sent = await client.send({receiver_id, message: 'a plan', attachment}, {onProgress});
            return {sent, parts};
        }""",
        bob.id,
    )
    assert answer["sent"]["attachment"].endswith("/plan.bin")
    assert answer["parts"][-1] == 1
    assert answer["parts"] == sorted(answer["parts"])
    assert tab.look("outbox.at(-1).file_name") == "plan.bin"
    assert len(httpx.get(answer["sent"]["attachment"], trust_env=False).content) == 3_000_000


def test_a_message_of_another_tab_that_closed_is_sent_by_one_that_is_there(
    campus: Campus, ann: User, bob: User, context: BrowserContext, tab: Tab, proxy: Proxy
) -> None:
    proxy.refuses = "/api/"
    tab.look(SEND, [bob.id, "left behind"])
    tab.wait_for("outbox.some((one) => one.error)")
    other = open_page(context, f"http://127.0.0.1:{proxy.port}")
    other.start(token=ann.token, **BEAT)
    other.wait_for("states.length > 0")
    tab.page.close()
    proxy.refuses = None
    other.wait_status("connected")
    other.wait_for("outbox.some((one) => one.state === 'sent')")
    assert stored(campus, ann, bob) == ["left behind"]


def test_signing_out_leaves_no_text_behind(ann: User, bob: User, tab: Tab, proxy: Proxy) -> None:
    proxy.refuses = "/chats/"
    tab.look(SEND, [bob.id, "for nobody else's eyes"])
    tab.wait_for("outbox.some((one) => one.error)")
    assert "eyes" in tab.look("JSON.stringify(localStorage)")
    tab.look("client.api.logout()")
    tab.wait_status("closed")
    assert tab.look("client.reason") == "logout"
    assert states_of(tab)[-1] == "discarded"
    assert "eyes" not in tab.look("JSON.stringify(localStorage)")
    assert ann.token not in tab.look("JSON.stringify(localStorage)")
