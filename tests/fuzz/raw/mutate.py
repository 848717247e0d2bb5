"""Mutations of bytes and of texts: what fits nearly, and what breaks parsers. Each takes its chance from outside."""

from __future__ import annotations

from itertools import pairwise
from random import Random

# Numbers at the edges of every integer that somebody may have chosen, and what is no number though it looks like one.
NUMBERS = [
    b"0", b"1", b"-1", b"+1", b"00", b"01", b"1e3", b"1.5", b"0x10", b"1_0", b" 1", b"1 ", b"NaN", b"Infinity", b"",
    b"127", b"255", b"65535", b"65536", b"2147483647", b"2147483648", b"4294967296", b"9007199254740991",
    b"9007199254740992", b"9223372036854775807", b"9223372036854775808", b"18446744073709551616", b"9" * 30,
    b"9" * 400, "\u0661\u0662".encode(), "\u00b2".encode(), b"-0", b"1,2", b"[1]", b"null", b"true",
]  # fmt: skip

TOKENS = [
    b"\r\n", b"\n", b"\r", b"\0", b"\t", b" ", b"\x0b", b"\x0c", b"\x1b", b"\x7f", b"\x80", b"\xff", b"\xfe\xff", b":",
    b";", b",", b"=", b'"', b"'", b"\\", b"%", b"%00", b"%0a", b"%0d%0a", b"%ff", b"%c0%af", b"%2e%2e%2f", b"../",
    b"//",
    b"?", b"#", b"&", b"&&", b"*", b"<script>", b"--", b"' OR 1=1 --", b"{", b"}", b"[", b"]", b"[" * 1000, b"{}",
    b"null",
    "\u2028".encode(), "\U0001f600".encode(), "e\u0301".encode(), b"\xed\xa0\x80", b"A" * 300, b"A" * 9000, b"\r\n\r\n",
    b"HTTP/1.1", b"chunked", b"close", b"keep-alive", b"multipart/form-data", b"bytes=0-", b"Token ", b"Bearer ",
]  # fmt: skip


def bytes_of(chance: Random, data: bytes, most: int = 4) -> bytes:
    """The data with one to `most` small changes."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, most)):
        _change(chance, changed)
    return bytes(changed)


def _change(chance: Random, data: bytearray) -> None:
    at = chance.randrange(len(data) + 1)
    length = min(int(chance.expovariate(0.2)) + 1, 200)
    kind = chance.randrange(7)
    if kind == 0 and at < len(data):
        data[at] = chance.randrange(256)
    elif kind == 1 and at < len(data):
        data[at] ^= 1 << chance.randrange(8)
    elif kind == 2:
        del data[at : at + length]
    elif kind == 3:
        data[at:at] = data[at : at + length] * chance.choice((1, 1, 2, 20))
    elif kind == 4:
        data[at:at] = chance.randbytes(length)
    elif kind == 5:
        data[at:at] = chance.choice(NUMBERS)
    else:
        data[at:at] = chance.choice(TOKENS)


def value(chance: Random, valid: bytes) -> bytes:
    """A value in the place of a valid one: it, nearly it, a number, a token, noise, something long, nothing."""
    kind = chance.randrange(8)
    if kind == 0:
        return valid
    if kind <= 2:
        return bytes_of(chance, valid, 2)
    if kind == 3:
        return chance.choice(NUMBERS)
    if kind == 4:
        return chance.choice(TOKENS) + (valid if chance.random() < 0.5 else b"")
    if kind == 5:
        return chance.randbytes(chance.randrange(24))
    if kind == 6:
        return valid * chance.choice((2, 3, 50, 500))
    return b""


def line(data: bytes) -> bytes:
    """The data as far as it can stand in a line of a head."""
    return data.translate(None, b"\r\n\0")[:20000]


def quoted(chance: Random, data: bytes) -> bytes:
    """The data as it may stand in a query: mostly as %XX where that is needed, at times everywhere or nowhere."""
    style = chance.random()
    plain = b"-._~" if style < 0.7 else (b"" if style < 0.8 else b"!$'()*,/:;?@[]|^`{}\\\"<>-._~=&+")
    found = bytearray()
    for byte in data:
        one = bytes((byte,))
        keeps = (one.isalnum() and style < 0.95) or one in plain or (style >= 0.9 and byte > 0x7F)
        found += one if keeps and one else b"%%%02X" % byte
    return bytes(found[:8000])


def pieces(chance: Random, data: bytes) -> list[bytes]:
    """The data, whole or split at one to four places: a server reads whatever the network gives it."""
    if chance.random() < 0.7 or len(data) < 2:
        return [data]
    cuts = sorted({0, len(data), *(chance.randrange(1, len(data)) for _ in range(chance.randint(1, 4)))})
    return [data[low:high] for low, high in pairwise(cuts)]
