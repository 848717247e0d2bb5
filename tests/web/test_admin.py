"""The operator's page, as an administrator uses it in a browser: figures, streams, people, imports, the campus."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.campus import User, send
from tests.support.samples import PNG
from tests.support.shared import PASSWORD, Shared, running
from tests.support.sse import Stream
from tests.support.waiting import WAIT_S

expect.set_options(timeout=WAIT_S * 1000)

SESSION = "campus:session"
STATS = "**/admin/stats/"
HIDE = """(hidden) => {
    Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
}"""
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("admin")) as found:
        yield found


@pytest.fixture
def open_admin(browser: Browser, shared: Shared) -> Iterator[Open]:
    """`open_admin("dean", "people")` is that view in a browser where the dean is signed in. What a page does not catch,
    and what its policy refuses, fails the test."""
    contexts = []
    errors: list[str] = []

    def opened(username: str | None, view: str = "", **options: object) -> Page:
        contexts.append(browser.new_context(**options))  # type: ignore[arg-type]
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        if username is not None:
            page.goto(f"{shared.server.url}/static/app/mark.svg")
            page.evaluate("([key, text]) => localStorage.setItem(key, text)", [SESSION, session(shared, username)])
        page.goto(f"{shared.server.url}/admin/#/{view}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not errors, f"uncaught in a page: {errors}"


def session(shared: Shared, username: str) -> str:
    with shared.api(username) as client:
        return json.dumps({"token": shared[username].token, "user": client.get("accounts/users/me/").json()})


def row_of(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=re.compile(rf"\b{name}\b")))


def upload(page: Page, text: str) -> None:
    page.get_by_label("CSV file").set_input_files(
        files=[{"name": "people.csv", "mimeType": "text/csv", "buffer": text.encode()}]
    )
    page.get_by_role("button", name="Import", exact=True).click()


def test_the_figures_come_and_go_on(shared: Shared, open_admin: Open) -> None:
    page = open_admin("dean")
    for title in ("Events", "Commit", "Loop lag", "Memory"):
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    memory = page.get_by_role("region", name="Memory")
    expect(memory.get_by_role("img", name=re.compile(r"^Memory: memory \d+ MB$"))).to_be_visible()
    with shared.api("ann") as ann:
        for number in range(10):
            send(ann, shared["bob"], f"{number}")
    expect(page.get_by_text(re.compile(r"^\d+ events$"))).to_be_visible()
    events = page.get_by_role("region", name="Events")
    expect(
        events.get_by_role("img", name=re.compile(r"^Events: events 0\.[1-9]|^Events: events [1-9]"))
    ).to_be_visible()
    expect(events.locator("polyline")).to_have_count(1)


def test_it_does_not_ask_while_nobody_looks(open_admin: Open) -> None:
    page = open_admin("dean")
    page.clock.install()
    with page.expect_request(STATS):
        page.reload()
    expect(page.get_by_role("region", name="Memory")).to_be_visible()
    with page.expect_request(STATS):
        page.clock.run_for(2000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "admin/stats" in request.url else None)
    page.evaluate(HIDE, True)
    page.clock.run_for(20_000)
    assert not asked
    with page.expect_request(STATS):
        page.evaluate(HIDE, False)


def test_a_stream_shows_up_and_is_disconnected(shared: Shared, open_admin: Open) -> None:
    leaver, stayer = shared.add({"lea_leaver": ("student", "CAMPUS"), "sam_stayer": ("student", "CAMPUS")})
    page = open_admin("dean", "streams")
    with opened(shared, leaver) as stream, opened(shared, stayer) as kept:
        expect(row_of(page, "Lea Leaver")).to_contain_text("127.0.0.1")
        expect(row_of(page, "Sam Stayer")).to_be_visible()
        page.get_by_role("button", name="Disconnect Lea Leaver").click()
        page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
        assert stream.wait_for("disconnected").data["reason"] == "revoked"
        expect(row_of(page, "Lea Leaver")).to_have_count(0)
        expect(row_of(page, "Sam Stayer")).to_be_visible()
        with opened(shared, stayer) as second:
            page.get_by_role("button", name="Disconnect all 2").click()
            page.get_by_role("dialog").get_by_role("button", name="Disconnect everywhere").click()
            for one in (kept, second):
                assert one.wait_for("disconnected").data["reason"] == "revoked"
        expect(row_of(page, "Sam Stayer")).to_have_count(0)


def opened(shared: Shared, user: User) -> Stream:
    stream = Stream(shared.server, user)
    stream.wait_for("connected")
    return stream


def test_a_person_is_made_gets_a_link_and_goes(shared: Shared, open_admin: Open, browser: Browser) -> None:
    page = open_admin("dean", "people")
    page.get_by_role("button", name="New person").click()
    form = page.get_by_role("dialog")
    assert "Super administrator" not in form.get_by_label("Role").inner_text()
    form.get_by_label("Username").fill("ann")
    form.get_by_role("button", name="Make the account").click()
    expect(form.get_by_text("already exists")).to_be_visible()
    form.get_by_label("Username").fill("nora")
    form.get_by_label("First name").fill("<b>Nora</b>")
    form.get_by_label("Role").select_option("teacher")
    form.get_by_role("button", name="Make the account").click()
    link = page.get_by_role("textbox", name="One-time link").input_value()
    assert link.startswith(f"{shared.server.url}/set-password/?key=")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    page.keyboard.press("Escape")
    visit = browser.new_page()
    visit.goto(link)
    visit.get_by_label("Password", exact=True).fill(PASSWORD)
    visit.get_by_label("The password again").fill(PASSWORD)
    visit.get_by_role("button").click()
    expect(visit.get_by_role("heading")).to_contain_text("password")
    visit.close()
    with shared.api() as nobody:
        assert nobody.post("auth/login/", json={"username": "nora", "password": PASSWORD}).status_code == 200

    page.get_by_role("searchbox").fill("nora")
    expect(page.get_by_text("1 person")).to_be_visible()
    page.get_by_role("button", name="Edit: <b>Nora</b>").click()
    form.get_by_label("First name").fill("Nora")
    form.get_by_label("Role").select_option("staff")
    form.get_by_role("button", name="Save").click()
    expect(row_of(page, "Nora")).to_contain_text("Staff")
    page.get_by_role("button", name="Deactivate: Nora").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(page.get_by_role("heading", name="Nobody like that")).to_be_visible()
    page.get_by_label("Accounts").select_option("false")
    page.get_by_role("button", name="Activate: Nora").click()
    expect(page.get_by_role("heading", name="Nobody like that")).to_be_visible()
    page.get_by_label("Accounts").select_option("true")
    expect(row_of(page, "Nora")).to_be_visible()


def test_an_import_names_its_wrong_lines_and_a_good_one_makes_everybody(shared: Shared, open_admin: Open) -> None:
    page = open_admin("dean", "imports")
    upload(page, "username,first_name,user_type\nfirst,Fay,\nann,,\nthird,,king\n")
    problems = page.get_by_role("region", name="Problems").get_by_role("listitem")
    expect(problems).to_have_count(2)
    expect(problems.nth(0)).to_have_text(re.compile("^line 3: username: .*already exists"))
    expect(problems.nth(1)).to_have_text(re.compile("^line 4: user_type: .*king"))
    assert shared.sql("SELECT count(*) FROM users WHERE username IN ('first', 'third')") == [(0,)]
    page.get_by_label("Make classes").check()
    upload(page, f"username,first_name,password,class\nfirst,Fay,{PASSWORD},7A\nthird,,,7B\n")
    done = page.get_by_role("listitem").filter(has_text="Done")
    expect(done).to_contain_text("2 accounts made, and 2 classes and sections made.")
    expect(page.get_by_role("region", name="Problems")).to_have_count(0)
    assert shared.sql("SELECT count(*) FROM users WHERE username IN ('first', 'third')") == [(2,)]


def test_the_campus_gets_a_name_and_a_logo_that_the_login_page_shows(shared: Shared, open_admin: Open) -> None:
    page = open_admin("boss", "campus")
    page.get_by_label("Name").fill("Sankt <i>Ottilien</i>")
    page.get_by_label("Logo").set_input_files(files=[{"name": "l.png", "mimeType": "image/png", "buffer": PNG}])
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("img", name="The logo")).to_be_visible()
    expect(page.get_by_role("banner")).to_contain_text("Sankt <i>Ottilien</i>")
    expect(page).to_have_title("Campus · Sankt <i>Ottilien</i>")
    logo = page.get_by_role("img", name="The logo").get_attribute("src") or ""
    visitor = open_admin(None)
    visitor.goto(shared.server.url)
    expect(visitor.get_by_role("heading", level=1)).to_contain_text("Sankt <i>Ottilien</i>")
    expect(visitor.locator(f'img[src="{logo}"]').first).to_be_visible()
    page.get_by_label("Logo").set_input_files(files=[{"name": "l.png", "mimeType": "image/png", "buffer": b"<svg/>"}])
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Upload a valid image.")).to_be_visible()
    page.get_by_role("button", name="Take the logo away").click()
    expect(page.get_by_role("img", name="The logo")).to_have_count(0)


def test_who_is_not_signed_in_signs_in(open_admin: Open) -> None:
    page = open_admin(None)
    page.get_by_role("textbox", name="Username").fill("dean")
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.get_by_role("link", name="Campus")).to_have_count(0)  # for global roles


def test_others_learn_that_it_is_not_theirs(open_admin: Open) -> None:
    page = open_admin("ann")
    expect(page.get_by_role("heading", name="This page is for administrators")).to_be_visible()
    expect(page.get_by_role("navigation")).to_have_count(0)


@pytest.mark.parametrize(
    ("view", "there"),
    [("", "Memory"), ("streams", "Boss"), ("people", "Ann"), ("imports", "CSV file"), ("campus", "Logo")],
)
def test_a_phone_shows_it_without_sideways_scrolling(open_admin: Open, view: str, there: str) -> None:
    page = open_admin("boss", view, viewport={"width": 360, "height": 740})
    expect(page.get_by_text(there, exact=True).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
