"""A program for test_failed_commit: a database whose files may not grow past 1 MB.

`python -m tests.data.small_disk DATABASE MEGABYTES here|away` prints what became of a batch of four whose second
function stores that much (and, with `away`, moves the database's file away meanwhile), and of a write afterwards.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import threading
from pathlib import Path
from typing import Any

from data.outcome import Event, Outcome
from data.transaction import Transaction
from tests.data.support import note, one_batch, opened, until


def name(result: Any) -> str:
    return type(result).__name__ if isinstance(result, BaseException) else "ok"


async def run(path: Path, megabytes: int, away: bool) -> dict[str, Any]:
    told: list[str] = []
    aside = path.with_name("aside")

    def on_commit(outcome: list[Outcome]) -> None:
        told.extend(one.data for one in outcome if isinstance(one, Event))

    def huge(tx: Transaction) -> None:
        if away and path.exists():
            path.rename(aside)
        note("huge")(tx)
        tx.execute("INSERT INTO notes (text) VALUES (?)", ("x" * (megabytes << 20),))

    async with opened(path, on_commit) as database:
        await database.write(note("first"))
        batch = await one_batch(database, [note("a"), huge, note("c"), note("d")])
        if away:
            aside.rename(path)
        afterwards = (await asyncio.gather(database.write(note("afterwards")), return_exceptions=True))[0]
    return {"batch": [name(one) for one in batch], "afterwards": name(afterwards), "told": told, "last": str(batch[-1])}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
    said = asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "away"))
    print(json.dumps(said | {"alone": until(lambda: threading.active_count() == 1)}))
