"""`/metrics`: every figure moves with what it counts, the text is Prometheus's, and only who may reads it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tornado.httpclient import AsyncHTTPClient

from realtime.version import VERSION
from tests.support.campus import User, api, create_user, create_users, send
from tests.support.inside import served
from tests.support.server import ServerFactory, ServerProcess
from tests.support.shared import raw
from tests.support.sse import Stream
from tests.support.waiting import eventually

DOCUMENT = Path(__file__).resolve().parents[1] / "docs/metrics.md"
PASSWORD = "correct horse 9 battery"

Figures = dict[tuple[str, str], float]


def figures(text: str) -> Figures:
    """Each sample by its name and its label's value, or all of them joined."""
    return {
        (sample.name, " ".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(server: ServerProcess, **headers: str) -> Figures:
    answer = httpx.get(f"{server.url}/metrics", headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return figures(answer.text)


def moved(before: Figures, after: Figures, name: str, label: str = "") -> float:
    return after[name, label] - before.get((name, label), 0.0)


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, User, User]]:
    """A server that believes a proxy on this machine, with an administrator and a student."""
    server = ServerProcess(tmp_path_factory.mktemp("metrics"), ["--trusted-proxies", "127.0.0.1"])
    server.start()
    try:
        ann = create_user(server, "ann_lee", PASSWORD, user_type="college_admin")
        (bob,) = create_users(server, "bob_ray")
        yield server, ann, bob
        assert server.stop() == 0
        server.check_log()
    finally:
        if server.running:
            server.kill()


Campus = tuple[ServerProcess, User, User]


def test_figures_move_with_what_they_count(campus: Campus) -> None:
    server, ann, bob = campus
    before = scrape(server)
    with api(server, ann) as client, Stream(server, bob) as stream:
        stream.wait_for("presence_snapshot")
        for number in range(5):
            send(client, bob, f"number {number}")
        stream.wait_count(5, "message")
        assert client.get("nothing/").status_code == 404
        for password in (PASSWORD, "wrong horse 9 battery", "wrong horse 8 battery"):
            client.post("auth/login/", json={"username": "ann_lee", "password": password})
        during = scrape(server)
    assert moved(before, during, "realtime_streams") == 1
    assert during["realtime_users_online", ""] == 1
    assert moved(before, during, "realtime_streams_opened_total") == 1
    assert moved(before, during, "realtime_events_total", "message") == 5
    assert moved(before, during, "realtime_events_total", "message_sent") == 5
    assert moved(before, during, "realtime_logins_total", "right") == 1
    assert moved(before, during, "realtime_logins_total", "wrong") == 2
    assert moved(before, during, "realtime_answers_total", "2xx") == 5 + 1 + 1, "the scrape before counts in this one"
    assert moved(before, during, "realtime_answers_total", "4xx") == 3
    assert during["realtime_answers_total", "5xx"] == 0
    assert moved(before, during, "realtime_commit_seconds_count") >= 6
    assert moved(before, during, "realtime_commit_seconds_sum") > 0
    assert during["realtime_wal_bytes", ""] == (server.data_dir / "realtime.sqlite3-wal").stat().st_size > 0
    assert during["realtime_database_bytes", ""] == (server.data_dir / "realtime.sqlite3").stat().st_size
    eventually(lambda: scrape(server)["realtime_streams", ""] == before["realtime_streams", ""], "the stream is gone")


def test_what_the_process_has(campus: Campus) -> None:
    server, _, _ = campus
    found = eventually(lambda: (now := scrape(server))["realtime_loop_lag_seconds_count", ""] > 1 and now, "two ticks")
    assert found["realtime_info", VERSION] == 1
    assert abs(found["process_resident_memory_bytes", ""] - server.rss_bytes()) < 8 << 20
    assert 5 < found["process_open_fds", ""] < found["process_max_fds", ""]
    assert found["process_cpu_seconds_total", ""] > 0
    assert found["python_gc_collections_total", "0"] > 0
    assert found["realtime_loop_lag_seconds_bucket", "+Inf"] == found["realtime_loop_lag_seconds_count", ""]
    assert found["realtime_loop_lag_seconds_bucket", "10.0"] >= found["realtime_loop_lag_seconds_bucket", "0.001"]


def test_slow_streams_queue_and_lag(campus: Campus) -> None:
    server, ann, bob = campus
    before = scrape(server)
    with (
        api(server, ann) as client,
        Stream(server, bob, reading=False, rcvbuf_bytes=4096) as stuck,
        Stream(server, bob) as healthy,
    ):
        for number in range(60):
            send(client, bob, f"{number} {'x' * 9000}")
        during = scrape(server)
        assert during["realtime_streams_slow", ""] >= 1
        lagged = moved(before, during, "realtime_streams_lagged_total")
        assert lagged >= 1
        assert during["realtime_queued_bytes", ""] <= 262_144 * 2
        healthy.wait_count(60, "message")
        stuck.resume()
        stuck.wait_count(60, "message")
    eventually(lambda: scrape(server)["realtime_streams", ""] == before["realtime_streams", ""], "both are gone")
    assert moved(before, scrape(server), "realtime_streams_lagged_total") >= lagged, "what is gone still counts"


def test_refusals_are_counted_by_kind(server_factory: ServerFactory) -> None:
    server = server_factory(max_streams_per_user=1)
    (bob,) = create_users(server, "bob_ray")
    before = scrape(server)
    assert before["realtime_refusals_total", "streams"] == 0, "it is there from the beginning, or no rate would see it"
    with Stream(server, bob) as stream:
        stream.wait_for("connected")
        with Stream(server, bob) as refused:
            assert refused.status == 429
    assert moved(before, scrape(server), "realtime_refusals_total", "streams") == 1


def status(server: ServerProcess, user: User | None = None, http: str = "1.1", **headers: str) -> int:
    """The answer's status for a request with these headers."""
    given = {"Host": "x", **headers, **(user.headers if user else {})}
    request = f"GET /metrics HTTP/{http}\r\n" + "".join(
        f"{name.replace('_', '-')}: {value}\r\n" for name, value in given.items()
    )
    return raw(server, f"{request}\r\n".encode()).status


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_For": "203.0.113.9"},
        {"X_Forwarded_For": "127.0.0.1"},
        {"X_Forwarded_For": "::1"},
        {"X_Forwarded_For": "127.0.0.1, 203.0.113.9"},
        {"X_Forwarded_For": "203.0.113.9, 127.0.0.1"},
        {"X_Forwarded_For": ""},
        {"X_Forwarded_For": "nonsense"},
        {"X_Forwarded_Proto": "https"},
        {"X_Forwarded_Host": "campus.example"},
        {"X_Real_IP": "203.0.113.9"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 somewhere"},
        {"http": "1.0"},
    ],
    ids=str,
)
def test_what_a_proxy_forwards_is_not_near(campus: Campus, headers: dict[str, str]) -> None:
    server, ann, bob = campus
    assert status(server, **headers) == 401
    assert status(server, bob, **headers) == 403
    assert status(server, ann, **headers) == 200


