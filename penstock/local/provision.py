"""Makes on moto what Terraform makes at AWS: queues with their dead-letter queues and mappings, the table, the buckets.

Doing it twice is doing it once: a stack that starts against a moto which still runs finds what is there and keeps it.
"""

import json
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from penstock.aws.dynamodb import table_definition, ttl_definition
from penstock.errors import ConfigurationError
from penstock.local.environment import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, require_loopback
from penstock.local.project import Project
from penstock.queue_list import QueueEntry, QueueList

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# The dead-letter queue keeps longer than the queue: SQS counts its retention from the first send, not from the move.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
RETENTION_SECONDS = 4 * 24 * 3600
DEAD_LETTER_RETENTION_SECONDS = 14 * 24 * 3600


class LocalClients:
    """boto3 clients that reach moto at ``endpoint`` (loopback only) and read nothing of the process's own AWS set-up.

    Not the profile, not ~/.aws, no AWS_* variable, no proxy: so the supervisor may run in anybody's shell.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = require_loopback(endpoint)
        session = botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
                "ignore_configured_endpoint_urls": (None, None, True, None),
            }
        )
        self._session = boto3.session.Session(
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET_ACCESS_KEY,
            region_name=REGION,
            botocore_session=session,
        )
        self._config = Config(proxies={}, s3={"addressing_style": "path"}, retries={"total_max_attempts": 2})

    def sqs(self) -> "SQSClient":
        """Amazon SQS, as moto plays it."""
        return self._session.client("sqs", endpoint_url=self._endpoint, config=self._config)

    def dynamodb(self) -> "DynamoDBClient":
        """Amazon DynamoDB, as moto plays it."""
        return self._session.client("dynamodb", endpoint_url=self._endpoint, config=self._config)

    def cloudwatch(self) -> "CloudWatchClient":
        """Amazon CloudWatch, as moto plays it."""
        return self._session.client("cloudwatch", endpoint_url=self._endpoint, config=self._config)

    def functions(self) -> "LambdaClient":
        """AWS Lambda, of which mapping_api.py plays the event source mappings."""
        return self._session.client("lambda", endpoint_url=self._endpoint, config=self._config)

    def s3(self) -> "S3Client":
        """Amazon S3, as moto plays it, with the bucket in the path: no name server knows bucket.127.0.0.1."""
        return self._session.client("s3", endpoint_url=self._endpoint, config=self._config)


def provision(project: Project, endpoint: str) -> dict[str, str]:
    """Make everything ``project`` needs on the moto at ``endpoint``; the variables that name it to the processes."""
    clients = LocalClients(endpoint)
    queues = QueueList.read(project.queue_list)
    urls = make_queues(clients.sqs(), queues, project.prefix)
    make_mappings(clients.functions(), queues, urls)
    make_table(clients.dynamodb(), project.table)
    make_buckets(clients.s3(), [project.payload_bucket, *project.buckets.values()])
    return variables(project, queues, urls)


def describe(project: Project, endpoint: str) -> dict[str, str]:
    """What ``provision`` answered for the stack that runs at ``endpoint``; ConfigurationError where none does."""
    sqs = LocalClients(endpoint).sqs()
    queues = QueueList.read(project.queue_list)
    try:
        urls = {
            entry.name: sqs.get_queue_url(QueueName=entry.physical_name(project.prefix))["QueueUrl"]
            for entry in queues.queues.values()
        }
    except (BotoCoreError, ClientError) as error:
        raise ConfigurationError(
            f"no local stack of this project answers at {endpoint} ({error}). Start it first, and name "
            "moto's port where it is not the default one, as when it was started"
        ) from None
    return variables(project, queues, urls)


def make_queues(sqs: "SQSClient", queues: QueueList, prefix: str) -> dict[str, str]:
    """Each queue and its dead-letter queue. Queue name -> URL."""
    return {queue.name: _make_queue(sqs, queue, prefix) for queue in queues.queues.values()}


def make_mappings(functions: "LambdaClient", queues: QueueList, urls: Mapping[str, str]) -> None:
    """An event source mapping for each queue that has a function.

    One that is there gets new settings and, as with Terraform, stays paused if it is.
    """
    for queue in (entry for entry in queues.queues.values() if entry.has_function):
        arn = queue_arn(urls[queue.name])
        found = functions.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
        if found:
            functions.update_event_source_mapping(UUID=found[0]["UUID"], **_mapping_settings(queue))
        else:
            functions.create_event_source_mapping(
                EventSourceArn=arn, FunctionName=function_name(queue.name), **_mapping_settings(queue)
            )


def queue_arn(url: str) -> str:
    """The ARN of the queue at ``url``."""
    account, name = url.rsplit("/", 2)[-2:]
    return f"arn:aws:sqs:{REGION}:{account}:{name}"


def function_name(queue: str) -> str:
    """What the function that works on ``queue`` is called."""
    return f"penstock-local-{queue}"


def make_table(dynamodb: "DynamoDBClient", name: str) -> None:
    """The table of outcomes, with its time to live."""
    try:
        dynamodb.create_table(**table_definition(name))
    except dynamodb.exceptions.ResourceInUseException:
        return
    dynamodb.update_time_to_live(**ttl_definition(name))


def make_buckets(s3: "S3Client", names: Iterable[str]) -> None:
    """The buckets. In us-east-1 making one's own bucket again is no error."""
    for name in names:
        s3.create_bucket(Bucket=name)


def _make_queue(sqs: "SQSClient", queue: QueueEntry, prefix: str) -> str:
    # The dead-letter queue first: the redrive policy names it.
    fifo = {"FifoQueue": "true"} if queue.fifo else {}
    letters = _ensure(
        sqs,
        queue.dead_letter_name(prefix),
        {**fifo, "MessageRetentionPeriod": str(DEAD_LETTER_RETENTION_SECONDS)},
    )
    arn = sqs.get_queue_attributes(QueueUrl=letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {"deadLetterTargetArn": arn, "maxReceiveCount": queue.max_receive_count}
    return _ensure(
        sqs,
        queue.physical_name(prefix),
        {
            **fifo,
            "MessageRetentionPeriod": str(RETENTION_SECONDS),
            "VisibilityTimeout": str(queue.visibility_timeout),
            "RedrivePolicy": json.dumps(policy),
        },
    )


def _mapping_settings(queue: QueueEntry) -> Any:
    return {
        "BatchSize": queue.batch_size,
        "MaximumBatchingWindowInSeconds": queue.batch_window,
        "ScalingConfig": {"MaximumConcurrency": queue.max_concurrency},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }


def _ensure(sqs: "SQSClient", name: str, attributes: Mapping[str, str]) -> str:
    # SQS refuses to make a queue again with other attributes: the queue list may have changed since moto started.
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        return sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]
    changeable = {key: value for key, value in attributes.items() if key != "FifoQueue"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=changeable)  # type: ignore[arg-type]
    return url


def variables(project: Project, queues: QueueList, urls: Mapping[str, str]) -> dict[str, str]:
    """The variables that name what ``project`` has to its processes; ``urls`` is queue name -> URL."""
    return {
        "PENSTOCK_QUEUES": queues.to_environment(lambda entry: urls[entry.name]),
        "PENSTOCK_TABLE": project.table,
        "PENSTOCK_PAYLOAD_BUCKET": project.payload_bucket,
        **project.buckets,
    }
