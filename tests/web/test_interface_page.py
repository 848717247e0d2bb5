"""Swagger UI is not our page, and as readable as ours: axe-core finds nothing serious, also with calls unfolded."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.support.browser import browser, page
from tests.support.shared import Shared
from tests.web.axe_core import violations
from tests.web.board import shared
from tests.web.test_every_page import SIDEWAYS, STILL
from tests.web.visitors import WATCH

__all__ = ["browser", "page", "shared"]


def test_the_page_of_the_interface(page: Page, shared: Shared) -> None:
    page.add_init_script(WATCH)
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{shared.server.url}/api/docs/")
    for method in ("get", "post", "put", "patch", "delete"):
        page.locator(f".opblock-{method} .opblock-summary-control").first.click()
        expect(page.locator(f".opblock-{method}.is-open .opblock-body").first).to_be_visible()
    expect(page.get_by_role("combobox", name="Server")).to_be_visible()
    assert page.evaluate("location.hash") != "", "a call has an address"
    assert violations(page) == []
    for width in (360, 640):
        page.set_viewport_size({"width": width, "height": 700})
        page.evaluate(STILL)
        assert page.evaluate(SIDEWAYS) == []
    assert page.evaluate("[...moved, ...refused]") == []
