"""No secret in a log of JSON, in the figures, in the audit, in the stored files, in what commands say, though it was in
the query of every route. One server lives through everything; the last tests read what is left of it.
"""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from realtime.api import routes
from tests.support.samples import PNG
from tests.support.server import ServerFailed, ServerProcess, as_flags
from tests.support.shared import CHATS, PASSWORD, Shared, add_people, sql
from tests.support.sse import EVENTS_PATH, TEST_PATH, Stream
from tests.support.tls import Certificate
from tests.support.waiting import eventually

OTHER, COMMANDS, WRONG = "another horse 8 battery", "operator's horse 9", "my real password 7"
STREAMS = (EVENTS_PATH.rstrip("/"), TEST_PATH.rstrip("/"))


@dataclass
class Scene:
    """A server with everything on that writes, its people, and what must be nowhere."""

    shared: Shared
    certificate: Certificate
    folder: Path
    secrets: set[str] = field(default_factory=lambda: {PASSWORD, OTHER, COMMANDS, WRONG})
    said: list[str] = field(default_factory=list)

    @property
    def server(self) -> ServerProcess:
        return self.shared.server

    def client(self, username: str | None = None, base: str = "/api/v1/") -> httpx.Client:
        headers = self.shared[username].headers if username else None
        url = self.server.url + base
        return httpx.Client(base_url=url, headers=headers, verify=self.certificate.client, trust_env=False, timeout=30)

    def command(self, *args: str, input: str = "") -> None:
        """Run one, right or wrong, and keep what it says."""
        done = self.server.command(*args, input=input, check=False)
        self.said += [done.stdout, done.stderr]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder, certificate = tmp_path_factory.mktemp("elsewhere"), Certificate()
    settings = {"log_format": "json", "log_level": "debug", "access_log": True, "limits": False}
    server = ServerProcess(folder, as_flags({**settings, **certificate.write(folder)}))
    server.expect_errors = True
    server.start()
    try:
        (east,) = sql(server, "SELECT 1")
        rows = {"boss": ("super_admin", ""), "ann": ("student", "CAMPUS"), "bob": ("student", "CAMPUS")}
        people = {user.username: user for user in add_people(server, rows)}
        found = Scene(Shared(server, people, east[0]), certificate, folder)
        found.secrets |= {user.token for user in people.values()}
        yield found
        assert server.stop() == 0
    finally:
        if server.running:
            server.kill()


def test_a_token_in_the_query_of_every_route(scene: Scene) -> None:
    token = scene.shared["ann"].token
    query = f"?token={token}&key={OTHER.replace(' ', '+')}&last_event_id={token}&q={token}"
    with scene.client(base="") as nobody, scene.client("boss", base="") as boss:
        for spec in routes.table():
            path = spec.regex.pattern.removesuffix("$").removesuffix("/?")
            for piece, value in {routes.ID: "1", routes.KEY: token, routes.PATH: token, routes.SEGMENT: token}.items():
                path = path.replace(piece, value)
            for client in (nobody,) if path.endswith("/logout") else (nobody, boss):
                for method in ("GET", "POST", "PATCH", "OPTIONS", "TRACE"):
                    if method != "GET" or path not in (*STREAMS, "/api/v1/communication/poll/events"):
                        client.request(method, (path or "/") + query)
    for user in (scene.shared["ann"], token.upper(), f"{token}x"):
        with Stream(scene.server, user, tls=scene.certificate.client, query={"key": OTHER}) as stream:
            assert stream.status in (200, 401)


def test_signing_in_with_the_password_for_a_name(scene: Scene) -> None:
    with scene.client() as client:
        for pair in ((WRONG, "x"), ("ann", WRONG), (PASSWORD, PASSWORD), ("bob\0", WRONG)):
            assert (
                client.post("auth/login/", json=dict(zip(("username", "password"), pair, strict=True))).status_code
                == 400
            )
        key = client.post("auth/login/", json={"username": "ann", "password": PASSWORD}).json()["key"]
        scene.secrets.add(key)
        bearer = {"Authorization": f"Bearer {key}"}
        client.post("accounts/users/change_password/", json={"old_password": WRONG}, headers=bearer)
        client.post("auth/logout/", headers=bearer)


def test_links_that_set_a_password(scene: Scene) -> None:
    with scene.client("boss") as boss, scene.client(base="") as nobody:
        bob = scene.shared["bob"].id
        link = httpx.URL(boss.post(f"accounts/users/{bob}/set-password/", json={}).json()["link"])
        key = link.params["key"]
        scene.secrets.add(key)
        assert nobody.get("/set-password/", params={"key": key}).status_code == 200
        weak = {"key": key, "password1": "x", "password2": WRONG}
        assert nobody.post("/set-password/", data=weak).status_code == 400
        assert (
            nobody.post("/set-password/", data={"key": key, "password1": OTHER, "password2": OTHER}).status_code == 200
        )
        assert nobody.post(f"/set-password/?key={key}", data=weak).status_code == 404
        nobody.get("/setup/", params={"key": WRONG})
        boss.post(f"accounts/users/{bob}/set-password/", json={"password": OTHER})
        boss.post("accounts/users/", json={"username": "new", "password": "short"})


