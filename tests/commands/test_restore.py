"""`restore`: the past comes back whole, nothing is lost by a mistake, and no stream is told wrong (I2, I7)."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from data import backup_archive, restoring
from data.errors import DataError
from data.migrate import MIGRATIONS, migrate, newest
from tests.commands.support import Run
from tests.commands.test_backup import send_file
from tests.support.campus import User, api, create_tokens, create_user, create_users, send
from tests.support.samples import PNG, stored_files
from tests.support.server import ServerProcess
from tests.support.sse import Stream

NOW = "2026-01-09T10:30:00.000000Z"
STEP = 1_000_000_000
POLL = "communication/poll/events/"


def asked(server: ServerProcess, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(server.data_dir / "realtime.sqlite3")) as connection:
        return connection.execute(sql).fetchall()


def position(server: ServerProcess) -> int:
    (found,) = asked(server, "SELECT seq FROM sqlite_sequence WHERE name = 'event_log'")
    assert isinstance(found[0], int)
    return found[0]


def restore(server: ServerProcess, path: Path, *flags: str) -> str:
    """Stop, restore, start again; what the command said."""
    if server.running:
        assert server.stop() == 0
    done = server.command("restore", str(path), *flags)
    server.start()
    return done.stdout + done.stderr


@dataclass
class Past:
    """A server whose `before` messages are in the backup at `path`, and whose `after` ones are not."""

    server: ServerProcess
    ann: User
    bob: User
    path: Path
    address: str
    before: list[int]
    after: list[int]
    backed_up_id: int


@pytest.fixture
def past(server: ServerProcess, tmp_path: Path) -> Past:
    ann, bob = create_users(server, "ann_lee", "bob_ray")
    path = tmp_path / "campus.zip"
    with api(server, ann) as client:
        before = [int(str(send(client, bob, text, client_msg_id=text)["id"])) for text in ("one", "two")]
        address = str(send_file(client, bob, PNG + b"before")["attachment"])
        server.command("backup", str(path))
        backed_up_id = position(server)
        after = [int(str(send(client, bob, text, client_msg_id=text)["id"])) for text in ("lost", "gone")]
        send_file(client, bob, PNG + b"after")
    return Past(server, ann, bob, path, address, before, after, backed_up_id)


def told(stream: Stream) -> list[str]:
    return [event.data["message"] for event in stream.events("message") if event.data["message"]]


def test_i2_i7_every_cursor_is_answered_after_a_restore(past: Past) -> None:
    server = past.server
    lost_id = position(server)
    said = restore(server, past.path)
    now_id = position(server)
    assert now_id - past.backed_up_id == STEP
    assert f"cursors above {past.backed_up_id} are told to fetch again" in said
    for cursor in (past.backed_up_id + 1, lost_id, now_id - 1):
        with Stream(server, past.bob, last_event_id=cursor) as stream:
            snapshot = stream.wait_for("presence_snapshot")
            (resync,) = stream.events("resync")
            assert resync.data == {"reason": "lost", "last_event_id": now_id}
            assert (resync.id, stream.last_event_id) == (now_id, now_id)
            assert snapshot.index > resync.index
    with api(server, past.bob) as client:
        answer = client.get(POLL, params={"last_event_id": lost_id}).json()
        assert [event["event"] for event in answer["events"]] == ["resync", "presence_snapshot"]
        assert answer["last_event_id"] == now_id
    cursors = {0: ["one", "two"], past.backed_up_id: [], now_id: []}
    streams = {cursor: Stream(server, past.bob, last_event_id=cursor) for cursor in cursors}
    with api(server, past.ann) as client:
        new_id = int(str(send(client, past.bob, "new")["id"]))
    assert new_id > max(past.after), "no id is given twice"
    for cursor, missed in cursors.items():
        with streams[cursor] as stream:
            news = stream.wait_for("message", message="new")
            assert told(stream) == [*missed, "new"]
            assert news.id is not None
            assert news.id > now_id
            assert not stream.events("resync")


def test_what_was_there_is_back_and_what_was_replaced_is_kept(past: Past) -> None:
    server = past.server
    replaced = {path.name for path in stored_files(server)}
    said = restore(server, past.path)
    assert httpx.get(past.address).content == PNG + b"before"
    assert [row[0] for row in asked(server, "SELECT id FROM messages ORDER BY id")][:2] == past.before
    assert len(stored_files(server)) == 1
    (kept,) = server.data_dir.glob("before-restore-*")
    assert f"what was there is in {kept}" in said
    assert {path.name for path in (kept / "files").rglob("*") if path.is_file()} == replaced
    with closing(sqlite3.connect(kept / "realtime.sqlite3")) as connection:
        texts = [row[0] for row in connection.execute("SELECT text FROM messages ORDER BY id")]
    assert texts[:2] + texts[3:5] == ["one", "two", "lost", "gone"]
    # A client that asks again with the same client_msg_id: the first answer, or, for what was lost, a new message.
    with api(server, past.ann) as client:
        answers = [
            client.post(
                "communication/chats/", json={"receiver_id": past.bob.id, "message": text, "client_msg_id": text}
            )
            for text in ("one", "lost")
        ]
    assert [answer.status_code for answer in answers] == [200, 201]
    assert answers[0].json()["id"] == past.before[0]
    assert answers[1].json()["id"] > STEP


def test_a_second_restore_gives_no_id_of_the_first_again(past: Past) -> None:
    server = past.server
    restore(server, past.path)
    with api(server, past.ann) as client:
        first_id = int(str(send(client, past.bob, "of the first")["id"]))
    cursor = position(server)
    restore(server, past.path)
    assert position(server) == past.backed_up_id + 2 * STEP
    with Stream(server, past.bob, last_event_id=cursor) as stream:
        assert stream.wait_for("resync").data["reason"] == "lost"
    with api(server, past.ann) as client:
        assert int(str(send(client, past.bob, "of the second")["id"])) > first_id
    assert len(list(server.data_dir.glob("before-restore-*"))) == 2


def is_good(server: ServerProcess, user: User) -> bool:
    with api(server, user) as client:
        return client.get("communication/chats/unread-count/").status_code == 200


def test_sessions_that_ended_after_the_backup_stay_ended(past: Past) -> None:
    server, ann, bob = past.server, past.ann, past.bob
    (second,) = create_tokens(server, ["ann_lee"])
    cat, dan = create_users(server, "cat", "dan")
    boss = create_user(server, "boss", user_type="super_admin")
    with api(server, boss) as client:
        link = client.post(f"accounts/users/{cat.id}/password-link/").json()
    server.command("backup", str(past.path), "--force")
    with api(server, boss) as client:
        assert client.delete(f"accounts/users/{dan.id}/").status_code == 204
    with api(server, ann) as client:
        assert client.post("auth/logout/").status_code == 200
    server.command("set-password", "cat", "--password-stdin", input="securePassword123")
    said = restore(server, past.path)
    assert [is_good(server, user) for user in (ann, second, bob, cat, dan)] == [False, True, True, False, False]
    assert "sessions: 3 stay, 3 are ended" in said
    assert "active again, though disabled after the backup: dan" in said
    assert "their passwords are those of the backup again: cat" in said
    assert asked(server, "SELECT count(*) FROM one_time_links") == [(0,)]
    assert "token" not in link, "a link is all that there is to steal"
    restore(server, past.path, "--end-sessions")
    assert not is_good(server, bob)
    restore(server, past.path, "--keep-sessions")
    assert [is_good(server, user) for user in (ann, second, bob, cat, dan)] == [True] * 5


def test_on_a_new_machine(past: Past, run: Run, folder: Path) -> None:
    said = run("restore", str(past.path)).stdout
    assert "before-restore" not in said
    assert "0 stay, 2 are ended: there was no database in the folder" in said
    with closing(sqlite3.connect(folder / "realtime.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (2,)
    # A while later, and nothing is left of the first time: the log's ids are others nevertheless.
    with zipfile.ZipFile(past.path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members["manifest.json"]) | {"made_at": "2020-01-01T00:00:00.000000Z"}
    with zipfile.ZipFile(past.path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, json.dumps(manifest) if name == "manifest.json" else content)
    run("restore", str(past.path))
    with closing(sqlite3.connect(folder / "realtime.sqlite3")) as connection:
        found = dict(connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    assert 1_000_000 * STEP < found["event_log"] < 2**53
    assert 2 * STEP <= found["messages"] < 3 * STEP


def listing(folder: Path) -> dict[str, str]:
    """What lies in a folder, but for the lock and for what SQLite keeps beside a database that is open."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock" and not path.name.endswith(("-wal", "-shm"))
    }


