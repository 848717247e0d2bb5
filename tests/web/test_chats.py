"""Two people chat in two browsers, also while the server is killed."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.support.browser import browser
from tests.support.campus import User, api, send
from tests.support.waiting import eventually
from tests.web.talk import PASSWORD, Campus, Seat, Sit, ann, bob, campus, complaints, context, named, sit

__all__ = ["ann", "bob", "browser", "campus", "complaints", "context", "sit"]


def at_rest(seat: Seat) -> None:
    """Nothing is on its way any more."""
    for label in ("Waiting", "Sending"):
        expect(seat.log.get_by_role("img", name=label)).to_have_count(0)


def test_a_first_chat_from_the_sign_in_on(
    campus: Campus, context: Callable[..., BrowserContext], ann: User, bob: User
) -> None:
    page = context().new_page()
    page.goto(campus.server.url)
    page.get_by_role("textbox", name="Username").fill(ann.username)
    page.get_by_role("textbox", name="Password").fill("not that one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").filter(has_text="Unable to log in")).to_be_visible()
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    seat = Seat(page, ann)
    expect(seat.connection).to_have_text("Connected")
    expect(page.get_by_text("No chats yet")).to_be_visible()
    page.get_by_role("button", name="New chat").click()
    page.get_by_role("searchbox", name="Search people").fill("okoro")
    option = page.get_by_role("option").filter(has_text=bob.username)
    option.click()
    expect(page.get_by_role("heading", name="Bob Okoro", exact=True)).to_be_visible()
    seat.write("Hello Bob")
    expect(seat.tick("Hello Bob", "Sent")).to_be_visible()
    expect(seat.row("Bob Okoro")).to_contain_text("You: Hello Bob")
    page.reload()
    expect(seat.message("Hello Bob")).to_have_count(1)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate("localStorage.getItem('campus:session')") is None


def test_text_typing_ticks_presence_unread(sit: Sit, ann: User, bob: User) -> None:
    one = sit(ann, f"chats/{bob.id}")
    one.write("Are you there?")
    expect(one.tick("Are you there?", "Sent")).to_be_visible()
    other = sit(bob)
    expect(one.tick("Are you there?", "Delivered")).to_be_visible()
    expect(one.row("Bob Okoro")).to_contain_text("online")
    expect(other.row("Ann Lee").locator(".badge")).to_contain_text("1")
    expect(other.page).to_have_title(re.compile(r"^\(1\) "))
    other.row("Ann Lee").click()
    expect(one.tick("Are you there?", "Read")).to_be_visible()
    expect(other.row("Ann Lee").locator(".badge")).to_have_count(0)
    expect(other.page).to_have_title(re.compile(r"^Ann Lee"))
    expect(other.page.get_by_text("Online", exact=True)).to_be_visible()
    other.box.press_sequentially("Yes", delay=10)
    expect(one.page.get_by_text("Bob is typing…")).to_be_visible()
    expect(one.row("Bob Okoro")).to_contain_text("typing…")
    other.box.press("Enter")
    expect(one.message("Yes")).to_have_count(1)
    expect(one.page.get_by_text("Bob is typing…")).to_have_count(0)
    expect(other.tick("Yes", "Read")).to_be_visible()
    other.page.context.close()
    expect(one.page.get_by_text(re.compile("Last seen"))).to_be_visible()


def test_edit_delete_search(sit: Sit, ann: User, bob: User) -> None:
    one, other = sit(ann, f"chats/{bob.id}"), sit(bob, f"chats/{ann.id}")
    for text in ("The green lamp", "The grey cat", "Tomorrow"):
        one.write(text)
    expect(other.message("Tomorrow")).to_have_count(1)
    one.message("The grey cat").hover()
    one.message("The grey cat").get_by_role("button", name="Edit message").click()
    one.box.fill("The white cat")
    one.box.press("Enter")
    for seat in (one, other):
        expect(seat.message("The white cat")).to_contain_text("edited")
        expect(seat.message("The grey cat")).to_have_count(0)
    one.message("Tomorrow").hover()
    one.message("Tomorrow").get_by_role("button", name="Delete message").click()
    one.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    for seat, words in ((one, "You: The white cat"), (other, "The white cat")):
        expect(seat.message("Tomorrow")).to_have_count(0)
        expect(seat.page.get_by_role("list", name="Conversations")).to_contain_text(words)
    other.page.get_by_role("button", name="Search messages").click()
    other.page.get_by_role("searchbox", name="Search messages").fill("white")
    other.page.get_by_role("option").filter(has_text="The white cat").click()
    expect(other.message("The white cat")).to_have_class(re.compile("is-found"))


def test_the_server_is_killed_in_the_middle(campus: Campus, sit: Sit, ann: User, bob: User) -> None:
    one, other = sit(ann, f"chats/{bob.id}"), sit(bob, f"chats/{ann.id}")
    one.write("one")
    expect(other.message("one")).to_have_count(1)
    campus.server.kill()
    for seat in (one, other):
        expect(seat.connection).to_have_text("Reconnecting")
    one.write("two")
    one.write("three")
    other.write("four")
    for seat, text in ((one, "two"), (one, "three"), (other, "four")):
        expect(seat.message(text)).to_have_count(1)
    expect(one.tick("three", "Waiting")).to_be_visible()
    campus.server.start()
    for seat in (one, other):
        expect(seat.connection).to_have_text("Connected")
        at_rest(seat)
        eventually(lambda seat=seat: len(seat.texts()) >= 4, "four messages")  # type: ignore[misc]
    assert one.texts() == other.texts()
    assert sorted(one.texts()) == ["four", "one", "three", "two"]
    assert one.texts().index("two") < one.texts().index("three")
    with api(campus.server, ann) as client:
        stored = client.get(f"communication/chats/conversation/{bob.id}/").json()["messages"]
    assert [message["message"] for message in reversed(stored)] == one.texts()
    expect(one.tick("three", "Read")).to_be_visible()


def test_no_network_and_back(sit: Sit, campus: Campus, ann: User, bob: User) -> None:
    one = sit(ann, f"chats/{bob.id}")
    one.page.context.set_offline(True)
    expect(one.connection).to_have_text("Offline")
    with api(campus.server, bob) as client:
        send(client, ann, "Missed me?")
    one.write("I was away")
    expect(one.tick("I was away", "Waiting")).to_be_visible()
    one.page.context.set_offline(False)
    expect(one.connection).to_have_text("Connected")
    expect(one.tick("I was away", "Sent")).to_be_visible()
    eventually(lambda: sorted(one.texts()) == ["I was away", "Missed me?"], "both, once")


def test_a_refused_message_says_so(campus: Campus, sit: Sit, ann: User) -> None:
    gone = named(campus, "Gone", "Soon")
    one = sit(ann, f"chats/{gone.id}")
    one.write("Here?")
    expect(one.tick("Here?", "Sent")).to_be_visible()
    assert campus.admin.delete(f"accounts/users/{gone.id}/").status_code == 204
    one.write("Still here?")
    expect(one.tick("Still here?", "Not sent")).to_be_visible()
    answer = campus.admin.patch(f"accounts/users/{gone.id}/", json={"is_active": True})
    assert answer.status_code == 200, answer.text
    one.message("Still here?").get_by_role("button", name="Try again").click()
    expect(one.tick("Still here?", "Sent")).to_be_visible()
    assert campus.admin.delete(f"accounts/users/{gone.id}/").status_code == 204
    one.write("And now?")
    one.message("And now?").get_by_role("button", name="Discard").click()
    expect(one.message("And now?")).to_have_count(0)
    assert one.texts() == ["Here?", "Still here?"]


def test_a_long_chat_scrolls_up_without_a_jump(campus: Campus, sit: Sit, ann: User, bob: User) -> None:
    with api(campus.server, bob) as client:
        for number in range(160):
            send(client, ann, f"number {number}")
    one = sit(ann, f"chats/{bob.id}")
    expect(one.message("number 159")).to_be_in_viewport()
    assert len(one.texts()) < 160
    # Where a message is on the screen, before and after older ones came above it.
    jump = one.page.evaluate(
        """async () => {
            const scroll = document.querySelector('.log-scroll');
            const list = document.querySelector('.log-list');
            let worst = 0;
            for (let round = 0; list.querySelectorAll('.message').length < 160 && round < 400; round += 1) {
                const before = list.querySelectorAll('.message').length;
                scroll.scrollTop = Math.max(scroll.scrollTop - 200, 0);
                await new Promise(requestAnimationFrame);
                const isSeen = (one) => one.getBoundingClientRect().top > 120;
                const marked = [...list.querySelectorAll('.message')].find(isSeen);
                const top = marked.getBoundingClientRect().top;
                const at = scroll.scrollTop;
                await new Promise((resolve) => setTimeout(resolve, 50));
                if (list.querySelectorAll('.message').length > before && scroll.scrollTop !== at) {
                    worst = Math.max(worst, Math.abs(marked.getBoundingClientRect().top - top));
                }
            }
            return worst;
        }"""
    )
    assert jump <= 2
    assert one.texts() == [f"number {number}" for number in range(160)]
    with api(campus.server, bob) as client:
        send(client, ann, "the newest")
    down = one.page.get_by_role("button", name="1 new, to the newest")
    down.click()
    expect(one.message("the newest")).to_be_in_viewport()
    one.page.goto(f"{campus.server.url}/#/chats/{bob.id}?at=1000000")
    expect(one.page.get_by_text("That message is not there any more.")).to_be_visible()
