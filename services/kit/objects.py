"""Object storage: any S3, through the minio SDK, off the event loop."""

import asyncio
import functools
import hashlib
import io
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from minio.helpers import ObjectWriteResult
from urllib3.exceptions import HTTPError

from services.kit.failures import BadInput, Failure, NotFound, Unavailable
from services.kit.settings import Settings

T = TypeVar("T")

_CHUNK = 1024 * 1024
_READY_KEY = "health/ready"
# Retries are made by the SDK's pool; a dead storage must be known in seconds, not minutes.
_TIMEOUT = urllib3.Timeout(connect=3, read=60)


@dataclass(frozen=True)
class Stored:
    """What lies under a key."""

    key: str
    size: int
    """Bytes."""
    sha256: str
    """Hex digest of the content; empty if whoever stored it did not say."""
    content_type: str


class ObjectStore:
    """One bucket. Every method raises `Unavailable` when the storage does not answer and `NotFound` for a missing
    key."""

    def __init__(self, settings: Settings) -> None:
        """Connects on first use."""
        self._settings = settings
        self._bucket = settings.s3_bucket

    @functools.cached_property
    def _client(self) -> Minio:
        if not self._settings.s3_secret_key.get_secret_value():
            raise Failure(
                "the object storage has no credentials",
                code="not_configured",
                hint="Set ATELIER_S3_ENDPOINT, ATELIER_S3_ACCESS_KEY and ATELIER_S3_SECRET_KEY.",
            )
        pool = urllib3.PoolManager(
            timeout=_TIMEOUT,
            maxsize=16,
            # A storage that has just started knows its files a second or two before it finds their content (500).
            retries=urllib3.Retry(total=5, connect=3, backoff_factor=0.2, status_forcelist=[500, 502, 503]),
        )
        return Minio(**self._settings.s3_options(), http_client=pool)  # type: ignore[arg-type]

    async def ready(self) -> None:
        """Make sure the bucket exists and keeps what it is given; raises `Unavailable` if the storage does not."""
        await _off_loop(lambda: make_ready(self._client, self._bucket))

    async def put(self, key: str, data: bytes | Path, content_type: str, *, sha256: str | None = None) -> Stored:
        """Store bytes or a file under a key in one piece: readers see the old content or the new, never a part."""
        return await _off_loop(self._put, key, data, content_type, sha256)

    def _put(self, key: str, data: bytes | Path, content_type: str, sha256: str | None) -> Stored:
        digest = sha256 or (hashlib.sha256(data).hexdigest() if isinstance(data, bytes) else hash_file(data))
        metadata: dict[str, str | list[str] | tuple[str]] = {"sha256": digest}
        if isinstance(data, bytes):
            size = len(data)
            self._client.put_object(
                self._bucket, key, io.BytesIO(data), size, content_type=content_type, metadata=metadata
            )
        else:
            size = data.stat().st_size
            result: ObjectWriteResult = self._client.fput_object(
                self._bucket, key, str(data), content_type=content_type, metadata=metadata
            )
            assert result.object_name == key
        return Stored(key, size, digest, content_type)

    async def get(self, key: str) -> bytes:
        """The whole content."""
        return await _off_loop(lambda: _read(self._client, self._bucket, key))

    def uri(self, key: str) -> str:
        """What others call the content under a key."""
        return f"s3://{self._bucket}/{key}"

    async def read(self, uri: str) -> bytes:
        """The whole content that a URI of this bucket names; raises `NotFound` for any other."""
        prefix = self.uri("")
        if not uri.startswith(prefix):
            raise NotFound(f"{uri} is not in this object storage.")
        return await self.get(uri.removeprefix(prefix))

    async def get_or_none(self, key: str) -> bytes | None:
        """The whole content; None if there is nothing."""
        try:
            return await self.get(key)
        except NotFound:
            return None

    async def stream(self, key: str, offset: int = 0, length: int = 0) -> AsyncGenerator[bytes]:
        """The content from `offset`, `length` bytes of it (0 = to the end), in pieces of up to 1 MiB."""
        response = await _off_loop(lambda: self._client.get_object(self._bucket, key, offset=offset, length=length))
        try:
            while piece := await _off_loop(response.read, _CHUNK):
                yield piece
        finally:
            response.close()
            response.release_conn()

    async def stat(self, key: str) -> Stored:
        """Size, hash and type of what lies under a key."""
        found = await _off_loop(lambda: self._client.stat_object(self._bucket, key))
        metadata = found.metadata or {}
        return Stored(
            key,
            found.size or 0,
            metadata.get("x-amz-meta-sha256", ""),
            found.content_type or "application/octet-stream",
        )

    async def delete(self, key: str) -> None:
        """Remove a key; a missing one is no error."""
        await _off_loop(lambda: self._client.remove_object(self._bucket, key))

    async def keys(self, prefix: str) -> list[str]:
        """All keys that begin with `prefix`."""
        return await _off_loop(
            lambda: [o.object_name or "" for o in self._client.list_objects(self._bucket, prefix, recursive=True)]
        )


def make_ready(client: Minio, bucket: str) -> None:
    """Make the bucket if it is not there and read something from it, which is stored if it is not there; raises what
    the SDK raises."""
    if not client.bucket_exists(bucket):
        try:
            client.make_bucket(bucket)
        except S3Error as error:
            # Two processes may start at once.
            if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise
    try:
        _read(client, bucket, _READY_KEY)
    except S3Error as error:
        if error.code != "NoSuchKey":
            raise
        client.put_object(bucket, _READY_KEY, io.BytesIO(_READY_KEY.encode()), len(_READY_KEY))
        _read(client, bucket, _READY_KEY)


def _read(client: Minio, bucket: str, key: str) -> bytes:
    response = client.get_object(bucket, key)
    try:
        return response.read()
    finally:
        response.close()
        response.release_conn()


async def _off_loop(function: Callable[..., T], *args: object) -> T:
    """Run a blocking SDK call in a thread and translate its errors."""
    try:
        return await asyncio.to_thread(function, *args)
    except S3Error as error:
        if error.code in ("NoSuchKey", "NoSuchObject", "NoSuchBucket", "ResourceNotFound"):
            raise NotFound(f"nothing is stored under {error.object_name or error.resource}") from error
        if error.code == "InvalidRange":
            raise BadInput(f"{error.object_name or error.resource} is shorter than that") from error
        raise Unavailable(f"object storage: {error.code}: {error.message}", retry_after_s=2) from error
    except (HTTPError, MinioException, OSError) as error:
        raise Unavailable(
            f"object storage does not answer: {error}",
            hint="Check that it runs and that ATELIER_S3_ENDPOINT names it.",
            retry_after_s=2,
        ) from error


def hash_file(path: Path) -> str:
    """SHA-256 of a file, hex, whatever its size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
