"""What the application is made of, as the server sends it: types, ETags, the policy, and nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.support.server import ROOT
from tests.support.shared import Shared, running

APP = ROOT / "realtime" / "web" / "app"
NAMES = sorted(path.relative_to(APP).as_posix() for path in APP.rglob("*") if path.is_file())
TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Anybody's."""
    with running(tmp_path_factory.mktemp("app")) as shared:
        yield from _client(shared)


def _client(shared: Shared) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shared.server.url, trust_env=False) as client:
        yield client


def test_every_file_has_its_type_and_an_etag(client: httpx.Client) -> None:
    assert len(NAMES) > 40
    for name in NAMES:
        answer = client.get(f"/static/app/{name}")
        assert (answer.status_code, answer.content) == (200, (APP / name).read_bytes()), name
        assert answer.headers["Content-Type"] == TYPES[name.rpartition(".")[2]]
        assert answer.headers["Cache-Control"] == "no-cache"
        again = client.get(f"/static/app/{name}", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        "",
        "kit",
        "kit/",
        "../app.html",
        "..%2fapp.html",
        "%2e%2e/app.html",
        "kit/../../app.html",
        "/main.js",
    ],
)
def test_no_other_name_answers(client: httpx.Client, name: str) -> None:
    assert client.get(f"/static/app/{name}").status_code == 404


def test_the_page_loads_only_what_is_here_and_its_policy_says_so(client: httpx.Client) -> None:
    page = client.get("/")
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert len(addresses) == 3
    for address in addresses:
        assert client.get(address).status_code == 200
    assert re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", page.text) is None
    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_every_import_is_of_a_file_that_is_there() -> None:
    missing = []
    for name in NAMES:
        text = (APP / name).read_text(encoding="utf-8")
        pattern = r"""(?:from|import) '([^']+)';""" if name.endswith(".js") else r"""@import url\("([^"]+)"\)"""
        for address in re.findall(pattern, text, re.MULTILINE):
            path = ((APP / name).parent / address).resolve()
            shipped = ROOT / "clients" / "js" / path.name if path.parent.name == "client" else path
            if not shipped.is_file():
                missing.append(f"{name}: {address}")
    assert missing == []


def test_nothing_makes_elements_of_text() -> None:
    """No text of anybody is ever parsed as HTML or as a script."""
    forbidden = r"(?:inner|outer|Adjacent)HTML|document\.write|\beval\(|new Function|DOMParser|createContextualFragment"
    found = [name for name in NAMES if re.search(forbidden, (APP / name).read_text(encoding="utf-8"))]
    assert found == []
