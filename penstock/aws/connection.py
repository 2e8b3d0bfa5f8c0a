"""From settings to connected: the one place that makes boto3 clients."""

import random
import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from penstock.app import Penstock
from penstock.aws.dynamodb import DynamoResultStore
from penstock.aws.ledger import DynamoLedger
from penstock.aws.s3 import S3PayloadStore
from penstock.aws.sqs import SqsTransport
from penstock.errors import ConfigurationError
from penstock.ports import Ports, Random, Sleep
from penstock.settings import Settings
from penstock.times import Clock, utc_now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# No hidden retries: whoever calls a port decides (a repeated send needs a fresh send id). The timeouts (seconds) keep one
# try well inside the ten seconds that enqueueing may take.
CLIENT_CONFIG = Config(
    retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=2, read_timeout=5, tcp_keepalive=True
)


class SystemRandom:
    """A ``ports.Random`` whose tokens cannot be guessed."""

    def random(self) -> float:
        """A float in [0, 1)."""
        return random.random()  # noqa: S311 - jitter

    def token(self) -> str:
        """32 hexadecimal digits."""
        return secrets.token_hex(16)


def connect(tasks: Penstock, environ: Mapping[str, str] | None = None) -> None:
    """Connect ``tasks`` to the SQS, DynamoDB and S3 that the settings name.

    ``environ`` gives the PENSTOCK_* variables and the region; None means the process's own environment. Credentials,
    profiles and AWS_ENDPOINT_URL are boto3's business and always the process's own. No request is made here.
    ConfigurationError names the variable that is missing or wrong.
    """
    tasks.connect(ports(Settings.load() if environ is None else Settings.from_environ(environ)))


def ports(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    random: Random | None = None,
    sleep: Sleep = time.sleep,
) -> Ports:
    """The AWS adapters, wired."""
    sqs, dynamodb, s3 = _clients(settings)
    bucket = settings.payload_bucket
    return Ports(
        settings=settings,
        transport=SqsTransport(sqs, settings),
        results=DynamoResultStore(dynamodb, settings.table, clock=clock),
        payloads=S3PayloadStore(s3, bucket) if bucket else None,
        clock=clock,
        random=random or SystemRandom(),
        sleep=sleep,
        ledger=DynamoLedger(dynamodb, settings.table, clock=clock),
    )


def _clients(settings: Settings) -> "tuple[SQSClient, DynamoDBClient, S3Client]":
    try:
        session = boto3.session.Session(region_name=settings.region or None)
        if not session.region_name:
            raise ConfigurationError(
                "no AWS region: set AWS_REGION or AWS_DEFAULT_REGION, or a region in the profile. "
                "AWS sets it for functions and `python -m local` for the local stack"
            )
        return (
            session.client("sqs", config=CLIENT_CONFIG),
            session.client("dynamodb", config=CLIENT_CONFIG),
            session.client("s3", config=CLIENT_CONFIG),
        )
    except (BotoCoreError, ValueError) as error:  # a profile that does not exist, an endpoint that is no URL
        raise ConfigurationError(
            f"boto3 cannot start: {error}. Check AWS_PROFILE, AWS_ENDPOINT_URL and ~/.aws/config"
        ) from error
