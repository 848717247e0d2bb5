"""Every page, light and dark, on a desktop, on a phone and twice as large: axe-core finds nothing serious, nothing has
to be scrolled sideways, and nothing moves where one has asked for that."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.support.browser import browser
from tests.web.axe_core import violations
from tests.web.stage import VIEWS, View, stage
from tests.web.visitors import Visitors, visitors

__all__ = ["browser", "stage", "visitors"]

DESKTOP = (1280, 800)
PHONE = (360, 740)
# The narrow one is what WCAG asks for; the other is a desktop at 200 %.
SIZES = {"phone": PHONE, "narrow": (320, 640), "zoomed": (DESKTOP[0] // 2, DESKTOP[1] // 2)}
# What is wider than its place and has to be scrolled sideways for it; the text of a field and an example of a file may.
SIDEWAYS = """() => [...document.querySelectorAll('html, body, body *')].filter((one) => {
    if (one.matches('input, textarea, select, pre, .hidden-text, .admin-nav')) return false;
    if (one.scrollWidth <= one.clientWidth + 1) return false;
    const how = getComputedStyle(one).overflowX;
    return ['auto', 'scroll'].includes(how) || one === document.documentElement;
}).map((one) => `${one.tagName}.${one.className} ${one.scrollWidth} > ${one.clientWidth}`)"""
STILL = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


# In the other colours nothing but contrast can be another.
CONTRAST = """async () => {
    const {violations} = await axe.run(document, {runOnly: ['color-contrast'], preload: false});
    return violations.flatMap(({nodes}) => nodes.map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message}`));
}"""


def look(page: Page, size: tuple[int, int], scheme: str, other: str) -> dict[str, list[str]]:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    found = {}
    for colours in (scheme, other):
        page.emulate_media(color_scheme=colours, reduced_motion="reduce")  # type: ignore[arg-type]
        page.evaluate(STILL)
        found[f"{colours} {size}"] = violations(page) if colours == scheme else page.evaluate(CONTRAST)
    return found


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_page(visitors: Visitors, view: View) -> None:
    page = visitors.page(view.who)
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    visitors.visit(view)
    found = look(page, DESKTOP, "light", "dark") | look(page, PHONE, "dark", "light")
    wrong = {name: texts for name, texts in found.items() if texts}
    for name, size in SIZES.items():
        page.set_viewport_size({"width": size[0], "height": size[1]})
        if sideways := page.evaluate(SIDEWAYS):
            wrong[f"sideways {name}"] = sideways
    if moved := page.evaluate("moved.splice(0)"):
        wrong["moved"] = moved
    assert not wrong, "\n".join(f"{name}: {text}" for name, texts in wrong.items() for text in texts)
    visitors.check(page)
