"""Forms with files: boundaries, parts, names, sizes, one form in another. The request around them is framed well."""

from __future__ import annotations

from random import Random

from tests.fuzz.raw import mutate
from tests.fuzz.raw.ground import Ground, Input
from tests.support import samples

_V1 = b"/api/v1/"
_FORM = b"multipart/form-data"
_FILES = [
    samples.PNG, samples.JPEG, samples.GIF, samples.WEBP, samples.MP4, samples.MP3, samples.PDF, samples.HTML,
    samples.SVG,
    samples.UTF16, b"", b"x", b"username,user_type\nfuzzed,student\n", b"\0" * 5000,
]  # fmt: skip
_NAMES = [
    b"dot.png", b"a b.png", b"../../etc/passwd", b"..\\..\\boot.ini", b"/etc/passwd", b"C:\\x.png", b"", b".", b"..",
    b"nul",
    b"a\0b.png", b"%22x%0d%0a.png", b"x.png\";y=\"z", b"\xff\xfe.png", "\u202egnp.exe".encode(),
    "\U0001f600.png".encode(),
    b"x" * 300 + b".png", b"x" * 9000, b"x.PNG", b"x.svg", b"x.html", b"x.", b"-rf", b"a;b.png", b"a/b.png", b"x.png ",
]  # fmt: skip
_BOUNDARIES = [
    b"x", b"----WebKitFormBoundary7MA4YWxkTrZu0gW", b"a" * 70, b"a" * 71, b"a" * 3000, b"-", b"--", b"a b",
    b"a'()+_,-./:=?", b"\xff",
]  # fmt: skip
_FIELDS = [
    b"message",
    b"receiver_id",
    b"attachment_type",
    b"client_msg_id",
    b"first_name",
    b"phone",
    b"name",
    b"",
    b"\xff",
]
# The endpoint, who calls it, its method and its file's field. The last take no files, and forms all the same.
_PLACES = [
    (b"communication/chats/", "ann", "POST", b"attachment"),
    (b"accounts/users/%d/", "ann", "PATCH", b"avatar"),
    (b"campus/", "boss", "PATCH", b"logo"),
    (b"admin/imports/", "dean", "POST", b"file"),
    (b"communication/notices/", "tara", "POST", b"attachment"),
    (b"auth/user/", "ann", "PATCH", b"x"),
    (b"auth/login/", "ann", "POST", b"x"),
]  # fmt: skip
_BIG_BYTES = 100_000


def multipart(chance: Random, ground: Ground) -> Input:
    """A form for one of the operations that take them."""
    path, who, method, file_name = chance.choices(_PLACES, (8, 3, 2, 2, 1, 1, 1))[0]
    path = path.replace(b"%d", b"%d" % ground.ann)
    # Half of them are forms, and only what is in their fields is odd: else hardly one gets behind the parser.
    is_tame = chance.random() < 0.5
    boundary = b"x" if is_tame else chance.choice(_BOUNDARIES)
    told = boundary if is_tame or chance.random() < 0.9 else mutate.value(chance, boundary)
    body = _form(chance, ground, boundary, file_name, is_tame=is_tame)
    if not is_tame and chance.random() < 0.3:
        body = mutate.bytes_of(chance, body)
    if not is_tame and chance.random() < 0.1:
        body = body[: chance.randrange(len(body) + 1)]
    lines = [
        b"Authorization: Token " + ground.tokens[who],
        b"Content-Type: " + mutate.line(_FORM + b"; boundary=x" if is_tame else _type(chance, told)),
    ]
    if chance.random() < 0.2:
        lines.append(b"Transfer-Encoding: chunked")
        body = _chunked(chance, body)
    else:
        lines.append(b"Content-Length: %d" % len(body))
    request = ground.head(method, _V1 + path, *lines) + body
    return Input(mutate.pieces(chance, request), method)