def test_commands(scene: Scene) -> None:
    scene.command("set-password", "ann", "--password-stdin", input=COMMANDS)
    scene.command("set-password", "ann", "--password-stdin", input=COMMANDS + "\n" + COMMANDS)
    scene.command("set-password", COMMANDS)
    scene.command("create-user", "ann", "--password-stdin", input=COMMANDS)
    for text in (
        f"username,password\ndora,{COMMANDS}\n,{COMMANDS}\nann,{COMMANDS}\n",
        f"username,password\nema,{'x' + COMMANDS * 200}\n",
        f"username,passwort\nema,{COMMANDS}\n",
    ):
        path = scene.folder / "people.csv"
        path.write_text(text, encoding="utf-8")
        scene.command("import-users", str(path))
    assert len([text for text in scene.said if "error: " in text]) >= 5
    path.unlink()


def test_a_crash_in_the_middle_of_things(scene: Scene) -> None:
    with scene.client("ann") as _, scene.client("boss") as boss:
        for table in ("tokens", "users", "receipts", "audit"):
            sql(scene.server, f"ALTER TABLE {table} RENAME TO {table}_away")
            try:
                with scene.client() as client:
                    login = {"username": "boss", "password": PASSWORD}
                    assert client.post("auth/login/", json=login).status_code in (200, 400, 500)
                    client.get(CHATS, headers={"Authorization": f"Token {scene.shared['bob'].token}"})
                body = {"receiver_id": scene.shared["bob"].id, "message": "m", "client_msg_id": "c" + table}
                boss.post(CHATS, data=body, files={"attachment": ("a.png", PNG)})
            finally:
                sql(scene.server, f"ALTER TABLE {table}_away RENAME TO {table}")
    assert "Traceback" in scene.server.log()


def test_a_certificate_that_can_not_be_read(scene: Scene) -> None:
    key = (scene.folder / "key.pem").read_text(encoding="ascii")
    scene.secrets |= {line for line in key.splitlines() if len(line) == 64}
    (scene.folder / "certificate.pem").write_text(key, encoding="ascii")
    os.kill(scene.server.pid, signal.SIGHUP)
    scene.server.wait_log("the certificate stays as it was")
    other = ServerProcess(
        scene.folder / "other", as_flags({name: scene.folder / "key.pem" for name in ("tls_cert", "tls_key")})
    )
    other.data_dir.parent.mkdir()
    with pytest.raises(ServerFailed) as caught:
        other.start()
    scene.said.append(caught.value.text)


# What is left of all that; tests of a file run in their order.


def check(where: str, text: str, secrets: set[str]) -> None:
    for secret in secrets:
        for form in {secret, quote(secret), secret.replace(" ", "+"), secret.upper(), json.dumps(secret)[1:-1]}:
            at = text.find(form)
            assert at < 0, f"{where} has {form!r}: {text[max(0, at - 300) : at + 100]}"


def test_the_log_is_json_and_holds_none(scene: Scene) -> None:
    lines = scene.server.log().splitlines()
    records = [json.loads(line) for line in lines]
    assert len(records) > 500
    assert {"INFO", "ERROR", "WARNING"} <= {record["level"] for record in records}
    assert any("Traceback" in record.get("exception", "") for record in records)
    assert any("[redacted]" in record["message"] for record in records)
    for record in records:
        check("the log", json.dumps(record, ensure_ascii=False), scene.secrets)
    check("the log", "\n".join(lines), scene.secrets)
    tokens = [secret[:20] for secret in scene.secrets if re.fullmatch("[0-9a-f]{40}", secret)]
    assert not [beginning for beginning in tokens if beginning in scene.server.log()]


def test_the_figures_hold_none(scene: Scene) -> None:
    with scene.client("boss", base="") as boss:
        for path in (
            "/metrics",
            "/api/v1/admin/stats/",
            "/api/v1/admin/streams/",
            "/healthz",
            "/readyz",
            "/api/v1/schema/",
        ):
            answer = boss.get(path)
            assert answer.status_code == 200
            check(path, answer.text, scene.secrets)
        assert "ann" not in re.findall(r"\w+", boss.get("/metrics").text)


def test_the_audit_holds_none(scene: Scene) -> None:
    with scene.client("boss") as boss:

        def failures() -> bool:
            found = boss.get("admin/audit/", params={"action": "sign_in_failed", "page_size": 100}).json()["results"]
            return sum(one["count"] for one in found) >= 3

        eventually(failures, "the wrong logins are written")
        pages = [boss.get("admin/audit/", params={"page_size": 100, "page": page}) for page in (1, 2)]
    assert pages[0].json()["count"] > 5
    for page in pages:
        check("the audit", page.text, scene.secrets)


def test_what_commands_say_holds_none(scene: Scene) -> None:
    assert len(scene.said) > 10
    check("a command's output", "\n".join(scene.said), scene.secrets)


def test_the_stored_files_hold_none(scene: Scene) -> None:
    files = [path for path in scene.server.data_dir.rglob("*") if path.is_file()]
    assert any(path.name.endswith("-wal") for path in files)
    content = b"".join(path.read_bytes() for path in files)
    for secret in scene.secrets:
        assert secret.encode() not in content, secret
