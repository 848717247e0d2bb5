"""The run: every block of the guide at once, each in a page of its own; one restart of the server when they need it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.guide.blocks import Entry, Excepted, Run, When
from tests.guide.extract import Block
from tests.guide.payloads import Payload
from tests.guide.report import Result
from tests.guide.scene import Scene, Unmet
from tests.guide.stage import Drop, Stage
from tests.support.browser import ARGS, find_chromium
from tests.support.campus import User

Pair = tuple[Block, Entry]
# Pages that open at once. More of them only take each other's processor.
_OPENING = 4


async def run(pairs: Sequence[Pair], promised: dict[str, Payload]) -> tuple[list[Result], list[str]]:
    """A result for each block, and what failed beside them. Raises NotReady and ServerFailed when it can't begin."""
    chromium = find_chromium()
    with tempfile.TemporaryDirectory(prefix="guide-") as folder:
        stage = Stage(Path(folder), len(pairs))
        stage.promised = promised
        stage.texts = {entry.act: block.text for block, entry in pairs if isinstance(entry, Run)}
        failures: list[str] = []
        results: list[Result] = []
        try:
            stage.open()
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium, args=ARGS)
                try:
                    results = await _perform(stage, browser, pairs, failures)
                finally:
                    await browser.close()
        finally:
            try:
                await stage.close()
            except Unmet as error:
                failures.append(str(error))
    return results, failures


async def _perform(stage: Stage, browser: Browser, pairs: Sequence[Pair], failures: list[str]) -> list[Result]:
    stage.drop = Drop(sum(isinstance(entry, Run) and entry.when is When.AT for _, entry in pairs))
    gate = asyncio.Semaphore(_OPENING)
    tasks: dict[asyncio.Task[Result], Entry] = {}
    cast = sorted(zip(pairs, stage.readers, strict=True), key=lambda one: -_waits_s(one[0][1]))
    for (block, entry), reader in cast:
        tasks[asyncio.create_task(_result(stage, browser, gate, block, entry, reader))] = entry
    try:
        before = [task for task, entry in tasks.items() if not isinstance(entry, Run) or entry.when is When.BEFORE]
        if before:
            await asyncio.wait(before)
        try:
            await stage.drop.restart(stage.server)
        except Exception as error:
            failures.append(f"the server did not restart: {error}")
        return sorted(await asyncio.gather(*tasks), key=lambda result: result.number)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _waits_s(entry: Entry) -> int:
    return entry.waits_s if isinstance(entry, Run) else 0


async def _result(
    stage: Stage, browser: Browser, gate: asyncio.Semaphore, block: Block, entry: Entry, reader: User
) -> Result:
    """One block from the page to its end. Whatever goes wrong in it is its own failure."""
    began_s = time.monotonic()
    excepted = isinstance(entry, Excepted)
    failure = ""
    scene = Scene(stage, reader, block.text)
    try:
        async with gate:
            await scene.open(browser)
        try:
            await (_fails(scene, entry.error) if isinstance(entry, Excepted) else entry.act(scene))
        finally:
            await scene.close()
    except Exception as error:
        failure = str(error) if isinstance(error, Unmet) else f"{type(error).__name__}: {error}"
    finally:
        if isinstance(entry, Run) and entry.when is When.AT:
            scene.arrive()
    note = entry.reason if isinstance(entry, Excepted) else f"{time.monotonic() - began_s:.1f} s"
    return Result(block.number, block.heading, excepted, note, " ".join(failure.split()))


async def _fails(scene: Scene, error: str) -> None:
    """Run an exception as it is written: it has to fail in its way, or it is none."""
    try:
        await scene.run()
    except Exception as raised:
        if error in str(raised):
            return
        raise Unmet(f"it fails otherwise than listed: {raised}") from raised
    raise Unmet("it can stand alone: it runs as it is written")
