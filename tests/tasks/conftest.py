"""S3 by moto within the process, pictures made on the spot, and a run to be in."""

import itertools
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from penstock.current import Run, running
from penstock.record import Progress
from penstock.times import seconds, utc_now

BUCKET = "photos"


@pytest.fixture
def progress() -> Iterator[list[Progress]]:
    """The test is inside a run of the task ``task-1``; what that run says of its progress."""
    said: list[Progress] = []
    clock = itertools.count(0, 60)  # a minute a look: every step is written, not only one a second

    def write(step: Progress) -> bool:
        said.append(step)
        return False

    run = Run("task-1", "the_task", "images", 1, lambda: utc_now() + seconds(next(clock)), write, look=lambda: False)
    token = running.set(run)
    yield said
    running.reset(token)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty bucket, named by UPLOADS_BUCKET."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("UPLOADS_BUCKET", BUCKET)
    with mock_aws():
        bucket = boto3.resource("s3").Bucket(BUCKET)
        bucket.create()
        yield bucket
