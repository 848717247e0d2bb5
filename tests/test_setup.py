"""The pages for a person with a browser: the front, and the form that makes the first administrator, once."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import httpx
import pytest
from playwright.sync_api import Browser

from data import clock, links
from data.session import command_transaction
from tests.support.campus import create_user
from tests.support.server import ServerFactory, ServerProcess

LINK = re.compile(r"http://127\.0\.0\.1:\d+/setup/\?key=([A-Za-z0-9_-]{20,})")
PASSWORD = "correct horse <battery> staple"
GOOD = {
    "username": "ada", "first_name": "Ada", "last_name": "Lovelace", "email": "ada@campus.example",
    "password1": PASSWORD, "password2": PASSWORD,
}  # fmt: skip


class Page(HTMLParser):
    """What a page has: the attributes of its inputs by name, its labels' targets, its texts, its elements."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        self.inputs: dict[str, dict[str, str | None]] = {}
        self.labels: list[str | None] = []
        self.elements: list[str] = []
        self.text = ""
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        given = dict(attrs)
        if tag == "input":
            self.inputs[str(given["name"])] = given
        if tag == "label":
            self.labels.append(given["for"])

    def handle_data(self, data: str) -> None:
        self.text += data


def link_of(server: ServerProcess) -> str:
    """The newest link in the log."""
    found = LINK.findall(server.log())
    assert found, server.log()
    return f"{server.url}/setup/?key={found[-1]}"


def post(server: ServerProcess, **fields: str) -> httpx.Response:
    return httpx.post(f"{server.url}/setup/", data=fields, timeout=30, trust_env=False)


def get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=30, trust_env=False)


def raw_post(server: ServerProcess, content: bytes, kind: str) -> httpx.Response:
    return httpx.post(f"{server.url}/setup/", content=content, headers={"Content-Type": kind}, trust_env=False)


def login(server: ServerProcess, password: str) -> httpx.Response:
    url = f"{server.url}/api/v1/auth/login/"
    return httpx.post(url, json={"username": "ada", "password": password}, timeout=30, trust_env=False)


@pytest.fixture
def quick(server_factory: ServerFactory) -> ServerProcess:
    """A server that hashes in no time."""
    return server_factory(bcrypt_cost=4)


def test_the_link_makes_one_administrator_and_is_over(quick: ServerProcess) -> None:
    link = link_of(quick)
    for _ in range(2):
        answer = get(link)  # looking does not use it up
        assert answer.status_code == 200
    form = Page(answer)
    assert {"label", "form"} <= set(form.elements)
    assert "script" not in form.elements
    assert set(form.inputs) == {"key", *GOOD}
    assert all(form.inputs[name]["id"] == name for name in form.labels)
    assert set(form.labels) == set(GOOD)
    key = form.inputs["key"]["value"]
    assert key is not None
    assert link.endswith(key)
    done = post(quick, key=key, **GOOD)
    assert done.status_code == 200
    assert "ada" in Page(done).text
    user = login(quick, PASSWORD).json()["user"]
    expected = {"user_type": "super_admin", "college": 1, "full_name": "Ada Lovelace", "email": "ada@campus.example"}
    assert {name: user[name] for name in expected} == expected
    for again in (get(link), post(quick, key=key, **GOOD | {"username": "eve"})):
        assert again.status_code == 404
        text = Page(again).text
        assert "create-user USERNAME --user-type super_admin" in text
        assert "start the server again" in text
    quick.restart()
    assert len(LINK.findall(quick.log())) == 1, "there is an administrator: no new link"
    assert PASSWORD not in quick.log()


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"username": ""}, {"username"}),
        ({"username": 'a"><script>alert(1)</script>'}, {"username"}),
        ({"username": "x" * 151, "email": "no address", "first_name": "y" * 151}, {"username", "email", "first_name"}),
        ({"last_name": "a\0b"}, {"last_name"}),
        ({"password1": "zq7", "password2": "zq7"}, {"password1"}),
        ({"password1": "x" * 1025, "password2": "x" * 1025}, {"password1"}),
        ({"password2": "another one"}, {"password2"}),
        ({"username": "ada-lovelace", "password1": "Ada-Lovelace", "password2": "Ada-Lovelace"}, {"password1"}),
        ({name: "" for name in GOOD}, {"username", "password1"}),
    ],
)
def test_what_is_wrong_is_beside_its_field_and_the_rest_is_kept(
    quick: ServerProcess, wrong: dict[str, str], fields: set[str]
) -> None:
    link = link_of(quick)
    sent = GOOD | wrong
    answer = post(quick, key=link.partition("=")[2], **sent)
    page = Page(answer)
    assert answer.status_code == 400
    assert {name for name, given in page.inputs.items() if given.get("aria-invalid")} == fields
    assert "script" not in page.elements
    for name, given in page.inputs.items():
        if name.startswith("password"):
            assert "value" not in given
        elif name != "key":
            assert given["value"] == sent[name]
    assert sent["password1"] == "" or sent["password1"] not in answer.text
    assert post(quick, key=str(page.inputs["key"]["value"]), **GOOD).status_code == 200, "the link still works"


