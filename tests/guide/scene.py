"""Scene: one block in a page of its own, and what it was seen to do.

It knows the page and the recorder, not what any block is for.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.async_api import Browser, BrowserContext, Page

from tests.support.campus import User

if TYPE_CHECKING:
    from tests.guide.stage import Stage

# What the guide's code calls and leaves to its reader. `useEffect` is React's, in a block that is vanilla otherwise.
LEFT_OUT = [
    "addMessageToChat",
    "addToNotificationCenter",
    "alert",
    "displayMessage",
    "hideTypingIndicator",
    "incrementNotificationBadge",
    "playNotificationSound",
    "reconnect",
    "sendToAnalytics",
    "showErrorMessage",
    "showNotification",
    "showToast",
    "showTypingIndicator",
    "updateMessageReadStatus",
    "updateMessageStatus",
    "useEffect",
]
# Ten times what these conditions take here.
LIMIT_S = 30.0
# The stream that the text around a block has already: `eventSource` on `url`.
SOURCE = """
window.eventSource = new EventSource(url);
eventSource.addEventListener('connected', event => record('connected', JSON.parse(event.data)));
"""

_RECORDER = Path(__file__).with_name("recorder.js").read_text(encoding="utf-8").replace("NAMES", json.dumps(LEFT_OUT))


class Unmet(Exception):
    """A block did not do what it is for; the message says what was awaited and what was seen instead."""


def must(condition: bool, what: str) -> None:
    """Raise Unmet with that text unless it holds."""
    if not condition:
        raise Unmet(what)


class Scene:
    """A page with the recorder, the token of `user` in localStorage, and one block of the guide to run in it."""

    def __init__(self, stage: Stage, user: User, text: str) -> None:
        self.stage = stage
        self.user = user
        self.text = text
        self.url = stage.stream_url(user.token)
        self.arrived = False
        self.page: Page
        self._context: BrowserContext
        self._calls: list[tuple[str, list[Any]]] = []
        self._errors: list[str] = []
        self._more = asyncio.Condition()

    async def open(self, browser: Browser) -> None:
        """Open the page. A context of its own has connections of its own: six for each scene, not six for all."""
        self._context = await browser.new_context()
        await self._context.expose_binding("sendRecord", lambda _, text: self._record(text))
        await self._context.add_init_script(_RECORDER)
        self.page = await self._context.new_page()
        self.page.on("pageerror", lambda error: self._errors.append(str(error)))
        self.page.on("request", lambda request: self._add("request", [request.url]))
        await self.page.goto(self.stage.pages.origin + "/")
        await self.page.evaluate(
            """([url, token, baseUrl]) => {
                localStorage.setItem('authToken', token);
                Object.assign(window, { url, token, baseUrl, sseUrl: url });
            }""",
            [self.url, self.user.token, self.stage.base_url],
        )

    async def close(self) -> None:
        """End the page and its streams. Raises Unmet for an error that nothing caught in it."""
        await self._context.close()
        must(not self._errors, f"uncaught in the page: {self._errors}")

    # Doing

    async def run(self, *, before: str = "", keep: str = "") -> None:
        """Run the block, the placeholder filled in. `before` is the code that goes before it; `keep` are names of its
        variables, which `local.NAME` is in look() afterwards."""
        text = self.text.replace("YOUR_AUTH_TOKEN", self.user.token)
        await self.page.evaluate("args => runBlock(...args)", [before, text, keep.split()])

    async def look(self, expression: str) -> Any:
        """The value of an expression in the page."""
        return await self.page.evaluate(expression)

    async def drop(self) -> None:
        """Say that every stream may drop now, and return when the server has been restarted."""
        self.arrive()
        await self.stage.drop.over()

    def arrive(self) -> None:
        """Say that the drop need not wait for this scene, once."""
        if not self.arrived:
            self.arrived = True
            self.stage.drop.arrive()

    # Seeing

    async def saw(self, name: str, *args: object, times: int = 1, limit_s: float = LIMIT_S) -> list[Any]:
        """Wait until `name` was called `times` times with these first arguments; all arguments of that call.

        An argument may be a predicate. `request` is called with the URL of each request of the page.
        """
        try:
            async with asyncio.timeout(limit_s), self._more:
                await self._more.wait_for(lambda: len(self.seen(name, *args)) >= times)
        except TimeoutError:
            raise Unmet(f"no call {times} of {_shown(name, args)} in {limit_s:.0f} s; {self._last()}") from None
        return self.seen(name, *args)[times - 1]

    def seen(self, name: str, *args: object) -> list[list[Any]]:
        """The arguments of every such call so far."""
        return [given for called, given in self._calls if called == name and _begins(given, args)]

    def never(self, name: str, *args: object) -> None:
        """Raise Unmet if there was such a call."""
        must(not self.seen(name, *args), f"there was a call of {_shown(name, args)}; {self._last()}")

    async def until(self, expression: str, limit_s: float = LIMIT_S) -> None:
        """Wait until the expression is true in the page."""
        try:
            await self.page.wait_for_function(expression, timeout=limit_s * 1000, polling=50)
        except Exception as error:
            raise Unmet(f"not in {limit_s:.0f} s: {expression}; {self._last()}") from error

    async def connected(self, times: int = 1) -> None:
        """Wait until the stream of SOURCE has had `connected` so many times."""
        await self.saw("connected", times=times)

    async def _record(self, text: str) -> None:
        await self._add(*json.loads(text))

    async def _add(self, name: str, args: list[Any]) -> None:
        async with self._more:
            self._calls.append((name, args))
            self._more.notify_all()

    def _last(self) -> str:
        calls = [json.dumps([name, *args], ensure_ascii=False)[:200] for name, args in self._calls[-8:]]
        return "last seen: " + ("; ".join(calls) or "nothing") + (f"; uncaught: {self._errors}" if self._errors else "")


def _begins(given: list[Any], args: tuple[object, ...]) -> bool:
    def fits(value: Any, wanted: object) -> bool:
        return bool(wanted(value)) if callable(wanted) else bool(value == wanted)

    return len(given) >= len(args) and all(map(fits, given, args))


def _shown(name: str, args: tuple[object, ...]) -> str:
    return f"{name}({', '.join('…' if callable(arg) else repr(arg) for arg in args)})"
