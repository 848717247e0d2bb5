"""The hooks with both Reacts, in strict mode: one client, one stream, every event, and nothing left behind."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext

from realtime.version import VERSION
from tests.clients.people import Campus
from tests.clients.reacting import Hooks, open_hooks, workbench
from tests.support.campus import User, send
from tests.support.react import PACKAGES, VERSIONS, Workbench
from tests.support.waiting import eventually

BEAT = {"heartbeatMs": 1000}
FOLDER = PACKAGES / "react"


@pytest.fixture(scope="module", params=VERSIONS, ids=lambda version: f"react{version}")
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    return workbench(request.param, tmp_path_factory)


@pytest.fixture(scope="module")
def bundle(bench: Workbench) -> str:
    return bench.bundle("app.jsx", {"NODE_ENV": "development", "REACT_APP_API_BASE_URL": "/api/v1"})


@pytest.fixture
def hooks(context: BrowserContext, campus: Campus, bundle: str, bench: Workbench) -> Hooks:
    hooks = open_hooks(context, campus, bundle)
    assert hooks.look("version").startswith(f"{bench.version}.")
    return hooks


def wait_streams(campus: Campus, user: User, count: int) -> None:
    eventually(lambda: campus.streams_of(user) == count, f"{count} streams of {user.username}")


def test_strict_mode_makes_one_client_and_one_stream(
    campus: Campus, hooks: Hooks, ann: User, jane: httpx.Client
) -> None:
    hooks.show("Provided", token=ann.token, **BEAT)
    for name in ("a", "b"):
        hooks.wait_seen(name, status="connected", transport="stream", reason=None)
        assert [one["user_id"] for one in hooks.wait_heard(name, "connected")] == [ann.id]
        assert len(hooks.wait_heard(name, "presence_snapshot")) == 1
    send(jane, ann, "one")
    send(jane, ann, "two")
    for name in ("a", "b"):
        hooks.wait_texts(name, "one", "two")
    assert len(hooks.opened) == 1
    hooks.hide()
    wait_streams(campus, ann, 0)
    assert len(hooks.opened) == 1


def test_what_comes_while_a_page_is_away_is_told_to_the_first_effects(
    campus: Campus, hooks: Hooks, ann: User, jane: httpx.Client
) -> None:
    hooks.show("Provided", token=ann.token, **BEAT)
    hooks.wait_seen("a", status="connected")
    hooks.hide()
    wait_streams(campus, ann, 0)
    texts = [f"text {number}" for number in range(5)]
    for text in texts:
        send(jane, ann, text)
    hooks.show("Provided", token=ann.token, **BEAT)
    for name in ("a", "b"):
        hooks.wait_texts(name, *texts)


def test_another_persons_token_is_another_client(campus: Campus, hooks: Hooks, ann: User, jane: httpx.Client) -> None:
    bob = campus.person()
    hooks.show("Provided", token=ann.token, **BEAT)
    hooks.wait_heard("a", "connected")
    hooks.show("Provided", token=bob.token, **BEAT)
    eventually(lambda: hooks.heard("a", "connected")[-1]["user_id"] == bob.id, "it is Bob's stream")
    hooks.wait_seen("a", status="connected")
    wait_streams(campus, ann, 0)
    send(jane, ann, "for Ann")
    send(jane, bob, "for Bob")
    hooks.wait_texts("a", "for Bob")
    assert campus.streams_of(bob) == 1


def test_another_token_of_the_same_user_loses_and_doubles_nothing(
    campus: Campus, hooks: Hooks, ann: User, jane: httpx.Client
) -> None:
    start = int(jane.get("communication/chats/").headers["X-Last-Event-ID"])
    send(jane, ann, "before")
    newer = campus.token(ann.username)
    hooks.show("Provided", token=ann.token, lastEventId=start, **BEAT)
    hooks.wait_texts("a", "before")
    hooks.show("Provided", token=newer, lastEventId=start, **BEAT)
    send(jane, ann, "between")
    hooks.wait_texts("a", "before", "between")
    hooks.wait_heard("a", "connected", times=2)
    campus.revoke(ann.token)
    send(jane, ann, "after")
    for name in ("a", "b"):
        hooks.wait_texts(name, "before", "between", "after")
    assert campus.streams_of(ann) == 1


def test_the_token_that_the_app_was_asked_for_is_no_other(
    campus: Campus, hooks: Hooks, ann: User, jane: httpx.Client
) -> None:
    hooks.show("Provided", token="0" * 40, user=ann.id, tokens=[ann.token], **BEAT)
    assert hooks.wait_heard("a", "connected") == [{"status": "connected", "user_id": ann.id}]
    count = len(hooks.opened)
    hooks.show("Provided", token=ann.token, user=ann.id, **BEAT)
    send(jane, ann, "still there")
    hooks.wait_texts("b", "still there")
    assert len(hooks.opened) == count
    assert len(hooks.heard("a", "connected")) == 1


def test_enabled_and_a_missing_token_are_switches(campus: Campus, hooks: Hooks, ann: User) -> None:
    for props in ({"token": None}, {"token": ann.token, "enabled": False}):
        hooks.show("Own", name="own", **props)
        hooks.wait_seen("own", status="closed", reason=None, client=None)
    assert hooks.opened == []
    hooks.show("Own", name="own", token=ann.token)
    hooks.wait_seen("own", status="connected")
    hooks.show("Own", name="own", token=ann.token, enabled=False)
    hooks.wait_seen("own", status="closed", reason=None, client=None)
    wait_streams(campus, ann, 0)
    hooks.show("Own", name="own", token=ann.token, enabled=True)
    hooks.wait_seen("own", status="connected")
    assert len(hooks.opened) == 2
    assert campus.streams_of(ann) == 1


def test_components_share_a_stream_and_a_late_one_has_its_beginning(
    campus: Campus, hooks: Hooks, ann: User, jane: httpx.Client
) -> None:
    hooks.show("Own", name="before", token=ann.token)
    hooks.wait_heard("before", "presence_snapshot")
    # One goes and others come in the same breath.
    hooks.show("Mixed", token=ann.token, user=ann.id, late=False)
    for name in ("first", "second", "sse"):
        hooks.wait_heard(name, "connected")
    assert hooks.look("seen.first.client === seen.second.client && seen.first.client !== null")
    hooks.show("Mixed", token=ann.token, user=ann.id, late=True)
    assert hooks.wait_heard("late", "connected") == [{"status": "connected", "user_id": ann.id}]
    assert len(hooks.wait_heard("late", "presence_snapshot")) == 1
    hooks.wait_seen("late", status="connected")
    send(jane, ann, "to all")
    for name in ("first", "second", "sse", "late"):
        hooks.wait_texts(name, "to all")
        assert len(hooks.heard(name, "connected")) == 1
    assert len(hooks.opened) == 1
    # Whoever leaves takes nothing from the others.
    hooks.show("Mixed", token=ann.token, user=ann.id, late=False)
    send(jane, ann, "to three")
    for name in ("first", "second", "sse"):
        hooks.wait_texts(name, "to all", "to three")
    assert hooks.texts("late") == ["to all"]
    assert len(hooks.opened) == 1


def test_the_end_of_the_token_closes_and_reconnect_tries_a_new_client(campus: Campus, hooks: Hooks, ann: User) -> None:
    hooks.show("Own", name="own", token=ann.token)
    hooks.wait_seen("own", status="connected")
    campus.revoke(ann.token)
    hooks.wait_seen("own", status="closed", reason="logout")
    hooks.look("seen.own.reconnect()")
    hooks.wait_seen("own", status="closed", reason="unauthorized")
    hooks.show("Own", name="own", token=campus.token(ann.username))
    hooks.wait_seen("own", status="connected", reason=None)


def test_mistakes_reach_the_error_boundary(hooks: Hooks, ann: User) -> None:
    # React 18 shows an error to the window as well, whatever a boundary does with it.
    hooks.look("void addEventListener('error', (event) => event.preventDefault())")
    for piece, props, told in (
        ("Lost", {}, "Error: useRealtime() without options needs a <RealtimeProvider> above it"),
        ("Own", {"name": "own", "token": "a b"}, "TypeError: connect() needs a token"),
        ("Own", {"name": "own", "token": ann.token, "baseURL": "/"}, "TypeError: connect() has no option baseURL"),
    ):
        hooks.show(piece, **props)
        eventually(lambda told=told: hooks.page.inner_text("#root") == told, told)
        hooks.hide()
    assert hooks.opened == []


def test_a_server_renders_it_without_a_window(bench: Workbench) -> None:
    with_token, without = json.loads(bench.execute("server.jsx"))
    nothing = {"client": None, "isConnected": False, "error": None, "window": "undefined"}
    assert with_token == {**nothing, "status": "connecting"}
    assert without == {**nothing, "status": "closed"}


def test_the_types_are_those_of_an_app(bench: Workbench) -> None:
    bench.check_types("types.tsx")


def test_the_package_is_whole(bench: Workbench) -> None:
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    assert (package["name"], package["version"], package["type"]) == ("campus-realtime-react", VERSION, "module")
    assert package["peerDependencies"] == {"campus-realtime": f"^{VERSION}", "react": "^18.0.0 || ^19.0.0"}
    assert "dependencies" not in package
    assert "scripts" not in package
    exported = re.findall(r"\w+", " ".join(re.findall(r"{(.*?)}", (FOLDER / "index.js").read_text(encoding="utf-8"))))
    typed = re.findall(r"^export function (\w+)", (FOLDER / "index.d.ts").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(typed) == set(exported)
    assert bench.packed["react"] == sorted(path.name for path in Path(FOLDER).iterdir())
