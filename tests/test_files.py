"""`/files/{key}/{name}`: who has the address gets the file, whole or in part, and nothing else opens it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.samples import HTML, PNG, SVG, stored_files
from tests.support.shared import CHATS, ORIGIN, Answer, Shared, raw, running

CONTENT = PNG + bytes(range(256)) * 8
SIZE = len(CONTENT)
NAME = "r\u00e9sum\u00e9 (1) \u0928.png"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("files"), access_log=True, log_level="debug") as found:
        yield found


def stored(shared: Shared, content: bytes = CONTENT, name: str = NAME) -> str:
    """The address of a new file."""
    with shared.api("ann") as client:
        answer = client.post(CHATS, data={"receiver_id": shared["bob"].id}, files={"attachment": (name, content)})
    assert answer.status_code == 201, answer.text
    address: str = answer.json()["attachment"]
    return address


@pytest.fixture(scope="module")
def address(shared: Shared) -> str:
    return stored(shared)


def test_the_whole_file_and_what_its_headers_say(address: str) -> None:
    answer = httpx.get(address, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.content) == (200, CONTENT)
    expected = {
        "content-type": "image/png",
        "content-length": str(SIZE),
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
        "cross-origin-resource-policy": "cross-origin",
        "referrer-policy": "no-referrer",
        "cache-control": "private, max-age=31536000, immutable",
        "accept-ranges": "bytes",
        "access-control-allow-origin": ORIGIN,
        "content-disposition": 'inline; filename="r_sum_ (1) _.png"; '
        "filename*=UTF-8''r%C3%A9sum%C3%A9%20%281%29%20%E0%A4%A8.png",
    }
    assert {name: answer.headers.get(name) for name in expected} == expected
    assert "set-cookie" not in answer.headers


def test_head_has_the_headers_alone(address: str) -> None:
    got, headed = httpx.get(address), httpx.head(address, headers={"Range": "bytes=0-1"})
    assert (headed.status_code, headed.content) == (200, b"")
    changing = ("date", "x-request-id")
    assert [(n, v) for n, v in headed.headers.items() if n not in changing] == [
        (n, v) for n, v in got.headers.items() if n not in changing
    ]


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, SIZE - 1),
        ("bytes=10-19", 10, 19),
        ("bytes = 10-19", 10, 19),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
        ("bytes=5-99999999", 5, SIZE - 1),
        ("bytes=-5", SIZE - 5, SIZE - 1),
        ("bytes=-99999999", 0, SIZE - 1),
    ],
)
def test_a_range(address: str, header: str, first: int, last: int) -> None:
    answer = httpx.get(address, headers={"Range": header})
    assert (answer.status_code, answer.content) == (206, CONTENT[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["content-length"] == str(last - first + 1)


@pytest.mark.parametrize("header", [f"bytes={SIZE}-", "bytes=99999999-", f"bytes={SIZE}-{SIZE + 5}", "bytes=-0"])
def test_a_range_behind_the_end(address: str, header: str) -> None:
    answer = httpx.get(address, headers={"Range": header})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{SIZE}")
    assert list(answer.json()) == ["detail"]
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize(
    "header",
    ["bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "items=0-5", "bytes=0-1,5-6", "0-5", "bytes=--5", "bytes=1" * 50],
)
def test_what_is_no_single_range_gets_the_whole_file(address: str, header: str) -> None:
    answer = httpx.get(address, headers={"Range": header})
    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_what_a_client_has_already(address: str) -> None:
    first = httpx.get(address)
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    for headers, status in [
        ({"If-None-Match": etag}, 304),
        ({"If-None-Match": f'"x", {etag}'}, 304),
        ({"If-None-Match": f"W/{etag}"}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"'}, 200),
        ({"If-None-Match": '"x"', "If-Modified-Since": modified}, 200),
        ({"If-Modified-Since": modified}, 304),
        ({"If-Modified-Since": "never"}, 200),
        ({"If-None-Match": etag, "Range": "bytes=0-1"}, 304),
        ({"Range": "bytes=0-1", "If-Range": etag}, 206),
        ({"Range": "bytes=0-1", "If-Range": modified}, 206),
        ({"Range": "bytes=0-1", "If-Range": '"x"'}, 200),
        ({"Range": "bytes=0-1", "If-Range": f"W/{etag}"}, 200),
        ({"Range": f"bytes={SIZE}-", "If-Range": '"x"'}, 200),
    ]:
        answer = httpx.get(address, headers=headers)
        assert answer.status_code == status, headers
        assert answer.headers["etag"] == etag
        assert answer.content == {304: b"", 200: CONTENT, 206: CONTENT[:2]}[status]
    assert httpx.get(stored_again(first)).headers["etag"] == etag


def stored_again(answer: httpx.Response) -> str:
    """The address under another name: the name is for people."""
    return str(answer.url).rpartition("/")[0] + "/evil.html"


def test_the_name_in_the_address_changes_nothing(address: str) -> None:
    answer = httpx.get(address.rpartition("/")[0] + "/evil.html")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert "evil" not in answer.headers["content-disposition"]


def test_nothing_but_the_key_opens_a_file(shared: Shared, address: str) -> None:
    key = urlsplit(address).path.split("/")[2]
    path = next(path for path in stored_files(shared.server) if path.name == key)
    others = ["0" * 40, key[:-1], key + "0", key[:-1] + ("0" if key[-1] != "0" else "1"), key.upper() + "A"]
    for target in [
        "/files/", "/files", f"/files/{key}", f"/files/{key}/", f"/files/{path.parent.name}/{key}",
        f"/files/{key}/a/b", "/files/../realtime.sqlite3", f"/files/{path.parent.name}/../{key}/x",
        "/files/%2e%2e/realtime.sqlite3", "/files/incoming/1", *(f"/files/{other}/x.png" for other in others),
    ]:  # fmt: skip
        answer = raw(shared.server, f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert (answer.status, answer.body) == (404, b'{"detail":"Not found."}'), target
    with shared.api("boss") as client:
        assert client.get(f"{shared.server.url}/files/{'0' * 40}/x.png").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_file_is_only_read(address: str, method: str) -> None:
    answer = httpx.request(method, address)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(("name", "content"), [("page.png", HTML), ("drawing.svg", SVG)])
def test_what_could_run_is_never_shown_in_place(shared: Shared, name: str, content: bytes) -> None:
    answer = httpx.get(stored(shared, content, name))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{name}"')
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.content == content


def test_a_slow_reader_costs_no_memory_and_holds_nobody_up(shared: Shared) -> None:
    large = stored(shared, b"x" * (20 << 20), "large.bin")
    start = shared.server.rss_bytes()
    readers = [begin(shared, large) for _ in range(10)]
    try:
        assert httpx.get(large, headers={"Range": "bytes=0-1"}).status_code == 206
        assert shared.server.rss_bytes() - start < 8 << 20
        whole = read_to_end(readers[0])
        assert (whole.status, len(whole.body)) == (200, 20 << 20)
    finally:
        for reader in readers:
            reader.close()
    assert httpx.get(large).status_code == 200


def begin(shared: Shared, address: str) -> socket.socket:
    """Ask for a file, and read only the first bytes of the answer."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.settimeout(30)
    reader.connect(("127.0.0.1", shared.server.port))
    reader.sendall(f"GET {urlsplit(address).path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert reader.recv(12, socket.MSG_PEEK | socket.MSG_WAITALL) == b"HTTP/1.1 200"
    return reader


def read_to_end(reader: socket.socket) -> Answer:
    data = b"".join(iter(lambda: reader.recv(1 << 20), b""))
    head, _, body = data.partition(b"\r\n\r\n")
    return Answer(int(head.split(b" ")[1]), {}, body)


def test_a_file_that_is_gone_from_the_disk_is_not_there(shared: Shared) -> None:
    lost = stored(shared, b"soon lost", "lost.txt")
    key = urlsplit(lost).path.split("/")[2]
    next(path for path in stored_files(shared.server) if path.name == key).unlink()
    answer = httpx.get(lost)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})
    assert "content-disposition" not in answer.headers


def test_no_key_is_in_the_log(shared: Shared) -> None:
    address = stored(shared, name="secret.png")
    key = urlsplit(address).path.split("/")[2]
    assert httpx.get(address).status_code == 200
    shared.server.wait_log(r"GET /files/\[redacted\]/secret\.png")
    assert key not in shared.server.log()
