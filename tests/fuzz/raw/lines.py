"""Queries, cursors and headers: requests that are framed well, with one to six values in them that are not."""

from __future__ import annotations

from random import Random

from tests.fuzz.raw import mutate
from tests.fuzz.raw.ground import Ground, Input

_V1 = b"/api/v1/"
_LISTS = [
    b"accounts/users/", b"communication/chats/", b"communication/chats/conversations/", b"communication/chats/search/",
    b"communication/chats/conversation/1/", b"communication/notices/", b"communication/announcements/",
    b"communication/events/", b"communication/event-registrations/", b"communication/notifications/",
    b"communication/notice-visibility/", b"academic/colleges/", b"academic/classes/", b"academic/sections/",
    b"academic/enrollments/", b"admin/streams/", b"admin/audit/", b"auth/sessions/", b"accounts/users/by-type/student/",
]  # fmt: skip
_PARAMETERS = [
    b"page", b"page_size", b"search", b"ordering", b"college", b"user_type", b"is_active", b"is_verified", b"gender",
    b"sender",
    b"receiver", b"is_read", b"limit", b"offset", b"before_id", b"after_id", b"with", b"q", b"publish_date",
    b"is_published",
    b"is_urgent", b"class_obj", b"section", b"user", b"event", b"status", b"notice", b"notification_type",
    b"event_date",
    b"token", b"last_event_id", b"wait", b"since", b"until", b"action", b"x", b"", b"page[]", b"__proto__",
]  # fmt: skip
_VALUES = [
    b"1", b"2", b"100", b"true", b"false", b"student", b"2026-01-09", b"-created_at", b"username", b"hello", b"a b",
    b"2026-01-09T10:30:00Z", b"registered", b"\xe4\xb8\xad", b"%", b"_", b'"hello"', b"hello OR", b"NEAR(", b"*", b"a*",
]  # fmt: skip
_EVENTS, _POLL = b"communication/sse/events/", b"communication/poll/events/"
_ORIGINS = [b"http://localhost:3000", b"https://evil.example", b"null", b"http://localhost:3000.evil.example"]
_ADDRESSES = [
    b"127.0.0.1",
    b"::1",
    b"10.0.0.1, 10.0.0.2",
    b"[::1]:80",
    b"unknown",
    b"_hidden",
    b"fe80::1%eth0",
    b"1.2.3.4:99",
]


def query(chance: Random, ground: Ground) -> Input:
    """A list, and what it shall be filtered by."""
    pairs = []
    for _ in range(chance.choice((1, 1, 2, 3, 6, 40))):
        name, value = chance.choice(_PARAMETERS), mutate.value(chance, chance.choice(_VALUES))
        if chance.random() < 0.05:
            name = mutate.value(chance, name)
        sign = b"=" if chance.random() < 0.95 else chance.choice((b"", b"==", b"%3D"))
        pairs.append(mutate.quoted(chance, name) + sign + mutate.quoted(chance, value))
    joined = chance.choice((b"&", b"&", b"&", b"&", b";", b"&&")).join(pairs)
    target = _V1 + chance.choice(_LISTS) + b"?" + joined
    method = "HEAD" if chance.random() < 0.02 else "GET"
    request = ground.head(method, target[:30000], b"Authorization: Token " + ground.token(chance))
    return Input(mutate.pieces(chance, request), method)


def cursors(chance: Random, ground: Ground) -> Input:
    """Where the client was: in the header, under both names in the query, in all of them, on both endpoints."""
    lines, pairs = [], []
    token = ground.token(chance)
    if chance.random() < 0.5:
        pairs.append(b"token=" + token)
    else:
        lines.append(b"Authorization: Token " + token)
    for _ in range(chance.choice((1, 1, 1, 2))):
        value = mutate.value(chance, b"%d" % chance.choice(ground.positions))
        if chance.random() < 0.6:
            lines.append(
                chance.choice((b"Last-Event-ID: ", b"last-event-id:", b"LAST-EVENT-ID: ")) + mutate.line(value)
            )
        else:
            pairs.append(chance.choice((b"last_event_id=", b"lastEventId=")) + mutate.quoted(chance, value))
    path = _EVENTS
    if chance.random() < 0.5:
        path = _POLL
        pairs.append(
            b"wait=0"
            if chance.random() < 0.9
            else b"wait=" + mutate.quoted(chance, chance.choice((b"-1", b"x", b"61")))
        )
    chance.shuffle(pairs)
    request = ground.head("GET", _V1 + path + (b"?" + b"&".join(pairs) if pairs else b""), *lines)
    return Input(mutate.pieces(chance, request))


def headers(chance: Random, ground: Ground) -> Input:
    """The headers that the server reads, of which one to six are not what they should be."""
    known: dict[bytes, bytes] = {
        b"Authorization": b"Token " + ground.token(chance),
        b"X-College-ID": b"1",
        b"X-Tenant-ID": b"all",
        b"Range": chance.choice((b"bytes=0-9", b"bytes=5-", b"bytes=-5", b"bytes=0-1,3-4", b"bytes=9-5", b"items=0-1")),
        b"If-None-Match": chance.choice((ground.etag, b"*", b"W/" + ground.etag, ground.etag + b', "x"')),
        b"If-Modified-Since": ground.modified,
        b"If-Range": chance.choice((ground.etag, ground.modified)),
        b"If-Match": ground.etag,
        b"If-Unmodified-Since": ground.modified,
        b"Forwarded": b'for=1.2.3.4;proto=https;by="[::1]"',
        b"X-Forwarded-For": chance.choice(_ADDRESSES),
        b"X-Forwarded-Proto": b"https",
        b"X-Forwarded-Host": b"campus.example",
        b"X-Real-IP": chance.choice(_ADDRESSES),
        b"Origin": chance.choice(_ORIGINS),
        b"Access-Control-Request-Method": b"POST",
        b"Access-Control-Request-Headers": b"authorization, content-type",
        b"Accept": b"application/json",
        b"Accept-Language": b"en",
        b"User-Agent": b"Mozilla/5.0",
        b"Idempotency-Key": b"abc",
        b"Content-Type": b"application/json",
        b"Cookie": b"sessionid=1",
        b"X-Request-ID": b"1",
        b"Referer": b"http://localhost:3000/?token=x",
    }
    chosen = chance.sample(sorted(known), k=chance.choice((1, 1, 2, 3, 6)))
    lines = (
        [] if b"Authorization" in chosen or chance.random() < 0.1 else [b"Authorization: " + known[b"Authorization"]]
    )
    for name in chosen:
        for _ in range(1 if chance.random() < 0.9 else 2):
            value = mutate.line(mutate.value(chance, known[name]))
            lines.append((name if chance.random() < 0.9 else name.lower()) + b": " + value)
    method = chance.choice(("GET", "GET", "GET", "HEAD", "OPTIONS"))
    of_files = any(name.startswith((b"If-", b"Range")) for name in chosen)
    target = ground.file_path if of_files and chance.random() < 0.9 else _V1 + chance.choice(_LISTS)
    request = ground.head(method, target, *lines)
    if chance.random() < 0.1:
        host = mutate.line(mutate.value(chance, ground.host))
        request = request.replace(b"Host: " + ground.host, b"Host: " + host, 1)
    return Input(mutate.pieces(chance, request), method)
