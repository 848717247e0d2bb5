"""What administrators see of a running server: its streams, which they may end, and its figures (I10)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from realtime.version import VERSION
from tests.support.campus import User, send
from tests.support.shared import Shared, running
from tests.support.sse import Stream
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[1]
STREAMS, STATS = "admin/streams/", "admin/stats/"
FIELDS = ["id", "user", "username", "full_name", "address", "opened_at", "age_s", "lagged", "queued_bytes"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("admin")) as found:
        yield found


def get(shared: Shared, username: str, path: str, **query: Any) -> httpx.Response:
    with shared.api(username) as client:
        return client.get(path, params=query)


def streams(shared: Shared, username: str, **query: Any) -> list[dict[str, Any]]:
    answer = get(shared, username, STREAMS, **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def opened(shared: Shared, user: User | str) -> Stream:
    stream = Stream(shared.server, shared[user] if isinstance(user, str) else user)
    stream.wait_for("connected")
    return stream


def usernames(shared: Shared, username: str, **query: Any) -> list[str]:
    return [one["username"] for one in streams(shared, username, **query)]


@pytest.fixture(autouse=True)
def _nobody_listens(shared: Shared) -> None:
    """Each test begins without streams: those of the one before are noticed to be gone a moment later."""
    eventually(lambda: not streams(shared, "boss"), "no stream is open")


def test_the_open_streams_newest_first(shared: Shared) -> None:
    before = datetime.now(UTC)
    with opened(shared, "ann"), opened(shared, "east_ann"), opened(shared, "ann"):
        newest, _, oldest = streams(shared, "boss")
        assert list(newest) == FIELDS
        assert (newest["user"], newest["username"], newest["full_name"]) == (shared["ann"].id, "ann", "Ann")
        assert (newest["address"], newest["lagged"], newest["queued_bytes"]) == ("127.0.0.1", 0, 0)
        assert newest["id"] > oldest["id"]
        assert before <= datetime.fromisoformat(oldest["opened_at"]) <= datetime.now(UTC)
        assert 0 <= newest["age_s"] <= oldest["age_s"] < 60
        assert usernames(shared, "boss") == ["ann", "east_ann", "ann"]
        assert usernames(shared, "boss", user=shared["east_ann"].id) == ["east_ann"]
        assert usernames(shared, "boss", user=shared["bob"].id) == []
        second = get(shared, "boss", STREAMS, page=2, page_size=2).json()
        assert (second["count"], len(second["results"]), second["results"][0]) == (3, 1, second["results"][0])
        assert second["results"][0]["id"] == oldest["id"]
        assert get(shared, "boss", STREAMS, page=3, page_size=2).status_code == 404
        assert list(get(shared, "boss", STREAMS, user="x").json()) == ["user"]
        token = shared["ann"].token
        assert token not in get(shared, "boss", STREAMS).text


def test_a_college_admin_sees_the_own_college(shared: Shared) -> None:
    with opened(shared, "ann"), opened(shared, "east_ann"), shared.api("boss") as boss:
        assert usernames(shared, "dean") == ["ann"]
        assert usernames(shared, "east_dean") == ["east_ann"]
        assert usernames(shared, "east_dean", user=shared["ann"].id) == []
        (ann,) = streams(shared, "dean")
        with shared.api("east_dean") as east_dean:
            assert east_dean.delete(f"{STREAMS}{ann['id']}/").status_code == 404
        scoped = boss.get(STREAMS, headers={"X-College-ID": str(shared.east)}).json()
        assert [one["username"] for one in scoped["results"]] == ["east_ann"]
    for username in ("tara", "stan", "stella", "ann", "pat"):
        assert get(shared, username, STREAMS).status_code == get(shared, username, STATS).status_code == 403


def test_i10_ending_a_stream_revokes_its_token_and_all_of_its_streams(shared: Shared) -> None:
    leaver, other = shared.add({"leaver": ("student", "CAMPUS"), "stayer": ("student", "CAMPUS")})
    with opened(shared, leaver) as first, opened(shared, leaver) as second, opened(shared, other) as kept:
        newest = streams(shared, "dean", user=leaver.id)[0]
        with shared.api("dean") as dean:
            answer = dean.delete(f"{STREAMS}{newest['id']}/")
            assert (answer.status_code, answer.content) == (204, b"")
            for stream in (first, second):
                last = stream.wait_for("disconnected")
                assert last.data == {"status": "disconnected", "reason": "revoked"}
                assert stream.wait_end() == "fin"
            assert dean.delete(f"{STREAMS}{newest['id']}/").status_code == 404
            assert dean.delete(f"{STREAMS}0/").status_code == 404
        with shared.api(leaver) as client:
            assert client.get("auth/user/").json() == {"detail": "Invalid token."}
        assert usernames(shared, "dean") == ["stayer"]
        assert kept.ended is None


def test_a_college_admin_ends_no_stream_of_a_global_role(shared: Shared) -> None:
    (local_boss,) = shared.add({"local_boss": ("super_admin", "CAMPUS")})
    with opened(shared, local_boss) as stream, shared.api("dean") as dean:
        (one,) = streams(shared, "dean", user=local_boss.id)
        assert dean.delete(f"{STREAMS}{one['id']}/").status_code == 403
        assert stream.ended is None
    with shared.api(local_boss) as client:
        assert client.get("auth/user/").status_code == 200


def test_the_figures(shared: Shared) -> None:
    with opened(shared, "ann"), opened(shared, "ann"), opened(shared, "bob") as bob:
        before = get(shared, "dean", STATS)
        assert before.status_code == 200, before.text
        stats = before.json()
        assert list(stats) == [
            "version", "uptime_s", "streams", "users_online", "events_per_s", "commit_ms", "loop_lag_ms",
            "memory_bytes", "log",
        ]  # fmt: skip
        assert stats["version"] == VERSION
        assert stats["streams"] == 3
        # Who was online a moment ago, in another test, is so for a grace.
        assert stats["users_online"] >= 2
        assert 10 << 20 < stats["memory_bytes"] < 1 << 30
        with shared.api("ann") as ann:
            for number in range(20):
                send(ann, shared["bob"], f"Hello {number}")
        bob.wait_count(20, "message")

        def rated() -> Any:
            now = get(shared, "boss", STATS).json()
            return now["events_per_s"] > 0 and now

        after = eventually(rated, "a second with events is over")
        assert after["uptime_s"] > stats["uptime_s"]
        assert 0 < after["commit_ms"]["median"] <= after["commit_ms"]["worst"] < 10_000
        assert 0 <= after["loop_lag_ms"]["median"] <= after["loop_lag_ms"]["worst"] < 10_000
        grown = {name: after["log"][name] - stats["log"][name] for name in ("position", "events", "pruned_through")}
        assert grown == {"position": 40, "events": 40, "pruned_through": 0}
        assert after["log"]["events"] == shared.sql("SELECT count(*) FROM event_log")[0][0]
        assert after["log"]["oldest_at"] == shared.sql("SELECT min(created_at) FROM event_log")[0][0]


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
