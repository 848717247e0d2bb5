"""A Chromium that is spoken to by its own protocol, for what Playwright cannot do: it keeps every page visible, and a
visible page is never frozen.

Here tabs are tabs of one window: the newest is in front, the others are hidden, as a person has them.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.support.browser import ARGS, find_chromium
from tests.support.waiting import eventually

LIMIT_S = 30.0

T = TypeVar("T")


class DevToolsError(Exception):
    """The browser refused a command, or a script in a page raised."""


class Chromium:
    """A browser with a profile of its own in that folder."""

    def __init__(self, folder: Path, args: Sequence[str] = ()) -> None:
        command = [
            find_chromium(),
            *ARGS,
            *args,
            "--remote-debugging-port=0",
            f"--user-data-dir={folder}",
            "about:blank",
        ]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        where = folder / "DevToolsActivePort"
        port, path = eventually(lambda: where.read_text().split() if where.exists() else [], "Chromium listens")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._count = 0
        self._closed: asyncio.Future[None]
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._socket: WebSocketClientConnection = self._run(self._connect(f"ws://127.0.0.1:{port}{path}"))

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """A command of the protocol; what it answers. Raises DevToolsError."""
        answer = self._run(self._call(method, session, params))
        if "error" in answer:
            raise DevToolsError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def tab(self, url: str) -> Target:
        """A new tab, in front of the others, when its document is there."""
        target = self.call("Target.createTarget", url=url)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Target(self, target, session)
        eventually(lambda: _has_document(tab), url)
        return tab

    def close(self) -> None:
        """End the browser."""
        self.call("Browser.close")
        self._run(self._disconnect())
        self._process.wait(LIMIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LIMIT_S)

    async def _connect(self, url: str) -> WebSocketClientConnection:
        self._closed = self._loop.create_future()
        return await websocket_connect(url, on_message_callback=self._take)

    async def _disconnect(self) -> None:
        self._socket.close()
        await self._closed

    def _take(self, message: str | bytes | None) -> None:
        if message is None:
            self._closed.set_result(None)
            return
        answer = json.loads(message)
        if (waiting := self._answers.pop(answer.get("id"), None)) is not None:
            waiting.set_result(answer)

    async def _call(self, method: str, session: str | None, params: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        command: dict[str, Any] = {"id": self._count, "method": method, "params": params}
        if session is not None:
            command["sessionId"] = session
        waiting = self._answers[self._count] = self._loop.create_future()
        await self._socket.write_message(json.dumps(command))
        answer: dict[str, Any] = await waiting
        return answer


class Target:
    """A tab."""

    def __init__(self, chromium: Chromium, target: str, session: str) -> None:
        self._chromium = chromium
        self._target = target
        self._session = session

    def look(self, expression: str, argument: Any = None) -> Any:
        """Evaluate in the page, and wait if it is a promise; with an argument the expression is a function of it."""
        if argument is not None:
            expression = f"({expression})({json.dumps(argument)})"
        answer = self._chromium.call(
            "Runtime.evaluate", self._session, expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise DevToolsError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def freeze(self) -> None:
        """As the browser does to a hidden tab. A script that runs in it afterwards waits."""
        self._chromium.call("Page.setWebLifecycleState", self._session, state="frozen")

    def thaw(self) -> None:
        """And back."""
        self._chromium.call("Page.setWebLifecycleState", self._session, state="active")

    def close(self) -> None:
        """Close the tab."""
        self._chromium.call("Target.closeTarget", targetId=self._target)


def _has_document(tab: Target) -> bool:
    """Whether the tab's document is there. Between two documents there is nothing to evaluate in, which is no error."""
    try:
        return bool(tab.look("document.readyState === 'complete' && location.href !== 'about:blank'"))
    except DevToolsError as error:
        if "execution context" not in str(error):
            raise
        return False
