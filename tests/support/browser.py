"""A real browser, and pages for it on an origin of the test's choice."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str:
    """The path of a Chromium: CHROMIUM, or one in PATH, as tools/need looks for it."""
    named = os.environ.get("CHROMIUM")
    for name in [named] if named else ["chromium", "chromium-browser", "google-chrome"]:
        if path := shutil.which(name):
            return path
    raise RuntimeError("No Chromium is here: make chromium installs one, or set CHROMIUM to the path of one.")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium, one for the tests of a module.

    Playwright's synchronous interface keeps a loop running in this thread while it is open. So a module with browser
    tests has no asynchronous ones.
    """
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=ARGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page with a profile of its own. An error that the page does not catch fails the test."""
    context = browser.new_context()
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert not errors, f"uncaught in the page: {errors}"


class PageServer:
    """Pages from memory on http://localhost:PORT. `requests` are the paths that were asked for."""

    def __init__(self, port: int = 3000) -> None:
        self.requests: list[str] = []
        self._pages: dict[str, tuple[str, bytes]] = {"/": ("text/html", b"<!doctype html><title>test</title>")}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                outer.requests.append(path)
                kind, body = outer._pages.get(path, ("", b""))
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", f"{kind or 'text/plain'}; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False  # Chromium holds its connections open

        self._server = Server(("127.0.0.1", port), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def origin(self) -> str:
        """What a browser sends as Origin."""
        return f"http://localhost:{self.port}"

    def put(self, path: str, body: str, kind: str = "text/html") -> str:
        """Serve this text at that path; its URL."""
        self._pages[path] = (kind, body.encode())
        return self.origin + path

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.fixture
def page_server() -> Iterator[Callable[..., PageServer]]:
    """`page_server()` serves pages on http://localhost:3000, `page_server(port=0)` on a free port."""
    made: list[PageServer] = []

    def factory(port: int = 3000) -> PageServer:
        made.append(PageServer(port))
        return made[-1]

    yield factory
    for one in made:
        one.close()
