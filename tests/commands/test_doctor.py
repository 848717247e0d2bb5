"""`doctor`: a healthy installation is well, and each thing that is not is named, with what to change."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

import settings
from commands import doctor_data, doctor_finding, doctor_ticks
from data import clock
from tests.commands.support import Run
from tests.commands.test_backup import send_file
from tests.support.campus import api, create_users
from tests.support.nginx import HOLDING, WELL, Nginx
from tests.support.samples import PNG, stored_files
from tests.support.server import ServerFactory, ServerProcess
from tests.support.tls import Certificate
from tests.support.waiting import eventually

HEARTBEAT_S = 3
NOBODY = 65534
CUTTING = WELL.replace("proxy_read_timeout 1h", "proxy_read_timeout 2s")
COMPRESSING = WELL + "gzip on; gzip_types text/event-stream; gzip_min_length 1; gzip_proxied any;"

Told = dict[str, tuple[str, str, str]]


def doctor(server: ServerProcess, *args: str, settings: tuple[str, ...] = (), code: int = 0, mode: int = 0o700) -> Told:
    """Level, finding and change, by name. `mode` is the data folder's, which tests make as any other folder."""
    server.data_dir.mkdir(exist_ok=True)
    server.data_dir.chmod(mode)
    own = ("--port", str(server.port), *server.flags)
    done = server.command(*own, *settings, "doctor", "--json", *args, check=False)
    assert done.stderr == ""
    assert done.returncode == code, done.stdout
    told = json.loads(done.stdout)
    assert told["ok"] is (code == 0)
    assert all(one["change"] or one["level"] != "bad" for one in told["findings"]), "what to change"
    return {one["name"]: (one["level"], one["found"], one["change"]) for one in told["findings"]}


def test_proxies_are_told_apart(server_factory: ServerFactory, tmp_path: Path) -> None:
    server = server_factory(heartbeat_s=HEARTBEAT_S)
    ways = {"well": WELL, "holding": HOLDING, "cutting": CUTTING, "compressing": COMPRESSING}
    with ExitStack() as stack:
        ports = {name: stack.enter_context(Nginx(tmp_path / name, server, text)).port for name, text in ways.items()}
        with ThreadPoolExecutor(len(ways)) as pool:
            found = {
                name: pool.submit(doctor, server, "--url", f"http://127.0.0.1:{port}", code=int(name != "well"))
                for name, port in ports.items()
            }
            told = {name: one.result() for name, one in found.items()}
    for one in told.values():
        assert one["public address"][0] == "ok"
        assert one["trusted proxies"][0] == "warn", "a proxy is there, and nobody trusts it"
    assert [told["well"][name][0] for name in ("ticks", "idle", "http")] == ["ok", "ok", "ok"]
    assert f"{HEARTBEAT_S} s of silence" in told["well"]["idle"][1]
    assert told["holding"]["ticks"][:2][0] == "bad"
    assert "buffered" in told["holding"]["ticks"][1]
    assert "proxy_buffering off" in told["holding"]["ticks"][2]
    assert "idle" not in told["holding"], "when nothing comes at once nothing is known of silence"
    assert [told["cutting"][name][0] for name in ("ticks", "idle")] == ["ok", "bad"]
    assert "cut after 2." in told["cutting"]["idle"][1]
    assert "proxy_read_timeout" in told["cutting"]["idle"][2]
    assert told["compressing"]["ticks"][0] == "bad"
    assert "compressed (gzip)" in told["compressing"]["ticks"][1]


