"""What the campus calls itself: everybody sees its name and logo, global roles change them, open pages hear of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.samples import GIF, HTML, JPEG, PDF, PNG, SVG, WEBP, stored_files
from tests.support.shared import Shared, running
from tests.support.sse import Stream
from tests.support.waiting import eventually

CAMPUS = "campus/"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("campus")) as found:
        yield found


@pytest.fixture
def boss(shared: Shared) -> Iterator[httpx.Client]:
    with shared.api("boss") as client:
        yield client
        assert client.patch(CAMPUS, json={"name": "Campus", "logo": None}).status_code == 200


def seen(shared: Shared) -> dict[str, Any]:
    with shared.api() as nobody:
        answer = nobody.get(CAMPUS)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_new_campus_has_a_name_and_no_logo(shared: Shared) -> None:
    assert list(seen(shared)) == ["name", "logo", "updated_at"]
    assert (seen(shared)["name"], seen(shared)["logo"]) == ("Campus", None)


def test_a_global_role_names_it_and_everybody_hears_of_it(shared: Shared, boss: httpx.Client) -> None:
    with Stream(shared.server, shared["ann"]) as ann, Stream(shared.server, shared["east_ann"]) as east_ann:
        ann.wait_for("connected")
        east_ann.wait_for("connected")
        changed = boss.patch(CAMPUS, json={"name": "  Sankt Ottilien  "})
        assert (changed.status_code, changed.json()["name"]) == (200, "Sankt Ottilien")
        assert changed.json() == seen(shared)
        for stream in (ann, east_ann):
            assert stream.wait_for("campus_updated").data == changed.json()
        with shared.api("manager") as manager:
            assert manager.patch(CAMPUS, json={"name": "Sankt Ottilien"}).json() == changed.json(), "nothing is new"
            assert manager.patch(CAMPUS, json={"name": "Another"}).status_code == 200
        assert ann.wait_for("campus_updated", name="Another")
        assert len(ann.events("campus_updated")) == 2


def test_a_logo_comes_changes_and_goes(shared: Shared, boss: httpx.Client) -> None:
    before = len(stored_files(shared.server))
    first = boss.patch(CAMPUS, data={"name": "With a logo"}, files={"logo": ("l.png", PNG)}).json()
    assert (first["name"], httpx.get(first["logo"]).content) == ("With a logo", PNG)
    assert seen(shared)["logo"] == first["logo"]
    same = boss.patch(CAMPUS, json={**first, "name": "Its address sent back"}).json()
    assert same["logo"] == first["logo"]
    for content in (GIF, JPEG, WEBP):
        changed = boss.patch(CAMPUS, files={"logo": ("l", content)}).json()["logo"]
        assert httpx.get(changed).content == content
    assert boss.patch(CAMPUS, json={"logo": None}).json()["logo"] is None
    eventually(lambda: len(stored_files(shared.server)) == before, "all of the logos are gone")
    assert httpx.get(first["logo"]).status_code == 404


def test_a_logo_survives_a_restart_whose_sweep_takes_what_nothing_names(shared: Shared, boss: httpx.Client) -> None:
    boss.patch(CAMPUS, files={"logo": ("l.png", PNG)})
    shared.server.restart()
    assert httpx.get(seen(shared)["logo"]).content == PNG


@pytest.mark.parametrize(
    "content", [SVG, HTML, PDF, b"a text", PNG + b"\0" * (1 << 20)], ids=["svg", "html", "pdf", "text", "large"]
)
def test_what_is_no_logo_is_refused_and_not_kept(shared: Shared, boss: httpx.Client, content: bytes) -> None:
    before = len(stored_files(shared.server))
    refused = boss.patch(CAMPUS, data={"name": "Never"}, files={"logo": ("l.png", content)})
    assert (refused.status_code, list(refused.json())) == (400, ["logo"])
    assert seen(shared)["name"] == "Campus"
    eventually(lambda: len(stored_files(shared.server)) == before, "the file is gone")


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\0b", 7, None, ["x"]])
def test_what_is_no_name_is_refused(boss: httpx.Client, name: object) -> None:
    refused = boss.patch(CAMPUS, json={"name": name})
    assert (refused.status_code, list(refused.json())) == (400, ["name"])


def test_others_than_global_roles_change_nothing(shared: Shared) -> None:
    for username in ("dean", "tara", "ann"):
        with shared.api(username) as client:
            assert client.patch(CAMPUS, json={"name": "Mine"}).status_code == 403
            assert client.get(CAMPUS).status_code == 200
    with shared.api() as nobody:
        assert nobody.patch(CAMPUS, json={"name": "Mine"}).status_code == 401
        # Who comes with a token that is none sees it all the same: the login page is for them.
        assert nobody.get(CAMPUS, headers={"Authorization": f"Token {'0' * 40}"}).status_code == 200
        assert nobody.head(CAMPUS).status_code == 200
    assert seen(shared)["name"] == "Campus"
