"""A certificate for 127.0.0.1 and localhost, and the two ends' settings for it."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


class Certificate:
    """`server` is for a listening socket, `client` for a client that trusts nobody else. New each time (0.1 s)."""

    def __init__(self) -> None:
        authority = trustme.CA()
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._leaf = authority.issue_cert("127.0.0.1", "localhost")
        self._leaf.configure_cert(self.server)
        self.client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        authority.configure_trust(self.client)
        self._authority = authority

    def trusted_by(self, client: ssl.SSLContext) -> None:
        """Let another client trust this one as well."""
        self._authority.configure_trust(client)

    def write(self, folder: Path) -> dict[str, Path]:
        """The server's end as files: the settings tls_cert and tls_key."""
        paths = {"tls_cert": folder / "certificate.pem", "tls_key": folder / "key.pem"}
        self._leaf.cert_chain_pems[0].write_to_path(str(paths["tls_cert"]))
        self._leaf.private_key_pem.write_to_path(str(paths["tls_key"]))
        return paths