def test_a_healthy_server_is_well(server: ServerProcess) -> None:
    own = ("--port", str(server.port))
    with ThreadPoolExecutor(3) as pool:
        as_json = pool.submit(doctor, server, "--quick")
        as_text = pool.submit(server.command, *own, "doctor", "--quick")
        elsewhere = pool.submit(doctor, server, "--quick", settings=("--port", "9"))
    told = as_json.result()
    assert told["port"] == ("ok", f"127.0.0.1:{server.port}: the server, process {server.pid}", "")
    assert "of the server" in told["file limit"][1]
    assert "the server itself was tried" in told["public address"][1]
    assert told["ticks"][0] == "ok"
    for name in ("vanished peers", "data folder", "leftovers", "write-ahead log", "schema", "files"):
        assert told[name][0] == "ok", told[name]
    assert {"versions", "backlog", "disk", "clock", "trusted proxies", "http"} <= told.keys()
    assert "integrity" not in told, "it is quick"
    text = as_text.result().stdout
    assert f"ok   port: 127.0.0.1:{server.port}: the server" in text
    assert all(line[:5] in ("ok   ", "warn ", "bad  ") for line in text.splitlines())
    assert "the settings say 127.0.0.1:9" in elsewhere.result()["port"][1]


def test_another_server_is_not_taken_for_this_one(server_factory: ServerFactory) -> None:
    one, other = server_factory(), server_factory()
    told = doctor(one, "--quick", "--url", other.url, code=1)
    assert told["public address"][0] == "bad"
    assert "leads to another server" in told["public address"][1]
    assert "ticks" not in told
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        told = doctor(one, "--quick", "--url", f"http://127.0.0.1:{nobody.getsockname()[1]}", code=1)
    assert told["public address"][:2][0] == "bad"
    assert "cannot be reached: Connection refused" in told["public address"][1]


