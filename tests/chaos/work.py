"""What users do while things break: each deed until it is answered, and a record of what was answered.

Messages go by the project's own client (its outbox) or by plain HTTP, and are tried again with their client_msg_id.
Some are tried once and given up: they may be stored or not, and never twice. Every answer that the protocol does
not have for a good request is a problem: a 500 at any time, a 503 while nothing is broken is only slow.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.chaos.own import Own, Refused
from tests.chaos.plan import Deed
from tests.support.campus import User

CHATS = "communication/chats/"
ANSWER_S = 5.0
PROBE_S = 2.0
AGAIN_S = 0.25
PROBES_PER_S = 4.0
FILE_BYTES = 40_000


@dataclass(slots=True)
class Sent:
    """A message, by its client_msg_id. `attempt_s` is when its last try began; `id` is what was answered."""

    client_id: str
    sender: User
    receiver: User
    text: str
    way: str
    content: bytes | None = None
    attempt_s: float = 0.0
    id: int | None = None
    url: str | None = None
    is_over: bool = False
    texts: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Published:
    """A notice or an announcement, by its title, which there is once; `id` is what was answered."""

    path: str
    title: str
    id: int | None = None


class Work:
    """Does the deeds of `users`; the last two of them are the probes. `admin` publishes."""

    def __init__(self, users: Sequence[User], admin: User, own: Own, own_ids: set[int], port: int) -> None:
        self.sent: list[Sent] = []
        self.published: list[Published] = []
        self.answers: Counter[str] = Counter()
        self.problems: list[str] = []
        self._users = users
        self._admin = admin
        self._own = own
        self._own_ids = own_ids
        self._answered: list[Sent] = []
        self._tasks: set[asyncio.Task[None]] = set()
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=40, keepalive_expiry=30)
        base_url = f"http://127.0.0.1:{port}/api/v1/"
        self._http = httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=ANSWER_S, limits=limits)

    @property
    def waiting(self) -> int:
        """How many deeds are not over."""
        return len(self._tasks)

    async def run(self, deeds: Sequence[Deed], begun_s: float) -> None:
        """Begin each at its time."""
        for deed in deeds:
            await asyncio.sleep(max(0.0, begun_s + deed.at_s - time.monotonic()))
            self._begin(self._do(deed))

    async def probe(self) -> None:
        """Send one message after the other between the probes, each tried once, until cancelled."""
        sender, receiver = self._users[-2:]
        number = 0
        while True:
            number += 1
            sent = Sent(f"probe-{number}", sender, receiver, f"probe {number}", "once")
            self._begin(self._send_once(sent, PROBE_S))
            await asyncio.sleep(1 / PROBES_PER_S)

    async def finish(self, timeout_s: float) -> None:
        """Wait until every deed is over."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
        for one in self.sent:
            if not one.is_over:
                self.problems.append(
                    f"{one.client_id} by {one.way} got no answer until {timeout_s} s after all was well"
                )
        for task in list(self._tasks):
            task.cancel()
        await self._http.aclose()

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.problems.append(f"the harness failed: {error!r}")

    async def _do(self, deed: Deed) -> None:
        user, other = self._users[deed.user], self._users[deed.other]
        if deed.kind in ("send", "upload"):
            await self._send(deed, user, other)
        elif deed.kind in ("read", "delivered"):
            path, body = (
                ("mark-read/", {"sender_id": other.id}) if deed.kind == "read" else ("delivered/", {"up_to_id": 2**50})
            )
            await self._until_answered(user, "POST", CHATS + path, json=body)
        elif deed.kind == "typing":
            body = {"receiver_id": other.id, "is_typing": bool(deed.number % 2)}
            await self._call(user, "POST", f"{CHATS}typing/", ANSWER_S, json=body)
        elif deed.kind == "edit":
            await self._edit(deed)
        else:
            await self._publish(deed)

    async def _send(self, deed: Deed, user: User, other: User) -> None:
        text = f"number {deed.number} " + "\N{SNOWMAN}" * (deed.number % 50)
        sent = Sent(f"deed-{deed.number}", user, other, text, "http")
        if deed.kind == "upload":
            sent.content = (f"file {deed.number} " * FILE_BYTES).encode()[: FILE_BYTES * (1 + deed.number % 5)]
        if deed.number % 9 == 4:
            sent.way = "once"
            await self._send_once(sent, ANSWER_S)
        elif sent.content is None and user.id in self._own_ids and deed.number % 2:
            await self._send_by_own(sent)
        else:
            await self._send_again_and_again(sent)

    async def _send_by_own(self, sent: Sent) -> None:
        sent.way = "own client"
        self.sent.append(sent)
        sent.attempt_s = time.monotonic()
        try:
            stored = await self._own.send(sent.sender.id, sent.receiver.id, sent.text, sent.client_id)
        except Refused as refused:
            self.problems.append(f"{sent.client_id} by the own client: {refused}")
            sent.is_over = True
            return
        self._was_answered(sent, stored)

    async def _send_again_and_again(self, sent: Sent) -> None:
        self.sent.append(sent)
        while not sent.is_over:
            await self._try(sent, ANSWER_S)
            if not sent.is_over:
                await asyncio.sleep(AGAIN_S)

    async def _send_once(self, sent: Sent, timeout_s: float) -> None:
        self.sent.append(sent)
        await self._try(sent, timeout_s)
        sent.is_over = True

    async def _try(self, sent: Sent, timeout_s: float) -> None:
        sent.attempt_s = time.monotonic()
        fields = {"receiver_id": sent.receiver.id, "message": sent.text, "client_msg_id": sent.client_id}
        given: dict[str, Any] = {"json": fields}
        if sent.content is not None:
            form = {name: str(value) for name, value in fields.items()}
            given = {"data": form, "files": {"attachment": ("notes.txt", sent.content)}}
        answer = await self._call(sent.sender, "POST", CHATS, timeout_s, **given)
        if answer is not None and answer.status_code in (200, 201):
            self._was_answered(sent, answer.json())
        elif answer is not None and answer.status_code != 503:
            sent.is_over = True

    def _was_answered(self, sent: Sent, stored: dict[str, Any]) -> None:
        sent.id, sent.is_over = stored["id"], True
        sent.url = stored.get("attachment")
        sent.texts.add(sent.text)
        if stored["message"] not in sent.texts:
            self.problems.append(f"{sent.client_id} was answered with another text: {stored['message']!r}")
        self._answered.append(sent)

    async def _edit(self, deed: Deed) -> None:
        if self._answered:
            sent = self._answered[deed.number % len(self._answered)]
            text = f"edited by {deed.number}"
            sent.texts.add(text)
            await self._until_answered(sent.sender, "PATCH", f"{CHATS}{sent.id}/", json={"message": text})

    async def _publish(self, deed: Deed) -> None:
        one = Published("communication/announcements/", f"title {deed.number}")
        body: dict[str, Any] = {"title": one.title, "message": "m" * (deed.number % 400 + 1)}
        if deed.kind == "notice":
            one.path = "communication/notices/"
            body = {"title": one.title, "content": "c" * 300, "publish_date": "2026-01-01", "is_published": True}
            if deed.number % 2:
                body["visibility"] = [{"target_type": "all"}]
        self.published.append(one)
        answer = await self._call(self._admin, "POST", one.path, ANSWER_S, json=body)
        if answer is not None and answer.status_code == 201:
            one.id = answer.json()["id"]

    async def _until_answered(self, user: User, method: str, path: str, **given: Any) -> None:
        while True:
            answer = await self._call(user, method, path, ANSWER_S, **given)
            if answer is not None and answer.status_code != 503:
                return
            await asyncio.sleep(AGAIN_S)

    async def _call(self, user: User, method: str, path: str, timeout_s: float, **given: Any) -> httpx.Response | None:
        """One request; its answer, or None where none came."""
        try:
            answer = await self._http.request(method, path, headers=user.headers, timeout=timeout_s, **given)
        except httpx.HTTPError as error:
            self.answers[type(error).__name__] += 1
            return None
        self.answers[str(answer.status_code)] += 1
        if answer.status_code not in (200, 201, 503):
            self.problems.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer
