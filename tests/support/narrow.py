"""Narrow: a link on the way to a server, through which bytes reach the client slowly."""

from __future__ import annotations

import socket
import threading

WAIT_S = 60.0


class Narrow:
    """A link to a server that lets bytes_per_s through towards the client, until it is opened wide."""

    STEP_S = 0.05

    def __init__(self, port: int, bytes_per_s: int) -> None:
        self._server_port = port
        self._step_bytes = int(bytes_per_s * self.STEP_S)
        self._wide = threading.Event()
        self._passed = threading.Condition()
        self.passed_bytes = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = [self._listener]
        self._threads = [threading.Thread(target=self._join, daemon=True)]
        self._threads[0].start()

    def open_wide(self) -> None:
        """No limit from now on."""
        self._wide.set()

    def wait_passed(self, count: int) -> None:
        """Wait until so many bytes have gone to the client."""
        with self._passed:
            assert self._passed.wait_for(lambda: self.passed_bytes >= count, WAIT_S)

    def close(self) -> None:
        """Cut the link."""
        self._wide.set()
        for one in self._sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join(WAIT_S)
        for one in self._sockets:
            one.close()

    def _join(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        server = socket.socket()
        # As small as can be: the kernel tells the server's of room in pieces of half the buffer.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        server.connect(("127.0.0.1", self._server_port))
        self._sockets += [client, server]
        up = threading.Thread(target=self._carry, args=(client, server, False), daemon=True)
        self._threads.append(up)
        up.start()
        self._carry(server, client, True)

    def _carry(self, source: socket.socket, target: socket.socket, is_narrow: bool) -> None:
        try:
            while data := source.recv(self._step_bytes if is_narrow and not self._wide.is_set() else 65536):
                target.sendall(data)
                if is_narrow:
                    with self._passed:
                        self.passed_bytes += len(data)
                        self._passed.notify_all()
                    self._wide.wait(self.STEP_S * len(data) / self._step_bytes)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return
