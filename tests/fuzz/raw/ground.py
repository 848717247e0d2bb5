"""Ground: what valid inputs are made of: people with their tokens, a file, a message, on one server's campus."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tests.support.campus import send
from tests.support.samples import PNG
from tests.support.shared import CHATS, Shared
from tests.support.sse import Stream

FILLING = 3000
READERS = 8


@dataclass(slots=True)
class Input:
    """One input: the bytes as they go out, and what has to come back.

    `is_whole`: it is framed as HTTP wants it, so that an answer or the connection's end has to come. `halves`: the
    client ends its side after it.
    """

    pieces: list[bytes]
    method: str = "GET"
    is_whole: bool = True
    halves: bool = False


@dataclass(slots=True)
class Ground:
    """The people that inputs name, and what else they may name rightly."""

    host: bytes
    tokens: dict[str, bytes]
    ann: int
    bob: int
    message: int
    file_path: bytes
    etag: bytes
    modified: bytes
    positions: list[int] = field(default_factory=list)

    def token(self, chance: Random) -> bytes:
        """Mostly a student's: what others may do is more, and a global role reads all."""
        return self.tokens[chance.choice(("ann", "ann", "ann", "tara", "dean", "boss"))]

    def head(self, method: str, target: bytes, *lines: bytes) -> bytes:
        """A request's head, whose lines are given."""
        return b"\r\n".join([method.encode() + b" " + target + b" HTTP/1.1", b"Host: " + self.host, *lines, b"", b""])


def fill_caches(shared: Shared) -> None:
    """Make the database larger than its caches, of 8 MB a connection, and read all of it: so that memory that grows
    later is something else."""
    with shared.api("stan") as client:
        for _ in range(FILLING):
            send(client, shared["stella"], "x" * 6000)
    readers = [Stream(shared.server, shared["stella"], last_event_id=0) for _ in range(READERS)]
    for stream in readers:
        stream.wait_count(FILLING, "message", timeout_s=120.0)
        stream.close()


def lay(shared: Shared) -> Ground:
    """Make it, as the people themselves would."""
    server = shared.server
    with shared.api("ann") as client:
        stored = send(client, shared["bob"], "hello")
        answer = client.post(
            CHATS,
            data={"receiver_id": str(shared["bob"].id), "message": "a file"},
            files={"attachment": ("dot.png", PNG, "image/png")},
        )
        assert answer.status_code == 201, answer.text
        url = str(answer.json()["attachment_url"])
        shown = client.get(url)
        assert shown.status_code == 200
    message = stored["id"]
    assert isinstance(message, int)
    return Ground(
        host=f"127.0.0.1:{server.port}".encode(),
        tokens={name: shared[name].token.encode() for name in ("ann", "tara", "dean", "boss")},
        ann=shared["ann"].id,
        bob=shared["bob"].id,
        message=message,
        file_path=url.removeprefix(server.url).encode(),
        etag=shown.headers["etag"].encode(),
        modified=shown.headers["last-modified"].encode(),
        positions=[0, 1, 2, 3],
    )
