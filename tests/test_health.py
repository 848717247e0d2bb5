"""`/healthz` and `/readyz`, and a server whose disk takes nothing more: writes are refused, everything else goes on."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.refusal import check_cors
from tests.support.shared import CHATS, ORIGIN, PASSWORD, Shared, running
from tests.support.sse import Stream

PATHS = ("/healthz", "/readyz")
# Less than a page of the database with its header in the write-ahead log. The server's own log is held by it, too.
TINY_BYTES = 4096


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("health"), presence_grace_s=0) as found:
        found.server.expect_errors = True  # writes that fail are told to the operator
        yield found


@contextmanager
def full_disk(shared: Shared) -> Iterator[None]:
    """No file of the server may grow, or be written past its beginning."""
    before = resource.prlimit(shared.server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(shared.server.pid, resource.RLIMIT_FSIZE, (TINY_BYTES, before[1]))
    try:
        yield
    finally:
        resource.prlimit(shared.server.pid, resource.RLIMIT_FSIZE, before)


def plain(shared: Shared) -> httpx.Client:
    client = shared.api(base="")
    client.headers["Origin"] = ORIGIN
    return client


def check_refused(answer: httpx.Response) -> None:
    """503 in the documented shape, of chats too."""
    assert answer.status_code == 503, answer.text
    assert list(answer.json()) == ["detail"]
    assert answer.json()["detail"]
    assert int(answer.headers["retry-after"]) > 0
    assert "Traceback" not in answer.text
    check_cors(answer)


def test_a_well_server_is_alive_and_ready(shared: Shared) -> None:
    with plain(shared) as client:
        for path, status in zip(PATHS, ("ok", "ready"), strict=True):
            for headers in ({}, {"Authorization": f"Token {'0' * 40}"}, {"X-College-ID": "nonsense"}):
                answer = client.get(path, headers=headers)
                assert (answer.status_code, answer.json()) == (200, {"status": status})
                check_cors(answer)
            assert client.get(path + "/").status_code == client.head(path).status_code == 200
            assert client.post(path).status_code == 405


def test_asking_changes_nothing(shared: Shared) -> None:
    def position() -> list[tuple[int]]:
        return shared.sql("SELECT seq FROM sqlite_sequence WHERE name = 'event_log'")

    with plain(shared) as client, Stream(shared.server, shared["ann"]) as stream:
        stream.wait_for("presence_snapshot")
        before = position()
        for _ in range(20):
            assert client.get("/readyz").status_code == 200
        assert position() == before
        assert [event.event for event in stream.events()] == ["connected", "presence_snapshot"]


def test_a_full_disk_refuses_writes_and_nothing_else(shared: Shared) -> None:
    ann, bob = shared["ann"], shared["bob"]
    message = {"receiver_id": bob.id, "message": "before"}
    with (
        plain(shared) as anybody,
        shared.api("ann") as client,
        shared.api("bob") as other,
        Stream(shared.server, ann) as at_ann,
        Stream(shared.server, bob) as at_bob,
    ):
        client.headers["Origin"] = other.headers["Origin"] = ORIGIN
        before = client.post(CHATS, json=message).json()
        received = at_bob.wait_for("message")
        with full_disk(shared):
            for number in range(5):
                check_refused(client.post(CHATS, json=message | {"message": f"lost {number}"}))
            check_refused(client.post(CHATS, json=message | {"client_msg_id": "k"}))
            check_refused(client.patch(f"{CHATS}{before['id']}/", json={"message": "changed"}))
            check_refused(client.delete(f"{CHATS}{before['id']}/"))
            check_refused(other.post(CHATS + "mark-read/", json={"sender_id": ann.id}))
            check_refused(client.patch("auth/user/", json={"first_name": "New"}))
            check_refused(anybody.post("/api/v1/auth/login/", json={"username": "cy", "password": PASSWORD}))
            # Alive, but not to be sent more.
            assert anybody.get("/healthz").json() == {"status": "ok"}
            ready = anybody.get("/readyz")
            assert (ready.status_code, ready.json()["status"], set(ready.json())) == (
                503,
                "storage",
                {"status", "detail"},
            )
            # Reading goes on, and shows nothing of what was refused.
            assert client.get(f"{CHATS}conversation/{bob.id}/").json()["messages"] == [before]
            assert other.get(CHATS + "unread-count/").json()["total_unread"] == 1
            assert client.get("accounts/users/me/").json()["first_name"] == "Ann"
            # Streams go on, old and new, with what is not stored.
            client.post(CHATS + "typing/", json={"receiver_id": bob.id})
            typing = at_bob.wait_for("typing", sender_id=ann.id)
            assert [event.event for event in at_bob.events() if event.index > received.index] == ["typing"]
            with Stream(shared.server, shared["cy"]) as fresh, Stream(shared.server, bob, last_event_id=0) as replayed:
                fresh.wait_for("presence_snapshot")
                assert replayed.wait_for("message").data == received.data
        after = client.post(CHATS, json=message | {"message": "after", "client_msg_id": "k"})
        assert after.status_code == 201
        told = at_bob.wait_for("message", after=typing)
        assert (told.data["message"], told.data["id"]) == ("after", after.json()["id"])
        assert [event.data["message"] for event in at_ann.wait_count(2, "message_sent")] == ["before", "after"]
        for stream in (at_ann, at_bob):
            assert not stream.events("message_updated")
            assert not stream.events("message_deleted")
            assert not stream.events("resync")
        assert anybody.get("/readyz").json() == {"status": "ready"}
        assert other.post(CHATS + "mark-read/", json={"sender_id": ann.id}).json()["marked_count"] == 2
        at_ann.wait_count(2, "read_receipt")
        ids = [event.id for event in at_ann.events() if event.id is not None]
        assert ids == sorted(set(ids))


def test_what_was_refused_is_not_there_after_a_crash(tmp_path: Path) -> None:
    with running(tmp_path) as shared:
        shared.server.expect_errors = True
        body = {"receiver_id": shared["bob"].id, "message": "kept"}
        with shared.api("ann") as client:
            assert client.post(CHATS, json=body).status_code == 201
            with full_disk(shared):
                assert client.post(CHATS, json=body | {"message": "refused"}).status_code == 503
        shared.server.kill()
        shared.server.start()
        with shared.api("bob") as client:
            history = client.get(f"{CHATS}conversation/{shared['ann'].id}/").json()["messages"]
            assert [message["message"] for message in history] == ["kept"]
            reply = client.post(CHATS, json={"receiver_id": shared["ann"].id, "message": "x"})
            assert reply.status_code == 201
