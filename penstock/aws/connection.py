"""From settings to connected: the one place that makes boto3 clients."""

import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from penstock.app import Penstock
from penstock.aws.cloudwatch import CloudWatchStats
from penstock.aws.dynamodb import DynamoResultStore
from penstock.aws.event_source_mappings import LambdaMappings
from penstock.aws.inspector import AwsInspector
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

T = TypeVar("T")

# No hidden retries: whoever calls a port decides (a repeated send needs a fresh send id). The timeouts (seconds) keep one
# try well inside the ten seconds that enqueueing may take.
CLIENT_CONFIG = Config(
    retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=2, read_timeout=5, tcp_keepalive=True
)
# For receives that wait: SQS answers after 20 s at the latest.
_PATIENT_CONFIG = CLIENT_CONFIG.merge(Config(read_timeout=25))


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
    session = _session(settings)
    sqs, dynamodb, s3 = _clients(session)
    one_at_a_time = threading.Lock()
    bucket = settings.payload_bucket
    return Ports(
        settings=settings,
        transport=SqsTransport(
            sqs, settings, patient=_later(lambda: session.client("sqs", config=_PATIENT_CONFIG), one_at_a_time)
        ),
        results=DynamoResultStore(dynamodb, settings.table, clock=clock),
        payloads=S3PayloadStore(s3, bucket) if bucket else None,
        clock=clock,
        random=random or SystemRandom(),
        sleep=sleep,
        ledger=DynamoLedger(dynamodb, settings.table, clock=clock),
        stats=CloudWatchStats(
            _later(lambda: session.client("cloudwatch", config=CLIENT_CONFIG), one_at_a_time), settings, clock=clock
        ),
        mappings=LambdaMappings(
            _later(lambda: session.client("lambda", config=CLIENT_CONFIG), one_at_a_time), settings, clock=clock
        ),
        inspector=AwsInspector(session, settings),
    )


def _session(settings: Settings) -> boto3.session.Session:
    with _starting():
        session = boto3.session.Session(region_name=settings.region or None)
    if not session.region_name:
        raise ConfigurationError(
            "no AWS region: set AWS_REGION or AWS_DEFAULT_REGION, or a region in the profile. "
            "AWS sets it for functions and `python -m local` for the local stack"
        )
    return session


def _clients(session: boto3.session.Session) -> "tuple[SQSClient, DynamoDBClient, S3Client]":
    with _starting():
        return (
            session.client("sqs", config=CLIENT_CONFIG),
            session.client("dynamodb", config=CLIENT_CONFIG),
            session.client("s3", config=CLIENT_CONFIG),
        )


@contextmanager
def _starting() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ValueError) as error:  # a profile that does not exist, an endpoint that is no URL
        raise ConfigurationError(
            f"boto3 cannot start: {error}. Check AWS_PROFILE, AWS_ENDPOINT_URL and ~/.aws/config"
        ) from error


def _later(make: Callable[[], T], one_at_a_time: threading.Lock) -> Callable[[], T]:
    """Make a client when it is first asked for, and once: a worker's cold start does not pay for what only the web uses.

    ``one_at_a_time``, because boto3's sessions are not safe between threads:
    https://docs.aws.amazon.com/boto3/latest/guide/session.html
    """
    made: list[T] = []

    def client() -> T:
        with one_at_a_time:
            if not made:
                made.append(make())
        return made[0]

    return client
