"""Run: the inputs of one kind against a server of their own, a well-behaved pair beside them, and what came of all."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tests.fuzz.raw.ground import Ground, fill_caches, lay
from tests.fuzz.raw.sender import Task, made, work
from tests.support.beside import Beside
from tests.support.server import ServerProcess
from tests.support.shared import Shared, running
from tests.support.waiting import eventually

WARM_SHARE = 0.1
TOLD_S = 10.0
MOST_GROWTH = 0.10
# A run that is shorter than a warm-up grows while it warms up.
SHORT_INPUTS, SHORT_GROWTH_BYTES = 50_000, 40 << 20
LOG_LINES = 200  # and one more for a thousand inputs: what everybody may send is no reason to fill a disk
PAIR_P99_S = 2.5
_START = multiprocessing.get_context("spawn")


@dataclass(slots=True)
class Result:
    """What became of one kind's inputs."""

    kind: str
    seed: int
    inputs: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)
    warm_bytes: int = 0
    end_bytes: int = 0
    descriptors: tuple[int, int] = (0, 0)
    log_lines: int = 0
    pair: str = ""
    pair_p99_s: float = 0.0
    took_s: float = 0.0

    @property
    def growth(self) -> float:
        """Memory at the end, beyond that after the warm-up, as a share of it."""
        return self.end_bytes / self.warm_bytes - 1

    def problems(self) -> list[str]:
        """Everything that should not be."""
        found = [f"input {number}: {what}" for number, what in self.faults]
        is_short = self.inputs < SHORT_INPUTS
        if self.growth > MOST_GROWTH and not (is_short and self.end_bytes - self.warm_bytes < SHORT_GROWTH_BYTES):
            found.append(f"memory grew by {self.growth:.1%}")
        if self.descriptors[1] > self.descriptors[0]:
            found.append(f"{self.descriptors[1]} descriptors, and {self.descriptors[0]} before")
        if self.log_lines > LOG_LINES + self.inputs / 1000:
            found.append(f"{self.log_lines} lines in the log")
        if self.pair_p99_s > PAIR_P99_S:
            found.append(f"the pair waited: {self.pair}")
        return found

    def row(self) -> str:
        """Of the table."""
        answers = ", ".join(f"{count} x {name}" for name, count in sorted(self.answers.items()))
        return (
            f"| {self.kind} | {self.inputs} | {answers} | {len(self.faults)} | {self.warm_bytes >> 10} KB "
            f"| {self.end_bytes >> 10} KB ({self.growth:+.1%}) | {self.descriptors[0]}, {self.descriptors[1]} "
            f"| {self.log_lines} | {self.pair} | {self.took_s:.0f} s |"
        )


HEAD = (
    "| kind | inputs | answers | faults | memory, warm | memory, end | descriptors | log lines | the pair | time |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


class Run:
    """So many inputs of one kind. `found` is the folder for those that went wrong, `told` gets a line now and then."""

    def __init__(
        self,
        kind: str,
        seed: int,
        inputs: int,
        *,
        found: Path,
        told: Callable[[str], None],
        senders: int = 1,
        connections: int = 32,
        first: int = 0,
    ) -> None:
        self.result = Result(kind, seed)
        self._inputs, self._first, self._found, self._told = inputs, first, found, told
        self._senders, self._connections = senders, connections
        self._is_short = inputs < SHORT_INPUTS

    def run(self, folder: Path, limits: str) -> Result:
        """Send them. The log is read for errors at the end, and the server must stop as it should."""
        began_s = time.monotonic()
        result = self.result
        with running(folder, limits=limits) as shared:
            server, ground = shared.server, lay(shared)
            if not self._is_short:
                fill_caches(shared)
            before = _descriptors(server)
            with Beside(server, shared["bob"], shared["cy"], interval_s=0.2) as pair:
                self._send_all(shared, ground)
            eventually(lambda: _descriptors(server) <= before, f"{before} descriptors again")
            result.descriptors = (before, _descriptors(server))
            result.end_bytes = server.rss_bytes()
            result.pair, result.pair_p99_s = pair.told, pair.p99_s
            result.log_lines = server.log().count("\n")
        result.took_s = time.monotonic() - began_s
        return result

    def _send_all(self, shared: Shared, ground: Ground) -> None:
        kind, seed = self.result.kind, self.result.seed
        readers: list[Connection] = []
        processes = []
        for place in range(self._senders):
            reader, writer = _START.Pipe(duplex=False)
            task = Task(
                shared.server.port,
                kind,
                seed,
                self._first + place,
                self._senders,
                self._first + self._inputs,
                self._connections,
                ground,
            )
            processes.append(_START.Process(target=work, args=(task, writer), daemon=True))
            processes[-1].start()
            writer.close()
            readers.append(reader)
        try:
            self._listen(shared.server, readers, ground)
            for process in processes:
                process.join(10)
                assert process.exitcode == 0, "a sender failed"
        finally:
            for process in processes:
                process.kill()

    def _listen(self, server: ServerProcess, readers: list[Connection], ground: Ground) -> None:
        result, told_s = self.result, time.monotonic()
        while readers:
            for reader in wait(readers, TOLD_S):
                assert isinstance(reader, Connection)
                try:
                    notes = reader.recv()
                except EOFError:
                    notes = None
                if notes is None:
                    readers.remove(reader)
                    continue
                result.inputs += notes.done
                result.answers.update(notes.answers)
                for number, what in notes.faults:
                    self._save(number, what, ground)
            assert server.running, server.log()[-8000:]
            server.check_log()
            if not result.warm_bytes and result.inputs >= self._inputs * WARM_SHARE:
                result.warm_bytes = server.rss_bytes()
            if time.monotonic() - told_s > TOLD_S:
                told_s = time.monotonic()
                self._told(f"{result.kind}: {result.inputs} inputs, {server.rss_bytes() >> 10} KB")

    def _save(self, number: int, what: str, ground: Ground) -> None:
        result = self.result
        result.faults.append((number, what))
        data = b"".join(made(result.kind, result.seed, number, ground).pieces)
        path = self._found / f"{result.kind}-{result.seed}-{number}.bin"
        self._found.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self._told(f"{result.kind} input {number} (seed {result.seed}, saved as {path}): {what}\n{data[:2000]!r}")


def _descriptors(server: ServerProcess) -> int:
    return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))
