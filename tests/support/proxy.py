"""Proxy: an HTTP proxy in front of a server, as badly set as a test wants it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from tests.support.sse import Listening

_HOP = {"connection", "keep-alive", "transfer-encoding"}


class Proxy:
    """Forwards to `target`, each request over a connection of its own. The test sets, and changes at any time:

    `holds_streams`: the answer of a stream waits until it is complete, as where a proxy buffers.
    `stalls`: of a stream nothing but its first piece gets through, and nothing ends it.
    `refuses`: a path with this in it is 502.
    `lost`: called with the path of a POST that the server has answered; True drops the answer with its connection.

    `paths` are the paths that were asked for, in order.
    """

    def __init__(self, target: Listening) -> None:
        self.target = target
        self.holds_streams = False
        self.stalls = False
        self.refuses: str | None = None
        self.lost: Callable[[str], bool] = lambda path: False
        self.paths: list[str] = []
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def asked(self, path: str) -> int:
        """How often a path with this in it was asked for."""
        return sum(path in one for one in self.paths)

    def close(self) -> None:
        """Stop listening, and let go what is held."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # Chromium holds its connections open


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            proxy.paths.append(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if proxy.refuses is not None and proxy.refuses in self.path:
                self._answer(502, [("Content-Type", "text/html")], b"<h1>502 Bad Gateway</h1>")
                return
            behind = http.client.HTTPConnection("127.0.0.1", proxy.target.port, timeout=60)
            try:
                self._forward(behind, body)
            except (OSError, http.client.HTTPException):
                self.close_connection = True
            finally:
                behind.close()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = handle_any

        def _forward(self, behind: http.client.HTTPConnection, body: bytes) -> None:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
            behind.request(self.command, self.path, body or None, headers)
            answer = behind.getresponse()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP]
            if (
                answer.getheader("Content-Length") is None
                and self.command != "HEAD"
                and answer.status not in (204, 304)
            ):
                self._stream(answer, kept)
                return
            content = answer.read()
            if self.command == "POST" and proxy.lost(self.path):
                self.close_connection = True
                return
            kept = [(name, value) for name, value in kept if name.lower() != "content-length"]
            self._answer(answer.status, kept, content)

        def _stream(self, answer: http.client.HTTPResponse, headers: list[tuple[str, str]]) -> None:
            held = b""
            while proxy.holds_streams and (piece := answer.read1(65536)):
                held += piece
            self.close_connection = True
            self.send_response_only(answer.status)
            for name, value in [*headers, ("Connection", "close")]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(held or answer.read1(65536))
            while piece := answer.read1(65536):
                if not proxy.stalls:
                    self.wfile.write(piece)

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            if status not in (204, 304):
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
