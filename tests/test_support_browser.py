"""The browser that tests use is a real one: a page on an origin of the test's choice, and an EventSource in it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from playwright.sync_api import Page

from tests.support.browser import PageServer


def test_a_page_has_the_origin_of_its_server(page: Page, page_server: Callable[..., PageServer]) -> None:
    pages = page_server(port=0)
    page.goto(
        pages.put("/hello.html", "<!doctype html><p id=a>ünï😀</p><script>document.title = location.origin</script>")
    )
    assert page.title() == pages.origin
    assert page.inner_text("#a") == "ünï😀"
    assert "/hello.html" in pages.requests


def test_an_event_source_of_another_origin_arrives_with_cors(
    page: Page, page_server: Callable[..., PageServer]
) -> None:
    pages = page_server(port=0)
    requests: list[bytes] = []

    def answer() -> None:
        peer, _ = listener.accept()
        with peer:
            requests.append(peer.recv(65536))
            peer.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"
                b"Access-Control-Allow-Origin: %s\r\n\r\nevent: hello\ndata: 1\n\n" % pages.origin.encode()
            )
            peer.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        page.goto(pages.origin)
        data = page.evaluate(
            """url => new Promise(resolve => {
                const source = new EventSource(url);
                source.addEventListener("hello", event => { source.close(); resolve(event.data); });
            })""",
            f"http://localhost:{listener.getsockname()[1]}/",
        )
        thread.join()
    assert data == "1"
    assert f"Origin: {pages.origin}".encode() in requests[0]
