"""I3 and I7: a stream that was cut and opened again with its last id gets exactly the rest, wherever it was cut; and a
cursor that the log does not cover gets one `resync`."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.campus import User, api, create_users, send
from tests.support.follower import Follower, Ledger, wait_until_pruned
from tests.support.server import ServerProcess, as_flags

CHATS = "communication/chats/"
KEPT_EVENTS = 24  # more than any step stores between two looks of the ledger
SENT_AT_ONCE = 8
EXAMPLES = 20
STEPS = 25
MOST_PRUNES = 2  # of an example: each takes up to a second
FOLLOWERS = st.integers(0, 2)
CUTS = ("cut inside of a frame", "cut when only connected had come")
SETTINGS = {"heartbeat_s": 1, "log_keep_events": KEPT_EVENTS, "log_prune_interval_s": 0.1}

numbers = itertools.count(1)


def history(client: httpx.Client, other: User) -> list[dict[str, object]]:
    """All messages with that user, oldest first."""
    found: list[dict[str, object]] = []
    more = True
    while more:
        before = {"before_id": found[-1]["id"]} if found else {}
        page = client.get(f"{CHATS}conversation/{other.id}/", params={"limit": 50, **before}).json()
        found += page["messages"]
        more = page["has_more"]
    return found[::-1]


class Talk(RuleBasedStateMachine):
    """Two users, three streams, and everything that can come between: cuts, prunes, restarts, kill -9."""

    template: Path
    users: list[User]
    seen: Counter[str]
    prunes = 0

    @initialize()
    def begin(self) -> None:
        """A server on a copy of the template, with nothing said yet."""
        folder = Path(tempfile.mkdtemp(dir=self.template))
        shutil.copytree(self.template / "data", folder / "data")
        self.server = ServerProcess(folder, as_flags(SETTINGS))
        self.server.start()
        self.ann, self.bob = self.users
        self.ledger = Ledger(self.server)
        self.followers = [Follower(self.server, user, self.ledger) for user in (self.ann, self.bob, self.bob)]
        self.clients = {user.id: api(self.server, user) for user in (self.ann, self.bob)}
        self.texts: set[str] = set()
        self.answered: set[int] = set()

    # What the two do

    @rule(backwards=st.booleans(), count=st.integers(1, 4))
    def send(self, backwards: bool, count: int) -> None:
        for _ in range(count):
            self.send_one(backwards)

    @rule(backwards=st.booleans())
    def read(self, backwards: bool) -> None:
        """Mark what the other one has sent last as read: events of other kinds between the messages."""
        reader, sender = (self.ann, self.bob) if backwards else (self.bob, self.ann)
        ids = [row.data["id"] for row in self.ledger.of(f"user:{sender.id}", 0) if row.event == "message_sent"][-4:]
        if ids:
            answer = self.clients[reader.id].post(CHATS + "mark-read/", json={"message_ids": ids})
            assert answer.status_code == 200
            self.ledger.look()

    @rule(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40))
    def edit(self, text: str) -> None:
        """The log's rows are written anew under the streams."""
        ids = [row.data["id"] for row in self.ledger.of(f"user:{self.ann.id}", 0) if row.event == "message_sent"]
        if ids and text.strip():
            answer = self.clients[self.ann.id].patch(f"{CHATS}{ids[-1]}/", json={"message": text})
            assert answer.status_code == 200
            self.ledger.look()

    # What happens to the streams

    @rule(number=FOLLOWERS, count=st.integers(0, 2500), how=st.sampled_from(["fin", "rst"]))
    def cut(self, number: int, count: int, how: str) -> None:
        """Cut a stream after exactly so many bytes more, while messages go on coming."""
        follower = self.followers[number]
        stream = follower.stream or follower.open()
        told = len(follower.told)
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(stream.read_bytes, count)
            while not reading.done():
                self.send_one(backwards=number == 0)
            assert len(reading.result()) == count
        self.seen["cut inside of a frame"] += stream.unfinished
        follower.cut(how)
        quiet = len(stream.events()) <= 2 and len(follower.told) == told
        self.seen["cut when only connected had come"] += quiet and follower.cursor is not None

    @rule(number=FOLLOWERS)
    def catch_up(self, number: int) -> None:
        follower = self.followers[number]
        if follower.stream is None:
            follower.open()
        follower.catch_up()

    # What happens to the server

    @precondition(lambda self: self.prunes < MOST_PRUNES)
    @rule(number=FOLLOWERS)
    def prune(self, number: int) -> None:
        """While somebody is away, say so much that the log forgets what comes after the cursor."""
        self.prunes += 1
        if self.followers[number].cursor is None:
            self.catch_up(number)
        if self.followers[number].stream is not None:
            self.followers[number].cut("rst")
        while self.ledger.position - KEPT_EVENTS <= (self.followers[number].cursor or 0):
            self.send_one(backwards=False)
        wait_until_pruned(self.server, self.ledger.position - KEPT_EVENTS)
        self.ledger.look()
        self.seen["prune"] += 1

    @rule(answers=st.integers(0, SENT_AT_ONCE), leave=st.booleans(), again=st.booleans())
    def kill(self, answers: int, leave: bool, again: bool) -> None:
        """kill -9 in the middle of sending, after some answers."""
        self.end(answers, leave, self.server.kill)
        self.server.start()
        if again:  # before it has done anything
            self.server.kill()
            self.server.start()
        self.seen["kill -9"] += 1
        self.gone()

    @rule(answers=st.integers(0, SENT_AT_ONCE), leave=st.booleans())
    def restart(self, answers: int, leave: bool) -> None:
        """SIGTERM in the middle of sending, after some answers."""
        codes: list[int] = []
        self.end(answers, leave, lambda: codes.append(self.server.stop()))
        assert codes == [0], self.server.log()
        self.server.start()
        self.seen["restart"] += 1
        self.gone()

    # How

    def send_one(self, backwards: bool) -> None:
        sender, receiver = (self.bob, self.ann) if backwards else (self.ann, self.bob)
        message_id = self.try_to_send(sender, receiver)
        assert message_id is not None
        self.ledger.look()

    def try_to_send(self, sender: User, receiver: User) -> int | None:
        """The message's id if there was a 201. Only a connection that breaks may leave it open what was stored."""
        text = f"text {next(numbers)}"
        self.texts.add(text)
        try:
            message_id = int(str(send(self.clients[sender.id], receiver, text)["id"]))
        except httpx.TransportError:
            return None
        self.answered.add(message_id)
        return message_id

    def end(self, answers: int, leave: bool, how: Callable[[], object]) -> None:
        """End the server when so many of the sends are answered; streams that are left are not read to their end."""
        self.ledger.look()
        pairs = [(self.ann, self.bob), (self.bob, self.ann)] * (SENT_AT_ONCE // 2)
        with ThreadPoolExecutor(SENT_AT_ONCE) as pool:
            sends = [pool.submit(self.try_to_send, *pair) for pair in pairs]
            for _ in itertools.islice(as_completed(sends), answers):
                pass
            how()
            for sent in sends:
                sent.result()
        for follower in self.followers:
            if follower.stream is not None and not leave:
                follower.stream.resume()
                follower.stream.wait_end()

    def gone(self) -> None:
        for follower in self.followers:
            if follower.stream is not None:
                follower.cut("fin")

    def teardown(self) -> None:
        """Everybody gets the rest, and it is what the REST side tells."""
        if not hasattr(self, "server"):
            return
        try:
            if self.server.running:
                self.finish()
                assert self.server.stop() == 0
            self.server.check_log()
        finally:
            for client in self.clients.values():
                client.close()
            for follower in self.followers:
                if follower.stream is not None:
                    follower.stream.cut()
            if self.server.running:
                self.server.kill()

    def finish(self) -> None:
        for number in range(len(self.followers)):
            self.catch_up(number)
        for follower in self.followers:
            if follower.cursor is not None:
                assert not self.ledger.of(follower.key, follower.cursor)
            self.seen["resync"] += len(follower.resyncs)
        stored = history(self.clients[self.ann.id], self.bob)
        for event in ("message", "message_sent"):
            assert [row.data["id"] for row in self.ledger.rows if row.event == event] == [one["id"] for one in stored]
        assert self.answered <= {one["id"] for one in stored}, "a message with a 201 is lost"
        assert len(stored) <= len(self.texts)


@pytest.mark.timeout(900)
def test_i3_i7_whatever_comes_between_each_stream_gets_exactly_the_rest(tmp_path: Path) -> None:
    template = ServerProcess(tmp_path)
    users = create_users(template, "ann_lee", "bob_ray")
    seen: Counter[str] = Counter()
    machine = type("Talk", (Talk,), {"template": tmp_path, "users": users, "seen": seen})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=True,
            # A failing run is not shortened: each try is a server and some seconds, and what the ticks do varies.
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
    print(f"\n{dict(seen)}")
    for what in ("prune", "resync", "restart", "kill -9", *CUTS):
        assert seen[what] >= EXAMPLES // 4, f"the examples had too little of it: {what}, {seen}"
