"""Deployed: Debian's nginx in front of a server, with deploy/nginx.conf itself. Ports, the certificate and the log's
place are the test's; nothing else is changed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.support.nginx import Nginx, _free_port
from tests.support.server import ROOT
from tests.support.sse import Listening
from tests.support.tls import Certificate

SITE = ROOT / "deploy/nginx.conf"

_AROUND = """
{user}
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Deployed(Nginx):
    """A running nginx over TLS. A context manager; `port` is its own, `plain_port` that of its redirect."""

    def __init__(self, folder: Path, target: Listening, certificate: Certificate) -> None:
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        assert program, "there is no nginx; `make test` installs it"
        self.port, self.plain_port = _free_port(), _free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self.access_log = folder / "access.log"
        self._errors = folder / "error.log"
        (folder / "site.conf").write_text(self._site(folder, target, certificate), "utf-8")
        path = folder / "nginx.conf"
        # Else root's nginx writes bodies as a user who may not enter the test's folder.
        user = "user root root;" if os.geteuid() == 0 else ""
        path.write_text(_AROUND.format(folder=folder, user=user), "utf-8")
        self._process = subprocess.Popen([program, "-p", str(folder), "-e", str(self._errors), "-c", str(path)])

    def errors(self) -> str:
        """What nginx complained of."""
        return self._errors.read_text("utf-8") if self._errors.exists() else ""

    def _site(self, folder: Path, target: Listening, certificate: Certificate) -> str:
        files = certificate.write(folder)
        text = SITE.read_text("utf-8")
        changes: dict[str, object] = {
            r"listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            r"listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            r" +listen \[::\].*\n": "",
            r"server 127\.0\.0\.1:8000;": f"server 127.0.0.1:{target.port};",
            r"/etc/letsencrypt/\S+/fullchain\.pem": files["tls_cert"],
            r"/etc/letsencrypt/\S+/privkey\.pem": files["tls_key"],
            r"/var/log/nginx/\S+": self.access_log,
        }
        for pattern, instead in changes.items():
            text, count = re.subn(pattern, str(instead), text)
            assert count, f"deploy/nginx.conf has no {pattern} any more"
        return text