def _type(chance: Random, boundary: bytes) -> bytes:
    style = chance.randrange(20)
    if style == 0:
        return _FORM
    if style == 1:
        return _FORM + b"; boundary=" + boundary + b"; boundary=other"
    if style == 2:
        return chance.choice(
            (b"Multipart/Form-Data", b"multipart/mixed", b"multipart/form-data ", b"multipart/form-datax")
        ) + (b"; boundary=" + boundary)
    if style == 3:
        return _FORM + b"; charset=utf-16; boundary*=utf-8''" + boundary
    if style == 4:
        return mutate.bytes_of(chance, _FORM + b"; boundary=" + boundary)
    if style < 10 or any(byte in b" ()/:=?,;" for byte in boundary):
        return _FORM + b'; boundary="' + boundary + b'"'
    return _FORM + b"; boundary=" + boundary


def _form(chance: Random, ground: Ground, boundary: bytes, file_name: bytes, *, is_tame: bool) -> bytes:
    # One in ten goes to somebody: each of those is a commit, and a file that stays.
    receiver = b"%d" % (ground.bob if chance.random() < 0.1 else 999_999)
    parts = [_field(b"receiver_id", receiver), _field(b"message", mutate.value(chance, b"hello"))]
    parts += [_file(chance, file_name, is_tame=is_tame) for _ in range(1 if is_tame else chance.choice((1, 1, 1, 2)))]
    for _ in range(0 if is_tame else chance.choice((0, 0, 0, 1, 3, 99, 101))):
        parts.append(_field(chance.choice(_FIELDS), mutate.value(chance, b"1")))
    if chance.random() < 0.1:
        inner = b"--y\r\n" + _file(chance, b"inner", is_tame=is_tame) + b"\r\n--y--\r\n"
        parts.append(
            b'Content-Disposition: form-data; name="z"\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n' + inner
        )
    chance.shuffle(parts)
    end = b"\r\n" if is_tame or chance.random() < 0.9 else chance.choice((b"\n", b"\r", b"\r\n\r\n", b""))
    found = b"".join(b"--" + boundary + end + part + end for part in parts)
    if chance.random() < 0.1:
        found = b"a preamble" + end + found
    style = 19 if is_tame else chance.randrange(20)
    last = b"--" + boundary + b"--" + end
    found += last if style > 3 else (b"", b"--" + boundary, last * 2, last + b"an epilogue")[style]
    return found


def _field(name: bytes, value: bytes) -> bytes:
    return b'Content-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value


def _file(chance: Random, field: bytes, *, is_tame: bool) -> bytes:
    name, content = chance.choice(_NAMES), chance.choice(_FILES)
    if chance.random() < 0.01:
        content += chance.randbytes(_BIG_BYTES)
    elif chance.random() < 0.2:
        content = mutate.bytes_of(chance, content)
    style = 11 if is_tame else chance.randrange(12)
    disposition = b'form-data; name="' + field + b'"; filename="' + name + b'"'
    if style == 0:
        disposition = b'form-data; name="' + field + b"\"; filename*=UTF-8''" + mutate.quoted(chance, name)
    elif style == 1:
        disposition = b"form-data; name=" + field + b"; filename=" + name
    elif style == 2:
        disposition = chance.choice(
            (b"form-data", b"attachment; filename=x", b"", b";", b'form-data; name="', b"x" * 9000)
        )
    elif style == 3:
        disposition = mutate.bytes_of(chance, disposition)
    lines = [
        b"Content-Disposition: " + disposition,
        b"Content-Type: " + chance.choice((b"image/png", b"", b"text/html", b"x/" + name)),
    ]
    if style == 4:
        lines += chance.choice(
            ([b"Content-Transfer-Encoding: base64"], [b"X: " + b"a" * 9000], [b"no colon"], [b"A: 1"] * 200)
        )
    return b"\r\n".join([*lines, b"", content])


def _chunked(chance: Random, body: bytes) -> bytes:
    found, at = b"", 0
    step = max(1, len(body) // chance.choice((1, 3, 20)))
    while at < len(body):
        piece = body[at : at + step]
        at += len(piece)
        found += b"%x\r\n" % len(piece) + piece + b"\r\n"
    return found + b"0\r\n\r\n"
