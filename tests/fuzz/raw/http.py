"""HTTP itself: request lines, heads, chunked bodies, pipelines. Nothing here need be HTTP any more when it goes out."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from tests.fuzz.raw import mutate
from tests.fuzz.raw.ground import Ground, Input

_CHATS = b"/api/v1/communication/chats/"
_TARGETS = [
    b"/healthz", b"/api/v1/accounts/users/", _CHATS, b"/api/v1/auth/user/", b"/api/v1/communication/notices/?page=1",
    b"/api/v1/communication/poll/events/?wait=0", b"/api/v1/campus/", b"/static/style.css", b"/", b"/setup/",
    b"/api/v1/schema", b"/admin", b"/nothing/at/all",
]  # fmt: skip
_METHODS = [
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"PATCH",
    b"DELETE",
    b"OPTIONS",
    b"TRACE",
    b"CONNECT",
    b"PRI",
    b"get",
    b"G",
]
_VERSIONS = [b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.10", b"http/1.1", b"HTTP/1.1 ", b"", b"HTTP/",
             b"HTTP/9.9", b"HTTPS/1.1", b"HTTP/1.1\t", b"HTTP/-1.1"]  # fmt: skip
_ENDS = [b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n\r\n", b""]
_FRAMING = [
    b"Content-Length: %d", b"Content-Length: +%d", b"Content-Length: -%d", b"Content-Length: 0%d", b"content-length:%d",
    b"Content-Length: %d, %d", b"Content-Length: %dx", b"Content-Length : %d", b"Content-Length: \xb2%d",
    b"Content-Length:",
    b"Content-Length: 99999999999999999999%d", b"Content-Length: 1000000000000%d", b"Content-Length: 0x%d",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: Chunked", b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: identity", b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: %d", b"Transfer-Encoding:\tchunked",
    b"Transfer-Encoding: \x0bchunked",
    b"Content-Length: %d\r\nContent-Length: %d", b"Content-Length: %d\r\nContent-Length: 1%d",
]  # fmt: skip
_ODD_LINES = [
    b"Expect: 100-continue", b"Expect: x", b"Connection: close", b"Connection: upgrade", b"Upgrade: websocket",
    b"no colon",
    b": no name", b" folded: x", b"X: a\r\n b", b"X: a\r\n\tb", b"X: \0", b"X\0: a", b"X: a\rb", b"X Y: a",
    b"X: " + b"a" * 9000,
    b"X: " + b"a" * 70000, b"\x80: x", b"Host: other", b"Host:", b"Content-Encoding: gzip",
    b"Content-Type: application/json",
    b"Content-Type: ;;;", b"Content-Type: multipart/form-data", b"TE: trailers", b"Trailer: X",
    b"Keep-Alive: timeout=0",
    b"Cookie: a=b; c=\"d", b"Accept-Encoding: gzip, br",
]  # fmt: skip
_SIZES = [b"%x", b"%X", b"0%x", b"%x ;a=b", b"%x;a", b" %x", b"%x ", b"0x%x", b"-%x", b"+%x", b"%xg", b"%x\0",
    b"ffffffff%x",
          b"fffffffffffffffff%x", b"%x" + b"0" * 40, b""]  # fmt: skip


def http(chance: Random, ground: Ground) -> Input:
    """One to four requests behind each other, of which one part is wrong, and then perhaps noise."""
    data = b"".join(_request(chance, ground) for _ in range(chance.choice((1, 1, 1, 2, 4))))
    if chance.random() < 0.4:
        data = mutate.bytes_of(chance, data)
    if chance.random() < 0.1:
        data = data[: chance.randrange(len(data) + 1)]
    return Input(mutate.pieces(chance, data), is_whole=False, halves=chance.random() < 0.5)


def _request(chance: Random, ground: Ground) -> bytes:
    target, method, body = chance.choice(_TARGETS), chance.choice((b"GET", b"POST")), b""
    if method == b"POST":
        target = chance.choice((_CHATS, b"/api/v1/auth/login/", target))
        body = _json(chance, ground)
    lines = [b"Host: " + ground.host, b"Authorization: Token " + ground.token(chance)]
    version, end = b"HTTP/1.1", b"\r\n"
    wrong = chance.randrange(8)
    if wrong == 0:
        method = chance.choice(_METHODS)
    elif wrong == 1:
        target = _target(chance, target)
    elif wrong == 2:
        version = chance.choice(_VERSIONS)
    elif wrong == 3:
        end = chance.choice(_ENDS)
    elif wrong == 4:
        lines += chance.choices(_ODD_LINES, k=chance.randint(1, 4))
    elif wrong == 5:
        lines += [b"X-%d: %d" % (number, number) for number in range(chance.choice((5, 200, 3000)))]
    if body and wrong == 6:
        lines.append(chance.choice(_FRAMING).replace(b"%d", b"%d" % len(body)))
    elif body and chance.random() < 0.4:
        lines.append(b"Transfer-Encoding: chunked")
        body = _chunks(chance, body, is_right=wrong != 7)
    elif body:
        lines.append(b"Content-Length: %d" % len(body))
    chance.shuffle(lines)
    return end.join([method + b" " + target + b" " + version, *lines, b"", b""]) + body


def _json(chance: Random, ground: Ground) -> bytes:
    values: list[object] = [ground.bob, 10**9, "x", None, [], {}, True, 1e300, "\0", "\ud83d"]
    text = json.dumps({"receiver_id": chance.choice(values), "message": chance.choice(values)}).encode()
    return mutate.bytes_of(chance, text) if chance.random() < 0.3 else text


def _target(chance: Random, target: bytes) -> bytes:
    made: list[Callable[[], bytes]] = [
        lambda: b"*",
        lambda: b"http://other.example" + target,
        lambda: b"//other.example" + target,
        lambda: b"",
        lambda: target + b"/" * chance.choice((1, 100)),
        lambda: target + b"?" + mutate.value(chance, b"page=1"),
        lambda: b"/" + b"a" * chance.choice((100, 8000, 70000)),
        lambda: mutate.bytes_of(chance, target),
        lambda: b"/files/" + b"0" * 40 + b"/" + mutate.quoted(chance, mutate.value(chance, b"x.png")),
        lambda: (
            b"/static/app/" + chance.choice((b"../../server.py", b"%2e%2e/%2e%2e/settings.py", b"a\\..\\b", b"%00"))
        ),
    ]
    return chance.choice(made)()


def _chunks(chance: Random, body: bytes, *, is_right: bool) -> bytes:
    found, at = b"", 0
    while at < len(body):
        piece = body[at : at + chance.randint(1, 40)]
        at += len(piece)
        size = b"%x" if is_right or chance.random() < 0.6 else chance.choice(_SIZES)
        end = b"\r\n" if is_right or chance.random() < 0.8 else chance.choice(_ENDS)
        found += size.replace(b"%x", b"%x" % len(piece)).replace(b"%X", b"%X" % len(piece)) + b"\r\n" + piece + end
    last = b"0\r\n\r\n"
    if not is_right:
        last = chance.choice(
            (last, b"0\r\nX-Trailer: a\r\n\r\n", b"00\r\n\r\n", b"0;x\r\n\r\n", b"", b"0\n\n", b"-0\r\n\r\n")
        )
    return found + last
