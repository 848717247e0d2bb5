"""A transaction on a fresh database, for tests of what runs inside of one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from data.session import command_transaction
from data.transaction import Transaction


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Transaction]:
    """An open transaction; a test sees only what it wrote itself."""
    with command_transaction(tmp_path / "realtime.sqlite3") as transaction:
        yield transaction
