"""The bucket, as the web sees it: forms that post to it, links that read from it. The bytes never pass through Flask.

The only module of the web app that imports boto3.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from penstock.errors import AccessRefused, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FORM_SECONDS = 3600  # an upload must begin within this after the page was loaded
LINK_SECONDS = 3600

# "virtual" gives the bucket's regional address (browsers do not follow S3's redirect of a form); with an IP address as
# endpoint, which is the local stack's, botocore puts the bucket into the path by itself.
_CONFIG = Config(
    signature_version="s3v4",
    s3={"addressing_style": "virtual"},
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 2},
)


@dataclass(frozen=True, slots=True)
class UploadForm:
    """Where a form posts to, and the hidden fields that it posts before the file."""

    url: str
    fields: dict[str, str]


class Uploads:
    """The uploads bucket. ``limit`` is bytes: what S3 takes from a form at most."""

    def __init__(self, bucket: str, limit: int, region: str = "") -> None:
        self._bucket = bucket
        self._region = region
        self.limit = limit

    def form(self, key: str, *, redirect_to: str) -> UploadForm:
        """A form with which a browser, even without JavaScript, puts one picture under ``key`` and goes to ``redirect_to``.

        S3 itself refuses what the policy does not allow: another key, 0 bytes, more than ``limit``, no ``image/`` type.
        https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
        """
        fields = {"success_action_redirect": redirect_to, "Content-Type": "image/*"}
        conditions: list[Any] = [
            {"success_action_redirect": redirect_to},
            ["content-length-range", 1, self.limit],
            ["starts-with", "$Content-Type", "image/"],
        ]
        with _penstock_errors():
            form = self._client.generate_presigned_post(
                self._bucket, key, Fields=fields, Conditions=conditions, ExpiresIn=FORM_SECONDS
            )
        return UploadForm(form["url"], form["fields"])

    def size(self, key: str) -> int | None:
        """How many bytes are under ``key``; None where nothing is."""
        try:
            with _penstock_errors():
                return self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"]
        except _NotThere:
            return None

    def link(self, key: str) -> str:
        """A link with which a browser can read ``key`` for an hour."""
        with _penstock_errors():
            return self._client.generate_presigned_url(
                "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=LINK_SECONDS
            )

    @cached_property
    def _client(self) -> "S3Client":
        return boto3.client("s3", region_name=self._region or None, config=_CONFIG)


class _NotThere(Exception):
    pass


@contextmanager
def _penstock_errors() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = error.response.get("Error", {}).get("Code", "")
        if status == 404:  # of a HEAD it is all that S3 says: no such key, or no such bucket
            raise _NotThere from None
        if status >= 500 or code in ("SlowDown", "RequestTimeout"):
            raise Unavailable(f"S3 cannot serve this now: {error}") from error
        raise AccessRefused(f"S3 refuses: {error}. Check the web's permissions and UPLOADS_BUCKET") from error
    except (HTTPClientError, NoConnection) as error:
        raise Unavailable(f"S3 cannot be reached: {error}") from error
    except BotoCoreError as error:
        raise AccessRefused(f"boto3 cannot ask S3: {error}. Check the web's AWS credentials") from error
