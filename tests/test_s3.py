"""Files in an S3-compatible store: the same calls against moto's server, and what stops a start."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from realtime.storage.depot import Bucket, Depot
from realtime.storage.store import FileMissing
from tests.support.campus import User
from tests.support.samples import PNG, stored_files
from tests.support.server import ServerFactory, ServerFailed, ServerProcess
from tests.support.shared import CHATS, add_people, sql
from tests.support.waiting import eventually

REGION = "eu-north-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}
PEOPLE = {"ann": ("student", "CAMPUS"), "bob": ("student", "CAMPUS")}


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """The address of an S3-compatible store with the bucket `campus-files`."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        client(f"http://{host}:{port}").create_bucket(
            Bucket="campus-files", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


def client(address: str) -> Any:
    return boto3.client(
        "s3", endpoint_url=address, region_name=REGION, aws_access_key_id="key", aws_secret_access_key="secret"
    )


def objects(address: str, prefix: str) -> list[str]:
    found = client(address).list_objects_v2(Bucket="campus-files", Prefix=prefix)
    return sorted(item["Key"] for item in found.get("Contents", ()))


def settings(address: str, prefix: str) -> dict[str, object]:
    return {"s3_bucket": "campus-files", "s3_endpoint": address, "s3_region": REGION, "s3_prefix": prefix}


def sent(server: ServerProcess, people: list[User], content: bytes, **fields: str) -> dict[str, Any]:
    ann, bob = people
    with httpx.Client(base_url=f"{server.url}/api/v1/", headers=ann.headers, timeout=30) as api:
        form = {"receiver_id": str(bob.id), **fields}
        answer = api.post(CHATS, data=form, files={"attachment": ("a photo.png", content)})
    assert answer.status_code in (200, 201), answer.text
    message: dict[str, Any] = answer.json()
    return message


def test_a_file_goes_to_the_bucket_and_comes_from_there(server_factory: ServerFactory, store: str) -> None:
    server = server_factory(env=CREDENTIALS, **settings(store, "one/"))
    people = add_people(server, PEOPLE)
    content = PNG + bytes(range(256)) * 1000
    message = sent(server, people, content, client_msg_id="once")
    assert sent(server, people, PNG, client_msg_id="once") == message
    ((key,),) = sql(server, "SELECT key FROM files")
    assert eventually(lambda: objects(store, "one/") == [f"one/{key}"], "the second file is gone")
    eventually(lambda: stored_files(server) == [], "nothing is left in the folder of what comes in")

    address = message["attachment"]
    assert address.startswith(f"{server.url}/files/{key}/")
    assert httpx.get(address).content == content
    part = httpx.get(address, headers={"Range": "bytes=70000-70009"})
    assert (part.status_code, part.content) == (206, content[70000:70010])

    with httpx.Client(base_url=f"{server.url}/api/v1/", headers=people[0].headers) as api:
        assert api.delete(f"{CHATS}{message['id']}/").status_code == 204
    eventually(lambda: objects(store, "one/") == [], "the object is gone with its message")
    assert httpx.get(address).status_code == 404


def test_a_lost_object_is_not_there_and_a_lost_store_is_503(server_factory: ServerFactory, store: str) -> None:
    server = server_factory(env=CREDENTIALS, **settings(store, "lost/"))
    server.expect_errors = True
    people = add_people(server, PEOPLE)
    address = sent(server, people, PNG)["attachment"]
    client(store).delete_object(Bucket="campus-files", Key=objects(store, "lost/")[0])
    assert httpx.get(address).status_code == 404
    sent(server, people, PNG)
    client(store).delete_object(Bucket="campus-files", Key=objects(store, "lost/")[0])
    client(store).delete_bucket(Bucket="campus-files")
    try:
        with httpx.Client(base_url=f"{server.url}/api/v1/", headers=people[0].headers, timeout=30) as api:
            form = {"receiver_id": str(people[1].id)}
            answer = api.post(CHATS, data=form, files={"attachment": ("a.png", PNG)})
            assert (answer.status_code, answer.json()) == (503, {"detail": "The file store refused: NoSuchBucket."})
            assert answer.headers["retry-after"]
            assert len(api.get(f"{CHATS}conversations/").json()) == 1
            assert api.get(CHATS).json()["count"] == 2
    finally:
        client(store).create_bucket(Bucket="campus-files", CreateBucketConfiguration={"LocationConstraint": REGION})


def test_the_store_keeps_its_promise(tmp_path: Path, store: str) -> None:
    async def test() -> None:
        depot = Depot(tmp_path, Bucket("campus-files", store, REGION, "two/"))
        await depot.open()
        try:
            keys = ["a" * 40, "b" * 40]
            for key in keys:
                path = depot.incoming.new_path()
                path.write_bytes(key.encode() * 5000)
                await depot.store.put(key, path)
            pieces = [piece async for piece in depot.store.read(keys[0], 10, 100_000)]
            assert b"".join(pieces) == b"a" * 100_000
            assert max(map(len, pieces)) <= 65536
            with pytest.raises(FileMissing):
                [piece async for piece in depot.store.read("c" * 40, 0, 1)]
            await depot.store.delete("c" * 40)

            async def nameless(found: Any) -> list[str]:
                return [key for key in found if key == keys[1]]

            client(store).put_object(Bucket="campus-files", Key="of-others/x", Body=b"")
            await depot.sweep(nameless, time.time())
            await depot._sweep
            assert objects(store, "two/") == [f"two/{key}" for key in keys], "they are not an hour old"
            await depot.sweep(nameless, time.time() + 4000)
            await depot._sweep
            assert objects(store, "two/") == [f"two/{keys[0]}"]
            assert objects(store, "of-others/") == ["of-others/x"]
        finally:
            await depot.close()

    asyncio.run(test())


@pytest.mark.parametrize("bucket", ["nobodys-bucket", "campus-files"])
def test_a_bucket_that_cannot_be_used_stops_the_start(server_factory: ServerFactory, store: str, bucket: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = store if bucket != "campus-files" else f"http://127.0.0.1:{nobody.getsockname()[1]}"
        server = server_factory(env=CREDENTIALS, start=False, **{**settings(address, "x/"), "s3_bucket": bucket})
        began_s = time.monotonic()
        with pytest.raises(ServerFailed) as failed:
            server.start()
    assert failed.value.code == 1
    assert f"s3_bucket {bucket}: " in failed.value.text
    assert "Traceback" not in failed.value.text
    assert time.monotonic() - began_s < 20


def test_without_the_extra_the_setting_stops_the_start(server_factory: ServerFactory, tmp_path: Path) -> None:
    hidden = tmp_path / "aiobotocore"
    hidden.mkdir()
    (hidden / "__init__.py").write_text("raise ImportError('as if it were not installed')\n", encoding="utf-8")
    server = server_factory(
        env=CREDENTIALS | {"PYTHONPATH": str(tmp_path)}, start=False, **settings("http://127.0.0.1:1", "x/")
    )
    with pytest.raises(ServerFailed, match=r"s3_bucket needs the extra `s3`, .* pip install '\.\[s3\]'"):
        server.start()
    assert "Traceback" not in server.log()
