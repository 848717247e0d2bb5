"""`backup`: whole and checked, beside a server that writes, or not there at all."""

from __future__ import annotations

import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.commands.support import ROOT, Run
from tests.support.campus import User, api, create_users, send
from tests.support.samples import PNG, stored_files
from tests.support.server import ServerFactory, ServerProcess
from tests.support.waiting import eventually

CHATS = "communication/chats/"
SLOW = ("--rate", "0.05")  # some ten seconds for an empty campus


def manifest_of(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        held: dict[str, Any] = json.loads(archive.read("manifest.json"))
    return held


@contextmanager
def unpacked(path: Path, folder: Path) -> Iterator[sqlite3.Connection]:
    """The backup's own database, and its files in `folder`."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    with closing(sqlite3.connect(folder / "realtime.sqlite3")) as connection:
        yield connection


def send_file(client: httpx.Client, receiver: User, content: bytes) -> dict[str, Any]:
    answer = client.post(CHATS, data={"receiver_id": receiver.id}, files={"attachment": ("a.png", content)})
    assert answer.status_code == 201, answer.text
    stored: dict[str, Any] = answer.json()
    return stored


class Busy:
    """Ann sends to Bob without a pause: texts and files, and deletes every third. `sent` is what was answered."""

    def __init__(self, server: ServerProcess, ann: User, bob: User) -> None:
        self._of = (server, ann, bob)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.sent: list[int] = []
        self.failed: list[str] = []

    def __enter__(self) -> Busy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _work(self) -> None:
        server, ann, bob = self._of
        with api(server, ann) as client:
            while not self._ends.is_set():
                number = len(self.sent)
                stored = send_file(client, bob, PNG + b"%d" % number)
                self.sent.append(int(stored["id"]))
                if number % 3 == 2:
                    answer = client.delete(f"{CHATS}{stored['id']}/")
                    if answer.status_code != 204:
                        self.failed.append(answer.text)
                send(client, bob, f"text {number}")


def test_a_backup_beside_a_busy_server_is_of_one_moment(server_factory: ServerFactory, tmp_path: Path) -> None:
    server = server_factory(limits=False)
    ann, bob = create_users(server, "ann", "bob")
    target = tmp_path / "campus.zip"
    with Busy(server, ann, bob) as busy:
        eventually(lambda: len(busy.sent) > 20, "some messages")
        before = list(busy.sent)
        # So slow that the server commits between any two steps: a copy that began anew then would never end.
        done = server.command("backup", str(target), "--rate", "0.6")
        eventually(lambda: len(busy.sent) > len(before) + 3, "it goes on sending")
    assert not busy.failed
    assert done.stdout.startswith(f"{target}: ")
    assert done.stdout.count("\n") == 1
    assert done.stderr == "", "no bar where nobody looks, and no warning"
    assert target.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.glob(".*")) == []
    with unpacked(target, tmp_path / "there") as database:
        ids = [row[0] for row in database.execute("SELECT id FROM messages ORDER BY id")]
        assert ids == list(range(1, len(ids) + 1)), "of one moment: no gap"
        assert len(ids) >= max(before), "all that was answered before it began"
        rows = database.execute("SELECT key, size_bytes FROM files").fetchall()
        assert rows
        for key, size in rows:
            assert (tmp_path / "there/files" / key[:2] / key).stat().st_size == size
    assert manifest_of(target)["missing"] == []
    assert manifest_of(target)["rows"]["messages"] == len(ids)


def test_a_file_that_is_there_stays(run: Run, folder: Path, tmp_path: Path) -> None:
    run("create-user", "ann")
    target = tmp_path / "campus.zip"
    run("backup", str(target))
    old = target.read_bytes()
    assert "is there already; --force replaces it" in run("backup", str(target), code=1).stderr
    assert target.read_bytes() == old
    run("create-user", "bob")
    run("backup", str(target), "--force")
    assert manifest_of(target)["rows"]["users"] == 2
    # A source that cannot be copied: the old backup is still the one that is there.
    old = target.read_bytes()
    path = folder / "realtime.sqlite3"
    path.write_bytes(path.read_bytes()[: 100 * 4096])
    assert run("backup", str(target), "--force", code=1).stderr.count("\n") == 1
    assert target.read_bytes() == old
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def start_slow(run: Run, folder: Path, target: Path) -> subprocess.Popen[str]:
    """A backup that has begun to copy and will not be done soon."""
    run("create-user", "ann")
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "server.py"), "--data-dir", str(folder), "backup", str(target), *SLOW],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    scratch = target.with_name(f".{target.name}.partial.sqlite3")
    eventually(scratch.exists, "it copies")
    return process


def test_an_interrupted_one_leaves_nothing(run: Run, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "campus.zip"
    target.parent.mkdir()
    for number in (signal.SIGTERM, signal.SIGINT):
        process = start_slow(run, folder, target)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err.strip()) == (1, "", "error: interrupted")
        assert list(target.parent.iterdir()) == []
        (folder / "realtime.sqlite3").unlink()


def test_what_a_kill_left_is_used_by_the_next(run: Run, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "campus.zip"
    target.parent.mkdir()
    process = start_slow(run, folder, target)
    assert "another backup" in run("backup", str(target), code=1).stderr
    process.kill()
    process.communicate(timeout=30)
    assert not target.exists()
    run("backup", str(target))
    assert [path.name for path in target.parent.iterdir()] == ["campus.zip"]


def test_places_that_are_none(run: Run, folder: Path, tmp_path: Path) -> None:
    assert "there is no database" in run("backup", str(tmp_path / "x.zip"), code=1).stderr
    run("create-user", "ann")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for target, said in (
        (tmp_path, "is a folder"),
        (tmp_path / "nowhere" / "x.zip", "there is no folder"),
        (folder / "x.zip", "is in the data folder"),
        (pipe, "is a device or a pipe"),
    ):
        err = run("backup", "--force", str(target), code=1).stderr
        assert said in err
        assert err.count("\n") == 1
    assert pipe.is_fifo(), "--force puts nothing in its place"
    assert "is a device or a pipe" in run("restore", str(pipe), code=1).stderr
    assert "newer than this program" in _of_the_future(run, folder, tmp_path)


def _of_the_future(run: Run, folder: Path, tmp_path: Path) -> str:
    with closing(sqlite3.connect(folder / "realtime.sqlite3")) as connection:
        connection.execute("PRAGMA user_version = 99")
    return run("backup", str(tmp_path / "x.zip"), code=1).stderr


def test_a_missing_and_a_changed_file_are_told(server: ServerProcess, tmp_path: Path) -> None:
    ann, bob = create_users(server, "ann", "bob")
    with api(server, ann) as client:
        for content in (b"one", b"two", b"three"):
            send_file(client, bob, PNG + content)
    gone, changed, _ = stored_files(server)
    gone.unlink()
    changed.write_bytes(changed.read_bytes()[:-1] + b"?")
    target = tmp_path / "campus.zip"
    done = server.command("backup", str(target))
    assert "2 files that rows name are not in the data folder, or damaged there" in done.stderr
    assert sorted(manifest_of(target)["missing"]) == sorted([gone.name, changed.name])
    assert manifest_of(target)["files"] == 1


def test_what_is_left_out_is_said(server: ServerProcess, tmp_path: Path) -> None:
    ann, bob = create_users(server, "ann", "bob")
    with api(server, ann) as client:
        send_file(client, bob, PNG)
    done = server.command("backup", str(tmp_path / "a.zip"), "--database-only")
    assert done.stderr == "the files that people sent are not in this backup\n"
    assert manifest_of(tmp_path / "a.zip")["without"] == "database only"
    done = server.command("--s3-bucket", "campus", "backup", str(tmp_path / "b.zip"))
    assert "s3://campus/campus/ and not in this backup: copy the bucket as well" in done.stderr
    for name in ("a.zip", "b.zip"):
        with zipfile.ZipFile(tmp_path / name) as archive:
            assert sorted(archive.namelist()) == ["manifest.json", "realtime.sqlite3"]


def test_a_terminal_sees_a_bar(run: Run, folder: Path, tmp_path: Path) -> None:
    run("create-user", "ann")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "server.py"), "--data-dir", str(folder), "backup", str(tmp_path / "x.zip")],
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    seen = b""
    try:
        while piece := os.read(ours, 4096):
            seen += piece
    except OSError:
        assert process.wait(30) == 0, "the other end of a terminal closes with an error"
    finally:
        os.close(ours)
    assert b"database" in seen
    assert b"100%" in seen
    out, _ = process.communicate(timeout=30)
    assert out.startswith(f"{tmp_path / 'x.zip'}: ")
