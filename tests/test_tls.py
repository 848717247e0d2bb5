"""TLS served directly: what it speaks, and another certificate while streams are open and connections come."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from tests.support.campus import User, api, create_users, send
from tests.support.server import ServerFactory, ServerFailed, ServerProcess
from tests.support.sse import Stream
from tests.support.tls import Certificate

READ_AGAIN = r"the certificate was read again"
STAYS = r"ERROR realtime\.tls: the certificate stays as it was: .*"
MESSAGES = 600
TEXT = "x" * 4000


class Secured:
    """A server with a certificate, and its folder."""

    def __init__(self, factory: ServerFactory, folder: Path, **settings: object) -> None:
        self.first, self.folder = Certificate(), folder
        self.server: ServerProcess = factory(heartbeat_s=1, **settings, **self.first.write(folder))

    @cached_property
    def people(self) -> list[User]:
        """One who sends, and one who reads."""
        return create_users(self.server, "ann", "bob")

    @property
    def bob(self) -> User:
        return self.people[1]

    def hang_up(self) -> None:
        os.kill(self.server.pid, signal.SIGHUP)

    def replace(self) -> Certificate:
        """Another certificate, by another authority, which the server has read."""
        other = Certificate()
        other.write(self.folder)
        count = self.server.log().count(READ_AGAIN)
        self.hang_up()
        self.server.wait_log(rf"(?:{READ_AGAIN}[\s\S]*){{{count + 1}}}")
        return other

    def tell(self, text: str, tls: ssl.SSLContext) -> None:
        ann, bob = self.people
        with api(self.server, ann, tls=tls) as client:
            send(client, bob, text)


@pytest.fixture
def secured(server_factory: ServerFactory, tmp_path: Path) -> Secured:
    return Secured(server_factory, tmp_path)


def serial(server: ServerProcess, tls: ssl.SSLContext) -> str:
    """The number of the certificate that a new connection sees."""
    with (
        socket.create_connection(("127.0.0.1", server.port), 30) as plain,
        tls.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        seen = secure.getpeercert()
        assert seen is not None
        return str(seen["serialNumber"])


@contextmanager
def connecting(server: ServerProcess, tls: ssl.SSLContext) -> Iterator[list[str]]:
    """Connect again and again meanwhile; what the connections saw. One that fails fails the test."""
    seen: list[str] = []
    failed: list[Exception] = []
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            try:
                seen.append(serial(server, tls))
            except Exception as error:  # told below, in the test's own thread
                failed.append(error)
                return

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not failed, failed


def test_another_certificate_is_served_while_streams_are_open(secured: Secured) -> None:
    server, first = secured.server, secured.first
    old = serial(server, first.client)
    with Stream(server, secured.bob, tls=first.client) as before:
        before.wait_for("presence_snapshot")
        second = secured.replace()
        new = serial(server, second.client)
        assert new != old
        with pytest.raises(ssl.SSLCertVerificationError):
            serial(server, first.client)
        beats = len(before.events("heartbeat"))
        with Stream(server, secured.bob, tls=second.client) as after:
            after.wait_for("presence_snapshot")
            secured.tell("over both", second.client)
            for stream in (before, after):
                stream.wait_for("message", message="over both")
            before.wait_count(beats + 2, "heartbeat")
            assert before.ended is None


def test_no_connection_is_refused_while_certificates_change(secured: Secured) -> None:
    either = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    secured.first.trusted_by(either)
    others = [Certificate() for _ in range(5)]
    for one in others:
        one.trusted_by(either)
    with connecting(secured.server, either) as seen:
        for count, one in enumerate(others, 1):
            one.write(secured.folder)
            secured.hang_up()
            secured.server.wait_log(rf"(?:{READ_AGAIN}[\s\S]*){{{count}}}")
            serial(secured.server, one.client)
    assert len(set(seen)) > 2


def spoil(folder: Path, how: str) -> None:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if how == "no certificate":
        certificate.write_text("this is none\n", encoding="utf-8")
    elif how == "no file":
        certificate.unlink()
    else:
        kept = certificate.read_bytes()
        Certificate().write(folder)
        certificate.write_bytes(kept)
        assert key.exists()


@pytest.mark.parametrize("how", ["no certificate", "no file", "another's key"])
def test_a_bad_certificate_keeps_the_old_one(secured: Secured, how: str) -> None:
    server, first = secured.server, secured.first
    server.expect_errors = True
    old = serial(server, first.client)
    with Stream(server, secured.bob, tls=first.client) as stream:
        stream.wait_for("presence_snapshot")
        spoil(secured.folder, how)
        secured.hang_up()
        line = server.wait_log(STAYS)[0]
        assert str(secured.folder / "certificate.pem") in line
        assert serial(server, first.client) == old
        secured.tell("still here", first.client)
        stream.wait_for("message", message="still here")
    assert server.log().count(" ERROR ") == 1
    assert "Traceback" not in server.log()


def test_i3_a_slow_reader_over_tls_loses_nothing_while_the_certificate_changes(
    server_factory: ServerFactory, tmp_path: Path
) -> None:
    secured = Secured(server_factory, tmp_path, access_log=True, limits=False)
    tls = secured.first.client
    with Stream(secured.server, secured.bob, tls=tls, rcvbuf_bytes=4096) as slow:
        slow.wait_for("presence_snapshot")
        slow.pause()
        sent = [f"{number:04} {TEXT}" for number in range(MESSAGES)]
        with api(secured.server, secured.people[0], tls=tls) as client:
            for number, text in enumerate(sent):
                if number == MESSAGES // 2:
                    secured.replace()
                send(client, secured.bob, text)
        slow.resume()
        slow.wait_count(MESSAGES, "message", timeout_s=60)
        assert [event.data["message"] for event in slow.events("message")] == sent
        assert not slow.unfinished
    assert int(secured.server.wait_log(rf"of user {secured.bob.id} ends after \d+ s, lagged (\d+) times")[1]) >= 1


def test_only_tls_1_2_and_1_3_with_forward_secrecy(secured: Secured) -> None:
    def shaken(version: ssl.TLSVersion, ciphers: str = "ALL:@SECLEVEL=0") -> tuple[str, str]:
        client = secured.first.client
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            client.minimum_version = client.maximum_version = version
        client.set_ciphers(ciphers)
        with (
            socket.create_connection(("127.0.0.1", secured.server.port), 30) as plain,
            client.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        ):
            cipher = secure.cipher()
            assert cipher is not None
            return str(secure.version()), cipher[0]

    for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises(ssl.SSLError):
            shaken(old)
    assert shaken(ssl.TLSVersion.TLSv1_3)[0] == "TLSv1.3"
    version, cipher = shaken(ssl.TLSVersion.TLSv1_2)
    assert (version, cipher.split("-")[0]) == ("TLSv1.2", "ECDHE")
    for weak in ("AES256-GCM-SHA384", "ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA", "DHE-RSA-AES128-GCM-SHA256"):
        with pytest.raises(ssl.SSLError):
            shaken(ssl.TLSVersion.TLSv1_2, f"{weak}:@SECLEVEL=0")


def test_a_key_with_a_passphrase_stops_the_start_and_asks_nobody(server_factory: ServerFactory, tmp_path: Path) -> None:
    settings = Certificate().write(tmp_path)
    key = serialization.load_pem_private_key(settings["tls_key"].read_bytes(), None)
    settings["tls_key"].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret-phrase"),
        )
    )
    server = server_factory(start=False, **settings)
    with pytest.raises(ServerFailed) as caught:
        server.start()
    assert caught.value.code == 1
    assert "the key has a passphrase" in caught.value.text
    assert "Traceback" not in caught.value.text


def test_what_is_no_tls_gets_no_answer_and_no_traceback(secured: Secured) -> None:
    for data in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x02\x00" + b"x" * 600, b"\0"):
        with socket.create_connection(("127.0.0.1", secured.server.port), 30) as plain:
            plain.sendall(data)
            plain.shutdown(socket.SHUT_WR)
            try:
                answer = plain.recv(1000)
            except ConnectionResetError:
                answer = b""
            assert not answer.startswith(b"HTTP/"), answer
    assert serial(secured.server, secured.first.client)
    assert "Traceback" not in secured.server.log()


def test_without_a_certificate_a_hangup_ends_the_server(server: ServerProcess) -> None:
    os.kill(server.pid, signal.SIGHUP)
    assert server.stop() == -signal.SIGHUP
