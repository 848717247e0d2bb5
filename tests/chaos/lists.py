"""Lists that readers keep by events alone, and whether they are what a fresh fetch shows.

Each is fetched when the reader begins, and again after a resync, as the protocol wants it; what was heard since is
applied at the end.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx

from tests.chaos.reader import Reader
from tests.support.frontend import LISTS, Kept

FETCH_S = 5.0
THREADS = 2
SHOWN = 300


class Lists:
    """The lists of some readers. `own_url` is the server's address, `other_urls` those that readers came in by."""

    def __init__(self, own_url: Callable[[], str], other_urls: list[str]) -> None:
        self._own_url = own_url
        self._other_urls = other_urls
        self._pool = ThreadPoolExecutor(THREADS)
        self._kept: dict[str, Future[list[Kept]]] = {}

    def fetch(self, reader: Reader) -> Future[list[Kept]]:
        """Fetch all lists of a reader, until it works."""
        self._kept[reader.name] = self._pool.submit(self._fetch, reader)
        return self._kept[reader.name]

    def differences(self, readers: list[Reader]) -> list[str]:
        """Where what the events made of a list is not what is fetched now, a sentence each."""
        return [text for found in self._pool.map(self._differences, readers) for text in found]

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    def _client(self, reader: Reader) -> httpx.Client:
        return httpx.Client(
            base_url=f"{self._own_url()}/api/v1/",
            headers=reader.user.headers,
            timeout=FETCH_S,
            trust_env=False,
            verify=False,  # plain HTTP: the system's certificates would take 15 ms each time
        )

    def _fetch(self, reader: Reader) -> list[Kept]:
        while True:
            client = self._client(reader)
            try:
                return [kind(client, reader.user.id) for kind in LISTS]
            except (httpx.HTTPError, AssertionError):
                client.close()  # the server is away, or says 503

    def _differences(self, reader: Reader) -> list[str]:
        found = []
        kept = self._kept[reader.name].result()
        for heard in reader.heard:
            text = json.dumps(heard.data)
            for url in self._other_urls:
                text = text.replace(url, self._own_url())
            data = json.loads(text)
            for one in kept:
                try:
                    one.hear(heard.id, heard.event, data)
                except AssertionError as error:  # evidence, and no reason to keep the rest of it back
                    found.append(f"{reader.name}: {type(one).__name__}, {heard.event} {heard.id}: {_where(error)}")
        for one in kept:
            fresh = type(one)(one.client, reader.user.id)
            if one.shown() != fresh.shown():
                found.append(f"{reader.name}: {type(one).__name__} differ: {_first(one.shown(), fresh.shown())}")
        kept[0].client.close()
        return found


def _where(error: AssertionError) -> str:
    """The line that did not hold, and what it said."""
    line = traceback.extract_tb(error.__traceback__)[-1].line
    return f"{line} {error}".strip()


def _first(kept: list[Any], fresh: list[Any]) -> str:
    """The first row that differs."""
    for mine, theirs in zip(kept, fresh, strict=False):
        if mine != theirs:
            names = [name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)]
            return (
                f"row {mine.get('id')}: "
                + ", ".join(f"{n} {mine.get(n)!r}, fresh {theirs.get(n)!r}" for n in names)[:SHOWN]
            )
    return f"{len(kept)} rows, fresh {len(fresh)}"
