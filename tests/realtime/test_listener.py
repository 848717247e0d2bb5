"""realtime/listener.py: many who come at once let the others have their turns."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from realtime.listener import ACCEPTS_AT_ONCE, Patient


def accept_all(listening: Patient) -> list[socket.socket]:
    """What is accepted until it says that nothing more is there."""
    accepted = []
    try:
        while True:
            accepted.append(listening.accept()[0])
    except BlockingIOError:
        return accepted


def test_so_many_are_accepted_at_once_and_the_others_after_a_turn_of_the_loop() -> None:
    waiting = 2 * ACCEPTS_AT_ONCE + 5
    with ExitStack() as stack:
        listening = stack.enter_context(Patient(socket.create_server(("127.0.0.1", 0), backlog=waiting)))
        for _ in range(waiting):
            stack.enter_context(socket.create_connection(listening.getsockname()))
        rounds = []
        while sum(rounds) < waiting:
            accepted = accept_all(listening)
            for connection in accepted:
                stack.enter_context(connection)
            rounds.append(len(accepted))
        assert rounds == [ACCEPTS_AT_ONCE, ACCEPTS_AT_ONCE, 5]
