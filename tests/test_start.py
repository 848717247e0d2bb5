"""A server that cannot start says why in one line and ends with a code, soon; one on an empty database logs the link of
its first administrator."""

from __future__ import annotations

import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest

from tests.support.campus import api, create_users
from tests.support.server import ROOT, ServerFactory, ServerFailed, ServerProcess
from tests.support.sse import Stream

PROMISED_S = 5.0
DATABASE_NAME = "realtime.sqlite3"
LINK = re.compile(r"(http://127\.0\.0\.1:\d+)(/setup/\?key=[\w-]{20,})$", re.MULTILINE)


def refusal(server: ServerProcess) -> str:
    """What a server says that does not start: one line, in time, and nothing else."""
    before = len(server.log())
    begin_s = time.monotonic()
    with pytest.raises(ServerFailed) as caught:
        server.start()
    took_s = time.monotonic() - begin_s
    assert caught.value.code not in (0, None)
    assert took_s < PROMISED_S
    return one_line(server.log()[before:])


def one_line(said: str) -> str:
    """The line without its `error: `, of a standard error that has no other."""
    assert re.fullmatch(r"error: [^\n]+\n", said), said
    return said.removeprefix("error: ").strip()


def refused_command(server: ServerProcess, *args: str) -> str:
    """The same of a whole command line, as an operator gives it."""
    return refused(server, [sys.executable, str(ROOT / "server.py"), *args])


def refused(server: ServerProcess, command: Sequence[str]) -> str:
    """The same of any program that becomes a server."""
    begin_s = time.monotonic()
    done = subprocess.run(
        command,
        cwd=server.data_dir.parent,
        env=server.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert time.monotonic() - begin_s < PROMISED_S
    assert done.returncode != 0
    assert done.stdout == ""
    return one_line(done.stderr)


@pytest.fixture
def stopped(server_factory: ServerFactory) -> ServerProcess:
    """A server that has not been started."""
    return server_factory(start=False)


# The port


def test_a_busy_port(server: ServerProcess, stopped: ServerProcess) -> None:
    said = refused_command(stopped, "--port", str(server.port), "--data-dir", str(stopped.data_dir))
    assert f"127.0.0.1:{server.port}" in said
    with httpx.Client(trust_env=False) as client:
        assert client.get(f"{server.url}/healthz").status_code == 200


def test_an_address_that_is_not_ours(stopped: ServerProcess) -> None:
    for address in ("192.0.2.1", "no.such.host.invalid"):
        assert address in refused_command(stopped, "--address", address, "--data-dir", str(stopped.data_dir))


def test_an_inherited_socket_that_is_none(stopped: ServerProcess) -> None:
    for count in ("one", "1"):  # not a number, and a number of descriptors that are not there
        stopped.env["LISTEN_FDS"] = count
        script = 'LISTEN_PID=$$ exec "$0" "$@" 3<&-'
        server = [sys.executable, str(ROOT / "server.py"), "--data-dir", str(stopped.data_dir)]
        assert "LISTEN_FDS" in refused(stopped, ["sh", "-c", script, *server])


# The folder


def test_a_second_server_on_the_folder(server: ServerProcess, server_factory: ServerFactory) -> None:
    second = server_factory(folder=server.data_dir.parent, start=False)
    said = refusal(second)
    assert str(server.data_dir) in said
    assert str(server.pid) in said
    (user,) = create_users(server, "ann_lee")
    with Stream(server, user) as stream:
        stream.wait_for("connected")
    server.restart()  # and it is the folder's own again


def test_a_killed_server_does_not_lock_the_folder(server: ServerProcess) -> None:
    server.kill()
    server.start()


def test_a_folder_that_cannot_be_made(stopped: ServerProcess) -> None:
    """Below a file, where not even root makes one."""
    file = stopped.data_dir.parent / "file"
    file.write_text("not a folder", encoding="utf-8")
    for folder in (file / "data", file):
        assert str(file) in refused_command(stopped, "--data-dir", str(folder), "--port", "0")


def test_a_folder_that_cannot_be_written(stopped: ServerProcess) -> None:
    """Nobody makes files in /proc."""
    assert "/proc" in refused_command(stopped, "--data-dir", "/proc", "--port", "0")


def test_a_folder_in_the_place_of_the_database(stopped: ServerProcess) -> None:
    (stopped.data_dir / DATABASE_NAME).mkdir(parents=True)
    assert DATABASE_NAME in refusal(stopped)


# The database


@pytest.mark.parametrize("content", [b"\x00garbage\xff" * 4096, b"SQLite format 3\x00" + b"\xff" * 8192])
def test_a_file_that_is_no_database(stopped: ServerProcess, content: bytes) -> None:
    stopped.data_dir.mkdir()
    path = stopped.data_dir / DATABASE_NAME
    path.write_bytes(content)
    assert DATABASE_NAME in refusal(stopped)
    assert path.read_bytes() == content, "what it cannot read it leaves alone"


@pytest.mark.parametrize("damage", [b"\xff", b"\x00"])
def test_a_damaged_database(server: ServerProcess, damage: bytes) -> None:
    create_users(server, "ann_lee")
    assert server.stop() == 0
    path = server.data_dir / DATABASE_NAME
    content = path.read_bytes()
    path.write_bytes(content[:100] + damage * (len(content) - 100))
    refusal(server)


def test_a_database_from_the_future(server: ServerProcess) -> None:
    assert server.stop() == 0
    with closing(sqlite3.connect(server.data_dir / DATABASE_NAME)) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        database.execute("PRAGMA user_version = 999")
        database.commit()
    said = refusal(server)
    assert "999" in said
    assert str(version) in said


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bad", "CREATE TABLE made (id INTEGER);\nINSERT INTO made VALUES (1);\nSELECT no_such_column FROM made;"),
        ("commits", "CREATE TABLE made (id INTEGER);\nCOMMIT;"),
        ("unfinished", "CREATE TABLE made (id INTEGER);\nCREATE TABLE"),
    ],
)
def test_i9_a_bad_migration_leaves_the_database_as_it_was(
    server: ServerProcess, tmp_path: Path, name: str, text: str
) -> None:
    (user,) = create_users(server, "ann_lee")
    assert server.stop() == 0
    newer = copy_of_project(tmp_path)
    folder = newer / "data" / "migrations"
    number = len(list(folder.glob("*.sql"))) + 1
    migration = folder / f"{number:04}_{name}.sql"
    migration.write_text(text, encoding="utf-8")
    said = refused_by(newer, server)
    assert migration.name in said
    with closing(sqlite3.connect(server.data_dir / DATABASE_NAME)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (number - 1,)
        assert not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'made'").fetchall()
    server.start()
    with api(server, user) as client:
        assert client.get("auth/user/").json()["username"] == "ann_lee"


def test_a_missing_migration(stopped: ServerProcess, tmp_path: Path) -> None:
    newer = copy_of_project(tmp_path)
    (newer / "data" / "migrations" / "0099_late.sql").write_text("SELECT 1;", encoding="utf-8")
    assert "0099_late.sql" in refused_by(newer, stopped)


def copy_of_project(tmp_path: Path) -> Path:
    """What `python server.py` needs, in a folder of its own."""
    target = tmp_path / "newer"
    target.mkdir()
    for path in ROOT.glob("*.py"):
        shutil.copy(path, target)
    for name in ("commands", "data", "realtime"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def refused_by(project: Path, server: ServerProcess) -> str:
    """What another copy of the project says that does not start on this server's folder."""
    before = len(server.log())

    class Other(ServerProcess):
        def _server(self) -> list[str]:
            return [str(project / "server.py"), "--data-dir", str(self.data_dir)]

    said = refusal(Other(server.data_dir.parent))
    assert len(server.log()) > before
    return said


# The settings


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--heartbeat-s", "0"], "--heartbeat-s"),
        (["--heartbeat-s", "soon"], "--heartbeat-s"),
        (["--port", "65536"], "--port"),
        (["--log-level", "loud"], "--log-level"),
        (["--shutdown-retry-min-s", "11"], "shutdown_retry_min_s"),
        (["--no-such-setting", "1"], "--no-such-setting"),
        (["--tls-cert", "only-one.pem"], "tls_key"),
        (["no-such-command"], "no-such-command"),
    ],
)
def test_a_bad_setting(stopped: ServerProcess, flags: list[str], named: str) -> None:
    stopped.flags = flags
    assert named in refusal(stopped)
    assert not list(stopped.data_dir.iterdir()), "nothing is made before all is known to be right"


