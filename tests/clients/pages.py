"""Tabs with the JavaScript client in them, as the server ships it, on the server's own origin."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import BrowserContext, Page

from tests.support.campus import User
from tests.support.devtools import Target
from tests.support.server import ServerProcess
from tests.support.waiting import WAIT_S, eventually

# A name that is no localhost: the browser takes the origin for an insecure one, as on most campuses.
NAME = "campus.test"
WAYS = ["locks", "worker", "election"]
# A page of the origin that has no policy of its own, and that a browser may keep for the way back.
PLACE = "/static/client/version.js"

_START = """async (options) => {
    const {connect} = await import('/static/client/index.js');
    Object.assign(window, {told: [], states: [], errors: [], outbox: [], resyncs: []});
    const {tokens = [], ...rest} = options;
    if (options.tokens) rest.onUnauthorized = async () => tokens.shift() ?? null;
    window.client = connect({...rest, onResync: (data) => resyncs.push(data)});
    client.on('*', (event) => told.push(event));
    client.on('status', (state) => states.push(state));
    client.on('outbox', (item) => outbox.push(item));
    client.on('error', (error) => errors.push(String(error)));
}"""


class Told:
    """A page with a client, and what it was told."""

    def start(self, **options: Any) -> None:
        """Load the client into the page as it is, and connect."""
        self.look(_START, options)

    def look(self, expression: str, argument: Any = None) -> Any:
        """Evaluate in the page."""
        raise NotImplementedError

    def wait_for(self, expression: str, what: str = "", timeout_s: float = WAIT_S) -> Any:
        """The first true value of an expression."""
        return eventually(lambda: self.look(expression), what or expression, timeout_s)

    def wait_status(self, status: str, timeout_s: float = WAIT_S) -> None:
        """Wait until the client says so."""
        self.wait_for(f"client.status === '{status}'", f"status {status}", timeout_s)

    @property
    def texts(self) -> list[str]:
        """The texts of the messages that it was told, in order."""
        found: list[str] = self.look("told.filter((one) => one.type === 'message').map((one) => one.data.message)")
        return found

    def wait_texts(self, *texts: str, timeout_s: float = WAIT_S) -> None:
        """Wait until exactly these messages have come, in this order."""
        eventually(lambda: len(self.texts) >= len(texts), str(texts), timeout_s)
        assert self.texts == list(texts)

    @property
    def errors(self) -> list[str]:
        """What the client could tell nobody else."""
        found: list[str] = self.look("errors")
        return found


class Tab(Told):
    """Of Playwright."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def look(self, expression: str, argument: Any = None) -> Any:
        """Evaluate in the page."""
        return self.page.evaluate(expression, argument)


class FreezingTab(Told):
    """One that can be frozen."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def look(self, expression: str, argument: Any = None) -> Any:
        """Evaluate in the page."""
        return self.target.look(expression, argument)


def origin_of(server: ServerProcess, way: str, port: int | None = None) -> str:
    """Where a page has to be from for its tabs to share the stream that way."""
    return f"http://{'127.0.0.1' if way == 'locks' else NAME}:{port or server.port}"


def open_page(context: BrowserContext, origin: str) -> Tab:
    """An empty tab of that origin."""
    page = context.new_page()
    page.goto(origin + PLACE)
    return Tab(page)


def open_tab(context: BrowserContext, origin: str, user: User, **options: Any) -> Tab:
    """A tab whose client is connected."""
    tab = open_page(context, origin)
    tab.start(token=user.token, **options)
    tab.wait_status("connected")
    return tab
