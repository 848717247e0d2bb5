"""The certificates: the server's own files, and the one at the public address. How long they are good, and for whom."""

from __future__ import annotations

import ssl
import time
from typing import Any
from urllib.parse import urlsplit

from commands import doctor_ticks
from commands.doctor_finding import Finding, Findings, Subject

EXPIRES_SOON_DAYS = 21
ASK_S = 10.0
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL: one that is over is read as well


def own(subject: Subject) -> Findings:
    """tls_cert and tls_key, if they are set."""
    settings = subject.settings
    if not settings.tls_cert:
        return
    try:
        held = _read(settings.tls_cert, settings.tls_key)
    except (OSError, ValueError) as error:
        said = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        yield Finding(
            "certificate",
            "bad",
            f"{settings.tls_cert} and {settings.tls_key}: {said}",
            "name a PEM certificate and the key that was made for it",
        )
        return
    names = [str(value) for kind, value in held.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    yield _days_left("certificate", held, f"{settings.tls_cert}, for {', '.join(names) or 'no name'}")
    host = urlsplit(settings.public_url).hostname
    if settings.public_url.startswith("https:") and host and not any(_matches(name, host) for name in names):
        yield Finding(
            "certificate",
            "warn",
            f"it is not for {host}, the name in public_url",
            "that is right only if a proxy in front has a certificate of its own",
        )


def public(url: str) -> Finding:
    """The one at an https address."""
    where = urlsplit(url).netloc
    asked = doctor_ticks.connection(url, ASK_S)
    try:
        asked.connect()
        assert isinstance(asked.sock, ssl.SSLSocket)
        return _days_left("public certificate", asked.sock.getpeercert() or {}, where)
    except OSError as error:
        return Finding("public certificate", "bad", f"{where}: {doctor_ticks.reason(error)}", "renew it")
    finally:
        asked.close()


def _read(certificate: str, key: str) -> dict[str, Any]:
    """What is in a certificate, as SSLSocket.getpeercert has it: seen by a client that trusts it and nobody else.

    Nothing else in the standard library reads one. Raises OSError, and ValueError for a key with a passphrase; a key of
    another certificate is ssl.SSLError.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key, password=_no_passphrase)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.load_verify_locations(certificate)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(to_client, to_server)
    there = server.wrap_bio(to_server, to_client, server_side=True)
    for end in (here, there, here):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue  # the other end has its turn
    return here.getpeercert() or {}


def _no_passphrase() -> str:
    """Without this OpenSSL would ask the terminal. The server has none to ask either."""
    raise ValueError("the key has a passphrase, which nobody could type")


def _days_left(name: str, held: dict[str, Any], what: str) -> Finding:
    not_after = str(held["notAfter"])
    days = (ssl.cert_time_to_seconds(not_after) - time.time()) / 86_400
    if days <= 0:
        return Finding(name, "bad", f"{what}: ended on {not_after}", "renew it")
    if days < EXPIRES_SOON_DAYS:
        return Finding(name, "warn", f"{what}: good for {days:.0f} days more", "renew it")
    return Finding(name, "ok", f"{what}: good for {days:,.0f} days more")


def _matches(name: str, host: str) -> bool:
    """RFC 6125: a star is one whole label, the first."""
    first, _, rest = host.partition(".")
    return name.lower() == host or (name.startswith("*.") and bool(first) and name[2:].lower() == rest)
