"""Uploads in S3, as the tasks see them.

Errors come in three kinds: ``ConnectionError`` where S3 cannot be reached or asks to slow down (the tasks retry it),
``UploadNotFound`` where there is no such key, and boto's own ClientError for the rest, such as missing permissions.
"""

import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import IO, TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_TRY_LATER = frozenset(
    {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "Throttling", "503", "500"}
)
_NOT_FOUND = frozenset({"NoSuchKey", "404", "NotFound"})
_CHUNK_BYTES = 1024 * 1024


class UploadNotFound(Exception):
    """The bucket has no object of that key."""


class UploadTooLarge(Exception):
    """The object has more bytes than the caller takes; nothing of it was read."""

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} bytes")
        self.size = size


class Stream(Struct, frozen=True):
    """An object on its way in: its size in bytes, and its content in pieces."""

    size: int
    chunks: Iterator[bytes]


class UploadStore:
    """One bucket. The client is made for this object alone: a task makes one a run."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._client = _client()

    def read(self, key: str, into: IO[bytes], *, max_bytes: int) -> int:
        """Copy the object to ``into`` and rewind it; its size in bytes."""
        with _errors_of_s3(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            size = answer["ContentLength"]
            with closing(answer["Body"]) as body:
                if size > max_bytes:
                    raise UploadTooLarge(size)
                for chunk in body.iter_chunks(_CHUNK_BYTES):
                    into.write(chunk)
        into.seek(0)
        return size

    def read_small(self, key: str, *, max_bytes: int) -> bytes:
        """The content of a small object."""
        with io.BytesIO() as file:
            self.read(key, file, max_bytes=max_bytes)
            return file.getvalue()

    @contextmanager
    def stream(self, key: str) -> Iterator[Stream]:
        """The object piece by piece, for what is too large to keep. The errors come while it is read, too."""
        with _errors_of_s3(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            with closing(answer["Body"]) as body:
                yield Stream(answer["ContentLength"], body.iter_chunks(_CHUNK_BYTES))

    def write(self, key: str, content: bytes, content_type: str) -> None:
        """Put ``content`` under ``key``, over what is there: a second run writes the same objects."""
        with _errors_of_s3(key):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=content_type)


def _client() -> "S3Client":
    import boto3
    from botocore.config import Config

    # One quick second try for a dropped connection; the patient retries are the queue's.
    config = Config(connect_timeout=3, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 2})
    return boto3.client("s3", config=config)


@contextmanager
def _errors_of_s3(key: str) -> Iterator[None]:
    from botocore import exceptions

    try:
        yield
    except exceptions.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _NOT_FOUND:
            raise UploadNotFound(key) from None
        if code in _TRY_LATER:
            raise ConnectionError(f"S3 cannot serve {key!r} now ({code})") from error
        raise
    except (exceptions.HTTPClientError, exceptions.ConnectionError, exceptions.IncompleteReadError) as error:
        raise ConnectionError(f"S3 cannot be reached for {key!r}: {error}") from error
