"""S3Store: files in a bucket of an S3-compatible store. Needs the extra `s3` (aiobotocore), imported nowhere else.

Credentials are found as every AWS tool finds them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, a role.
Under its prefix the bucket is this server's alone: what no row names is swept away there.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

from data.errors import DataError, StorageError
from realtime.storage.incoming import Incoming
from realtime.storage.store import PIECE_BYTES, FileMissing

CONNECT_S = 5
READ_S = 30
ATTEMPTS = 2
_NOT_THERE = ("NoSuchKey", "404", "NotFound")


class S3Store:
    """Objects `prefix + key` of one bucket. An empty endpoint or region is AWS's own default."""

    clock_margin_s = 3600.0

    def __init__(self, bucket: str, *, endpoint: str, region: str, prefix: str, incoming: Incoming) -> None:
        self._bucket = bucket
        self._endpoint = endpoint or None
        self._region = region or None
        self._prefix = prefix
        self._run = incoming.run
        self._stack = AsyncExitStack()
        self._client: Any = None

    async def open(self) -> None:
        """Connect and look at the bucket. Raises DataError without the extra, and when the bucket cannot be used."""
        try:
            from aiobotocore.config import AioConfig
            from aiobotocore.session import get_session
        except ImportError as error:
            raise DataError("s3_bucket needs the extra `s3`, which is not installed: pip install '.[s3]'") from error
        config = AioConfig(
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            retries={"max_attempts": ATTEMPTS, "mode": "standard"},
            # Stores other than AWS's own know no newer checksums, and hashing the payload would be done on the loop.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"payload_signing_enabled": False},
        )
        try:
            with _trouble():
                made = get_session().create_client(
                    "s3", endpoint_url=self._endpoint, region_name=self._region, config=config
                )
                self._client = await self._stack.enter_async_context(made)
                await self._client.head_bucket(Bucket=self._bucket)
        except (StorageError, FileMissing) as error:
            raise DataError(f"s3_bucket {self._bucket}: {error}") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._stack.aclose()

    async def put(self, key: str, path: Path) -> None:
        """Send the file at path, in pieces. Raises StorageError."""
        with _trouble():
            file = await self._run(path.open, "rb")
            try:
                await self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=file)
            finally:
                await self._run(file.close)

    async def read(self, key: str, first_byte: int, length: int) -> AsyncGenerator[bytes, None]:
        """The range, as it comes."""
        with _trouble():
            wanted = f"bytes={first_byte}-{first_byte + length - 1}"
            answer = await self._client.get_object(Bucket=self._bucket, Key=self._prefix + key, Range=wanted)
            async with answer["Body"] as body:
                while piece := await body.read(PIECE_BYTES):
                    yield piece

    async def delete(self, key: str) -> None:
        """Delete the object. Raises StorageError."""
        with _trouble():
            await self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    async def stored(self) -> AsyncIterator[list[tuple[str, float]]]:
        """A list a thousand objects, as the store gives them."""
        with _trouble():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            async for page in pages:
                yield [
                    (item["Key"].removeprefix(self._prefix), item["LastModified"].timestamp())
                    for item in page.get("Contents", ())
                ]


@contextmanager
def _trouble() -> Iterator[None]:
    """What the client raises, as this room's errors. Its texts name the operation and the store's own reason."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _NOT_THERE:
            raise FileMissing("it is not there") from error
        raise StorageError(f"The file store refused: {code or 'no reason given'}.") from error
    except (BotoCoreError, HTTPClientError, OSError, TimeoutError) as error:
        raise StorageError(f"The file store cannot be used: {type(error).__name__}.") from error