def refused(server: ServerProcess, path: Path) -> str:
    """What is said of a file that is restored into the server's folder, without a process for it."""
    with path.open("rb") as file, pytest.raises(DataError) as raised, backup_archive.opened(path, file) as archive:
        restoring.restore(archive, server.data_dir, own_files=True, sessions="known", now=NOW, progress=lambda *_: None)
    return str(raised.value)


def test_what_is_no_backup_changes_nothing(past: Past, tmp_path: Path) -> None:
    server, path = past.server, tmp_path / "bad.zip"
    before = listing(server.data_dir)
    done = server.command("restore", str(past.path), check=False)
    assert done.returncode == 1
    assert f"in use by process {server.pid}. Stop the server first." in done.stderr
    assert done.stderr.count("\n") == 1
    assert listing(server.data_dir) == before
    assert server.stop() == 0
    before = listing(server.data_dir)
    whole = past.path.read_bytes()
    with zipfile.ZipFile(past.path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
        at = {info.filename: info.header_offset + 200 for info in archive.infolist()}
    bad = [b"", b"no backup at all" * 100, whole[:-30], whole[: len(whole) // 2]]
    for place in (*at.values(), at["realtime.sqlite3"] + 4096 * 20):
        bad.append(whole[:place] + bytes([whole[place] ^ 0x40]) + whole[place + 1 :])
    for content in bad:
        path.write_bytes(content)
        assert "\n" not in refused(server, path)
        assert listing(server.data_dir) == before
    for wrong, said in (
        ({"schema": newest() + 1}, "newer than this program"),
        ({"format": 2}, "newer kind of backup"),
        ({"rows": {"users": 5}}, "is not the one that its manifest describes"),
        ({"missing": 5, "format": "x"}, "is not a backup"),
        ({"missing": 5}, "a manifest that is none"),
        ({"rows": ["users"]}, "a manifest that is none"),
        ({"schema": "6"}, "a manifest that is none"),
        ({"made_at": "yesterday"}, "a manifest that is none"),
    ):
        with zipfile.ZipFile(path, "w") as target:
            for name, content in members.items():
                is_manifest = name == "manifest.json"
                target.writestr(name, json.dumps(json.loads(content) | wrong) if is_manifest else content)
        assert said in refused(server, path)
        assert listing(server.data_dir) == before
    for name in (path, tmp_path / "nowhere.zip"):
        done = server.command("restore", str(name), check=False)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert listing(server.data_dir) == before


def test_a_backup_without_files_leaves_those_that_are_there(past: Past, tmp_path: Path) -> None:
    server = past.server
    path = tmp_path / "database.zip"
    server.command("backup", str(path), "--database-only")
    with api(server, past.ann) as client:
        later = str(send_file(client, past.bob, PNG + b"later")["attachment"])
    restore(server, path)
    assert httpx.get(past.address).content == PNG + b"before"
    assert httpx.get(later).status_code == 404
    (kept,) = server.data_dir.glob("before-restore-*")
    assert len([one for one in (kept / "files").rglob("*") if one.is_file()]) == 3, "the sweep of the start took none"


def test_an_older_backup_is_brought_to_the_new_schema(run: Run, folder: Path, tmp_path: Path) -> None:
    older = tmp_path / "older"
    older.mkdir()
    for file in sorted(MIGRATIONS.glob("*.sql"))[:1]:
        (older / file.name).write_bytes(file.read_bytes())
    folder.mkdir()
    migrate(folder / "realtime.sqlite3", older)
    run("backup", str(tmp_path / "old.zip"))
    run("restore", str(tmp_path / "old.zip"))
    with closing(sqlite3.connect(folder / "realtime.sqlite3")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (newest(),)
        assert connection.execute("SELECT count(*) FROM log_holes").fetchone() == (1,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_is_restored_is_the_folder_owners(run: Run, folder: Path, tmp_path: Path) -> None:
    is_root = os.geteuid() == 0  # only root restores for somebody else
    owner = (12345, 12345) if is_root else (os.geteuid(), os.getegid())
    run("create-user", "ann")
    run("backup", str(tmp_path / "b.zip"))
    os.chown(folder, *owner)
    (folder / "lock").unlink()  # as in an empty folder that was made for the server on a new machine
    run("restore", str(tmp_path / "b.zip"))
    for name in ("realtime.sqlite3", "files", "lock"):
        found = (folder / name).stat()
        assert (found.st_uid, found.st_gid) == owner