def test_without_a_server_and_without_anything(run: Run, folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    text = run("--port", port, "doctor").stdout
    assert "ok   data folder: " in text
    assert f"ok   port: 127.0.0.1:{port} is free" in text
    assert not folder.exists(), "it makes nothing"
    assert "error: --url: must be an address" in run("doctor", "--url", "campus", code=2).stderr


def test_a_data_folder_that_nothing_can_be_told_of_is_said(folder: Path) -> None:
    database = folder / "realtime.sqlite3"
    subject = doctor_finding.subject(settings.load({"data_dir": str(folder)}, {}, None), database)

    def bad() -> list[str]:
        found = [*doctor_data.look(subject, quick=True)]
        assert doctor_data.campus_stamp(subject) is None
        return [one.found for one in found if one.level == "bad"]

    folder.write_bytes(b"")
    assert bad() == [f"{folder} is no folder"]
    folder.unlink()
    database.mkdir(parents=True)
    folder.chmod(0o700)
    assert bad() == [f"{database} is no file that this user can read"]
    database.rmdir()
    database.write_bytes(b"")
    folder.chmod(0)
    with as_nobody():
        (found,) = bad()
    folder.chmod(0o700)
    # The second where a folder above is closed to nobody as well.
    assert found in (f"this user cannot look into {folder}", f"{folder}: Permission denied")


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may look everywhere; so this process is somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def test_what_is_wrong_with_a_data_folder(server: ServerProcess) -> None:
    ann, bob = create_users(server, "ann", "bob")
    with api(server, ann) as client:
        send_file(client, bob, PNG)
    (file,) = stored_files(server)
    assert server.stop() == 0
    file.write_bytes(b"")
    (server.data_dir / "restore.partial").mkdir()
    future = clock.stamp(datetime.now(UTC).timestamp() + 1000 * 86_400)
    with closing(sqlite3.connect(server.data_dir / "realtime.sqlite3", isolation_level=None)) as connection:
        connection.execute("UPDATE event_log SET created_at = ?", (future,))
        connection.execute("UPDATE tokens SET user_id = 99")
        connection.execute("PRAGMA user_version = 99")
    database = server.data_dir / "realtime.sqlite3"
    database.chmod(0o644)
    with socket.create_server(("127.0.0.1", server.port)):
        told = doctor(
            server, settings=("--trusted-proxies", "0.0.0.0/0", "--max-streams", "9999999"), code=1, mode=0o755
        )
    for name, said in {
        "data folder": "has mode 0755: others can read hashes and chats",
        "files": f"1 file of 1 are not there or not whole: {file.name}",
        "integrity": "A row of tokens refers to a row of users that is not there",
        "schema": "newer than this program",
        "port": "another program has it",
        "clock": "the newest row is 1,000 days in the future",
        "trusted proxies": "0.0.0.0/0",
        "file limit": "max_streams is 9,999,999",
    }.items():
        assert told[name][0] == "bad", told[name]
        assert said in told[name][1]
    assert told["leftovers"][0] == "warn"
    database.chmod(0o600)
    (server.data_dir / "files").chmod(0o700)
    told = doctor(server, "--quick", code=1, mode=0o755)
    assert told["data folder"][:2] == ("warn", f"{server.data_dir} has mode 0755: others can see what is in it")
    database.write_bytes(b"no database" * 1000)
    assert doctor(server, "--quick", code=1)["integrity"][0] == "bad"


def issued(folder: Path, name: str, days: float) -> tuple[str, ...]:
    """Settings with a certificate that is good for so many days more."""
    now = datetime.now(UTC)
    leaf = trustme.CA().issue_cert("campus.example", not_before=now - timedelta(400), not_after=now + timedelta(days))
    leaf.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
    leaf.private_key_pem.write_to_path(folder / f"{name}.key")
    return ("--tls-cert", str(folder / f"{name}.pem"), "--tls-key", str(folder / f"{name}.key"))


def test_certificates(server_factory: ServerFactory, certificate: Certificate, tmp_path: Path) -> None:
    server = server_factory(**certificate.write(tmp_path))
    told = doctor(server, "--quick", "--url", server.url, code=1)
    assert "its certificate is not good" in told["public address"][1], "no authority of this machine made it"
    server.env["SSL_CERT_FILE"] = str(tmp_path / "authority.pem")
    certificate._authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    with ThreadPoolExecutor(2) as pool:
        own, public = (
            pool.submit(doctor, server, "--quick"),
            pool.submit(doctor, server, "--quick", "--url", server.url),
        )
    assert own.result()["certificate"][0] == "ok"
    assert "for 127.0.0.1, localhost: good for" in own.result()["certificate"][1]
    for told in (own.result(), public.result()):
        assert told["ticks"][0] == "ok"
        assert "six connections" in told["http"][1]
    assert public.result()["public certificate"][0] == "ok"
    other = server_factory(start=False)
    for name, days, level in (("long", 300, "ok"), ("soon", 5, "warn"), ("over", -1, "bad")):
        told = doctor(other, "--quick", settings=issued(tmp_path, name, days), code=int(level == "bad"))
        assert told["certificate"][0] == level
    mixed = ("--tls-cert", str(tmp_path / "long.pem"), "--tls-key", str(tmp_path / "soon.key"))
    assert "MISMATCH" in doctor(other, "--quick", settings=mixed, code=1)["certificate"][1].upper()
    key = tmp_path / "long.key"
    key.write_bytes(
        load_pem_private_key(key.read_bytes(), None).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        )
    )
    locked = ("--tls-cert", str(tmp_path / "long.pem"), "--tls-key", str(key))
    assert "has a passphrase" in doctor(other, "--quick", settings=locked, code=1)["certificate"][1]


@pytest.mark.parametrize("spoken", ["h2", "http/1.1"])
def test_which_http_is_offered(spoken: str) -> None:
    certificate = Certificate()  # one of its own: what the ends offer is changed here
    certificate.server.set_alpn_protocols([spoken])
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            raw, _ = listening.accept()
            with raw, certificate.server.wrap_socket(raw, server_side=True) as tls:
                tls.recv(1)

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}"
        assert doctor_ticks.http_versions(url, certificate.client) == spoken
        thread.join()


def test_the_idle_test_ends_when_the_client_goes(server_factory: ServerFactory) -> None:
    server = server_factory(heartbeat_s=3600, test_streams_per_address=1)
    asked = doctor_ticks.connection(server.url, 30)
    asked.request("GET", doctor_ticks.TEST_PATH + "?idle=true")
    answer = asked.getresponse()
    assert b'"idle_s":3600' in answer.read1(1000)
    assert doctor(server, "--quick")["ticks"][0] == "warn", "one test stream is all that an address may have"
    answer.close()
    asked.close()
    eventually(lambda: doctor_ticks.listen(server.url, idle_s=0).status == 200, "its place is free again")
