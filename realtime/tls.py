"""TLS as this server speaks it: which versions and ciphers, its certificate, and another one while streams are open.

A connection keeps the context that its handshake began with, so a new certificate is a new context for the connections
that come: nothing that is open notices. It knows no HTTP and no settings.
"""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

log = logging.getLogger(__name__)

# What TLS 1.2 may use; all of them give forward secrecy and authenticate what they encrypt. TLS 1.3 has no others.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


class BadCertificate(OSError):
    """A certificate and key that can't be served: one sentence with both paths and the reason."""


class Certificate:
    """A certificate and its key, in PEM files. `context` is for the connections that are accepted from now on."""

    def __init__(self, certificate: Path | str, key: Path | str) -> None:
        """Load both. Raises BadCertificate."""
        self._paths = certificate, key
        self.context = _context(certificate, key)

    def reload(self) -> bool:
        """Read the files again; whether there is a new context. One that can't be served is logged, and the old one
        stays."""
        try:
            self.context = _context(*self._paths)
        except BadCertificate as error:
            log.error("the certificate stays as it was: %s", error)
            return False
        log.warning("the certificate was read again from %s", self._paths[0])
        return True


def _context(certificate: Path | str, key: Path | str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    # Each renegotiation of TLS 1.2 costs the server far more than the client that asks for it.
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    try:
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise BadCertificate(f"tls_cert {certificate} and tls_key {key}: {error}") from error
    return context


def _no_passphrase() -> str:
    """Without this OpenSSL would ask the terminal, and the start or the whole loop would wait for an answer."""
    raise ValueError("the key has a passphrase, which nobody could type")
