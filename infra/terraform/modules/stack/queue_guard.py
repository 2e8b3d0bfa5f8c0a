"""Refuses the deletion of a queue that holds messages: Terraform runs it before it deletes anything of the queue.

| variable | meaning |
|---|---|
| QUEUE_GUARD | JSON from removal.tf: {"region", "url", "dead_letter_url"} |
| PENSTOCK_DISCARD_MESSAGES | names at AWS of queues whose messages may be lost, comma-separated |

Credentials come from the environment, as Terraform's do. Exit code 1 and the way to do it on stdout means: keep the queue.
"""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class Refused(Exception):
    """The queue must stay; the message says why, and what to do."""


def main(environ: Mapping[str, str] = os.environ) -> int:
    """0: the queue may go."""
    asked = json.loads(environ["QUEUE_GUARD"])
    given_up = {name.strip() for name in environ.get("PENSTOCK_DISCARD_MESSAGES", "").split(",")}
    try:
        guard(asked, given_up)
    except Refused as refusal:
        print(refusal)
        return 1
    return 0


def guard(asked: Mapping[str, str], given_up: set[str]) -> None:
    """Refused unless queue and dead-letter queue of ``asked`` are empty, gone, or named in ``given_up``."""
    name = asked["url"].rsplit("/", 1)[-1]
    if name in given_up:
        return
    sqs = _client(asked["region"], name)
    held = {url: count for url in (asked["url"], asked["dead_letter_url"]) if (count := _held(sqs, url, name))}
    if held:
        found = " and ".join(f"{url.rsplit('/', 1)[-1]} holds about {count}" for url, count in held.items())
        raise Refused(
            f"The queue {name} is to be deleted, but {found} message(s), which would be lost. Nothing of it was deleted. "
            "Put its entry back into queues.auto.tfvars.json and apply; to rename it, keep the old entry beside the new one. "
            "Stop enqueueing to it, let its worker empty it and redrive its dead letters; when both are empty, remove it "
            f"again. Or give the messages up: PENSTOCK_DISCARD_MESSAGES={name}."
        )


def _client(region: str, name: str) -> Any:
    try:
        import boto3  # not at the top: whoever lacks it must be told what to do
    except ImportError:
        raise Refused(
            f"{sys.executable} has no boto3 to look whether {name} holds messages. Nothing was deleted. Set "
            "PENSTOCK_PYTHON to a Python that has it, such as .venv/bin/python with its whole path, and repeat."
        ) from None
    return boto3.client("sqs", region_name=region)


def _held(sqs: Any, url: str, name: str) -> int:
    """Messages in the queue: waiting, in flight and delayed; 0 where there is no such queue any more."""
    try:
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))["Attributes"]
    except sqs.exceptions.QueueDoesNotExist:
        return 0
    except Exception as error:
        raise Refused(
            f"Whether {url} holds messages cannot be told: {error}. Nothing was deleted. It needs sqs:GetQueueAttributes "
            f"with the credentials of this shell. To delete it unseen: PENSTOCK_DISCARD_MESSAGES={name}."
        ) from error
    return sum(int(attributes[count]) for count in _COUNTS)


if __name__ == "__main__":
    sys.exit(main())
