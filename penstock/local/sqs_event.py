"""The event that Lambda makes of SQS messages.

The shape: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from penstock.ports import ReceivedMessage

SENDER_ID = "AIDALOCALLOCALLOCAL00"  # who sent a message is not known locally: one user sends everything
_EPOCH = datetime.fromtimestamp(0, UTC)
_TRACE_HEADER = "AWSTraceHeader"  # the one attribute that SQS counts among its own


def record(message: ReceivedMessage, source_arn: str) -> dict[str, Any]:
    """One element of an event's ``Records``. SequenceNumber is missing on FIFO queues: the transport does not give it."""
    return {
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": _attributes(message),
        "messageAttributes": {
            name: {"stringValue": value, "stringListValues": [], "binaryListValues": [], "dataType": "String"}
            for name, value in message.attributes.items()
            if name != _TRACE_HEADER
        },
        "md5OfBody": hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": source_arn,
        "awsRegion": source_arn.split(":")[3],
    }


def event(records: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The event of a batch."""
    return {"Records": list(records)}


def _attributes(message: ReceivedMessage) -> dict[str, str]:
    attributes = {
        "ApproximateReceiveCount": str(message.receive_count),
        "SentTimestamp": _epoch_milliseconds(message.sent_at),
        "SenderId": SENDER_ID,
        "ApproximateFirstReceiveTimestamp": _epoch_milliseconds(message.first_received_at),
    }
    optional = {
        "MessageGroupId": message.group,
        "MessageDeduplicationId": message.deduplication_id,
        _TRACE_HEADER: message.attributes.get(_TRACE_HEADER),
    }
    return attributes | {name: value for name, value in optional.items() if value is not None}


def _epoch_milliseconds(at: datetime) -> str:
    return str((at - _EPOCH) // timedelta(milliseconds=1))
