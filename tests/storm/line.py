"""Line: one connection from an address of its own, on which requests go out one after the other."""

from __future__ import annotations

import asyncio
import json
import socket
import struct

from tests.fuzz.raw.sender import NO_PORT_YET

ANSWER_S = 60.0


def plain(address: str) -> socket.socket:
    """A TCP socket from that address, which leaves nothing behind when it is closed."""
    made = socket.socket()
    made.setblocking(False)
    made.setsockopt(socket.IPPROTO_IP, NO_PORT_YET, 1)
    made.bind((address, 0))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return made


class Line:
    """Opened with the first request, and again whenever the server has closed it."""

    def __init__(self, address: str, port: int, token: str = "") -> None:
        self._address, self._port, self._token = address, port, token
        self._socket: socket.socket | None = None

    async def post(self, path: str, value: object) -> tuple[int, bytes]:
        """The answer's status and body; (0, b"") when the connection ended without one."""
        loop = asyncio.get_running_loop()
        body = json.dumps(value).encode()
        lines = [f"POST /api/v1/{path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}", "Content-Type: application/json"]
        lines += [f"Authorization: Token {self._token}"] if self._token else []
        request = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body
        try:
            async with asyncio.timeout(ANSWER_S):
                if self._socket is None:
                    self._socket = plain(self._address)
                    await loop.sock_connect(self._socket, ("127.0.0.1", self._port))
                await loop.sock_sendall(self._socket, request)
                status, text, keeps = await self._answer(self._socket)
        except (OSError, TimeoutError):
            status, text, keeps = 0, b"", False
        if not keeps:
            self.close()
        return status, text

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _answer(self, connection: socket.socket) -> tuple[int, bytes, bool]:
        data, wanted = b"", None
        while wanted is None or len(data) < wanted:
            piece = await asyncio.get_running_loop().sock_recv(connection, 65536)
            if not piece:
                return 0, b"", False
            data += piece
            head, blank, _ = data.partition(b"\r\n\r\n")
            if blank and wanted is None:
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                wanted = len(head) + 4 + int(length or 0)
        head, _, text = data.partition(b"\r\n\r\n")
        return int(head[9:12]), text, b"connection: close" not in head.lower()
