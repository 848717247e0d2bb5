"""Files of other things than messages: a notice's attachment, an event's image, a user's avatar."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.support.samples import GIF, HTML, PDF, PNG, stored_files
from tests.support.shared import CHATS, Shared, running
from tests.support.sse import Stream
from tests.support.waiting import eventually

TODAY = datetime.now(UTC).date().isoformat()
NOTICE = {"title": "Board", "content": "Read it", "publish_date": TODAY, "is_published": "true"}
EVENT = {
    "title": "Fair", "description": "All day", "event_date": TODAY, "start_time": "10:00:00", "end_time": "11:00:00",
}  # fmt: skip
# The path, the fields of a form, the field of the file, and the event that tells of a change.
THINGS = [
    ("communication/notices/", NOTICE, "attachment", "notice_updated"),
    ("communication/events/", EVENT, "image", "event_updated"),
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("linked"), notice_announce_delay_s=0) as found:
        yield found


@pytest.fixture
def dean(shared: Shared) -> Iterator[httpx.Client]:
    with shared.api("dean") as client:
        yield client


def made(client: httpx.Client, path: str, form: dict[str, str], name: str, content: bytes = PNG) -> dict[str, Any]:
    answer = client.post(path, data=form, files={name: ("a b.png", content)})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def count(shared: Shared) -> int:
    return len(stored_files(shared.server))


@pytest.mark.parametrize(("path", "form", "name", "event"), THINGS, ids=["notice", "event"])
def test_a_file_comes_changes_and_goes_with_its_thing(
    shared: Shared, dean: httpx.Client, path: str, form: dict[str, str], name: str, event: str
) -> None:
    before = count(shared)
    with Stream(shared.server, shared["ann"]) as stream:
        stream.wait_for("connected")
        thing = made(dean, path, form, name)
        address = thing[name]
        assert address.startswith(f"{shared.server.url}/files/")
        assert address.endswith("/a%20b.png")
        assert httpx.get(address).content == PNG
        with shared.api("ann") as reader:
            assert reader.get(f"{path}{thing['id']}/").json()[name] == address
            assert reader.get(path).json()["results"][0][name] == address

        # Clients send the whole object back, and its address is the file that is there.
        same = dean.put(f"{path}{thing['id']}/", json={**thing, "title": "Another title"})
        assert (same.status_code, same.json()[name]) == (200, address)
        assert stream.wait_for(event, title="Another title").data[name] == address
        assert count(shared) == before + 1

        changed = dean.patch(f"{path}{thing['id']}/", files={name: ("c.gif", GIF)}).json()[name]
        assert changed != address
        assert httpx.get(changed).content == GIF
        assert stream.wait_for(event, **{name: changed})
    eventually(lambda: count(shared) == before + 1, "the first file is gone")
    assert httpx.get(address).status_code == 404
    with Stream(shared.server, shared["ann"], last_event_id=0) as replayed:
        replayed.wait_for(event, **{name: changed})
        assert address.encode() not in bytes(replayed.raw)

    elsewhere = "https://elsewhere.example/files/x.png"
    assert dean.patch(f"{path}{thing['id']}/", json={name: elsewhere}).json()[name] == elsewhere
    eventually(lambda: count(shared) == before, "the second file is gone")
    assert dean.patch(f"{path}{thing['id']}/", files={name: ("c.gif", GIF)}).status_code == 200
    assert dean.delete(f"{path}{thing['id']}/").status_code == 204
    eventually(lambda: count(shared) == before, "the third file goes with its thing")


@pytest.mark.parametrize(("path", "form", "name", "event"), THINGS, ids=["notice", "event"])
def test_what_is_refused_leaves_no_file(
    shared: Shared, dean: httpx.Client, path: str, form: dict[str, str], name: str, event: str
) -> None:
    before = count(shared)
    with shared.api("ann") as reader:
        assert reader.post(path, data=form, files={name: ("a.png", PNG)}).status_code == 403
    empty = dean.post(path, data=form, files={name: ("a.png", b"")})
    assert (empty.status_code, empty.json()) == (400, {name: ["The submitted file is empty."]})
    missing = dean.post(path, data={**form, "title": " "}, files={name: ("a.png", PNG)})
    assert (missing.status_code, list(missing.json())) == (400, ["title"])
    with shared.api("tara") as other:
        thing = made(dean, path, form, name)
        assert other.patch(f"{path}{thing['id']}/", files={name: ("a.png", PNG)}).status_code == 403
        assert other.patch(f"{path}99999/", files={name: ("a.png", PNG)}).status_code == 404
    eventually(lambda: count(shared) == before + 1, "only the stored one is there")


def test_any_file_may_be_attached_to_a_notice_and_only_an_image_to_an_event(shared: Shared, dean: httpx.Client) -> None:
    for content in (PDF, HTML):
        made(dean, "communication/notices/", NOTICE, "attachment", content)
        refused = dean.post("communication/events/", data=EVENT, files={"image": ("a.png", content)})
        assert (refused.status_code, refused.json()) == (400, {"image": ["Upload a valid image."]})


def test_a_form_with_a_file_may_say_whom_a_notice_is_for(dean: httpx.Client) -> None:
    form = {**NOTICE, "visibility": json.dumps([{"target_type": "all"}])}
    thing = made(dean, "communication/notices/", form, "attachment", PDF)
    assert [target["target_type"] for target in thing["visibility"]] == ["all"]
    for wrong in ("[{", '{"a":1}', '[{"target_type":"x"}]', "[" * 5000):
        answer = dean.post("communication/notices/", data={**NOTICE, "visibility": wrong})
        assert (answer.status_code, list(answer.json())) == (400, ["visibility"]), wrong[:50]


def test_an_avatar_is_seen_wherever_its_user_is(shared: Shared) -> None:
    ann, bob, before = shared["ann"], shared["bob"], count(shared)
    with shared.api("ann") as client, shared.api("bob") as other, Stream(shared.server, bob) as stream:
        stream.wait_for("connected")
        path = f"accounts/users/{ann.id}/"
        avatar = client.patch(path, files={"avatar": ("me.png", PNG)}).json()["avatar"]
        assert httpx.get(avatar).content == PNG
        assert client.get("accounts/users/me/").json()["avatar"] == avatar
        assert client.put(path, json=client.get(path).json()).json()["avatar"] == avatar
        message = client.post(CHATS, json={"receiver_id": bob.id, "message": "hello"}).json()
        assert message["sender_avatar"] == avatar
        assert stream.wait_for("message", id=message["id"]).data["sender_avatar"] == avatar
        assert other.get(f"{CHATS}conversations/").json()[0]["other_user"]["avatar"] == avatar
        refused = client.patch(path, files={"avatar": ("me.png", HTML)})
        assert (refused.status_code, refused.json()) == (400, {"avatar": ["Upload a valid image."]})
        assert other.patch(path, files={"avatar": ("me.png", PNG)}).status_code in (403, 404)
        changed = client.patch(path, files={"avatar": ("me.gif", GIF)}).json()["avatar"]
        assert httpx.get(changed).content == GIF
        eventually(lambda: count(shared) == before + 1, "the first picture is gone")
        assert client.patch(path, json={"avatar": None}).json()["avatar"] is None
        eventually(lambda: count(shared) == before, "and the second")
