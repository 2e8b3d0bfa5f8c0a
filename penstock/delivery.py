"""One SQS record, read once: nobody else digs in the event's dicts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from penstock.times import from_epoch_milliseconds


class Delivery(Struct, frozen=True):
    """One receive of one message.

    ``sent_at`` is when SQS took the message (a redrive makes it new), ``receive_count`` how often SQS has shown it:
    throttles, console views and burned receives count too, so it is never an attempt number.
    """

    queue: str
    message_id: str
    receipt_handle: str
    body: str
    sent_at: datetime
    receive_count: int
    group: str | None = None

    @classmethod
    def from_record(cls, record: Mapping[str, Any], queue: str) -> "Delivery":
        """Read one element of an SQS event's ``Records``; a missing key is a KeyError, for it is then no SQS record.

        The shape: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
        """
        attributes = record["attributes"]
        return cls(
            queue=queue,
            message_id=record["messageId"],
            receipt_handle=record["receiptHandle"],
            body=record["body"],
            sent_at=from_epoch_milliseconds(int(attributes["SentTimestamp"])),
            receive_count=int(attributes["ApproximateReceiveCount"]),
            group=attributes.get("MessageGroupId"),
        )