def test_a_bad_setting_of_the_environment(server_factory: ServerFactory) -> None:
    for name, value in (("REALTIME_HEARTBEAT_S", "-1"), ("REALTIME_NO_SUCH_SETTING", "1")):
        assert name in refusal(server_factory(start=False, env={name: value}))


def test_a_bad_setting_of_a_file(stopped: ServerProcess) -> None:
    path = stopped.data_dir.parent / "realtime.toml"
    stopped.flags = ["--config", str(path)]
    assert "realtime.toml" in refusal(stopped)
    for text in ("heartbeat_s = -1\n", "no_such_setting = 1\n", "heartbeat_s = \n"):
        path.write_text(text, encoding="utf-8")
        assert "realtime.toml" in refusal(stopped)


def test_a_bad_tls_file(stopped: ServerProcess) -> None:
    path = stopped.data_dir.parent / "bad.pem"
    stopped.flags = ["--tls-cert", str(path), "--tls-key", str(path)]
    assert "bad.pem" in refusal(stopped)
    path.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", encoding="utf-8")
    assert "bad.pem" in refusal(stopped)


# The first one in


def test_an_empty_database_logs_the_link_of_the_first_administrator(server: ServerProcess) -> None:
    (found,) = LINK.findall(server.log())
    address, path = found
    assert address == server.url
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        page = client.get(path)
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        # Asked for, the same link shows in no log line.
        client.get(path + "&token=" + "ab" * 20)
    server.restart()
    links = LINK.findall(server.log())
    assert len(links) == 2, "one for each start, as long as there is nobody"
    assert links[0] != links[1]
    create_users(server, "ann_lee")
    server.restart()
    assert len(LINK.findall(server.log())) == 2
    assert server.log().count("key=") == 2


def test_a_database_with_users_logs_no_link(server_factory: ServerFactory) -> None:
    server = server_factory(start=False)
    create_users(server, "ann_lee")
    server.start()
    assert "key=" not in server.log()


def test_the_link_begins_with_the_public_address(server_factory: ServerFactory) -> None:
    server = server_factory(public_url="https://campus.example/chat")
    assert "https://campus.example/chat/setup/?key=" in server.log()


def test_nobody_else_may_read_what_is_stored(server: ServerProcess) -> None:
    modes = {path: path.stat().st_mode & 0o077 for path in server.data_dir.iterdir()}
    assert len(modes) > 1
    assert set(modes.values()) == {0}, modes


def test_without_descriptors_the_server_waits_and_goes_on(server: ServerProcess) -> None:
    server.expect_errors = True
    limit = 100
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (limit, limit))
    with ExitStack() as stack:
        for _ in range(limit):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        server.wait_log("no new connection")
        assert server.log().count("\n") < 50, "it says so once a second and not in a tight loop"
    assert httpx.get(f"{server.url}/healthz", timeout=30).status_code == 200
