"""A page with the hooks in it: the fixture's components, as a bundler makes them, on the server's own origin."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Request

from tests.clients.people import Campus
from tests.support.react import FIXTURE, Workbench
from tests.support.waiting import eventually

PATH = "/react-fixture/"
_HTML = f'<!doctype html><title>hooks</title><div id="root"></div><script type="module" src="{PATH}app.js"></script>'

_benches: dict[str, Workbench] = {}


def workbench(version: str, folders: pytest.TempPathFactory) -> Workbench:
    """The fixture's sources beside that React; one for all modules of tests."""
    if version not in _benches:
        bench = Workbench(folders.mktemp("react"), version)
        for path in FIXTURE.glob("*.[jt]sx"):
            shutil.copy(path, bench.folder)
        _benches[version] = bench
    return _benches[version]


class Hooks:
    """The page. `opened` are the addresses of the streams that it opened."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.opened: list[str] = []
        page.on("request", self._note)
        page.goto(origin + PATH)
        page.wait_for_function("globalThis.show !== undefined")

    def _note(self, request: Request) -> None:
        if "/sse/events/" in request.url:
            self.opened.append(request.url)

    def show(self, piece: str, *, strict: bool = True, **props: Any) -> None:
        """Put a component of the fixture onto the page, or change its props."""
        self.page.evaluate("([piece, props, strict]) => show(piece, props, {strict})", [piece, props, strict])

    def hide(self) -> None:
        """Take it away."""
        self.page.evaluate("hide()")

    def look(self, expression: str) -> Any:
        """Evaluate in the page."""
        return self.page.evaluate(expression)

    def wait_for(self, expression: str) -> Any:
        """The first true value of an expression."""
        return eventually(lambda: self.look(expression), expression)

    def wait_seen(self, name: str, **fields: Any) -> None:
        """Wait until that component has rendered these."""
        eventually(lambda: {field: self.seen(name, field) for field in fields} == fields, f"{name} has {fields}")

    def seen(self, name: str, field: str) -> Any:
        """What that component rendered last."""
        return self.page.evaluate("([name, field]) => seen[name]?.[field]", [name, field])

    def heard(self, name: str, type_: str = "message") -> list[Any]:
        """The data of the events of a type that a component was told, in order."""
        found: list[Any] = self.page.evaluate(
            "([name, type]) => (heard[name] ?? []).filter((one) => one.type === type).map((one) => one.data)",
            [name, type_],
        )
        return found

    def texts(self, name: str) -> list[str]:
        """The texts of the messages that it was told."""
        return [data["message"] for data in self.heard(name)]

    def wait_texts(self, name: str, *texts: str) -> None:
        """Wait until exactly these messages have come, in this order."""
        eventually(lambda: len(self.texts(name)) >= len(texts), f"{name} hears {texts}")
        assert self.texts(name) == list(texts)

    def wait_heard(self, name: str, type_: str, times: int = 1) -> list[Any]:
        """Wait until it was told an event of that type so often; their data."""
        eventually(lambda: len(self.heard(name, type_)) >= times, f"{name} hears {type_} {times} times")
        return self.heard(name, type_)


def open_hooks(context: BrowserContext, campus: Campus, bundle: str, port: int | None = None) -> Hooks:
    """An empty page with the fixture's components loaded."""
    origin = f"http://127.0.0.1:{port or campus.server.port}"
    context.route(f"{origin}{PATH}", lambda route: route.fulfill(content_type="text/html", body=_HTML))
    context.route(
        f"{origin}{PATH}app.js", lambda route: route.fulfill(content_type="text/javascript; charset=utf-8", body=bundle)
    )
    return Hooks(context.new_page(), origin)
