"""The web app on the in-memory ports, with S3 by moto within the process."""

import hashlib
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from flask import Flask
from flask.testing import FlaskClient
from moto import mock_aws

from flask_app import create_app
from penstock import memory
from penstock.queue_list import QueueList
from penstock.testing import queues
from tasks import tasks

TOKEN = "correct horse battery staple"
BUCKET = "photos"
QUEUES = QueueList.read(Path(__file__).parents[2] / "infra/terraform/queues.auto.tfvars.json").queues.values()

LOCAL = {"PENSTOCK_LOCAL": "1", "UPLOADS_BUCKET": BUCKET, "AWS_REGION": "eu-central-1"}
REMOTE = {
    "UPLOADS_BUCKET": BUCKET,
    "AWS_REGION": "eu-central-1",
    "ALLOWED_HOSTS": "photos.example.com",
    "PENSTOCK_WEB_TOKEN_SHA256": hashlib.sha256(TOKEN.encode()).hexdigest(),
    "FLASK_SECRET_KEY": "k" * 32,
}


@pytest.fixture
def clock() -> memory.ManualClock:
    return memory.ManualClock()


@pytest.fixture
def make_app(clock: memory.ManualClock, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], Flask]:
    """create_app, on fresh in-memory ports and with fake credentials."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)

    def make(config: dict[str, str]) -> Flask:
        tasks.connect(memory.ports(queues.settings(QUEUES), clock=clock))
        return create_app(config)

    return make


@pytest.fixture
def client(make_app: Callable[[dict[str, str]], Flask]) -> FlaskClient:
    """A visitor on this machine, in local mode."""
    return make_app(LOCAL).test_client()


@dataclass
class Stranger:
    """A visitor of the deployed app, over HTTPS from elsewhere, without a token unless ``headers`` has it."""

    client: FlaskClient

    def open(self, path: str, method: str = "GET", **options: Any) -> Any:
        options.setdefault("base_url", "https://photos.example.com")
        options.setdefault("environ_overrides", {"REMOTE_ADDR": "203.0.113.7"})
        return self.client.open(path, method=method, **options)


@pytest.fixture
def stranger(make_app: Callable[[dict[str, str]], Flask]) -> Stranger:
    return Stranger(make_app(REMOTE).test_client())


@pytest.fixture
def bucket() -> Iterator[Any]:
    """The uploads bucket, empty."""
    with mock_aws():
        bucket = boto3.resource("s3", region_name="eu-central-1").Bucket(BUCKET)
        bucket.create(CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield bucket


@dataclass
class Form:
    """The upload form as a browser reads it."""

    action: str
    fields: dict[str, str]

    @property
    def ticket_path(self) -> str:
        return "/uploads/" + self.fields["success_action_redirect"].partition("/uploads/")[2]


@pytest.fixture
def read_form() -> Callable[[str], Form]:
    """What a page's upload form posts, and where to."""

    def read(page: str) -> Form:
        hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page)
        [action] = re.findall(r'action="(https?://[^"]*)"', page)
        return Form(html.unescape(action), {html.unescape(name): html.unescape(value) for name, value in hidden})

    return read
