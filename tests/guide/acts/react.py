"""Acts of the guide's React code, built as an app builds it, with both Reacts in one page.

Once with the guide's own hook, and once with the package's in its place: what the component must show is the same.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.guide.acts.words import HELLO, JANE
from tests.guide.scene import Scene, must
from tests.support.react import VERSIONS, Workbench

# An app without settings of its own, so that the code's defaults count.
_ENV = {"NODE_ENV": "development", "REACT_APP_API_BASE_URL": ""}
_DROP_IN = "export { useSSE } from 'campus-realtime-react';"
_ROOTS = [f"react{version}" for version in VERSIONS]
# Each text that the component's state line has, in order: some are there for a moment only.
_MAIN = """
import { createRoot } from 'react-dom/client';
import Chat from './components/Chat';

const element = document.getElementById('NAME');
let shown = '';
new MutationObserver(() => {
  const text = element.querySelector('.connection-status')?.textContent ?? '';
  if (text !== shown) record('shown', 'NAME', text);
  shown = text;
}).observe(element, { childList: true, subtree: true, characterData: true });
createRoot(element).render(<Chat />);
"""


async def own_hook(scene: Scene) -> None:
    """The guide's component with the guide's hook."""
    await _perform(scene, scene.stage.text_of(drop_in), scene.text)


async def drop_in(scene: Scene) -> None:
    """The guide's component with the hook of clients/react."""
    await _perform(scene, scene.text, _DROP_IN)


async def _perform(scene: Scene, chat: str, hook: str) -> None:
    stage, jane, reader = scene.stage, scene.stage.jane, scene.user
    await scene.page.goto(await asyncio.to_thread(_publish, scene, chat, hook))
    await _all_show(scene, "🟢 Connected")
    await stage.send(jane, reader, HELLO)
    await _until_lines(scene, [f"{JANE}: {HELLO}"])
    await stage.typing(jane, reader, True)
    await _until_count(scene, ".typing-indicator", 1)
    await stage.typing(jane, reader, False)
    await _until_count(scene, ".typing-indicator", 0)
    title = f"Sports day of {reader.username}"  # everybody hears what other scenes announce
    await stage.announce(title, "On Monday")
    await scene.saw("showToast", title, "On Monday", times=len(_ROOTS))

    await scene.drop()
    await _all_show(scene, "🔴 Disconnected")
    await _all_show(scene, "🟢 Connected", times=2)
    await stage.send(jane, reader, "after the restart")
    await _until_lines(scene, [f"{JANE}: {HELLO}", f"{JANE}: after the restart"])
    await stage.log_out(reader.token)
    await _all_show(scene, "🔴 Disconnected", times=2)
    must(len(scene.seen("showToast", title)) == len(_ROOTS), "a notification came twice")


def _publish(scene: Scene, chat: str, hook: str) -> str:
    """Build the page for both Reacts and serve it; its address."""
    pages, place = scene.stage.pages, f"/{scene.user.username}"
    for version, root in zip(VERSIONS, _ROOTS, strict=True):
        with tempfile.TemporaryDirectory(prefix="guide-react-") as folder:
            bench = Workbench(Path(folder), version)
            bench.put("src/components/Chat.jsx", chat)
            bench.put("src/hooks/useSSE.js", hook)
            bench.put("src/main.jsx", _MAIN.replace("NAME", root))
            pages.put(f"{place}/{root}.js", bench.bundle("src/main.jsx", _ENV), "text/javascript")
    parts = [f'<div id="{root}"></div><script type="module" src="{place}/{root}.js"></script>' for root in _ROOTS]
    return pages.put(f"{place}/", f"<!doctype html><title>chat</title>{''.join(parts)}")


async def _all_show(scene: Scene, text: str, times: int = 1) -> None:
    for root in _ROOTS:
        await scene.saw("shown", root, _begins_with(text), times=times)


def _begins_with(text: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value.startswith(text)


async def _until_lines(scene: Scene, lines: list[str]) -> None:
    """Wait until both components list exactly these messages."""
    for root in _ROOTS:
        found = f"[...document.querySelectorAll('#{root} .message')].map((one) => one.textContent)"
        await scene.until(f"JSON.stringify({found}) === JSON.stringify({lines})")


async def _until_count(scene: Scene, selector: str, count: int) -> None:
    for root in _ROOTS:
        await scene.until(f"document.querySelectorAll('#{root} {selector}').length === {count}")
