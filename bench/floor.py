"""Floor: the cheapest server that there can be, in C (bench/load/floor.c). A Subject; no other costs less."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import subject
from bench.driver import Load


class Floor:
    """A floor that runs."""

    name = "floor"

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self.pids = [pid]

    def stream_paths(self, count: int) -> list[str]:
        """Any will do."""
        return ["/"] * count

    def broadcast(self) -> bytes:
        """The request that is posted to the server that is measured beside it, as long as that one."""
        body = f'{{"title": "{subject.TITLE}", "message": "{subject.MESSAGE}"}}'.encode()
        return subject.request(self.port, "/", body, ["Authorization: Token " + "0" * 40])


@contextmanager
def start(folder: Path, load_folder: Path) -> Iterator[Floor]:
    """Run one; `load_folder` has the load tool."""
    folder.mkdir(parents=True, exist_ok=True)
    event = folder / "event"
    event.write_bytes(subject.EVENT)
    with Load(load_folder, "floor", event) as load:
        yield Floor(load.result()["port"], load.pid)
