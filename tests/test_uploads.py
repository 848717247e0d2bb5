"""Files of messages: from a form to the disk, to both sides' streams and away again; and what is refused on the way."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.campus import User
from tests.support.pair import Pair, Pairs
from tests.support.refusal import check_refusal
from tests.support.samples import (
    BMP,
    GIF,
    HTML,
    JPEG,
    MP3,
    MP4,
    PDF,
    PNG,
    SCRIPT,
    SVG,
    UTF16,
    WAV,
    WEBM,
    WEBP,
    XML,
    stored_files,
    zeros_in_a_zip,
)
from tests.support.server import ServerFactory, ServerProcess
from tests.support.shared import CHATS, ORIGIN, Shared, add_people, raw, read_answer, running, sql
from tests.support.sse import Stream
from tests.support.waiting import eventually

LIMIT_BYTES = 25 << 20
MEGABYTE = 1 << 20
BOUNDARY = "a-boundary-of-our-own"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("uploads"), max_upload_bytes=LIMIT_BYTES, max_body_bytes=262144) as found:
        yield found


@pytest.fixture(scope="module")
def pairs(shared: Shared) -> Pairs:
    return Pairs(shared, 25)


@pytest.fixture
def pair(pairs: Pairs) -> Iterator[Pair]:
    with pairs.next() as pair:
        yield pair


@pytest.fixture(autouse=True)
def nothing_stays_on_its_way(shared: Shared) -> Iterator[None]:
    """However a test ends, no file is left in the incoming folder, and no file without a row."""
    yield
    eventually(lambda: unnamed(shared.server) == [], "every stored file has a row")


def unnamed(server: ServerProcess) -> list[str]:
    keys = {key for (key,) in sql(server, "SELECT key FROM files")}
    return [str(path) for path in stored_files(server) if path.name not in keys]


def upload(
    client: httpx.Client, receiver: User, content: Any, name: str = "photo.png", message: str = "", **fields: str
) -> httpx.Response:
    data = {"receiver_id": str(receiver.id), "message": message, **fields}
    return client.post(CHATS, data=data, files={"attachment": (name, content)})


def sent(client: httpx.Client, receiver: User, content: Any = PNG, name: str = "photo.png", **fields: str) -> Any:
    answer = upload(client, receiver, content, name, **fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def form(*parts: tuple[str, bytes], end: bool = True) -> bytes:
    """A form of parts, each the parameters of its Content-Disposition and its content."""
    text = b""
    for parameters, content in parts:
        text += f"--{BOUNDARY}\r\nContent-Disposition: form-data; {parameters}\r\n\r\n".encode() + content + b"\r\n"
    return text + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


def post_form(client: httpx.Client, body: Any, boundary: str = f"; boundary={BOUNDARY}") -> httpx.Response:
    return client.post(CHATS, content=body, headers={"Content-Type": f"multipart/form-data{boundary}"})


def head_of(user: User, *lines: str) -> bytes:
    head = [
        f"POST /api/v1/{CHATS} HTTP/1.1", "Host: a", f"Origin: {ORIGIN}", f"Authorization: Token {user.token}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}", *lines, "", "",
    ]  # fmt: skip
    return "\r\n".join(head).encode()


def receiver_part(user: User) -> tuple[str, bytes]:
    return 'name="receiver_id"', str(user.id).encode()


def test_a_file_reaches_both_sides_and_every_list(pair: Pair) -> None:
    with pair.streams() as (at_a, at_b):
        message = sent(pair.at_a, pair.b, PNG, "a photo.png", message="look")
        address = message["attachment"]
        assert address == message["attachment_url"]
        assert address.startswith(f"{pair.server.url}/files/")
        assert address.endswith("/a%20photo.png")
        assert (message["attachment_type"], message["message"]) == ("image", "look")
        for stream, event in ((at_b, "message"), (at_a, "message_sent")):
            told = stream.wait_for(event, id=message["id"]).data
            assert (told["attachment"], told["attachment_url"], told["attachment_type"]) == (address, address, "image")
    with Stream(pair.server, pair.b, last_event_id=0) as replayed:
        assert replayed.wait_for("message", id=message["id"]).data["attachment"] == address
    for client in (pair.at_a, pair.at_b):
        assert client.get(f"{CHATS}{message['id']}/").json()["attachment"] == address
        assert client.get(CHATS).json()["results"][0]["attachment_url"] == address
        assert client.get(f"{CHATS}search/", params={"q": "look"}).json()["results"][0]["attachment"] == address
    history = pair.at_b.get(f"{CHATS}conversation/{pair.a.id}/").json()
    assert history["messages"][0]["attachment"] == address
    assert httpx.get(address).content == PNG


def test_a_bare_file_is_named_in_the_list_of_conversations(pair: Pair) -> None:
    def last() -> str:
        (conversation,) = pair.at_b.get(f"{CHATS}conversations/").json()
        text: str = conversation["last_message"]
        return text

    sent(pair.at_a, pair.b, message="  ")
    assert last() == "[Attachment]"
    with_text = sent(pair.at_a, pair.b, message="with a text")
    assert last() == "with a text"
    with pair.streams() as (_, at_b):
        pair.at_a.delete(f"{CHATS}{with_text['id']}/")
        assert at_b.wait_for("message_deleted").data["last_message"] == "[Attachment]"


def test_a_text_can_be_taken_from_a_file(pair: Pair) -> None:
    message = sent(pair.at_a, pair.b, message="look")
    with pair.streams() as (_, at_b):
        changed = pair.at_a.put(f"{CHATS}{message['id']}/", json={**message, "message": ""})
        assert (changed.status_code, changed.json()["message"]) == (200, "")
        assert at_b.wait_for("message_updated").data["attachment"] == message["attachment"]
    bare = pair.send("words")
    refused = pair.at_a.patch(f"{CHATS}{bare['id']}/", json={"message": "  "})
    assert check_refusal(refused, 400) == {"error": "message or attachment is required"}


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", PNG, "image"), ("a.jpg", JPEG, "image"), ("a.gif", GIF, "image"), ("a.webp", WEBP, "image"),
        ("a.txt", PNG, "image"), ("a.mp4", MP4, "video"), ("a.webm", WEBM, "video"), ("a.mp3", MP3, "document"),
        ("a.wav", WAV, "document"), ("a.pdf", PDF, "document"), ("a.bmp", BMP, "document"),
        ("page.png", HTML, "document"), ("drawing.svg", SVG, "document"), ("drawing.png", SVG, "document"),
        ("a.jpg", XML, "document"), ("a.png", UTF16, "document"), ("a.gif", SCRIPT, "document"),
        ("a.png", b"x", "document"),
    ],
)  # fmt: skip
def test_the_type_is_from_the_content(shared: Shared, name: str, content: bytes, kind: str) -> None:
    with shared.api("ann") as client:
        message = sent(client, shared["bob"], content, name)
    assert message["attachment_type"] == kind
    found = httpx.get(message["attachment"])
    assert found.content == content
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["content-security-policy"] == "sandbox; default-src 'none'"
    shown = kind in ("image", "video") or name in ("a.mp3", "a.wav")
    assert found.headers["content-disposition"].startswith("inline; " if shown else "attachment; ")
    if not shown:
        assert found.headers["content-type"] in ("application/octet-stream", "application/pdf", "image/bmp")


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
        ("a\r\nb.png", "a b.png"),
        ("\u202egnp.exe", "gnp.exe"),
        ("CON.png", "_CON.png"),
        ("50% off?#&.png", "50%25%20off_%23%26.png"),
        ("\u0928\u092e\u0938\u094d\u0924\u0947.png", "%E0%A4%A8%E0%A4%AE%E0%A4%B8%E0%A5%8D%E0%A4%A4%E0%A5%87.png"),
        (".htaccess", "htaccess"),
        ("...", "file"),
        ('say "hi".png', "say _hi_.png"),
    ],
)
def test_a_name_is_cleaned(shared: Shared, name: str, stored: str) -> None:
    with shared.api("ann") as client:
        address = sent(client, shared["bob"], name=name)["attachment"]
    assert address.rpartition("/")[2] == stored.replace(" ", "%20")
    assert httpx.get(address).content == PNG
    assert all(path.name == path.name.lower() and len(path.name) == 40 for path in stored_files(shared.server))


def test_a_form_without_a_files_name_has_a_file_all_the_same(pair: Pair) -> None:
    answer = post_form(pair.at_a, form(receiver_part(pair.b), ('name="attachment"; filename=""', PNG)))
    assert answer.status_code == 201, answer.text
    assert answer.json()["attachment"].endswith("/file")


def test_an_archive_is_stored_as_it_is(pair: Pair) -> None:
    archive = zeros_in_a_zip()
    message = sent(pair.at_a, pair.b, archive, "../a.zip")
    assert (message["attachment_type"], message["attachment"].rpartition("/")[2]) == ("document", "a.zip")
    found = httpx.get(message["attachment"])
    assert (found.content, found.headers["content-type"]) == (archive, "application/zip")
    assert found.headers["content-disposition"].startswith("attachment; ")


def test_a_large_file_costs_little_memory(pair: Pair) -> None:
    content = bytes(range(256)) * (LIMIT_BYTES // 256)
    sent(pair.at_a, pair.b, content[: 4 * MEGABYTE])  # what is loaded at the first upload is not this one's
    peak = start = pair.server.rss_bytes()
    is_over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not is_over.wait(0.002):
            peak = max(peak, pair.server.rss_bytes())

    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(watch)
        message = sent(pair.at_a, pair.b, content)
        is_over.set()
        watching.result()
    assert peak - start < 4 * MEGABYTE, f"{(peak - start) / MEGABYTE:.1f} MB"
    assert httpx.get(message["attachment"]).content == content


@pytest.mark.parametrize("whole_head", [True, False])
def test_a_cut_upload_leaves_nothing(pair: Pair, whole_head: bool) -> None:
    before = len(stored_files(pair.server))
    body = form(receiver_part(pair.b), ('name="attachment"; filename="a.png"', PNG + b"x" * MEGABYTE))
    with socket.create_connection(("127.0.0.1", pair.server.port), 30) as connection:
        connection.sendall(head_of(pair.a, f"Content-Length: {len(body)}"))
        connection.sendall(body[: MEGABYTE // 2] if whole_head else body[:200])
        if whole_head:
            eventually(lambda: len(stored_files(pair.server)) > before, "the file is on its way")
    eventually(lambda: len(stored_files(pair.server)) == before, "nothing is left of it")
    assert pair.at_a.get(CHATS).json()["count"] == 0


def test_a_file_of_the_limit_is_stored_and_one_byte_more_is_413(pair: Pair) -> None:
    before = len(stored_files(pair.server))
    assert upload(pair.at_a, pair.b, b"x" * LIMIT_BYTES).status_code == 201
    over = upload(pair.at_a, pair.b, b"x" * (LIMIT_BYTES + 1))
    assert check_refusal(over, 413) == {"detail": f"The file is larger than {LIMIT_BYTES} bytes."}
    assert eventually(lambda: len(stored_files(pair.server)) == before + 1, "the one over the limit is gone")
    assert pair.at_a.get("auth/user/").status_code == 200


def test_an_announced_length_past_the_limit_is_413_before_it_comes(pair: Pair) -> None:
    for size in (LIMIT_BYTES + 262144 + 1, 10**12, 10**30):
        answer = raw(pair.server, head_of(pair.a, f"Content-Length: {size}"))
        assert (answer.status, answer.headers["connection"]) == (413, "close")
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert json.loads(answer.body) == {"detail": f"The file is larger than {LIMIT_BYTES} bytes."}


def test_who_asks_first_is_told_before_anything_is_sent(pair: Pair) -> None:
    lines = (f"Content-Length: {LIMIT_BYTES * 2}", "Expect: 100-continue")
    assert raw(pair.server, head_of(pair.a, *lines)).status == 413
    body = form(receiver_part(pair.b), ('name="attachment"; filename="a.png"', PNG))
    with socket.create_connection(("127.0.0.1", pair.server.port), 30) as connection:
        connection.sendall(head_of(pair.a, f"Content-Length: {len(body)}", "Expect: 100-continue"))
        assert connection.recv(100) == b"HTTP/1.1 100 (Continue)\r\n\r\n"
        connection.sendall(body)
        assert read_answer(connection).status == 201


def test_a_client_that_reads_only_after_a_megabyte_more_reads_the_413(pair: Pair) -> None:
    """As a browser does: it sends on, and a reset would be all that its user sees."""
    for token, size, status in ((pair.a.token, LIMIT_BYTES * 4, 413), ("f" * 40, 2 * MEGABYTE, 401)):
        with socket.create_connection(("127.0.0.1", pair.server.port), 30) as connection:
            connection.sendall(head_of(User(pair.a.id, "", token), f"Content-Length: {size}"))
            connection.sendall(b"x" * (MEGABYTE - 70_000))
            assert read_answer(connection).status == status


def test_chunks_past_the_limit_are_413(pair: Pair) -> None:
    def endless() -> Iterator[bytes]:
        yield form(receiver_part(pair.b), ('name="attachment"; filename="a.png"', PNG), end=False)[:-2]
        for _ in range(LIMIT_BYTES * 4 // 65536):
            yield b"x" * 65536

    try:
        answer = post_form(pair.at_a, endless())
    except (httpx.WriteError, httpx.ReadError):
        pass  # cut off after the megabyte, and this client writes before it reads
    else:
        assert answer.status_code == 413


def test_fields_past_the_limit_are_413(pair: Pair) -> None:
    answer = upload(pair.at_a, pair.b, PNG, message="x" * 262145)
    assert answer.status_code == 413
    assert upload(pair.at_a, pair.b, PNG, message="x" * 10_001).json() == {
        "error": "message is longer than 10000 characters"
    }


def test_what_is_wrong_is_said_and_leaves_no_file(pair: Pair) -> None:
    before = len(stored_files(pair.server))
    to = receiver_part(pair.b)
    file = ('name="attachment"; filename="a.png"', PNG)
    none = ('name="attachment"; filename=""', b"")
    for body, status, error in [
        (form(to), 400, "message or attachment is required"),
        (form(to, none), 400, "message or attachment is required"),
        (form(to, ('name="attachment"; filename="a.png"', b"")), 400, "attachment: The submitted file is empty."),
        (form(to, file, file), 400, "attachment: Only one file can be given."),
        (form(to, ('name="attachment"', b"text")), 400, "attachment must be a file of a multipart form"),
        (form(to, ('name="other"; filename="a.png"', PNG)), 400, "message or attachment is required"),
        (form(file), 400, "receiver_id is required"),
        (form(('name="receiver_id"', b"x"), file), 400, "receiver_id must be an integer"),
        (form(('name="receiver_id"', b"99999"), file), 404, "Receiver not found"),
        (form(receiver_part(pair.a), file), 400, "You cannot send a message to yourself"),
        (form(to, file, ('name="message"', b"\xff")), 400, "The body is not UTF-8."),
        (form(to, file, ('name="message"', b"a\0b")), 400, "Null characters are not allowed"),
        (form(to, file, ('name="client_msg_id"', b"x" * 65)), 400,
         "client_msg_id must be a string of at most 64 characters"),
        (form(to, file, end=False), 400, "The form could not be read."),
        (form(to, file)[:-10], 400, "The form could not be read."),
        (form(to, ("filename=a", PNG)), 400, "The form could not be read."),
        (form(to, file, *[('name="x"', b"")] * 100), 400, "The form could not be read."),
        (b"nothing of a form", 400, "The form could not be read."),
        (b"", 400, "The form could not be read."),
    ]:  # fmt: skip
        answer = post_form(pair.at_a, body)
        assert check_refusal(answer, status) == {"error": error}, body[:300]
    for boundary in ("", "; boundary=", "; boundary=" + "x" * 300, "; boundary=other"):
        answer = post_form(pair.at_a, form(to, file), boundary)
        assert check_refusal(answer, 400) == {"error": "The form could not be read."}
    assert pair.at_a.post(CHATS, json={"receiver_id": pair.b.id, "attachment": "x"}).status_code == 400
    eventually(lambda: len(stored_files(pair.server)) == before, "no file stays")
    assert pair.at_a.get(CHATS).json()["count"] == 0
    with_text = post_form(pair.at_a, form(to, none, ('name="message"', b"no file was chosen")))
    assert (with_text.status_code, with_text.json()["attachment"]) == (201, None)


def test_no_token_no_file(shared: Shared) -> None:
    before = len(stored_files(shared.server))
    with shared.api() as client:
        assert upload(client, shared["bob"], PNG).status_code == 401
    assert len(stored_files(shared.server)) == before


def test_a_repeated_client_msg_id_gives_the_first_message_and_keeps_the_first_file(pair: Pair) -> None:
    before = len(stored_files(pair.server))
    first = sent(pair.at_a, pair.b, PNG, client_msg_id="again")
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda content: upload(pair.at_a, pair.b, content, client_msg_id="again"), [PNG, GIF, JPEG, PDF])
        )
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, first)] * 4
    other = upload(pair.at_a, pair.b, PNG, message="another text", client_msg_id="again")
    assert check_refusal(other, 409)
    assert len(stored_files(pair.server)) == before + 1
    assert httpx.get(first["attachment"]).content == PNG


def test_the_same_client_msg_id_at_once_is_one_message_and_one_file(pair: Pair) -> None:
    before = len(stored_files(pair.server))
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: upload(pair.at_a, pair.b, PNG, client_msg_id="once"), range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(stored_files(pair.server)) == before + 1


def test_a_deleted_message_takes_its_file_along(pair: Pair) -> None:
    before = len(stored_files(pair.server))
    message = sent(pair.at_a, pair.b, message="look", client_msg_id="gone")
    assert pair.at_a.delete(f"{CHATS}{message['id']}/").status_code == 204
    eventually(lambda: len(stored_files(pair.server)) == before, "the file is gone")
    assert httpx.get(message["attachment"]).status_code == 404
    with Stream(pair.server, pair.b, last_event_id=0) as replayed:
        told = replayed.wait_for("message", id=message["id"]).data
        assert [told[name] for name in ("message", "attachment", "attachment_url", "attachment_type")] == [
            "", None, None, None,
        ]  # fmt: skip
        replayed.wait_for("message_deleted")
        assert b"/files/" not in bytes(replayed.raw)
    assert upload(pair.at_a, pair.b, PNG, message="look", client_msg_id="gone").status_code == 409
    assert len(stored_files(pair.server)) == before


def test_texts_that_look_like_files_stay_as_they_are(pair: Pair) -> None:
    path = sent(pair.at_a, pair.b)["attachment"].removeprefix(pair.server.url)
    for text in (path, f"\\u0000{path}", f'"\\u0000{path}', f'","attachment":"\\u0000{path}'):
        with pair.streams() as (_, at_b):
            message = pair.send(text)
            assert message["message"] == text
            assert at_b.wait_for("message", id=message["id"]).data["message"] == text
        with Stream(pair.server, pair.b, last_event_id=0) as replayed:
            assert replayed.wait_for("message", id=message["id"]).data["message"] == text
    refused = pair.at_a.post(CHATS, json={"receiver_id": pair.b.id, "message": f"\0{path}"})
    assert check_refusal(refused, 400) == {"error": "Null characters are not allowed"}


def test_what_a_crash_left_behind_goes_at_the_next_start(server_factory: ServerFactory) -> None:
    server = server_factory()
    ann, bob = add_people(server, {"ann": ("student", "CAMPUS"), "bob": ("student", "CAMPUS")})
    with httpx.Client(base_url=f"{server.url}/api/v1/", headers=ann.headers) as client:
        kept = sent(client, bob, name="kept.png")
        orphaned = sent(client, bob, name="orphaned.png")
    sql(server, "UPDATE messages SET file_id = NULL WHERE id = ?", (orphaned["id"],))
    (path,) = [one for one in stored_files(server) if one.name in kept["attachment"]]
    unnamed_path = path.with_name(path.name[:2] + "0" * 38)
    unnamed_path.write_bytes(b"stored, and its row never written")
    incoming = server.data_dir / "files" / "incoming" / "99"
    incoming.write_bytes(b"half of a file")
    server.kill()
    server.start()
    assert stored_files(server) == [path]
    assert httpx.get(kept["attachment"]).content == PNG
    assert httpx.get(orphaned["attachment"]).status_code == 404
    assert sql(server, "SELECT key FROM files") == [(path.name,)]


def addresses(server: ServerProcess, user: User, headers: dict[str, str], sender: httpx.Client) -> tuple[str, str, str]:
    """Where a receiver who comes in with these headers finds a file: as it is pushed, replayed, and read."""
    with Stream(server, user, headers=headers) as stream:
        stream.wait_for("connected")
        message = sent(sender, user)
        pushed = stream.wait_for("message", id=message["id"]).data["attachment"]
    with Stream(server, user, headers=headers, last_event_id=0) as stream:
        replayed = stream.wait_for("message", id=message["id"]).data["attachment"]
    with httpx.Client(base_url=f"{server.url}/api/v1/", headers=user.headers | headers) as client:
        read = client.get(f"{CHATS}{message['id']}/").json()["attachment"]
    assert httpx.get(f"{server.url}/files/{pushed.partition('/files/')[2]}", headers=headers).content == PNG
    return pushed, replayed, read


PROXIED = {"X-Forwarded-Host": "campus.example", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"trusted_proxies": "127.0.0.1"}, "https://campus.example/files/"),
        ({"public_url": "https://elsewhere.example/campus"}, "https://elsewhere.example/campus/files/"),
    ],
    ids=["by a proxy", "by public_url"],
)
def test_an_address_is_the_one_by_which_its_reader_came(
    server_factory: ServerFactory, settings: dict[str, str], expected: str
) -> None:
    server = server_factory(**settings)
    ann, bob = add_people(server, {"ann": ("student", "CAMPUS"), "bob": ("student", "CAMPUS")})
    with httpx.Client(base_url=f"{server.url}/api/v1/", headers=ann.headers) as client:
        found = addresses(server, bob, PROXIED, client)
    assert len(set(found)) == 1
    assert found[0].startswith(expected)


def test_a_stranger_does_not_choose_the_address(pair: Pair) -> None:
    found = addresses(pair.server, pair.b, PROXIED, pair.at_a)
    assert len(set(found)) == 1
    assert found[0].startswith(f"{pair.server.url}/files/")


def test_streams_by_different_hosts_get_each_their_own(pair: Pair) -> None:
    hosts = [f"127.0.0.1:{pair.server.port}", f"localhost:{pair.server.port}", "campus"]
    streams = [Stream(pair.server, pair.b, headers={"Host": host}) for host in hosts]
    try:
        for stream in streams:
            stream.wait_for("connected")
        message = sent(pair.at_a, pair.b)
        path = message["attachment"].removeprefix(pair.server.url)
        for host, stream in zip(hosts, streams, strict=True):
            assert stream.wait_for("message", id=message["id"]).data["attachment"] == f"http://{host}{path}"
        assert httpx.get(f"http://localhost:{pair.server.port}{path}").content == PNG
    finally:
        for stream in streams:
            stream.close()
