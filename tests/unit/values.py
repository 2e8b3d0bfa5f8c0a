"""Values that the unit tests start from, each argument overridable."""

import json
from datetime import UTC, datetime
from typing import Any

from penstock.delivery import Delivery
from penstock.envelope import Envelope
from penstock.record import ErrorSummary
from penstock.times import seconds, to_text

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ERROR = ErrorSummary("ValueError", "no such picture", "0123456789abcdef", "all 5 attempts are used")


def at(offset: float) -> datetime:
    """NOW and so many seconds."""
    return NOW + seconds(offset)


def envelope(**fields: Any) -> Envelope:
    return Envelope(
        **{
            "id": "t-1",
            "send_id": "send-1",
            "task": "resize",
            "args": ["cat.jpg"],
            "kwargs": {"width": 320},
            "created_at": NOW,
            **fields,
        }
    )


def body(**fields: Any) -> str:
    """The JSON of ``envelope()`` with keys replaced; a value of ``...`` leaves the key out."""
    whole = {**json.loads(envelope().to_json()), **fields}
    return json.dumps({key: value for key, value in whole.items() if value is not ...})


def delivery(**fields: Any) -> Delivery:
    return Delivery(
        **{
            "queue": "default",
            "message_id": "m-1",
            "receipt_handle": "r-1",
            "body": envelope().to_json(),
            "sent_at": NOW,
            "receive_count": 1,
            **fields,
        }
    )


def record(message_id: str = "m-1", text: str | None = None, *, count: int = 1, **attributes: str) -> dict[str, Any]:
    """One element of an SQS event's Records."""
    return {
        "messageId": message_id,
        "receiptHandle": f"receipt of {message_id}",
        "body": body(id=message_id) if text is None else text,
        "attributes": {
            "SentTimestamp": str(int(NOW.timestamp() * 1000)),
            "ApproximateReceiveCount": str(count),
            **attributes,
        },
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:default",
    }


def item(status: str, **attributes: Any) -> dict[str, Any]:
    """A stored row of that status as the protocol leaves it, with attributes replaced; ``...`` leaves one out."""
    base: dict[str, Any] = {
        "status": status,
        "task": "resize",
        "queue": "default",
        "created_at": to_text(NOW),
        "created_bucket": "2026-03-01#0",
        "arguments_sha256": envelope().arguments_sha256(),
        "expires_at": int(at(29 * 86_400).timestamp()),
    }
    claimed = {"send_id": "send-1", "message_id": "m-1", "sent_at": to_text(NOW), "attempts": 1, "attempts_left": 4}
    by_status: dict[str, dict[str, Any]] = {
        "QUEUED": {},
        "RUNNING": {**claimed, "lease_owner": "other", "lease_expires_at": to_text(at(60))},
        "RETRYING": {**claimed, "retry_at": to_text(at(-10)), "error": ERROR.to_value(), "envelope": "{}"},
        "SUCCEEDED": {**claimed, "finished_at": to_text(NOW), "result": "1"},
        "FAILED": {
            **claimed,
            "failed_at": to_text(NOW),
            "failed_bucket": "2026-03-01#0",
            "failure_key": "k#0",
            "error": ERROR.to_value(),
        },
        "DEAD": {
            **claimed,
            "lease_owner": "death-1",
            "failed_at": to_text(NOW),
            "failed_bucket": "2026-03-01#0",
            "failure_key": "k#0",
            "error": ERROR.to_value(),
            "envelope": "{}",
        },
        "CANCELLED": {"finished_at": to_text(NOW)},
    }
    whole = {**base, **by_status[status], **attributes}
    return {key: value for key, value in whole.items() if value is not ...}
