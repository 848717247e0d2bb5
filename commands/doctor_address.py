"""The way to the server: its port, its own address, and whom it believes."""

from __future__ import annotations

import errno
import http.client
import ipaddress
import json
import os
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from commands import doctor_ticks, doctor_tls
from commands.doctor_data import campus_stamp
from commands.doctor_finding import Finding, Findings, Subject

CAMPUS_PATH = "/api/v1/campus/"
WIDE_IPV4_BITS, WIDE_IPV6_BITS = 8, 32
ASK_S = 10.0
_LISTENING = "0A"


def look(subject: Subject) -> Findings:
    """The port, and the certificate that the server itself has."""
    yield _port(subject)
    yield from doctor_tls.own(subject)


def own_url(subject: Subject) -> str | None:
    """The address at which the running server answers on this machine; None where it cannot be told."""
    settings = subject.settings
    places = _listening(subject.pid) if subject.pid is not None else None
    place = (
        (settings.address, settings.port)
        if not places
        else next((one for one in places if one[1] == settings.port), places[0])
    )
    if not place[1]:
        return None
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(place[0], place[0])
    return f"{'https' if settings.tls_cert else 'http'}://{f'[{host}]' if ':' in host else host}:{place[1]}"


def unverified() -> ssl.SSLContext:
    """For the server's own address, for which no certificate is made."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def proxies(subject: Subject, is_proxied: bool) -> Finding:
    """Whom the server believes. `is_proxied`: somebody else answers at the public address."""
    trusted = subject.settings.trusted_proxies
    wide = [
        str(one)
        for one in trusted
        if one.prefixlen < (WIDE_IPV4_BITS if isinstance(one, ipaddress.IPv4Network) else WIDE_IPV6_BITS)
    ]
    if wide:
        return Finding(
            "trusted proxies",
            "bad",
            f"{', '.join(wide)}: about anybody may say which address a request comes from",
            "name the proxy's own address in trusted_proxies",
        )
    if is_proxied and not trusted:
        return Finding(
            "trusted proxies",
            "warn",
            "a proxy answers, and trusted_proxies is empty: limits and audit see the proxy's address for everybody",
            "name the proxy's address in trusted_proxies, and let it set X-Forwarded-For and X-Forwarded-Proto",
        )
    return Finding("trusted proxies", "ok", ", ".join(map(str, trusted)) or "none, and none seems to be there")


def is_same(subject: Subject, url: str, context: ssl.SSLContext | None = None) -> bool | None:
    """Whether the server at an address has this database; None where the database is too old to tell.

    Raises OSError and http.client.HTTPException.
    """
    own = campus_stamp(subject)
    if own is None:
        return None
    asked = doctor_ticks.connection(url, ASK_S, context)
    try:
        asked.request("GET", urlsplit(url).path.rstrip("/") + CAMPUS_PATH)
        answer = asked.getresponse()
        body = answer.read(1 << 16)
    finally:
        asked.close()
    try:
        return answer.status == 200 and json.loads(body).get("updated_at") == own
    except (ValueError, AttributeError):  # not JSON, or no object: something else answers
        return False


def _port(subject: Subject) -> Finding:
    settings = subject.settings
    place = f"{settings.address}:{settings.port}"
    if subject.pid is not None:
        places = _listening(subject.pid)
        if places is None:
            return _asked(subject, place)
        told = ", ".join(f"{host}:{port}" for host, port in places)
        if not places or (settings.port and settings.port not in {port for _, port in places}):
            return Finding(
                "port",
                "warn",
                f"process {subject.pid} serves this folder at {told or 'no address'}, and the settings say {place}",
                "give the doctor the server's own settings",
            )
        return Finding("port", "ok", f"{told}: the server, process {subject.pid}")
    if not settings.port:
        return Finding("port", "ok", "port 0: the server picks one")
    try:
        with socket.create_server((settings.address, settings.port), family=_family(settings.address)):
            return Finding("port", "ok", f"{place} is free; no server runs on this folder")
    except OSError as error:
        change = {
            errno.EADDRINUSE: "end it, or choose another port",
            errno.EACCES: "choose a port from 1024 on, or give the service CAP_NET_BIND_SERVICE",
            errno.EADDRNOTAVAIL: "name an address of this machine, or 0.0.0.0",
        }.get(error.errno or 0, "")
        what = "another program has it" if error.errno == errno.EADDRINUSE else error.strerror
        return Finding("port", "bad", f"{place}: {what}", change)


def _asked(subject: Subject, place: str) -> Finding:
    """The port of a server whose sockets this user may not look at."""
    url = own_url(subject)
    try:
        if url is not None and is_same(subject, url, unverified()) is not False:
            return Finding("port", "ok", f"{place}: the server, process {subject.pid}")
    except (OSError, http.client.HTTPException) as error:
        return Finding("port", "warn", f"{place}: a server runs on this folder, and does not answer there ({error})")
    return Finding("port", "bad", f"{place}: another program has it, and the server is elsewhere")


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _listening(pid: int) -> list[tuple[str, int]] | None:
    """Where a process listens; None where this user may not know. Linux: its descriptors and the kernel's table."""
    try:
        opened = {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:
        return None
    found = []
    for table in ("tcp", "tcp6"):
        path = Path("/proc/net") / table
        for line in path.read_text(encoding="ascii").splitlines()[1:] if path.exists() else ():
            (
                _,
                local,
                _,
                state,
                *_,
            ) = fields = line.split()
            if state == _LISTENING and f"socket:[{fields[9]}]" in opened:
                found.append(_place(local))
    return sorted(found)


def _place(local: str) -> tuple[str, int]:
    """`0100007F:1F90` as `("127.0.0.1", 8080)`: words of the machine's own byte order."""
    address, _, port = local.partition(":")
    words = [int(address[at : at + 8], 16).to_bytes(4, "little") for at in range(0, len(address), 8)]
    return str(ipaddress.ip_address(b"".join(words))), int(port, 16)
