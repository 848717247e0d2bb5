"""The package is whole, its types name what there is, and the server ships the same files and no others."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from realtime.version import VERSION
from tests.clients.pages import PLACE
from tests.clients.people import Campus

FOLDER = Path(__file__).resolve().parents[2] / "clients" / "js"
MODULES = sorted(path.name for path in FOLDER.glob("*.js"))
TYPES = (FOLDER / "index.d.ts").read_text(encoding="utf-8")
INSIDE = "/static/client/"


def get(campus: Campus, path: str, **headers: str) -> httpx.Response:
    return httpx.get(campus.server.url + path, headers=headers, trust_env=False)


def members(interface: str) -> set[str]:
    """The names that the types give an interface."""
    found = re.search(rf"^export interface {interface} \{{\n(.*?)^\}}", TYPES, re.MULTILINE | re.DOTALL)
    assert found is not None
    return set(re.findall(r"^  (?:readonly )?(\w+)[?(:<]", found[1], re.MULTILINE))


@pytest.fixture(scope="module")
def page(named_browser: Browser, shared: Campus) -> Page:
    page = named_browser.new_page()
    page.goto(shared.server.url + PLACE)
    return page


def test_each_module_is_shipped_as_it_is_in_the_package(campus: Campus) -> None:
    assert "index.js" in MODULES
    for name in MODULES:
        answer = get(campus, INSIDE + name)
        assert answer.status_code == 200, name
        assert answer.content == (FOLDER / name).read_bytes()
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    again = get(campus, INSIDE + "index.js", **{"If-None-Match": get(campus, INSIDE + "index.js").headers["Etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert httpx.head(campus.server.url + INSIDE + "index.js", trust_env=False).status_code == 200


@pytest.mark.parametrize(
    "path", ["", "x.js", "package.json", "index.d.ts", "..%2fpackage.json", "..%2f..%2fserver.py", "%00", "index.js/x"]
)
def test_nothing_else_is_shipped(campus: Campus, path: str) -> None:
    answer = get(campus, INSIDE + path)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})


def test_the_modules_import_only_each_other(campus: Campus) -> None:
    for name in MODULES:
        text = (FOLDER / name).read_text(encoding="utf-8")
        imported = re.findall(r"""(?:from |import |import\(|new URL\()['"]([^'"]+)['"]""", text)
        assert {one.removeprefix("./") for one in imported} <= set(MODULES), name


def test_the_package_says_what_it_is() -> None:
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    assert (package["name"], package["version"], package["type"]) == ("campus-realtime", VERSION, "module")
    assert package["sideEffects"] is False
    assert "dependencies" not in package
    assert "scripts" not in package
    packed = {path.name for pattern in package["files"] for path in FOLDER.glob(pattern)} | {"package.json"}
    assert packed == {path.name for path in FOLDER.iterdir() if path.is_file()}
    for target in package["exports"]["."].values():
        assert (FOLDER / target).is_file()


def test_the_types_name_every_member_and_no_other(page: Page) -> None:
    there = page.evaluate(
        """async () => {
            const {Client} = await import('/static/client/client.js');
            const {Api} = await import('/static/client/api.js');
            const {Outbox} = await import('/static/client/outbox.js');
            const index = await import('/static/client/index.js');
            const of = (Kind) => Object.getOwnPropertyNames(Kind.prototype).filter((name) => name !== 'constructor');
            return {client: of(Client), api: of(Api), outbox: of(Outbox), index: Object.keys(index)};
        }"""
    )
    assert set(there["api"]) == members("Api")
    assert {*there["client"], "api"} == members("Client")
    assert members("Outbox") <= set(there["outbox"])
    assert set(there["index"]) == set(re.findall(r"^export (?:function|class) (\w+)", TYPES, re.MULTILINE))


def test_connect_takes_the_options_of_the_types_and_refuses_others(page: Page) -> None:
    complaint = """async (options) => {
        const {connect} = await import('/static/client/index.js');
        try { connect(options).close(); } catch (error) { return `${error.name}: ${error.message}`; }
        return null;
    }"""
    plain = dict.fromkeys(members("ConnectOptions") - {"baseUrl", "token", "onUnauthorized", "onResync"}, 1)
    assert page.evaluate(complaint, {**plain, "token": "x", "baseUrl": "http://localhost:9/api/v1/"}) is None
    for options, told in (
        ({}, "TypeError: connect() needs a token"),
        ({"token": "a b"}, "TypeError: connect() needs a token"),
        ({"token": "x", "baseURL": "/"}, "TypeError: connect() has no option baseURL"),
        ({"token": "x", "baseUrl": "ftp://x/"}, "TypeError: baseUrl is no HTTP address: ftp://x/"),
        ({"token": "x", "heartbeatMs": 0}, "TypeError: heartbeatMs is not a positive number"),
        ({"token": "x", "user": "7"}, "TypeError: user is not an integer"),
        ({"token": "x", "onResync": 1}, "TypeError: onResync is not a function"),
    ):
        assert page.evaluate(complaint, options) == told


def test_every_event_of_the_protocol_has_a_type() -> None:
    protocol = (FOLDER.parents[1] / "docs" / "protocol.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `([a-z_]+)` \|", protocol, re.MULTILINE))
    own = {"status", "outbox", "token", "limited", "error"}
    assert told | own == members("EventMap")
