"""What GetQueueAttributes tells of a queue: how much is in it, and how it is set up."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from penstock.aws.errors import calling
from penstock.ports import QueueAttributes, QueueDepth

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

_DEPTH: "tuple[QueueAttributeNameType, ...]" = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def depth(sqs: "SQSClient", url: str) -> QueueDepth:
    """The approximate numbers of one queue."""
    return _depth(_ask(sqs, url, _DEPTH))


def attributes(sqs: "SQSClient", url: str) -> QueueAttributes:
    """The set-up and the approximate numbers of one queue."""
    found = _ask(sqs, url, ("All",))  # to name FifoQueue is an error on a standard queue
    policy = json.loads(found.get("RedrivePolicy") or "{}")
    return QueueAttributes(
        visibility_timeout=int(found["VisibilityTimeout"]),
        retention=int(found["MessageRetentionPeriod"]),
        delay=int(found["DelaySeconds"]),
        fifo=found.get("FifoQueue") == "true",
        max_receive_count=int(policy["maxReceiveCount"]) if policy else None,
        dead_letter_queue=policy["deadLetterTargetArn"].rpartition(":")[2] if policy else None,
        depth=_depth(found),
    )


def _ask(sqs: "SQSClient", url: str, names: "tuple[QueueAttributeNameType, ...]") -> Mapping[str, str]:
    with calling("SQS GetQueueAttributes", url):
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return {str(name): value for name, value in answer["Attributes"].items()}


def _depth(found: Mapping[str, str]) -> QueueDepth:
    visible, in_flight, delayed = (int(found[name]) for name in _DEPTH)
    return QueueDepth(visible=visible, in_flight=in_flight, delayed=delayed)
