"""Who may call what: every route of the server, every method of it, each kind of caller. A route not here fails."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from realtime.api import routes
from realtime.api.base import Handler
from tests.permissions.objects import ACADEMIC, ANNOUNCEMENTS, CHAT, NOTICE, NOTICES, OPENED, at, make, new_college
from tests.permissions.table import CALLS, ROLES, STRANGERS, Call
from tests.support.shared import Shared, running
from tests.support.sse import EVENTS_PATH, TEST_PATH, Stream


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with running(tmp_path_factory.mktemp("permissions"), notice_announce_delay_s=0) as found:
        yield found
    while OPENED:
        OPENED.pop().close()


def route_of(path: str) -> str:
    """A path as the route table writes it, with one word for every id."""
    return "/".join("{id}" if part.startswith("{") else part for part in path.split("/"))


def test_every_route_and_every_method_of_it_is_here() -> None:
    there = {}
    for spec in routes.table():
        path = spec.regex.pattern.removesuffix("$").removesuffix("/?")
        kinds = [kind for kind in spec.handler_class.__mro__ if issubclass(kind, Handler)]
        own = {name.upper() for kind in kinds for name in vars(kind)} & {"GET", "POST", "PUT", "PATCH", "DELETE"}
        for piece in (routes.ID, routes.SEGMENT, routes.PATH, routes.KEY):
            path = path.replace(piece, "{id}")
        there[path or "/"] = own
    here: dict[str, set[str]] = {}
    for path, method, _ in CALLS:
        here.setdefault(route_of(path), set()).add(method)
    assert here == there


def token_of(shared: Shared, caller: str, path: str) -> str | None:
    if caller == "nobody":
        return None
    if caller == "unknown":
        return "0" * 40
    if not path.endswith("logout"):
        return shared[caller].token
    # One to lose: the others are needed for the rest of the table.
    token = hashlib.sha1(caller.encode()).hexdigest()
    statement = "INSERT INTO tokens (hash, user_id, created_at) VALUES (?, ?, '2026-01-09T10:30:00.000000Z')"
    shared.sql(statement, (hashlib.sha256(token.encode()).digest(), shared[caller].id))
    return token


def status_of(shared: Shared, method: str, path: str, token: str | None, body: Any) -> int:
    if path in (EVENTS_PATH.rstrip("/"), TEST_PATH.rstrip("/")) and method == "GET":
        with Stream(shared.server, token, path=path) as stream:
            return stream.status
    headers = {"X-College-ID": "1"} | ({"Authorization": f"Token {token}"} if token else {})
    with shared.api(base="") as client:
        return client.request(method, path, json=body, headers=headers).status_code


@pytest.mark.parametrize(("path", "method", "call"), CALLS, ids=[f"{method} {path}" for path, method, _ in CALLS])
def test_each_caller_gets_the_status_of_the_table(shared: Shared, path: str, method: str, call: Call) -> None:
    wrong, where, body = {}, "", None
    for caller in (*STRANGERS, *ROLES):
        if not where:
            where, body = make(shared, path), call.body(shared) if callable(call.body) else call.body
        status = status_of(shared, method, where, token_of(shared, caller, path), body)
        if status < 400 and method != "GET":
            where = ""  # it is not what it was
        if status != call.expected(caller):
            wrong[caller] = f"{status}, expected {call.expected(caller)}"
    assert not wrong


def test_a_global_role_makes_colleges_changes_them_and_closes_them(shared: Shared) -> None:
    with at(shared, "boss") as boss, at(shared, "dean") as dean:
        path = f"{ACADEMIC}colleges/{boss.post(ACADEMIC + 'colleges', json=new_college(shared)).json()['id']}"
        assert dean.patch(path, json={"name": "mine"}).status_code == 403
        assert boss.patch(path, json={"name": secrets.token_hex(8)}).status_code == 200
        assert boss.delete(path).status_code == 204


def test_a_global_role_reaches_the_notices_of_every_college(shared: Shared) -> None:
    foreign = make(shared, NOTICES + "/{f}")
    with at(shared, "manager") as client:
        assert client.get(foreign, headers={"X-College-ID": "1"}).status_code == 404
        assert client.get(foreign, headers={"X-College-ID": str(shared.east)}).status_code == 200
        assert client.patch(foreign, json={"title": "y"}, headers={"X-College-ID": "all"}).status_code == 200


def test_a_draft_is_seen_by_its_author_and_by_admins(shared: Shared) -> None:
    with at(shared, "tara") as tara, at(shared, "dean") as dean, at(shared, "stan") as stan, at(shared, "bob") as bob:
        path = f"{NOTICES}/{tara.post(NOTICES, json=NOTICE | {'is_published': False}).json()['id']}"
        assert [client.get(path).status_code for client in (tara, dean, stan, bob)] == [200, 200, 404, 404]
        assert stan.patch(path, json={"title": "y"}).status_code == 404
        # A student who may not write learns nothing of what is there.
        assert bob.patch(path, json={"title": "y"}).status_code == 403


def test_the_body_of_a_403_has_no_word_that_logs_clients_out(shared: Shared) -> None:
    message = make(shared, CHAT + "/{m}")
    with at(shared, "tara") as tara, at(shared, "bob") as bob:
        for answer in (
            tara.delete(message),
            tara.patch(message, json={"message": "y"}),
            bob.post(NOTICES, json=NOTICE),
            bob.post(ANNOUNCEMENTS, json={"title": "t", "message": "m"}),
        ):
            assert answer.status_code == 403
            assert answer.json() == {"detail": "You do not have permission to perform this action."}
            assert not any(word in answer.text.lower() for word in ("token", "credential", "authentication"))


def test_a_disabled_user_is_out_at_once_everywhere(shared: Shared) -> None:
    (user,) = shared.add({"leaver": ("college_admin", "CAMPUS")})
    with shared.api(user) as client, Stream(shared.server, user) as stream:
        stream.wait_for("connected")
        assert client.get("auth/user/").status_code == 200
        shared.sql("UPDATE users SET is_active = 0 WHERE id = ?", (user.id,))
        assert stream.wait_for("disconnected").data == {"status": "disconnected", "reason": "disabled"}
        refused = client.get("auth/user/")
        assert (refused.status_code, refused.json()) == (401, {"detail": "User inactive or deleted."})
        with Stream(shared.server, user) as again:
            assert again.status == 401
