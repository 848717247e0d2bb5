"""Lists in pages: their fields, their links, their ends, and the parameters that every list takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.refusal import check_refusal
from tests.support.shapes import PAGE, check_shape
from tests.support.shared import CHATS, ORIGIN, Shared, raw, running

USERS, NOTICES, ANNOUNCEMENTS = "accounts/users/", "communication/notices/", "communication/announcements/"
LISTS = [USERS, CHATS, NOTICES, ANNOUNCEMENTS]
COUNT = 7


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("pages")) as found:
        yield found


@pytest.fixture(scope="module")
def client(shared: Shared) -> Iterator[httpx.Client]:
    """The dean's, who has seven of everything."""
    with shared.api("dean") as client:
        client.headers["Origin"] = ORIGIN
        for number in range(COUNT):
            texts = {"title": f"title {number}", "message": f"message {number}", "content": "c"}
            for path, fields in (
                (CHATS, {"receiver_id": shared["bob"].id}),
                (NOTICES, {"publish_date": "2026-01-09"}),
                (ANNOUNCEMENTS, {}),
            ):
                assert client.post(path, json=texts | fields).status_code == 201
        shared.add({f"few_{number}": ("store_manager", "CAMPUS") for number in range(COUNT - 1)})
        yield client


def get(client: httpx.Client, path: str, **query: object) -> dict[str, Any]:
    if path == USERS:
        query = {"user_type": "store_manager", **query}  # Stella is the seventh
    answer = client.get(path, params={name: str(value) for name, value in query.items()})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    check_shape(found, PAGE)
    return found


@pytest.mark.parametrize("path", LISTS)
def test_following_next_gives_everything_once_and_previous_leads_back(client: httpx.Client, path: str) -> None:
    everything = [item["id"] for item in get(client, path)["results"]]
    assert len(set(everything)) == COUNT
    page = get(client, path, page_size=3)
    pages = [page]
    while page["next"]:
        page = client.get(page["next"]).json()
        pages.append(page)
    assert [item["id"] for page in pages for item in page["results"]] == everything
    names = ("count", "total_pages", "current_page", "page_size", "has_next", "has_previous")
    facts = [tuple(page[name] for name in names) for page in pages]
    assert facts == [(7, 3, 1, 3, True, False), (7, 3, 2, 3, True, True), (7, 3, 3, 3, False, True)]
    assert client.get(page["previous"]).json() == pages[1]
    assert pages[0]["previous"] is None


@pytest.mark.parametrize("path", LISTS)
def test_the_links_are_absolute_and_keep_every_other_parameter(shared: Shared, client: httpx.Client, path: str) -> None:
    other = {
        "is_active": "true",
        "ordering": "-id",
        "page_size": "2",
        "unknown": "a&b=c é +%",
        "empty": "",
        "x": ["1", "2"],
    }
    if path == USERS:
        other |= {"user_type": "store_manager", "search": ""}
    answer = client.get(
        path,
        params=[("page", "2"), *[(n, v) for n, vs in other.items() for v in ([vs] if isinstance(vs, str) else vs)]],
    )
    assert answer.status_code == 200
    for link, page in ((answer.json()["next"], "3"), (answer.json()["previous"], "1")):
        assert link.startswith(f"{shared.server.url}/api/v1/{path}?")
        given = parse_qs(urlsplit(link).query, keep_blank_values=True)
        assert given == {name: [value] if isinstance(value, str) else value for name, value in other.items()} | {
            "page": [page]
        }
        assert client.get(link).status_code == 200


