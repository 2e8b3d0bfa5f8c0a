"""Large payloads on Amazon S3."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from penstock.aws.errors import calling, code_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3PayloadStore:
    """A ``PayloadStore`` in one bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._s3 = client
        self._bucket = bucket

    def put(self, key: str, content: bytes) -> None:
        """PutObject."""
        with calling("S3 PutObject", f"s3://{self._bucket}/{key}"):
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=content)

    def get(self, key: str) -> bytes:
        """GetObject; KeyError where there is none.

        Without s3:ListBucket on the bucket S3 answers AccessDenied for a missing key, which is then AccessRefused.
        """
        with calling("S3 GetObject", f"s3://{self._bucket}/{key}"):
            try:
                return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except ClientError as error:
                if code_of(error) != "NoSuchKey":
                    raise
                raise KeyError(key) from None

    def delete_under(self, prefix: str) -> list[str]:
        """ListObjectsV2, and a DeleteObject for each."""
        keys: list[str] = []
        with calling("S3 ListObjectsV2", f"s3://{self._bucket}/{prefix}"):
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                keys += [found["Key"] for found in page.get("Contents", [])]
        for key in keys:
            with calling("S3 DeleteObject", f"s3://{self._bucket}/{key}"):
                self._s3.delete_object(Bucket=self._bucket, Key=key)
        return keys
