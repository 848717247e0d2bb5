"""A long chat scrolls, and many events at once are drawn, without the page standing still.

The limits here are ten times what is promised, for machines that do other things as well; `python -m tests.web.figures`
measures against the promise itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import browser
from tests.support.shared import Shared, running
from tests.web.pace import burst, scroll

__all__ = ["browser"]

FRAME_MS = 50.0
TASK_MS = 200.0
GENEROUS = 10

Note = Callable[[str, object], None]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("pace"), limits=False) as found:
        yield found


def test_a_thousand_messages_scroll(browser: Browser, shared: Shared, record_property: Note) -> None:
    pace = scroll(browser, shared)
    record_property("scroll", str(pace))
    assert pace.frame_ms < FRAME_MS * GENEROUS, str(pace)
    assert pace.own_ms < FRAME_MS * GENEROUS, str(pace)


def test_five_hundred_events_at_once(browser: Browser, shared: Shared, record_property: Note) -> None:
    pace = burst(browser, shared)
    record_property("burst", str(pace))
    assert pace.task_ms < TASK_MS * GENEROUS, str(pace)