def test_links_that_do_not_work(quick: ServerProcess) -> None:
    for key in ("", "x", "x" * 200, "'\"><b>", "\u00e4"):
        for answer in (get(httpx.URL(f"{quick.url}/setup/", params={"key": key})), post(quick, key=key, **GOOD)):
            assert answer.status_code == 404, key
            assert "b" not in Page(answer).elements
    assert get(f"{quick.url}/setup").status_code == 404
    link = link_of(quick)
    with command_transaction(quick.data_dir / "realtime.sqlite3") as tx:
        tx.execute("UPDATE one_time_links SET expires_at = '2026-01-01T00:00:00.000000Z'")
    assert get(link).status_code == 404
    with command_transaction(quick.data_dir / "realtime.sqlite3") as tx:
        user_link = links.create(tx, links.SET_PASSWORD, None, clock.stamp(4e9), 60.0)
    assert get(f"{quick.url}/setup/?key={user_link}").status_code == 404, "that is for something else"
    quick.restart()
    fresh = link_of(quick)
    assert fresh != link
    assert get(fresh).status_code == 200
    create_user(quick, "sue")
    assert get(fresh).status_code == 404, "the database is not empty any more"
    assert post(quick, key=fresh.partition("=")[2], **GOOD).status_code == 404
    assert login(quick, PASSWORD).status_code == 400


def test_the_pages_run_nothing_and_tell_nobody_where_they_were(quick: ServerProcess) -> None:
    for path, status in (("/", 200), ("/setup/", 404), (link_of(quick).removeprefix(quick.url), 200)):
        answer = get(quick.url + path)
        assert answer.status_code == status
        assert "script" not in Page(answer).elements
        assert answer.headers["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'self'; img-src 'self'; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert httpx.head(quick.url + path, trust_env=False).status_code == status
    front = get(f"{quick.url}/")
    assert "Nobody has an account yet" in front.text
    assert 'href="/api/v1/communication/sse/test/"' in front.text
    style = get(f"{quick.url}/static/style.css")
    assert (style.status_code, style.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    for path in ("/static/", "/static/setup.html", "/static/..%2f..%2fserver.py", "/static/../server.py", "/setup/x"):
        answer = get(quick.url + path)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."}), path
    for answer in (
        httpx.delete(f"{quick.url}/setup/", trust_env=False),
        raw_post(quick, b"\xff", "application/json"),
        raw_post(quick, b"[]", "application/json"),
        raw_post(quick, b"x=%ff", "application/x-www-form-urlencoded"),
        get(f"{quick.url}/setup/?key=%ff"),
        get(f"{quick.url}/setup/?key={'x' * 300}"),
    ):  # fmt: skip
        assert answer.status_code in (400, 405)
        assert "That did not work" in Page(answer).text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_person_makes_the_account_on_a_small_screen(quick: ServerProcess, browser: Browser, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740},
        color_scheme=scheme,
        java_script_enabled=True,  # type: ignore[arg-type]
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(link_of(quick))
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) <= 360
    for label, name in (("Username", "username"), ("E-mail address", "email")):
        page.get_by_label(label, exact=True).fill(GOOD[name])
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The password again").fill("not the same")
    page.get_by_role("button").click()
    assert page.get_by_role("alert").is_visible()
    assert page.get_by_text("The two passwords are not the same.").is_visible()
    assert page.get_by_label("Username", exact=True).input_value() == "ada"
    assert "key=" not in page.url
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The password again").fill(PASSWORD)
    page.get_by_role("button").click()
    assert page.get_by_role("heading", level=1).text_content() == "The account is made"
    assert page.evaluate(width) <= 360
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground)[:3])) > 384) is (scheme == "light"), "the style sheet is there"
    page.goto(f"{quick.url}/")
    assert page.evaluate(width) <= 360
    # A form that is sent back is a 400, which Chromium reports; a favicon and what the policy forbids would be others.
    assert all("400" in text for text in complaints), complaints
    context.close()
    assert login(quick, PASSWORD).status_code == 200
