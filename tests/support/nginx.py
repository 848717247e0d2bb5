"""Nginx: Debian's nginx in front of a server, set by the test: well, as it comes, or holding everything back."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path
from typing import Self

from tests.support.sse import Listening
from tests.support.waiting import eventually

# What an administrator writes for streams.
WELL = """
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_buffering off;
        proxy_read_timeout 1h;
"""
# Nothing but the address: the server's X-Accel-Buffering does the rest.
PLAIN = ""
# A proxy that was told to keep answers until they are whole, whatever the server asks for.
HOLDING = """
        proxy_ignore_headers X-Accel-Buffering;
        proxy_buffering on;
        proxy_buffers 8 1m;
        proxy_buffer_size 1m;
        proxy_busy_buffers_size 1m;
        proxy_read_timeout 1h;
"""

_CONFIGURATION = """
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_set_header Host $http_host;
{settings}
        }}
    }}
}}
"""


class Nginx:
    """A running nginx with these `settings` of its one location. A context manager; `port` is its own."""

    def __init__(self, folder: Path, target: Listening, settings: str) -> None:
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        assert program, "there is no nginx; `make test` installs it"
        self.port = _free_port()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "nginx.conf"
        path.write_text(
            _CONFIGURATION.format(folder=folder, port=self.port, upstream=target.port, settings=settings), "utf-8"
        )
        self._errors = folder / "error.log"
        self._process = subprocess.Popen([program, "-p", str(folder), "-e", str(self._errors), "-c", str(path)])

    def __enter__(self) -> Self:
        eventually(self._listens, "nginx listens")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)

    def _listens(self) -> bool:
        assert self._process.poll() is None, self._errors.read_text("utf-8")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
