"""The fixtures that any test may ask for."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import hypothesis
import pytest

from tests.support.browser import browser, page, page_server
from tests.support.server import server, server_factory
from tests.support.tls import Certificate

__all__ = ["browser", "page", "page_server", "server", "server_factory"]

# A deadline measures the machine and not the code; the blob makes a failure on another machine repeatable here.
hypothesis.settings.register_profile("project", deadline=None, print_blob=True)
hypothesis.settings.load_profile("project")


@pytest.fixture(scope="session")
def certificate() -> Certificate:
    """A certificate for 127.0.0.1 and localhost: `.server` and `.client` are the two ends' SSL contexts."""
    return Certificate()


@pytest.fixture(autouse=True)
def no_unexpected_errors(caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> Iterator[None]:
    """A record of level ERROR in this process fails the test, unless it is marked `expect_errors`."""
    yield
    if request.node.get_closest_marker("expect_errors") is None:
        records = [*caplog.get_records("setup"), *caplog.get_records("call")]
        errors = [record.getMessage() for record in records if record.levelno >= logging.ERROR]
        assert not errors, f"unexpected errors in the log: {errors}"
