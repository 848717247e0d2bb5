"""Heartbeats reach every stream each interval, whatever else happens on it, and never move its cursor (I6)."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from tests.support.campus import User, api, create_user, create_users, send
from tests.support.eventstream import Dispatched, Parser
from tests.support.server import ServerFactory, ServerProcess
from tests.support.sse import EVENTS_PATH, Stream

LIMIT_S = 30.0
INTERVAL_LIMIT_S = 10.0  # of an interval of 1 s; the exact seconds are in tests/realtime/test_hub.py


class Curl:
    """`curl -N` on a user's stream: what it has written, as events."""

    def __init__(self, server: ServerProcess, user: User) -> None:
        self.started_s = time.monotonic()
        self._process = subprocess.Popen(
            ["curl", "--silent", "--no-buffer", f"{server.url}{EVENTS_PATH}?token={user.token}"], stdout=subprocess.PIPE
        )
        self.parser = Parser()
        self.events: list[tuple[float, Dispatched]] = []

    def wait_count(self, count: int, event: str, limit_s: float = LIMIT_S) -> list[tuple[float, Dispatched]]:
        """The events of that name, each with the monotonic time when it was there, once there are so many."""
        assert self._process.stdout is not None
        give_up_s = time.monotonic() + limit_s
        while len(found := [one for one in self.events if one[1].event == event]) < count:
            left_s = give_up_s - time.monotonic()
            assert left_s > 0, f"{count} x {event}, but after {limit_s} s: {self.events}"
            if select.select([self._process.stdout], [], [], left_s)[0]:
                data = os.read(self._process.stdout.fileno(), 65536)
                assert data, "curl ended"
                self.events += [(time.monotonic(), one) for one in self.parser.feed(data)]
        return found

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(LIMIT_S)
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def curl(server: ServerProcess, user: User) -> Iterator[Curl]:
    process = Curl(server, user)
    try:
        yield process
    finally:
        process.close()
    assert process.parser.violations == []


def intervals(times_s: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times_s)]


def test_i6_curl_shows_connected_at_once_and_then_a_heartbeat_each_interval(server_factory: ServerFactory) -> None:
    server = server_factory(heartbeat_s=1)
    (user,) = create_users(server, "reader")
    with curl(server, user) as shown:
        ((connected_s, connected),) = shown.wait_count(1, "connected", limit_s=1.0)
        assert connected.text == f'{{"status":"connected","user_id":{user.id}}}'
        assert connected.retry_ms == 3000
        beats = shown.wait_count(4, "heartbeat")
        assert beats[0][0] - connected_s < INTERVAL_LIMIT_S
        assert all(0 < interval_s < INTERVAL_LIMIT_S for interval_s in intervals([at_s for at_s, _ in beats]))
        assert all(beat.id is None and beat.last_event_id == connected.id for _, beat in beats)
    print(f"connected {1000 * (connected_s - shown.started_s):.0f} ms after curl was started")
    print(f"heartbeats after {[round(interval_s, 3) for interval_s in intervals([at_s for at_s, _ in beats])]} s")


def test_i6_heartbeats_come_while_other_events_do(server_factory: ServerFactory) -> None:
    server = server_factory(heartbeat_s=1)
    sender, receiver = create_users(server, "sender", "receiver")
    with Stream(server, receiver) as stream, api(server, sender) as client:
        count = 0
        while len(stream.events("heartbeat")) < 4:
            send(client, receiver, f"message {count}")
            count += 1
        beats = stream.events("heartbeat")
        assert all(0 < interval_s < INTERVAL_LIMIT_S for interval_s in intervals([one.at_s for one in beats]))
        assert all(one.id is None and abs(one.data["timestamp"] - time.time()) < LIMIT_S for one in beats)
        stream.wait_count(count, "message")


def test_i6_heartbeats_come_while_a_replay_runs_to_a_slow_reader(server_factory: ServerFactory) -> None:
    server = server_factory(heartbeat_s=1, send_buffer_bytes=4096)
    sender, receiver = create_users(server, "sender", "receiver")
    events, portion_bytes = 1000, 65536
    with api(server, sender) as client:
        for number in range(events):
            send(client, receiver, f"{number} ".ljust(4096, "x"))
    with (
        Stream(server, receiver) as clock,
        Stream(server, receiver, last_event_id=0, rcvbuf_bytes=4096, reading=False) as slow,
    ):
        for count in range(1, 5):
            clock.wait_count(count, "heartbeat")
            had = len(slow.events("heartbeat"))
            slow.read_bytes(portion_bytes)  # far more than the kernels hold
            assert count < 2 or len(slow.events("heartbeat")) > had, f"no heartbeat in portion {count}"
        replayed = slow.events("message")
        assert len(replayed) < events // 2, "the replay goes on"
        assert all(beat.id is None for beat in slow.events("heartbeat"))
        assert max(beat.index for beat in slow.events("heartbeat")) < replayed[-1].index
        slow.resume()
        messages = slow.wait_count(events, "message")
        assert [int(one.data["message"].split(" ")[0]) for one in messages] == list(range(events))


def test_i6_heartbeats_are_spread_over_the_interval(server_factory: ServerFactory) -> None:
    server = server_factory(heartbeat_s=3)
    (user,) = create_users(server, "reader")
    streams = [Stream(server, user) for _ in range(12)]
    try:
        beats = [stream.wait_count(2, "heartbeat")[0] for stream in streams]
        by_tick = Counter(beat.data["timestamp"] for beat in beats)
        assert max(by_tick.values()) <= 8, "a third of the streams, two when the clock was late"
        assert len(by_tick) >= 3
        for stream in streams:
            first, second = stream.events("heartbeat")[:2]
            assert 2 <= second.data["timestamp"] - first.data["timestamp"] <= 4
    finally:
        for stream in streams:
            stream.close()


def test_i10_a_stream_whose_token_expires_is_told_and_ends(server_factory: ServerFactory) -> None:
    lifetime_s = 4.3
    server = server_factory(heartbeat_s=1, token_lifetime_days=lifetime_s / 86400)
    password = "a long enough password"
    user = create_user(server, "reader", password)
    began_s = time.monotonic()
    with api(server) as client:
        token = client.post("auth/login/", json={"username": user.username, "password": password}).json()["key"]
    with Stream(server, token) as stream:
        last = stream.wait_for("disconnected")
        assert last.data == {"status": "disconnected", "reason": "expired"}
        assert last.id is None
        assert stream.wait_end() == "fin"
        assert last.at_s - began_s >= lifetime_s - 0.1
        assert stream.events()[-1] == last
        assert stream.events("heartbeat")
    with Stream(server, token) as again:
        assert again.status == 401
    print(f"a token of {lifetime_s} s ended its stream after {last.at_s - began_s:.2f} s")
