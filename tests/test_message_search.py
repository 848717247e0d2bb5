"""`GET communication/chats/search/`: the words of one's own messages, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.campus import send
from tests.support.pair import Pair, Pairs
from tests.support.refusal import check_refusal
from tests.support.shapes import PAGE, check_shape
from tests.support.shared import CHATS, Shared, running

SEARCH = CHATS + "search/"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("message_search")) as found:
        yield found


@pytest.fixture(scope="module")
def pairs(shared: Shared) -> Pairs:
    return Pairs(shared, 40)


@pytest.fixture
def pair(pairs: Pairs) -> Iterator[Pair]:
    with pairs.next() as pair:
        yield pair


def search(client: httpx.Client, q: str, **query: object) -> dict[str, Any]:
    answer = client.get(SEARCH, params={"q": q} | {name: str(value) for name, value in query.items()})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    check_shape(found, PAGE)
    assert answer.headers["x-last-event-id"].isdigit()
    return found


def ids(found: dict[str, Any]) -> list[int]:
    return [message["id"] for message in found["results"]]


def test_the_results_are_the_messages(shared: Shared, pair: Pair) -> None:
    first = pair.send("Straße zum Bahnhof")
    second = send(pair.at_b, pair.a, "zum BAHNHOF in der Strasse")
    pair.send("nothing of it")
    for client in (pair.at_a, pair.at_b):
        assert search(client, "strasse bahnhof")["results"] == [second, first]
    with shared.api("ann") as other:
        assert search(other, "strasse")["count"] == 0


def test_with_is_the_other_side(shared: Shared, pair: Pair) -> None:
    to_b = pair.send("the word")
    to_cy = send(pair.at_a, shared["cy"], "the word")
    assert ids(search(pair.at_a, "word")) == [to_cy["id"], to_b["id"]]
    assert ids(search(pair.at_a, "word", **{"with": pair.b.id})) == [to_b["id"]]
    assert ids(search(pair.at_a, "word", **{"with": ""})) == [to_cy["id"], to_b["id"]]
    assert search(pair.at_a, "word", **{"with": 2**53 - 1})["count"] == 0


def test_edits_and_deletions_are_known_at_once(pair: Pair) -> None:
    path = f"{CHATS}{pair.send('before')['id']}/"
    assert pair.at_a.patch(path, json={"message": "afterwards"}).status_code == 200
    for client in (pair.at_a, pair.at_b):
        assert [search(client, word)["count"] for word in ("before", "afterwards")] == [0, 1]
    assert pair.at_a.delete(path).status_code == 204
    assert [search(client, "afterwards")["count"] for client in (pair.at_a, pair.at_b)] == [0, 0]


def test_a_page_has_the_newest_and_leads_to_the_rest(pair: Pair) -> None:
    sent = [pair.send(f"hello {number}")["id"] for number in range(5)][::-1]
    page = search(pair.at_b, "hello", page_size=2)
    assert (ids(page), page["count"], page["total_pages"]) == (sent[:2], 5, 3)
    following = pair.at_b.get(page["next"]).json()
    assert ids(following) == sent[2:4]
    assert ids(pair.at_b.get(following["next"]).json()) == sent[4:]
    assert check_refusal(pair.at_b.get(SEARCH, params={"q": "hello", "page": "2"}), 404) == {"error": "Invalid page."}


@pytest.mark.parametrize("query", [{}, {"q": ""}, {"q": "  "}, {"q": "\t\n"}])
def test_q_is_required(pair: Pair, query: dict[str, str]) -> None:
    assert check_refusal(pair.at_a.get(SEARCH, params=query), 400) == {"error": "q is required"}


@pytest.mark.parametrize(
    "query",
    [
        {"q": "x" * 201},
        {"q": "a\0b"},
        {"q": "x", "with": "0"},
        {"q": "x", "with": "me"},
        {"q": "x", "with": str(2**53)},
        {"q": "x", "page_size": "0"},
    ],
)
def test_a_bad_value_is_refused(pair: Pair, query: dict[str, str]) -> None:
    check_refusal(pair.at_a.get(SEARCH, params=query), 400)


@pytest.mark.parametrize(
    "q", ['"', "'", "*", "(", "NEAR(", 'a" OR "b', "people:x", "-", "^", ":", "\\", "%", "{}", "🎓"]
)
def test_no_q_is_a_failure(pair: Pair, q: str) -> None:
    message = pair.send(f"so {q} it is")
    assert ids(search(pair.at_a, q)) == [message["id"]]
    assert search(pair.at_a, f"{q}{q}")["count"] == 0
