"""Stage: the server on port 8000, the pages on port 3000, the people, and what they do through REST.

It knows no block. Everything that it starts ends in close().
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.guide.payloads import Payload
from tests.guide.scene import Unmet, must
from tests.support.browser import PageServer
from tests.support.campus import User, create_tokens, create_user, create_users
from tests.support.server import ServerProcess

SERVER_PORT = 8000  # what the guide's code calls
PAGE_PORT = 3000  # an origin that the default settings allow
PASSWORD = "securePassword123"


class NotReady(Exception):
    """The run can't begin; the message is one line."""


class Stage:
    """The server with its default settings on an empty folder, and everybody whom the scenes need.

    `jane` is who acts towards the reader of a scene, `admin` publishes, `john_doe` is the guide's own user.
    """

    def __init__(self, folder: Path, scenes: int) -> None:
        self.server = ServerProcess(folder, port=SERVER_PORT)
        self.base_url = f"http://localhost:{SERVER_PORT}/api/v1"
        self.pages: PageServer
        self.jane: User
        self.admin: User
        self.readers: list[User]
        self.drop: Drop
        self.promised: dict[str, Payload] = {}
        self.texts: dict[object, str] = {}
        # Bound and never listening: a connection is refused, and nobody else can take it.
        self._refusing = socket.socket()
        self._rest = httpx.AsyncClient(base_url=f"http://127.0.0.1:{SERVER_PORT}/api/v1/", timeout=30, trust_env=False)
        self._scenes = scenes

    # Beginning and end

    def open(self) -> None:
        """Start both servers and make the accounts. Raises NotReady for a busy port, and what the server says."""
        for port, who in (SERVER_PORT, "the guide's code calls the server there"), (PAGE_PORT, "its pages are there"):
            if not is_free(port):
                raise NotReady(f"Port {port} is busy ({who}): end what listens there and run this again.")
        self._refusing.bind(("127.0.0.1", 0))
        self.pages = PageServer(PAGE_PORT)
        self.pages.put("/login", "<!doctype html><title>login</title>")
        # Not in a thread: an interrupt would leave a thread behind that starts what close() has no hold of.
        self.server.start()
        self._make_people()

    def _make_people(self) -> None:
        names = [f"reader_{number:02}" for number in range(1, self._scenes + 1)]
        self.jane, *self.readers = create_users(self.server, "jane_smith", *names)
        create_user(self.server, "john_doe", PASSWORD, first_name="John", last_name="Doe")
        self.admin = create_user(self.server, "registrar", user_type="college_admin")

    async def close(self) -> None:
        """End everything. Raises Unmet when the server did not end well or logged an error."""
        await self._rest.aclose()
        self._refusing.close()
        if hasattr(self, "pages"):
            await asyncio.to_thread(self.pages.close)
        if self.server.running:
            try:
                code = await asyncio.to_thread(self.server.stop)
                must(code == 0, f"SIGTERM ended the server with exit code {code}")
                self.server.check_log()
            except AssertionError as error:
                raise Unmet(str(error)) from error

    # Addresses

    def stream_url(self, token: str) -> str:
        """The stream's address as the guide writes it."""
        return f"{self.base_url}/communication/sse/events/?token={token}"

    @property
    def refusing_url(self) -> str:
        """An address at which every connection is refused."""
        return f"http://localhost:{self._refusing.getsockname()[1]}/"

    def text_of(self, act: object) -> str:
        """The text of the block that this act is for."""
        return self.texts[act]

    # What people do

    async def token_of(self, user: User) -> str:
        """Another token of that user."""
        return (await asyncio.to_thread(create_tokens, self.server, [user.username]))[0].token

    async def get(self, token: str, path: str) -> Any:
        """The JSON of a GET. Anything but success is Unmet."""
        return self._json(await self._rest.get(path, headers={"Authorization": f"Token {token}"}))

    async def post(self, token: str, path: str, **fields: object) -> Any:
        """The JSON of a POST with these fields. Anything but success is Unmet."""
        return self._json(await self._rest.post(path, json=fields, headers={"Authorization": f"Token {token}"}))

    @staticmethod
    def _json(answer: httpx.Response) -> Any:
        request = answer.request
        must(answer.is_success, f"{request.method} {request.url.path}: {answer.status_code} {answer.text}")
        return answer.json()

    async def send(self, sender: User, receiver: User, message: str) -> Any:
        """Send a message; the stored one."""
        return await self.post(sender.token, "communication/chats/", receiver_id=receiver.id, message=message)

    async def read(self, reader: User, message_id: int) -> Any:
        """Mark a message as read."""
        return await self.post(reader.token, "communication/chats/mark-read/", message_ids=[message_id])

    async def typing(self, sender: User, receiver: User, is_typing: bool) -> None:
        """Say that the sender types, or stopped."""
        path = "communication/chats/typing/"
        await self.post(sender.token, path, receiver_id=receiver.id, is_typing=is_typing)

    async def announce(self, title: str, message: str) -> Any:
        """Announce to everybody."""
        path = "communication/announcements/"
        return await self.post(self.admin.token, path, title=title, message=message, audience={"all": True})

    async def publish(self, title: str, content: str) -> Any:
        """Publish a notice of today, for everybody."""
        fields = {"title": title, "content": content, "publish_date": datetime.now(UTC).date().isoformat()}
        return await self.post(self.admin.token, "communication/notices/", is_published=True, is_urgent=True, **fields)

    async def log_out(self, token: str) -> None:
        """End this token."""
        await self.post(token, "auth/logout/")


class Drop:
    """The moment at which every stream drops, because the server restarts. Those who need it wait for one another."""

    def __init__(self, expected: int) -> None:
        self._missing = expected
        self._all_here = asyncio.Event()
        self._over = asyncio.Event()
        if not expected:
            self._all_here.set()

    def arrive(self) -> None:
        """One is ready, or will never be."""
        self._missing -= 1
        if self._missing == 0:
            self._all_here.set()

    async def over(self) -> None:
        """Return when the server has been restarted."""
        await self._over.wait()

    async def restart(self, server: ServerProcess) -> None:
        """When all are here: SIGTERM, and a start on the same port and folder."""
        await self._all_here.wait()
        restart = asyncio.create_task(asyncio.to_thread(server.restart))
        try:
            await asyncio.shield(restart)
        finally:
            # An interrupt waits for it too: a server in mid-start is nobody's to end.
            await asyncio.wait([restart])
            self._over.set()


def is_free(port: int) -> bool:
    """Whether nothing listens there, on either loopback address: a browser tries both for `localhost`."""
    for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
        # A machine without IPv6 has nothing that listens on it.
        with contextlib.suppress(OSError), socket.socket(family) as probe:
            probe.settimeout(5)
            if probe.connect_ex((address, port)) == 0:
                return False
    return True
