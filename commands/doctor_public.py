"""The public address: whether it leads to this server, and what a stream is like that comes from there."""

from __future__ import annotations

import http.client
import ipaddress
import ssl
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from commands import doctor_address, doctor_ticks, doctor_tls
from commands.doctor_finding import Finding, Findings, Subject
from commands.doctor_ticks import TICKS, Ticks

HELD_S = 1.5  # a tick that is so late was not only on its way
NGINX = "nginx: `proxy_buffering off;` and no `proxy_ignore_headers X-Accel-Buffering`"


def look(subject: Subject, url: str, *, quick: bool) -> Findings:
    """Everything about the way through `url`, or, if that is empty, to the server itself. `quick` does without the idle
    test."""
    own = doctor_address.own_url(subject) if subject.pid is not None else None
    if not url:
        if own is None:
            yield Finding(
                "public address", "warn", "nothing serves this folder, so no stream was tried", "run it again then"
            )
            yield doctor_address.proxies(subject, False)
            return
        yield Finding(
            "public address",
            "ok" if subject.settings.tls_cert else "warn",
            f"public_url is not set: the server itself was tried, at {own}",
            "with a proxy in front, set public_url or say `doctor --url https://campus.example`",
        )
    is_public = bool(url)
    url, context = (url, None) if url else (own or "", doctor_address.unverified())
    try:
        same = doctor_address.is_same(subject, url, context)
    except (OSError, http.client.HTTPException) as error:
        yield Finding(
            "public address",
            "bad",
            f"{url} cannot be reached: {doctor_ticks.reason(error)}",
            "look at name, proxy, firewall",
        )
        return
    if is_public:
        yield _is_ours(url, same, subject)
        if same is False:
            return
        if url.startswith("https:"):
            yield doctor_tls.public(url)
    first, idle = _listen(url, subject.settings.heartbeat_s, quick, context)
    yield doctor_address.proxies(subject, is_public and _is_proxied(own, first))
    yield _http(url, first, context, is_public)
    ticks = _ticks(url, first)
    yield ticks
    if idle is not None and ticks.level == "ok":  # where nothing comes at once nothing is known of silence
        yield _idle(idle)


def _is_ours(url: str, same: bool | None, subject: Subject) -> Finding:
    if same is False:
        return Finding(
            "public address",
            "bad",
            f"{url} leads to another server, or to another database than that of {subject.settings.data_dir}",
            "look at the proxy's target, and at data_dir",
        )
    return Finding("public address", "ok", f"{url} leads to this server")


def _listen(url: str, heartbeat_s: float, quick: bool, context: ssl.SSLContext | None) -> tuple[Ticks, Ticks | None]:
    """Both tests at the same time: the long one takes five seconds and a heartbeat."""
    with ThreadPoolExecutor(2) as pool:
        short = pool.submit(doctor_ticks.listen, url, idle_s=0.0, context=context)
        long = None if quick else pool.submit(doctor_ticks.listen, url, idle_s=heartbeat_s, context=context)
        return short.result(), None if long is None else long.result()


def _is_proxied(own: str | None, ticks: Ticks) -> bool:
    """Whether another program answers than the one that serves."""
    if own is None:
        return False
    asked = doctor_ticks.connection(own, doctor_address.ASK_S, doctor_address.unverified())
    try:
        asked.request("GET", "/healthz")
        return asked.getresponse().getheader("Server", "") != ticks.server
    except (OSError, http.client.HTTPException):  # told of by the port's finding
        return False
    finally:
        asked.close()


def _http(url: str, ticks: Ticks, context: ssl.SSLContext | None, is_public: bool) -> Finding:
    change = "a proxy with HTTP/2 in front, as deploy/ has it; the JavaScript client needs only one stream for all tabs"
    if url.startswith("https:"):
        try:
            best = doctor_ticks.http_versions(url, context)
        except OSError as error:
            return Finding("http", "warn", f"it cannot be told which HTTP is spoken: {doctor_ticks.reason(error)}")
        if best == "h2":
            return Finding("http", "ok", "HTTP/2: any number of tabs")
        return Finding("http", "warn", f"HTTP/{ticks.version or '1.1'}: a browser opens six connections in all", change)
    if is_public and not _is_local(url):
        return Finding(
            "http", "warn", "plain HTTP: whoever is on the way reads passwords and tokens", "TLS; see deploy/"
        )
    return Finding("http", "ok", f"HTTP/{ticks.version or '1.1'}, plain: a browser opens six connections in all")


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _ticks(url: str, ticks: Ticks) -> Finding:
    if ticks.status == 429:
        return Finding("ticks", "warn", "too many test streams are open from this address", "run the doctor again")
    if not ticks.is_stream:
        told = ticks.error or f"status {ticks.status} with {ticks.media_type or 'no type'}"
        return Finding("ticks", "bad", f"there is no stream at {url}: {told}", "let the proxy pass /api/ to the server")
    if ticks.encoding:
        return Finding(
            "ticks",
            "bad",
            f"the stream comes compressed ({ticks.encoding}): whoever compresses waits for more to compress",
            "switch compression off for text/event-stream",
        )
    if ticks.held_s >= HELD_S:
        return Finding(
            "ticks",
            "bad",
            f"buffered: {len(ticks.tick_s)} events, sent one a second, came {ticks.held_s:.1f} s late, all at once",
            f"let the proxy pass on what comes as it comes ({NGINX})",
        )
    if len(ticks.tick_s) < TICKS or not ticks.is_complete:
        return Finding(
            "ticks",
            "bad",
            f"cut after {ticks.ended_s:.1f} s, with {len(ticks.tick_s)} of {TICKS} events",
            "look for a time limit of whole answers in the proxy",
        )
    return Finding("ticks", "ok", f"an event a second came as it was sent, at most {ticks.held_s * 1000:.0f} ms late")


def _idle(ticks: Ticks) -> Finding:
    if not ticks.is_stream or not ticks.tick_s:
        return Finding("idle", "warn", f"not tried: {ticks.error or f'status {ticks.status}'}")
    if not ticks.idle_s:
        return Finding("idle", "warn", "not tried: the server is of an older version", "update it")
    silent_s = ticks.ended_s - ticks.tick_s[-1]
    if ticks.is_complete:
        return Finding("idle", "ok", f"{ticks.idle_s:g} s of silence, the time between two heartbeats, were not cut")
    return Finding(
        "idle",
        "bad",
        f"cut after {silent_s:.1f} s of silence, and heartbeats come every {ticks.idle_s:g} s: every stream drops and "
        "comes back, again and again",
        "let the proxy wait longer (nginx: `proxy_read_timeout 1h;`), or set heartbeat_s below "
        f"{max(1, int(silent_s))}",
    )
