"""`python -m bench.lists`: how long every list's first page and every search take, on the campus of rows.Size.

Prints the median of ROUNDS answers in ms for each of the askers, as a client on the same machine sees them (HTTP and
JSON included, about 1 ms), with the slowest first. Exit code 1 when one is above the target.
"""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from bench import crowd, questions
from bench.rows import Size
from commands.folder import DATABASE_NAME

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 20
TARGET_MS = 20.0
# The interface has no pages for it: every student of the campus in one answer.
WHOLE = "/by-type/"


class Client:
    """One kept connection of one asker."""

    def __init__(self, port: int, token: str | None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Authorization": f"Token {token}"} if token else {}

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()


def median_ms(client: Client, path: str) -> float:
    """Of ROUNDS answers, after one that fills the caches."""
    took = []
    for _ in range(ROUNDS + 1):
        began_s = time.perf_counter()
        status, body = client.get(path)
        took.append(1000 * (time.perf_counter() - began_s))
        if status != 200:
            raise SystemExit(f"{path}: {status} {body[:200]!r}")
    return statistics.median(took[1:])


def measure(port: int, tokens: dict[str, str]) -> list[tuple[str, dict[str, float]]]:
    """Each question with the askers' medians."""
    document = json.loads(Client(port, None).get("/api/v1/schema/")[1])
    clients = {name: Client(port, token) for name, token in tokens.items()}
    found = []
    for path, asked in dict.fromkeys((p, tuple(a.items())) for p, a in _questions(document)):
        url = f"{path}?{urlencode(asked)}" if asked else path
        allowed = {name: client for name, client in clients.items() if client.get(url)[0] != 403}
        found.append((url, {name: median_ms(client, url) for name, client in allowed.items()}))
    return sorted(found, key=lambda one: -max(one[1].values(), default=0))


def _questions(document: dict[str, object]) -> list[questions.Question]:
    return [*questions.first_pages(document), *questions.searches(document)]


def main() -> int:
    """Build, serve, measure, print."""
    with tempfile.TemporaryDirectory() as folder:
        tokens = crowd.build(Path(folder) / DATABASE_NAME, Size())
        command = [sys.executable, "server.py", "--address", "127.0.0.1", "--port", "0", "--data-dir", folder]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            try:
                port = int(server.stdout.readline().rpartition(":")[2])
                found = measure(port, tokens)
            finally:
                server.terminate()
    print(f"median of {ROUNDS}, ms; {Size()}")
    print(f"{'':80}" + "".join(f"{name:>8}" for name in tokens))
    for url, medians in found:
        print(f"{url:80}" + "".join(f"{medians[name]:8.1f}" if name in medians else f"{'-':>8}" for name in tokens))
    slow = [url for url, medians in found if max(medians.values(), default=0) > TARGET_MS and WHOLE not in url]
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
