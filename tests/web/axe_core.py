"""axe-core, from npm at test time: what it finds on a page that assistive technology or a weak eye stumbles over."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

from tests.support.npm import installed

# Without `preload`: axe would fetch the style sheets anew and parse them where the page's own policy forbids it.
_LOOK = """async () => {
    const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];
    const {violations} = await axe.run(document, {runOnly, resultTypes: ['violations'], preload: false});
    return violations.flatMap(({id, impact, help, nodes}) =>
        nodes.map((node) => [impact, `${id}: ${help}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`]));
}"""


def violations(page: Page, *impacts: str) -> list[str]:
    """What is wrong on the page as it is now, of these impacts; without any: serious and critical."""
    page.evaluate(_source())
    # A colour that is on its way to another one is neither.
    page.evaluate(
        "Promise.all(document.getAnimations().filter((one) => one.effect.getTiming().iterations < 9)"
        ".map((one) => one.finished.catch(() => null)))"
    )
    found = page.evaluate(_LOOK)
    return [text for impact, text in found if impact in (impacts or ("serious", "critical"))]


@cache
def _source() -> str:
    folder = installed(Path(__file__).parent / "axe")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
