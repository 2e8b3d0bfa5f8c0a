"""Every port on every backend: in memory, and penstock.aws on moto in this process. Both live by one clock, moved by hand."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import boto3
import pytest
from moto import mock_aws
from msgspec.structs import replace
from mypy_boto3_cloudwatch import CloudWatchClient
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_lambda import LambdaClient
from mypy_boto3_s3 import S3Client
from mypy_boto3_sqs import SQSClient

from penstock.aws.cloudwatch import CloudWatchStats
from penstock.aws.connection import CLIENT_CONFIG
from penstock.aws.dynamodb import DynamoResultStore, table_definition, ttl_definition
from penstock.aws.event_source_mappings import LambdaMappings
from penstock.aws.ledger import DynamoLedger
from penstock.aws.s3 import S3PayloadStore
from penstock.aws.sqs import SqsTransport
from penstock.local.mapping_api import MappingApi
from penstock.memory import ManualClock, MemoryMappings, SeededRandom
from penstock.memory import ports as memory_ports
from penstock.ports import Ledger, PayloadStore, Ports, ResultStore, Transport
from penstock.settings import QueueSettings, Settings
from penstock.times import Clock
from penstock.watching import Mapping

REGION = "eu-central-1"
MAX_RECEIVE_COUNT = 3
ACCOUNT_URL = f"https://sqs.{REGION}.amazonaws.com/123456789012"
QUEUES = {
    "default": QueueSettings("default", f"{ACCOUNT_URL}/test-default", max_receive_count=MAX_RECEIVE_COUNT),
    "orders": QueueSettings("orders", f"{ACCOUNT_URL}/test-orders.fifo", max_receive_count=MAX_RECEIVE_COUNT),
}
SETTINGS = Settings(queues=QUEUES, table="test-tasks", payload_bucket="test-payloads", region=REGION)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@dataclass(frozen=True)
class Clients:
    """boto3's clients, as penstock.aws makes them: costly to make, so once for all tests."""

    sqs: SQSClient
    dynamodb: DynamoDBClient
    s3: S3Client
    cloudwatch: CloudWatchClient
    functions: LambdaClient


@pytest.fixture(scope="session")
def clients(lambda_endpoint: str) -> Clients:
    with mock_aws():
        session = boto3.session.Session(region_name=REGION)
        return Clients(
            session.client("sqs", config=CLIENT_CONFIG),
            session.client("dynamodb", config=CLIENT_CONFIG),
            session.client("s3", config=CLIENT_CONFIG),
            session.client("cloudwatch", config=CLIENT_CONFIG),
            session.client("lambda", config=CLIENT_CONFIG, endpoint_url=lambda_endpoint),
        )


@pytest.fixture(scope="session")
def lambda_endpoint() -> Iterator[str]:
    """The local stack's own mappings: moto's mapping would swallow messages, so the stack does not let it answer."""

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with make_server("127.0.0.1", 0, MappingApi(nothing_else), handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def nothing_else(_: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    start_response("404 Not Found", [])
    return []


@pytest.fixture
def moto_ports(clients: Clients, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ports]:
    """The AWS adapters on a moto that lives by ``clock``, with the stack that they need."""
    _let_moto_live_by(clock, monkeypatch)
    with mock_aws():
        _provision(clients)
        yield Ports(
            settings=SETTINGS,
            transport=SqsTransport(clients.sqs, SETTINGS),
            results=DynamoResultStore(clients.dynamodb, SETTINGS.table, clock=clock),
            payloads=S3PayloadStore(clients.s3, SETTINGS.payload_bucket),
            clock=clock,
            random=SeededRandom(1),
            sleep=clock.sleep,
            ledger=DynamoLedger(clients.dynamodb, SETTINGS.table, clock=clock),
            stats=CloudWatchStats(lambda: clients.cloudwatch, SETTINGS, clock=clock),
            mappings=LambdaMappings(lambda: clients.functions, SETTINGS),
        )


@pytest.fixture(scope="session")
def dynamodb_alone(clients: Clients) -> Callable[[Clock], AbstractContextManager[ResultStore]]:
    """Opens the adapter on an empty table for a while, for what would take too long test by test."""

    @contextmanager
    def opened(clock: Clock) -> Iterator[ResultStore]:
        with mock_aws():
            clients.dynamodb.create_table(**table_definition(SETTINGS.table))
            yield DynamoResultStore(clients.dynamodb, SETTINGS.table, clock=clock)

    return opened


@pytest.fixture(params=["memory", "moto"])
def ports(request: pytest.FixtureRequest, clock: ManualClock) -> Ports:
    if request.param == "memory":
        in_memory = memory_ports(QUEUES, clock=clock, random=SeededRandom(1))
        default = Mapping("default", True, "Enabled", "test-worker-default", 10, 0, 5, True)
        return replace(in_memory, mappings=MemoryMappings(in_memory.settings, [default]))
    moto: Ports = request.getfixturevalue("moto_ports")
    return moto


@pytest.fixture
def transport(ports: Ports) -> Transport:
    return ports.transport


@pytest.fixture
def results(ports: Ports) -> ResultStore:
    return ports.results


@pytest.fixture
def payloads(ports: Ports) -> PayloadStore:
    assert ports.payloads is not None
    return ports.payloads


@pytest.fixture
def ledger(ports: Ports) -> Ledger:
    return ports.ledger


def _let_moto_live_by(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    # moto shows a message only after its time, not at it: so a microsecond passes between any two looks.
    looks = itertools.count(1)

    def milliseconds() -> float:
        return clock().timestamp() * 1000 + next(looks) / 1000

    monkeypatch.setattr("moto.sqs.models.unix_time_millis", milliseconds)
    monkeypatch.setattr("moto.sqs.models.unix_time", lambda: milliseconds() / 1000)


def _provision(clients: Clients) -> None:
    sqs = clients.sqs
    for queue in QUEUES.values():
        fifo = {"FifoQueue": "true"} if queue.fifo else {}
        dead_letters = sqs.create_queue(
            QueueName=queue.dead_letter_url.rsplit("/", 1)[-1],
            Attributes={**fifo, "MessageRetentionPeriod": "1209600"},
        )["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": queue.max_receive_count})
        sqs.create_queue(
            QueueName=queue.physical_name,
            Attributes={**fifo, "VisibilityTimeout": str(6 * queue.time_limit), "RedrivePolicy": policy},
        )
    made = clients.functions.list_event_source_mappings()["EventSourceMappings"]
    for mapping in made:  # of an earlier test: this endpoint is no moto and forgets nothing
        clients.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    if not made:
        clients.functions.create_event_source_mapping(
            EventSourceArn=f"arn:aws:sqs:{REGION}:123456789012:test-default",
            FunctionName="test-worker-default",
            BatchSize=10,
            ScalingConfig={"MaximumConcurrency": 5},
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )
    clients.dynamodb.create_table(**table_definition(SETTINGS.table))
    clients.dynamodb.update_time_to_live(**ttl_definition(SETTINGS.table))
    clients.s3.create_bucket(Bucket=SETTINGS.payload_bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
