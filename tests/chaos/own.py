"""The project's own client as readers and senders: one Node program for many users (own.mjs)."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.chaos.reader import Reader

PROGRAM = Path(__file__).with_name("own.mjs")
LINE_BYTES = 1 << 22
END_S = 10.0


class Refused(Exception):
    """The outbox gave a message up."""


class Own:
    """The program, its readers by their users' ids, and the messages that its outboxes have."""

    def __init__(self, readers: Mapping[int, Reader], port: int, heartbeat_s: int) -> None:
        self.transports: dict[str, int] = {}
        self._readers = readers
        self._port = port
        self._heartbeat_s = heartbeat_s
        self._sending: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._process: asyncio.subprocess.Process
        self._listening: asyncio.Task[None]

    async def start(self) -> None:
        """Start it and connect everybody."""
        node = shutil.which("node")
        assert node is not None, "the project's own client needs Node: tools/need node"
        base_url = f"http://127.0.0.1:{self._port}/api/v1"
        self._process = await asyncio.create_subprocess_exec(
            node, str(PROGRAM), base_url, str(self._heartbeat_s * 1000),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES,
        )  # fmt: skip
        self._listening = asyncio.create_task(self._listen())
        for user_id, reader in self._readers.items():
            self._say({"connect": {"user": user_id, "token": reader.user.token}})

    async def send(self, user_id: int, receiver_id: int, message: str, client_msg_id: str) -> dict[str, Any]:
        """By the outbox, which tries until the server has it. Raises Refused."""
        sending: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._sending[client_msg_id] = sending
        fields = {"user": user_id, "receiver_id": receiver_id, "message": message, "client_msg_id": client_msg_id}
        self._say({"send": fields})
        return await sending

    async def end(self) -> None:
        """End the program."""
        self._say({"end": True})
        await asyncio.wait_for(self._process.wait(), END_S)
        await self._listening

    def _say(self, value: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value).encode() + b"\n")

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._hear(json.loads(line))

    def _hear(self, said: dict[str, Any]) -> None:
        if "sent" in said:
            self._sending.pop(said["sent"]).set_result(said["stored"])
        elif "refused" in said:
            self._sending.pop(said["refused"]).set_exception(Refused(f"{said['status']} {said['error']}"))
        elif "type" in said:
            self._readers[said["user"]].take(said["type"], said["data"], said["id"])
        elif "problem" in said:
            self._readers[said["user"]].problems.append(said["problem"])
        elif said["status"] == "connected":
            self.transports[said["transport"]] = self.transports.get(said["transport"], 0) + 1
            self._readers[said["user"]].polls.append((time.monotonic(), said["transport"] == "poll"))
        elif said["status"] == "closed":
            self._readers[said["user"]].problems.append(f"the client closed: {said['reason']}")
