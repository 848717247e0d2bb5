"""Files in chats: by the button, dropped, pasted; their previews; one that is given up on its way."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.support.browser import browser
from tests.support.campus import User, api
from tests.support.samples import PDF, PNG
from tests.support.waiting import eventually
from tests.web.talk import Campus, Sit, ann, bob, campus, complaints, context, sit

__all__ = ["ann", "bob", "browser", "campus", "complaints", "context", "sit"]

PHOTO = {"name": "window seat.png", "mimeType": "image/png", "buffer": PNG}
ESSAY = {"name": "<b>essay & notes.pdf", "mimeType": "application/pdf", "buffer": PDF}
GIVE = """([kind, type]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array([37, 80, 68, 70])], `${type}.pdf`, {type: 'application/pdf'}));
    const target = document.querySelector(kind === 'paste' ? '.composer-text' : 'campus-chat');
    for (const name of kind === 'paste' ? ['paste'] : ['dragenter', 'dragover', 'drop']) {
        const event = kind === 'paste'
            ? new ClipboardEvent(name, {clipboardData: data, bubbles: true, cancelable: true})
            : new DragEvent(name, {dataTransfer: data, bubbles: true, cancelable: true});
        target.dispatchEvent(event);
    }
}"""


def test_files_arrive_and_are_shown_for_what_they_are(sit: Sit, ann: User, bob: User) -> None:
    one, other = sit(ann, f"chats/{bob.id}"), sit(bob, f"chats/{ann.id}")
    one.attach(PHOTO, ESSAY)
    files = one.page.get_by_role("list", name="Files to send")
    expect(files.get_by_role("listitem")).to_have_count(2)
    one.write("Both of them")
    for seat in (one, other):
        photo = seat.log.get_by_role("img", name=re.compile("Photo window.seat"))
        expect(photo).to_be_visible()
        assert photo.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 1
        expect(seat.log.get_by_role("link", name=re.compile("essay.* notes"))).to_be_visible()
        expect(seat.message("Both of them")).to_have_count(1)
        expect(seat.log.locator(".message")).to_have_count(2)
        assert seat.log.locator("b").count() == 0
    expect(files).to_have_count(0)
    with other.page.expect_download() as download:
        other.log.get_by_role("link", name=re.compile("essay.* notes")).click()
    assert download.value.path().read_bytes() == PDF
    other.log.get_by_role("button", name=re.compile("Photo")).click()
    expect(other.page.get_by_role("dialog").get_by_role("link", name="Download")).to_be_visible()
    other.page.keyboard.press("Escape")
    expect(other.page.get_by_role("dialog")).to_have_count(0)


def test_files_are_dropped_and_pasted_and_taken_back(sit: Sit, ann: User, bob: User) -> None:
    one = sit(ann, f"chats/{bob.id}")
    for kind in ("drop", "paste"):
        one.page.evaluate(GIVE, [kind, kind])
    files = one.page.get_by_role("list", name="Files to send")
    expect(files.get_by_role("listitem")).to_have_text([re.compile("drop.pdf"), re.compile("paste.pdf")])
    files.get_by_role("button", name="Remove drop.pdf").click()
    one.page.get_by_role("button", name="Send").click()
    expect(one.log.get_by_role("link", name=re.compile("paste.pdf"))).to_be_visible()
    expect(one.log.locator(".message")).to_have_count(1)


def test_a_file_on_its_way_has_progress_and_can_be_given_up(campus: Campus, sit: Sit, ann: User, bob: User) -> None:
    one = sit(ann, f"chats/{bob.id}")
    slow = one.page.context.new_cdp_session(one.page)
    slow.send("Network.enable")
    speed = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000}
    slow.send("Network.emulateNetworkConditions", speed)
    one.attach({"name": "film.bin", "mimeType": "application/octet-stream", "buffer": b"x" * 4_000_000})
    one.page.get_by_role("button", name="Send").click()
    bar = one.log.get_by_role("progressbar", name="Sending film.bin")
    expect(bar).to_be_visible()
    eventually(lambda: bar.evaluate("(bar) => bar.value > 0"), "some of it is sent")
    one.log.get_by_role("button", name="Cancel").click()
    expect(one.page.get_by_text("This is the beginning of your chat.")).to_be_visible()
    with api(campus.server, ann) as client:
        assert client.get(f"communication/chats/conversation/{bob.id}/").json()["messages"] == []