def test_near_and_no_proxy(campus: Campus) -> None:
    server, _, bob = campus
    assert status(server) == status(server, bob) == 200
    with httpx.Client(base_url=server.url) as client:
        assert client.head("/metrics").status_code == client.get("/metrics/").status_code == 200
        assert client.post("/metrics").status_code == 401, "reading is all that needs no token"


def test_other_addresses_may_be_named(server_factory: ServerFactory) -> None:
    """One behind the proxy that is on the list may read them; this machine, which is not, may not."""
    server = server_factory(metrics_addresses="203.0.113.0/24", trusted_proxies="127.0.0.1")
    assert status(server) == 401
    assert status(server, X_Forwarded_For="203.0.113.9") == 200
    assert status(server, X_Forwarded_For="203.0.113.9, 198.51.100.1") == 401
    untrusting = server_factory(metrics_addresses="203.0.113.0/24")
    assert status(untrusting, X_Forwarded_For="203.0.113.9") == 401


def test_a_scraper_asks_for_this_machine_whatever_the_public_address(server_factory: ServerFactory) -> None:
    server = server_factory(public_url="https://campus.example", trusted_proxies="127.0.0.1")
    for host in ("127.0.0.1:8000", "127.0.1.1", "localhost:8000", "[::1]:8000", "machine", "campus.localhost"):
        assert status(server, Host=host) == 200, host
    # A proxy that says nothing of itself and passes on the name that was asked for.
    for host in ("campus.example", "campus.example:443", "192.0.2.7", "[2001:db8::1]:8000"):
        assert status(server, Host=host) == 401, host


def test_no_figure_tells_of_anybody(campus: Campus) -> None:
    server, ann, bob = campus
    text = httpx.get(f"{server.url}/metrics").text
    for secret in (ann.token, bob.token, ann.username, bob.username, PASSWORD, "number 1", "127.0.0.1"):
        assert secret not in text
    labels = {name for family in text_string_to_metric_families(text) for s in family.samples for name in s.labels}
    assert labels <= {"version", "event", "status", "result", "kind", "le", "generation"} | PYTHON_INFO
    assert not re.search("[0-9a-f]{40}", text)


PYTHON_INFO = {"implementation", "major", "minor", "patchlevel"}


def test_two_servers_in_one_process_tell_of_themselves(tmp_path: Path) -> None:
    async def scraped() -> list[Figures]:
        found = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
        async with served(tmp_path / "one") as one, served(tmp_path / "two") as two:
            await one.tell(f"user:{one.user_id}")
            for each in (one, two):
                answer = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{each.port}/metrics")
                found.append(figures(answer.body.decode()))
        return found

    first, second = asyncio.run(scraped())
    assert first["realtime_events_total", "notification"] == 1
    assert ("realtime_events_total", "notification") not in second


def test_the_document_has_a_row_for_each(campus: Campus) -> None:
    server, _, _ = campus
    families = {
        family.name + ("_total" if family.type == "counter" else ""): family.documentation
        for family in text_string_to_metric_families(httpx.get(f"{server.url}/metrics").text)
    }
    rows = dict(re.findall(r"^\| `([a-z_]+)`.*? \| (.*?) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(rows) == set(families)
    rules = DOCUMENT.read_text(encoding="utf-8").rpartition("```yaml")[2]
    named = set(re.findall(r"\b((?:realtime|process|python)_[a-z_]+)", rules))
    assert len(named) > 5
    assert {name.removesuffix("_bucket").removesuffix("_count") for name in named} <= set(families)
