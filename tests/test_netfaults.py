"""Cut networks, in short: every kind of cut, a cut in the middle of a fan-out, a cut behind a reader that blocks.

`python -m tests.netfaults` does the first for as long as one likes. Who may make no namespaces is told so, and fails.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.netfaults.cuts import CUTS
from tests.netfaults.field import Field, serving
from tests.netfaults.run import SHORT, TICKS_S, Run
from tests.netfaults.spaces import Network, NoNamespaces

LIMIT_S = 30.0
SEND_TIMEOUT_S = 4.0
MIB = 1 << 20


@pytest.fixture
def network() -> Iterator[Network]:
    try:
        made = Network()
    except NoNamespaces as error:
        pytest.fail(str(error), pytrace=False)
    with made:
        yield made


def test_nothing_of_a_network_has_a_name_that_could_stay(network: Network) -> None:
    network.unplug()
    network.vanish()
    network.come_back()
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    assert f"[{os.stat(network.server.path).st_ino}]" not in mounts, "a killed process would leave it"
    assert os.stat(network.server.path).st_ino != os.stat("/proc/self/ns/net").st_ino


def test_whatever_is_cut_nobody_misses_anything_and_who_has_gone_is_offline(network: Network, tmp_path: Path) -> None:
    run = Run(7, 7, people=6, settings=SHORT, brief_share=0.4, warm=20, told=print)
    result = run.run(tmp_path)
    print(result.table())
    assert result.lost == result.doubled == 0
    assert result.offline_s <= 10 * result.bound_s
    assert result.messages > 50
    assert result.opened > 6 * 3, "the streams did end"
    assert result.descriptors[0] >= result.descriptors[1]


def test_a_cut_in_the_middle_of_a_fan_out(network: Network, tmp_path: Path) -> None:
    notices = 12

    async def scene() -> None:
        async with Field(network, server, 60, silence_s=2.5) as field:
            sent: list[int] = []

            async def tell_all() -> None:
                for number in range(notices):
                    fields = {"title": str(number), "message": "x" * 5000}
                    sent.append((await field.writer.post("communication/announcements/", fields))["id"])

            telling = asyncio.get_running_loop().create_task(tell_all())
            await field.until(lambda: len(sent) >= 2, LIMIT_S, "the first are told")
            with CUTS["the server's link"](network):
                await field.until(field.is_dark, LIMIT_S, "all are offline")
                await asyncio.wait_for(telling, LIMIT_S)  # nobody who publishes waits for who has gone
            await field.until(
                lambda: all(len(one.notified) >= notices for one in field.people) and field.is_whole(),
                LIMIT_S,
                "everybody is told everything",
            )
            told = [one.notified for one in field.people]
            assert all(ids == told[0] for ids in told)
            assert sorted(set(told[0])) == told[0]
            assert len(told[0]) == notices

    with serving(network, tmp_path, limits="off", **SHORT) as server:
        asyncio.run(scene())


def test_a_cut_behind_a_reader_that_blocked_and_caught_up(network: Network, tmp_path: Path) -> None:
    """Its stream waits for nothing, and the kernel's own timer is off since it blocked."""

    async def scene() -> None:
        async with Field(network, server, 1, silence_s=LIMIT_S, rcvbuf_bytes=4096) as field:
            (slow,) = field.people
            slow.reader.reading.clear()
            for _ in range(60):
                await field.write(slow, 8000)
            slow.reader.reading.set()
            await field.until(field.is_whole, LIMIT_S, "it has caught up")
            began_s = time.monotonic()
            with CUTS["both ways dropped"](network):
                await field.write(slow)
                await field.until(field.is_dark, LIMIT_S, "it is offline")
                print(f"offline after {(slow.offline_s or 0.0) - began_s:.2f} s")
                slow.reader.drop()
            await field.until(field.is_whole, LIMIT_S, "it has everything")
            assert (slow.lost, slow.doubled) == (0, 0)

    with serving(network, tmp_path, limits="off", **(SHORT | {"heartbeat_s": 4})) as server:
        asyncio.run(scene())


def test_a_cut_behind_a_reader_that_blocks(network: Network, tmp_path: Path) -> None:
    async def scene() -> None:
        async with Field(network, server, 1, silence_s=LIMIT_S, rcvbuf_bytes=4096) as field:
            (slow,) = field.people
            for _ in range(300):
                await field.write(slow, 8000)
            await field.until(field.is_whole, LIMIT_S, "the database's memory is warm")
            slow.reader.reading.clear()
            before_bytes = server.rss_bytes()
            for _ in range(300):
                await field.write(slow, 8000)
            grown_bytes = server.rss_bytes() - before_bytes
            assert slow.offline_s is None, "who reads nothing for less than send_timeout_s is online"
            began_s = time.monotonic()
            with CUTS["both ways dropped"](network):
                await field.until(field.is_dark, LIMIT_S, "it is offline")
                offline_s = (slow.offline_s or 0.0) - began_s
                slow.reader.drop()
                slow.reader.reading.set()
            await field.until(field.is_whole, LIMIT_S, "it has everything")
            assert (slow.lost, slow.doubled) == (0, 0)
            bound_s = SEND_TIMEOUT_S + SHORT["presence_grace_s"] + TICKS_S
            print(f"offline after {offline_s:.2f} s (bound {bound_s:.1f} s), grown by {grown_bytes >> 10} KB")
            assert offline_s <= 10 * bound_s
            assert grown_bytes < 4 * MIB

    with serving(network, tmp_path, limits="off", **(SHORT | {"send_timeout_s": SEND_TIMEOUT_S})) as server:
        asyncio.run(scene())
