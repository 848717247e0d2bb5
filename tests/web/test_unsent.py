"""What is written and not sent: it is not lost without a word, and it is left to nobody else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.support.browser import browser
from tests.support.campus import User, api, send
from tests.web.talk import PASSWORD, Campus, Seat, Sit, ann, bob, campus, complaints, context, sit

__all__ = ["ann", "bob", "browser", "campus", "complaints", "context", "sit"]

CHATS = "**/communication/chats/"


def refuse_sends(route: Route) -> None:
    """As a network that breaks."""
    if route.request.method == "POST":
        route.abort()
    else:
        route.fallback()


def kept(seat: Seat) -> str:
    """All that the browser keeps for the page."""
    found: str = seat.page.evaluate("JSON.stringify([localStorage, sessionStorage])")
    return found


@pytest.mark.parametrize("network", [True, False], ids=["online", "offline"])
def test_signing_out_asks_first_and_leaves_nothing(sit: Sit, ann: User, bob: User, network: bool) -> None:
    one = sit(ann, f"chats/{bob.id}")
    one.page.route(CHATS, refuse_sends)
    one.page.context.set_offline(not network)
    one.write("For Bob alone")
    expect(one.tick("For Bob alone", "Waiting")).to_be_visible()
    one.box.fill("Half a thought")
    assert "For Bob alone" in kept(one)
    assert "Half a thought" in kept(one)
    leave = one.page.get_by_role("button", name="Sign out", exact=True)
    leave.click()
    dialog = one.page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 message is not sent yet.")
    dialog.get_by_role("button", name="Cancel").click()
    expect(one.message("For Bob alone")).to_be_visible()
    leave.click()
    dialog.get_by_role("button", name="Sign out").click()
    expect(one.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert "Bob" not in kept(one)
    assert "thought" not in kept(one)


def test_half_a_message_outlives_a_reload_and_the_end_of_a_session(
    campus: Campus, sit: Sit, ann: User, bob: User
) -> None:
    one = sit(ann, f"chats/{bob.id}")
    one.box.fill("Half a thought")
    one.page.reload()
    expect(one.box).to_have_value("Half a thought")
    (stream,) = campus.admin.get("admin/streams/", params={"user": ann.id}).json()["results"]
    assert campus.admin.delete(f"admin/streams/{stream['id']}/").status_code == 204
    expect(one.page.get_by_text("You were signed out of this device.")).to_be_visible()
    sign_in(one, bob)
    one.page.evaluate("(id) => { location.hash = `#/chats/${id}`; }", ann.id)
    expect(one.box).to_have_value("")
    one.page.get_by_role("button", name="Sign out", exact=True).click()
    expect(one.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert "thought" not in kept(one)


def sign_in(seat: Seat, user: User) -> None:
    seat.page.get_by_role("textbox", name="Username").fill(user.username)
    seat.page.get_by_role("textbox", name="Password").fill(PASSWORD)
    seat.page.get_by_role("button", name="Sign in").click()
    expect(seat.connection).to_have_text("Connected")


def test_who_signs_in_again_has_half_a_message_still(campus: Campus, sit: Sit, ann: User, bob: User) -> None:
    one = sit(ann, f"chats/{bob.id}")
    one.box.fill("Half a thought")
    (stream,) = campus.admin.get("admin/streams/", params={"user": ann.id}).json()["results"]
    assert campus.admin.delete(f"admin/streams/{stream['id']}/").status_code == 204
    expect(one.page.get_by_role("button", name="Sign in")).to_be_visible()
    sign_in(one, ann)
    expect(one.box).to_have_value("Half a thought")
    one.box.press("Enter")
    expect(one.tick("Half a thought", "Sent")).to_be_visible()
    one.page.reload()
    expect(one.message("Half a thought")).to_be_visible()
    expect(one.box).to_have_value("")


def test_a_message_that_is_deleted_while_it_is_edited(campus: Campus, sit: Sit, ann: User, bob: User) -> None:
    one = sit(ann, f"chats/{bob.id}")
    one.write("A first try")
    expect(one.tick("A first try", "Sent")).to_be_visible()
    one.box.press("ArrowUp")
    one.box.fill("A second, better try")
    with api(campus.server, ann) as client:
        (message,) = client.get(f"communication/chats/conversation/{bob.id}/").json()["messages"]
        assert client.delete(f"communication/chats/{message['id']}/").status_code == 204
    expect(one.page.get_by_text("That message was deleted. What you wrote is sent as a new one.")).to_be_visible()
    expect(one.box).to_have_value("A second, better try")
    one.box.press("Enter")
    expect(one.tick("A second, better try", "Sent")).to_be_visible()
    expect(one.page.get_by_text("That message was deleted.")).to_have_count(0)
    assert one.texts() == ["A second, better try"]


def test_a_text_that_is_too_long_is_kept_whole(sit: Sit, ann: User, bob: User) -> None:
    one = sit(ann, f"chats/{bob.id}")
    one.box.focus()
    one.page.keyboard.insert_text("😀" * 10_000)
    expect(one.page.get_by_text("10,000 of 10,000 characters")).to_be_visible()
    one.page.keyboard.insert_text("and more")
    told = one.page.get_by_text("10,008 of 10,000 characters: too long for one message.")
    expect(told).to_be_visible()
    expect(one.box).to_have_attribute("aria-invalid", "true")
    one.box.press("Enter")
    expect(told).to_be_visible()
    assert len(one.box.input_value()) == 10_008
    for _ in "and more":
        one.box.press("Backspace")
    one.box.press("Enter")
    expect(one.log.get_by_role("img", name="Sent")).to_be_visible()
    assert one.texts() == ["😀" * 10_000]


def test_a_file_that_is_gone_says_so(sit: Sit, ann: User, bob: User, tmp_path: Path) -> None:
    one = sit(ann, f"chats/{bob.id}")
    file = tmp_path / "essay.txt"
    file.write_text("The first version", encoding="utf-8")
    with one.page.expect_file_chooser() as chooser:
        one.page.get_by_role("button", name="Attach files").click()
    chooser.value.set_files(file)
    file.unlink()
    one.page.get_by_role("button", name="Send").click()
    told = "Not sent: The file cannot be read any more. Choose it again."
    expect(one.message("essay.txt")).to_contain_text(told)
    one.write("A text behind it")
    expect(one.tick("A text behind it", "Sent")).to_be_visible()
    one.message("essay.txt").get_by_role("button", name="Discard").click()
    expect(one.message("essay.txt")).to_have_count(0)


def test_an_empty_file_and_one_that_is_too_large_are_refused_in_words(
    campus: Campus, sit: Sit, ann: User, bob: User
) -> None:
    one = sit(ann, f"chats/{bob.id}")
    one.attach({"name": "nothing.txt", "mimeType": "text/plain", "buffer": b""})
    one.page.get_by_role("button", name="Send").click()
    expect(one.message("nothing.txt")).to_contain_text(re.compile("Not sent: .*empty"))
    with api(campus.server, ann) as client:
        assert client.get(f"communication/chats/conversation/{bob.id}/").json()["messages"] == []


def test_a_clock_that_is_a_day_behind_puts_nothing_before_what_it_answers(
    campus: Campus, sit: Sit, ann: User, bob: User
) -> None:
    with api(campus.server, bob) as client:
        send(client, ann, "From bob")
    one = sit(ann)
    one.page.add_init_script("(() => { const now = Date.now; Date.now = () => now() - 864e5; })()")
    one.page.add_init_script(
        "window.Date = class extends Date { constructor(...a) { a.length ? super(...a) : super(Date.now()); } }"
    )
    one.page.goto(f"{campus.server.url}/#/chats/{bob.id}")
    one.page.reload()
    expect(one.message("From bob")).to_be_visible()
    one.page.route(CHATS, refuse_sends)
    one.write("An answer")
    expect(one.tick("An answer", "Waiting")).to_be_visible()
    expect(one.log.locator(".day")).to_have_count(1)
    one.page.unroute(CHATS)
    expect(one.tick("An answer", "Sent")).to_be_visible()
    expect(one.log.locator(".day")).to_have_count(1)
    assert one.texts() == ["From bob", "An answer"]