def test_the_links_keep_bytes_as_they_came(shared: Shared) -> None:
    """Whether percent-encoded or not, and even where they are no UTF-8."""
    head = f"Host: 127.0.0.1:{shared.server.port}\r\nAuthorization: Token {shared['dean'].token}\r\n\r\n"
    line = b"GET /api/v1/accounts/users/?page_size=1&x=\xc3\xa9&y=%C3%A9&%FF=%FE&page=1 HTTP/1.1\r\n"
    link = json.loads(raw(shared.server, line + head.encode()).body)["next"]
    assert link == f"{shared.server.url}/api/v1/accounts/users/?page_size=1&x=%C3%A9&y=%C3%A9&%FF=%FE&page=2"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "page", ["0", "-1", "x", "1.5", "1e3", "+1", "1_0", "²", "١", "999", "2147483649", str(10**30)]
)
def test_a_page_that_is_not_there_is_404(client: httpx.Client, path: str, page: str) -> None:
    body = check_refusal(client.get(path, params={"page": page}), 404)
    assert body == ({"error": "Invalid page."} if path == CHATS else {"detail": "Invalid page."})


@pytest.mark.parametrize("path", LISTS)
def test_the_first_page_is_there_even_when_it_is_empty(client: httpx.Client, path: str) -> None:
    page = get(client, path, is_active="false")
    assert (page["count"], page["total_pages"], page["current_page"], page["results"]) == (0, 1, 1, [])
    check_refusal(client.get(path, params={"is_active": "false", "user_type": "store_manager", "page": "2"}), 404)


@pytest.mark.parametrize("path", LISTS)
def test_a_page_has_20_at_most_100(client: httpx.Client, path: str) -> None:
    assert get(client, path)["page_size"] == 20
    assert get(client, path, page_size=100)["page_size"] == 100
    for size in (101, 1000, 2**53 - 1):
        page = get(client, path, page_size=size)
        assert (page["page_size"], len(page["results"])) == (100, COUNT)


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_parameter_is_no_filter_and_an_unknown_one_is_ignored(client: httpx.Client, path: str) -> None:
    names = ["page", "page_size", "is_active", "is_verified", "is_staff", "college", "gender", "search", "ordering",
             "sender", "receiver", "is_read", "publish_date", "is_published", "is_urgent"]  # fmt: skip
    plain = get(client, path)
    for value in ("", " "):
        assert get(client, path, **dict.fromkeys(names, value))["results"] == plain["results"]
    assert get(client, path, unknown="1", limit="x", ordering="unknown,-nothing")["results"] == plain["results"]


@pytest.mark.parametrize(
    "path", [*LISTS, "accounts/users/me/", "auth/user/", CHATS + "conversations/", CHATS + "unread-count/"]
)
def test_the_slash_at_the_end_is_optional(client: httpx.Client, path: str) -> None:
    with_slash, without = client.get(path), client.get(path.removesuffix("/"))
    assert (without.status_code, without.json()) == (200, with_slash.json())


@pytest.mark.parametrize("path", [*LISTS, "auth/user/"])
def test_head_answers_as_get_without_a_body(client: httpx.Client, path: str) -> None:
    get_, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get_.headers["content-length"]
    assert head.headers.get("x-last-event-id") == get_.headers.get("x-last-event-id")


def test_forwarded_headers_of_anybody_are_not_believed(shared: Shared, client: httpx.Client) -> None:
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4"}
    link = client.get(CHATS, params={"page_size": "1"}, headers=forged).json()["next"]
    assert link.startswith(shared.server.url + "/")


@pytest.mark.parametrize(
    ("setting", "value", "headers", "begin"),
    [
        ("public_url", "https://campus.example/sub", {"X-Forwarded-Host": "evil.example"}, "https://campus.example/sub/api/v1/"),
        ("trusted_proxies", "127.0.0.1", {"X-Forwarded-Host": "a.example", "X-Forwarded-Proto": "https"}, "https://a.example/api/v1/"),
        ("trusted_proxies", "127.0.0.1", {"X-Forwarded-Proto": "javascript"}, "http://127.0.0.1:"),
    ],
)  # fmt: skip
def test_links_begin_as_the_settings_say(
    tmp_path: Path, setting: str, value: str, headers: dict[str, str], begin: str
) -> None:
    with running(tmp_path, **{setting: value}) as shared, shared.api("dean") as client:
        link = client.get(USERS, params={"page_size": "1"}, headers=headers).json()["next"]
        assert link.startswith(begin)
